// Convolutions by 3x3 taps with 16 multiplications for four results instead of 36, and by 5x5 with
// 36 instead of 100 (Winograd 1980; Lavin and Gray, "Fast Algorithms for Convolutional Neural
// Networks", 2015: F(2x2, 3x3) and F(2x2, 5x5)).
#pragma once
#include "compiler/kernel/nest/prepack.h"
#include "compiler/kernel/plan/fused_nests.h"
#include "compiler/kernel/winograd/convolution.h"

namespace dlc::kernel {

/// How a convolution is computed that way. Per tile of 2x2 results, 4x4 pixels of the image and the
/// 3x3 taps become 16 numbers each, their components, by additions; products of these, summed over
/// the channels, become the results by additions: sixteen matrix products in all. With 5x5 taps, of
/// 6x6 pixels, they are 36.
struct Winograd {
  /// The filter's components, made once before the fused nests run; the gradient of a filter needs
  /// none.
  std::optional<Prepacked> filter;
  FusedNests fused;
  bool readsPadding = true; // of images, where they have some
};

/// Of the convolution that a nest is. Null if its blocks fit no cache.
std::optional<Winograd> winogradOf(const Nest &nest, const Convolution &conv,
                                   const Processor &processor, const Chooser &chooser);

/// With the batch in the lanes there are few channels to sum over: tiles are 1x4 results then, in
/// whose sums the rows of taps stay, F(4, 3) and F(4, 5). 3 taps become 6 products, 5 become 8,
/// instead of 12 and 20. Gradients to images whose convolution had no padding go the other way:
/// tiles are 1x4 of what is read, whose results overlap in a row. Null if even single rows fit no
/// cache.
std::optional<Winograd> winograd1dOf(const Nest &nest, const Convolution &conv,
                                     const Processor &processor, const Chooser &chooser);

} // namespace dlc::kernel
