// What dlc-test proves of a function of `nn` operations.
//
//   values    `test.inputs` and `test.expected`, lists of dense numbers among the function's
//             attributes: the evaluator computes what a person can check.
//   gradient  For every argument of real numbers: the gradient rules, evaluated, against central
//             differences of the evaluated function, at random arguments.
//
// Arguments may say what random numbers suit them: {test.range = [0.5, 2.0]} for reals (else -1 to
// 1), {test.below = 10 : i64} for integers (else any). {test.zero_gradient} says that the gradient
// is zero by right; otherwise a gradient of nothing but zeros is a failure. {test.refused_gradient}
// says that the rule refuses this argument, and that it must.
#pragma once

#include "compiler/interp/tensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc::tools {

/// Whether the function states its values.
bool hasValues(mlir::func::FuncOp function);

/// Whether it has an argument to differentiate by and a result to differentiate.
bool hasGradient(mlir::func::FuncOp function);

/// Each reports every failure at the function and then fails.
llvm::LogicalResult testValues(mlir::func::FuncOp function);
llvm::LogicalResult testGradient(mlir::func::FuncOp function);

/// Arguments for a function: reproducible, no two reals nearly equal, none near a whole number, so
/// that no small step crosses a kink.
std::vector<interp::Tensor> randomArguments(mlir::func::FuncOp function);

} // namespace dlc::tools
