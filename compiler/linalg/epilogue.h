// Sums of products with something to do to each sum: the two run in the same loops.
#pragma once
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace dlc::fuse {

/// Whether each point of the result is a sum of products.
bool isSumOfProducts(mlir::linalg::GenericOp op);

/// The sum that a nest is the epilogue of; null if it is none.
mlir::linalg::GenericOp sumBefore(mlir::linalg::GenericOp epilogue);

} // namespace dlc::fuse
