// What is known of zeros, in the padding of images.
#pragma once
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace dlc::memory {

/// The bounds of what is no zero in the inputs that are padded images; null if none is.
mlir::ArrayAttr nonzeroOf(mlir::linalg::GenericOp op);

/// The paddings of a function's images.
class Paddings {
public:
  /// A mark of its own for each image in whose padding only nests read; null for others.
  mlir::Attribute of(mlir::tensor::InsertSliceOp insert);

  /// Those that the nest reads.
  llvm::SmallVector<mlir::Attribute> readBy(mlir::linalg::GenericOp op);

private:
  llvm::DenseMap<mlir::Operation *, mlir::DistinctAttr> marks; // of insertions
};

} // namespace dlc::memory
