// Vectors of elements that lie apart or backward: every second column of a pool's window, a row
// from its end, or a column of a matrix.
#pragma once
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace dlc::kernel {

/// Lane i holds element `position + i * stride` of the flat buffer, for the first `active` lanes;
/// the others are zero or whatever lies between. Reads nothing beyond the active elements.
mlir::Value loadStrided(mlir::ImplicitLocOpBuilder &b, mlir::VectorType type, mlir::Value buffer,
                        mlir::Value position, int64_t stride, int64_t active);

/// The columns of a square, given its rows: as many vectors as each has lanes.
llvm::SmallVector<mlir::Value> transposed(mlir::ImplicitLocOpBuilder &b,
                                          llvm::SmallVector<mlir::Value> rows);

} // namespace dlc::kernel
