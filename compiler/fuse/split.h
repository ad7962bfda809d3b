// Long sums in parts: what is added up to little is added up by several threads.
#pragma once
#include "mlir/Pass/Pass.h"

namespace dlc::fuse {

/// Sums over far more than they yield, as gradients of small filters are, become kParts sums over
/// parts of the outermost reduced dimension and a sum of these. Each part is then an item of work
/// of its own, which reads its inputs once. How many parts there are, and so the order of all
/// additions, depends on sizes alone.
std::unique_ptr<mlir::Pass> createSplitPass();

} // namespace dlc::fuse
