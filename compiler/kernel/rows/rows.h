// Rows that an index names: kernels of `gather` and `scatter_add`, which go to them at once.
#pragma once
#include "compiler/kernel/nest/nest.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc::kernel {

/// The nest of a `dlc.rows`: as it stands it compares the index with every row of the table.
struct Rows {
  Nest nest;
  bool gathers = true;                // from the table to the result; else adds up into the table
  unsigned row = 0;                   // the dimension that runs over the table's rows
  int column = -1;                    // and the one along a row; -1 if a row is one number
  llvm::SmallVector<unsigned> tokens; // those of the index
  unsigned lanes = 1;                 // of a vector, along a row

  /// Copying takes a token for an item, its outermost dimension; adding up takes columns, so that
  /// one thread meets all tokens in their order.
  int64_t itemCount() const;
  /// Numbers that are moved.
  int64_t work() const;
  std::string describe() const;
};

/// Of a collapsed nest; null if the op is no `dlc.rows`.
std::optional<Rows> rowsOf(mlir::linalg::LinalgOp op, const Nest &nest, int64_t vectorBytes);

/// `func @name(buffers…, begin, end)`, which runs the items [begin, end).
mlir::func::FuncOp emitRows(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef name,
                            const Rows &rows);

} // namespace dlc::kernel
