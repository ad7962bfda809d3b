// Which tensors lie inside larger ones: they are written where they are wanted, and not copied.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace dlc::memory {

/// The value whose memory a reshaped one shares.
mlir::Value rootOf(mlir::Value value);

/// The number that fills a tensor; null if it is no fill.
mlir::TypedAttr filling(mlir::Value value);

/// Gives each insertion a tensor of its own to go into, where several went into one that others
/// had been put into before: they would write over one another in place.
void separateInsertions(mlir::func::FuncOp function);

/// The insertions of a function. A whole starts as a fill, around one part that is padded, or as an
/// empty tensor, into which a chain of insertions puts one part after the other.
class Aliasing {
public:
  explicit Aliasing(mlir::func::FuncOp function);

  /// The insertion by which `part`, or what is reshaped into it, lies in its whole; null if it has
  /// memory of its own.
  mlir::tensor::InsertSliceOp insertionOf(mlir::Value part) const { return parts.lookup(part); }

  /// What the chain of an insertion makes in the end; null if it has no start known here.
  mlir::Value wholeOf(mlir::tensor::InsertSliceOp insert) const { return wholes.lookup(insert); }

private:
  llvm::DenseMap<mlir::Value, mlir::tensor::InsertSliceOp> parts;
  llvm::DenseMap<mlir::Operation *, mlir::Value> wholes;

  void addInsertions(mlir::tensor::InsertSliceOp first);
  void addPart(mlir::tensor::InsertSliceOp insert);
};

} // namespace dlc::memory
