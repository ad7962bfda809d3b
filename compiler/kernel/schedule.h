// How a nest is run on a processor: lanes, register tiles, loop orders and the cut into work items,
// all chosen by one cost model.
#pragma once
#include "compiler/kernel/nest.h"

namespace dlc::kernel {

/// What the cost model knows of the processor.
struct Processor {
  unsigned vectorBytes = 64;
  unsigned registers = 32; // vector registers

  static Processor withVectorBits(unsigned bits) { return {bits / 8, bits == 512 ? 32u : 16u}; }
  /// Lanes for elements of this many bytes.
  unsigned lanes(unsigned elementBytes) const { return std::max(1u, vectorBytes / elementBytes); }
};

struct Schedule {
  /// The dimension whose neighbours share a vector: a parallel one, or a reduced one whose lanes
  /// are added up at the end. -1: everything is scalar.
  int vectorDim = -1;
  unsigned lanes = 1;
  /// Points of each dimension that one pass of the innermost loop computes: register tile. A tile
  /// of the vector dimension is whole vectors. Reduced dimensions but the vector one have tile 1.
  llvm::SmallVector<int64_t> tile;
  llvm::SmallVector<unsigned> parallelOrder;  // outermost first
  llvm::SmallVector<unsigned> reductionOrder; // outermost first; the vector dimension last
  /// The tiles of so many leading parallel dimensions are the work items of the kernel.
  unsigned itemDims = 0;

  bool vectorReduces(const Nest &nest) const { return vectorDim >= 0 && nest.reduces[vectorDim]; }
};

/// In one line, for people: "loops 0p:64 1p:24/2 2r:9, lanes 16 of 1, items 768".
std::string describe(const Nest &nest, const Schedule &schedule);

/// The cheapest schedule. It depends on the nest and the processor only, never on thread counts.
Schedule chooseSchedule(const Nest &nest, const Processor &processor);

/// How many tiles cover a dimension.
int64_t tileCount(const Nest &nest, const Schedule &schedule, unsigned dim);

/// Work items in all.
int64_t itemCount(const Nest &nest, const Schedule &schedule);

/// The op that folds a reduced value into output `i`, if the body does nothing else with that
/// output: `out' = combine(out, f(inputs))`. Null otherwise.
mlir::Operation *combiner(const Nest &nest, unsigned output);

} // namespace dlc::kernel
