// Fetching ahead: while one part of an input is worked on, the part after it comes from memory.
#pragma once
#include "compiler/kernel/schedule.h"

namespace dlc::kernel {

/// The order in which a kernel asks for the next part of an input: row after row, line after line,
/// a few lines in each step of the innermost loop. Hardware that follows streams then joins in.
struct Ahead {
  int64_t distance = 0; // from a part to the next, in elements
  unsigned rowDim = 0, runDim = 0;
  int64_t rows = 0, lines = 0; // of a part: so many rows of so many cache lines
  int64_t steps = 0;           // of the innermost loop, while a part is worked on
  int64_t perStep = 0;         // lines asked for in each
  /// The tiles of these dimensions and then the reduction's steps are what a part is worked on for.
  llvm::SmallVector<unsigned> tiles;
  bool isBlock = false; // a part is a block of the reduction; else a tile's whole reduction
};

constexpr int64_t kCacheLine = 64;

/// Null if the parts of this input are not rows, or are larger than there are steps to ask for
/// them.
std::optional<Ahead> aheadOf(const Nest &nest, const Schedule &schedule, unsigned input);

/// How many tiles a block of a dimension has.
int64_t tileCount(const Nest &nest, const Schedule &schedule, unsigned dim);

} // namespace dlc::kernel
