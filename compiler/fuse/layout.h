// The layout of images in memory: channels last where that gives vectors something to do.
#pragma once
#include "mlir/Pass/Pass.h"

namespace dlc::fuse {

/// In functions with convolutions, tensors [N, C, H, W] with enough channels lie in memory as
/// [N, H, W, C], so that the lanes of a vector are neighbouring channels. Nothing is copied for it:
/// the loops that write and read such a tensor index it so. Values that functions take, return or
/// reshape keep their order. The weights of a convolution are copied with the channel that becomes
/// the lanes last, since they are small.
std::unique_ptr<mlir::Pass> createLayoutPass();

} // namespace dlc::fuse
