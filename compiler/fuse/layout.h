// The layout of images in memory: the channels last, or where those are few the batch, to give
// vectors something to do.
#pragma once
#include "mlir/Pass/Pass.h"

namespace dlc::fuse {

/// In functions with convolutions, tensors [N, C, H, W] with enough channels lie in memory as
/// [N, H, W, C], so that the lanes of a vector are neighbouring channels. Nothing is copied for it:
/// the loops that write and read such a tensor index it so. Values that functions take, return or
/// reshape keep their order. The weights of a convolution are copied with the channel that becomes
/// the lanes last, since they are small.
///
/// Where convolutions read or make images of fewer channels than that, and the batch is a multiple
/// of 16, these lie as [N / 16, C, H, W, 16]: the lanes are 16 images. So does all that is computed
/// point by point from them or to them, through reshapes of single images too, and arguments are
/// copied. Gradients of weights are added up by lanes, then over these.
std::unique_ptr<mlir::Pass> createLayoutPass();

} // namespace dlc::fuse
