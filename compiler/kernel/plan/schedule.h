// How a nest is run on a processor: lanes, register tiles, loop orders and the cut into work items,
// all chosen by one cost model.
#pragma once
#include "compiler/kernel/nest/nest.h"
#include "compiler/target/processor.h"

namespace dlc::kernel {

/// Up to this stride whole vectors are loaded and shuffled; beyond it lanes are gathered one by
/// one.
constexpr int64_t kLargestShuffledStride = 4;

struct Schedule {
  /// The dimension whose neighbours share a vector: a parallel one, or a reduced one whose lanes
  /// are added up at the end. -1: everything is scalar.
  int vectorDim = -1;
  unsigned lanes = 1;
  /// Points of each dimension that one pass of the innermost loop computes: register tile. A tile
  /// of the vector dimension is whole vectors. Reduced dimensions but the vector one have tile 1.
  llvm::SmallVector<int64_t> tile;
  /// What a work item has of each parallel dimension, in whole tiles, and what of each reduced one
  /// is summed up before the accumulators go back to memory.
  llvm::SmallVector<int64_t> block;
  llvm::SmallVector<unsigned> parallelOrder;  // of an item's tiles; outermost first
  llvm::SmallVector<unsigned> reductionOrder; // outermost first; the vector dimension last
  /// The inputs that are copied, block by block, to where they are read in order.
  llvm::SmallVector<bool> packed;
  int prefetched =
      -1; // the input whose next part is fetched while one is worked on (prefetch.h); -1: none

  bool operator==(const Schedule &) const = default;
  bool vectorReduces(const Nest &nest) const { return vectorDim >= 0 && nest.reduces[vectorDim]; }
  /// Vectors of a tile along the vector dimension.
  int64_t vectors(const Nest &nest) const {
    return vectorDim >= 0 && !nest.reduces[vectorDim] ? tile[vectorDim] / lanes : 1;
  }
};

/// How many vectors or broadcast elements of an operand a tile works with in one step.
int64_t valuesOf(const Nest &nest, const Schedule &schedule, const Access &access);

/// The dimension whose neighbours in an input are as many rows of a tile as there are lanes, where
/// no sum is made: the input is read along it, square by square, and transposed.
std::optional<unsigned> squareDim(const Nest &nest, const Schedule &schedule, const Access &access);

/// In one line: "0p:64/6@32 1p:512/64 2r:784@256 lanes 16 of 1 packs 1 items 2". After `/` the
/// register tile, after `@` the block.
std::string describe(const Nest &nest, const Schedule &schedule);

/// The schedule that `describe` wrote of a nest of these sizes. Null if it is no such text, or of
/// another nest, or not within what a schedule may be.
std::optional<Schedule> parseSchedule(const Nest &nest, llvm::StringRef text);

/// The cheapest schedule and the cycles it should take. It depends on the nest and the processor
/// only, never on thread counts.
std::pair<Schedule, double> chooseSchedule(const Nest &nest, const Processor &processor);

/// Who chooses how nests run. This one takes what is cheapest; tests draw.
class Chooser {
public:
  virtual ~Chooser() = default;
  /// A schedule, and the cycles it should take.
  virtual std::pair<Schedule, double> schedule(const Nest &nest, const Processor &processor) const {
    return chooseSchedule(nest, processor);
  }
  /// What counts as the cost of blocks of tiles of which an estimate says this.
  virtual double judge(double estimate) const { return estimate; }
};

/// How many blocks cover a dimension.
int64_t blockCount(const Nest &nest, const Schedule &schedule, unsigned dim);

/// Work items in all.
int64_t itemCount(const Nest &nest, const Schedule &schedule);

/// The level of the reduction's order from which on its loops become one (reduction.cpp), since a
/// short loop inside another costs a wrong guess each time it ends. Null if there is none to join.
std::optional<unsigned> collapsedLevel(const Nest &nest, const Schedule &schedule);

/// The op that folds a reduced value into output `i`, if the body does nothing else with that
/// output: `out' = combine(out, f(inputs))`. Null otherwise.
mlir::Operation *combiner(const Nest &nest, unsigned output);

} // namespace dlc::kernel
