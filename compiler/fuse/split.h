// Long sums in parts: what is added up to little is added up by several threads.
#pragma once
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Pass/Pass.h"

namespace dlc::fuse {

/// Sums over far more than they yield, as gradients of small filters are, become kParts sums over
/// parts of the outermost reduced dimension and a sum of these. Each part is then an item of work
/// of its own, which reads its inputs once. How many parts there are, and so the order of all
/// additions, depends on sizes alone.
std::unique_ptr<mlir::Pass> createSplitPass();

/// Whether the op yields its output's previous value plus something, from zero on.
bool isSumFromZero(mlir::linalg::GenericOp op);

/// Makes such a sum, over dimension `dim` among others, one sum for each point of `dim`, side by
/// side in memory, and a sum of these: lanes for vectors where only what is added up is contiguous.
void sumInLanes(mlir::linalg::GenericOp op, unsigned dim);

} // namespace dlc::fuse
