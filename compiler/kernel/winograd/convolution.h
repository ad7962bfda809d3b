// A convolution by 3x3 or 5x5 taps, as its nest walks the operands.
#pragma once
#include "compiler/kernel/nest/nest.h"

namespace dlc::kernel {

/// y[n, h, w, k] = sum of x[n, h + r, w + s, c] f[r, s, c, k], or f as the sum of x y; the latter
/// perhaps in parts. The channels are last in memory, or a part of the batch is: then there is one
/// loop more, over these lanes, and gradients of filters are summed in each lane by itself.
struct Convolution {
  enum Role { Image, Result, Filter };
  enum Loop { Part, N, H, W, R, S, C, K, Lane, Loops };
  using Strides = std::array<int64_t, Loops>;
  bool toFilter = false, isInLanes = false;
  unsigned buffers[3] = {}; // of each role
  int64_t offsets[3] = {};  // of its first element
  Strides strides[3] = {};  // by role and loop
  int64_t sizes[Loops] = {1, 1, 1, 1, 1, 1, 1, 1, 1};

  int dims[Loops] = {-1, -1, -1, -1, -1, -1, -1, -1, -1}; // the nest's; -1: of one turn

  /// The rows and columns of the image, [first, end) of h + r and w + s, outside which it is zero.
  std::array<int64_t, 2> rows = {}, columns = {};

  /// How the loops walk another access of the nest.
  Strides stridesOf(const Access &access) const;

  /// Along one axis.
  int64_t taps() const { return sizes[R]; }
  int64_t stride(Role role, Loop loop) const { return strides[role][loop]; }
};

/// What `dlc.convolution` says of an op, of which `nest` is made, with all its loops. Null if it is
/// none of f32 images by 3x3 or 5x5 taps, of stride 1, channels or batch last. Taps that walk the
/// image backward are counted from the last one on.
std::optional<Convolution> convolutionOf(mlir::linalg::LinalgOp op, const Nest &nest);

} // namespace dlc::kernel
