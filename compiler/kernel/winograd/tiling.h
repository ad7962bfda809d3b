// How a convolution by tiles (winograd.h) is cut: what stays in the caches at a time.
#pragma once
#include "compiler/kernel/plan/schedule.h"
#include "compiler/kernel/winograd/convolution.h"

namespace dlc::kernel {

constexpr int64_t kElementBytes = 4; // f32

/// What an item, or a step of one, works on: tiles of 2x2 results, and channels of both sides.
struct Blocks {
  int64_t images, rows, columns; // of tiles
  int64_t in, out;               // channels

  int64_t tiles() const { return images * rows * columns; }
};

/// The parts of a number: whole units, or all of it.
llvm::SmallVector<int64_t> divisors(int64_t n, int64_t unit = 1);

/// The cut of a convolution into blocks, by a rough count of what its fused nests takes; the
/// members have their own cost model.
class Tiling {
public:
  Tiling(const Convolution &conv, const Processor &processor);

  int64_t rows, columns; // of tiles, of an image
  int64_t panel;         // filters whose components lie side by side
  int64_t components;    // of a tile's pixels, and of a filter

  /// Null if even the smallest blocks need too much scratch memory.
  std::optional<Blocks> blocks(const Chooser &chooser) const;

private:
  const Convolution &conv;
  const Processor &processor;
  int64_t lanes;

  double scratchBytes(const Blocks &at) const;
  double estimate(const Blocks &at) const;
};

} // namespace dlc::kernel
