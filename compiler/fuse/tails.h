// Sums of products with something to do to each sum: the two run in the same loops.
#pragma once
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Pass/Pass.h"

namespace dlc::fuse {

/// Whether each point of the result is a sum of products.
bool isSumOfProducts(mlir::linalg::GenericOp op);

/// The sum that a nest is the tail of; null if it is none.
mlir::linalg::GenericOp sumBefore(mlir::linalg::GenericOp tail);

/// Moves an elementwise nest that reads a sum of products element by element (a bias, an
/// activation, a mask) right behind it, and says by the attribute `dlc.tail` which of its inputs is
/// the sum: a kernel can then do it to a tile of sums before they leave the registers.
std::unique_ptr<mlir::Pass> createTailPass();

} // namespace dlc::fuse
