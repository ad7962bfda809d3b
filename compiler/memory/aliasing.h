// Which tensors lie inside larger ones: they are written and read where they are wanted, and not
// copied.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace dlc::memory {

/// The value whose memory a reshaped one, or a part of one, shares.
mlir::Value rootOf(mlir::Value value);

/// Whether the value is all of its root.
bool isWhole(mlir::Value value);

/// Whether the part lies in memory without gaps. One that does not is read by nests only, once
/// `copyScattered` has run.
bool isContiguous(mlir::tensor::ExtractSliceOp part);

/// The number that fills a tensor; null if it is no fill.
mlir::TypedAttr filling(mlir::Value value);

/// The insertion by which a loop stacks what its carried value `argument` becomes; null for others.
mlir::tensor::InsertSliceOp stackingOf(mlir::BlockArgument argument);

/// Gives each insertion a tensor of its own to go into, where several went into one that others
/// had been put into before: they would write over one another in place.
void separateInsertions(mlir::func::FuncOp function);

/// Gives a copy of a part with gaps to all of its users that are no nests.
void copyScattered(mlir::func::FuncOp function);

/// Gives a copy to the turn of a loop that hands one carried value on as another: both are to be
/// overwritten.
void copyExchanged(mlir::func::FuncOp function);

/// A nest that copies `from` to `to`: of tensors with `result` their type, else of buffers.
mlir::linalg::GenericOp emitCopy(mlir::OpBuilder &builder, mlir::Location location,
                                 mlir::Value from, mlir::Value to, mlir::TypeRange result);

/// The insertions of a function. A whole starts as a fill, around one part that is padded, as an
/// empty tensor, into which a chain of insertions puts one part after the other, or as what a loop
/// stacks, into which each turn puts its part.
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
