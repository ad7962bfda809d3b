// The reference evaluator of `nn`: slow, in f64, and as plain as the definitions.
//
// It is what the gradient rules and the compiled kernels are held against, and shares no code with
// the lowering.
#pragma once

#include "compiler/interp/tensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinAttributes.h"

namespace dlc::interp {

/// The results of a function of `nn` operations for these arguments. Fails, with a diagnostic, at
/// an operation that it does not know.
llvm::FailureOr<std::vector<Tensor>> evaluate(mlir::func::FuncOp function,
                                              llvm::ArrayRef<Tensor> arguments);

/// Whether `op` ("conv2d") has an evaluation.
bool canEvaluate(llvm::StringRef op);

Tensor toTensor(mlir::DenseElementsAttr numbers);

} // namespace dlc::interp
