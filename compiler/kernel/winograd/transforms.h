// The transforms of convolutions by tiles, as matrices.
#pragma once
#include "compiler/kernel/nest/bodies.h"

namespace dlc::kernel {

/// How a tile of results of a convolution is made from components of pixels and of taps, one
/// component less than there are results and taps, along one axis: Toom and Cook's polynomials.
struct Transforms {
  std::vector<Row> image, filter, result; // pixels and taps to components, components to results
  // The last two turned around, for the gradient of the filter: results to components, components
  // to taps.
  std::vector<Row> resultGradient, filterGradient;
};

/// For 3 or 5 taps and tiles of two or four results.
const Transforms &transformsFor(int64_t taps, int64_t tile);

} // namespace dlc::kernel
