// Prefetches: while one part of an input is worked on, the part after it comes from memory.
#pragma once
#include "compiler/kernel/plan/schedule.h"

namespace dlc::kernel {

/// The order in which a kernel prefetches the next part of an input: row after row, line after
/// line. A part is what a block of the reduction reads or, if the reduction is not cut, what a tile
/// reads. Some lines are fetched on entering each tile or, where these would be too many at a
/// time, in each step of the reduction. Hardware that follows streams joins in.
struct Prefetch {
  int64_t distance = 0;                       // from a part to the next, in elements
  int64_t rows = 0, rowStride = 0, lines = 0; // so many rows, so far apart, of so many cache lines
  /// A part is worked on for the tiles of these dimensions and the steps of the reduction in each.
  llvm::SmallVector<unsigned> tiles;
  bool isByTile = false; // a turn is a tile; else a step
  int64_t turns = 0;     // while a part is worked on
  int64_t each = 0;      // lines of each turn
};

/// Null if the parts of this input are not rows, or are larger than there are turns to fetch
/// them.
std::optional<Prefetch> prefetchOf(const Nest &nest, const Schedule &schedule, unsigned input);

/// How many tiles a block of a dimension has.
int64_t tileCount(const Nest &nest, const Schedule &schedule, unsigned dim);

} // namespace dlc::kernel
