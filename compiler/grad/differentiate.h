// Reverse-mode differentiation of functions of `nn` operations.
#pragma once

#include "mlir/IR/Builders.h"

namespace dlc::grad {

/// A value, and the gradient that reaches it from outside.
struct Seed {
  mlir::Value value;
  mlir::Value gradient;
};

/// Makes, at the builder's place, the gradients of `targets` given those of the seeds. All values
/// are of one block and come before that place. A gradient is null where nothing reaches the
/// target. The gradient of a value named `v` is named `d(v)`.
llvm::FailureOr<llvm::SmallVector<mlir::Value>> backpropagate(mlir::OpBuilder &builder,
                                                              llvm::ArrayRef<Seed> seeds,
                                                              llvm::ArrayRef<mlir::Value> targets);

} // namespace dlc::grad
