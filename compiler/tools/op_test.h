// What dlc-test proves of a function of `nn` operations.
//
//   values    `test.inputs` and `test.expected`, lists of dense numbers among the function's
//             attributes: the evaluator computes what a person can check.
//   gradient  For every argument of real numbers: the gradient rules, evaluated, against central
//             differences of the evaluated function, at random arguments.
//   compiled  For the function as it stands and with f32 for f64: what the compiled code computes,
//             against the evaluator, at random arguments and the stated ones.
//
// Arguments may say what random numbers suit them: {test.range = [0.5, 2.0]} for reals (else -1 to
// 1), {test.below = 10 : i64} for integers (else any). {test.zero_gradient} says that the gradient
// is zero by right; otherwise a gradient of nothing but zeros is a failure. {test.refused_gradient}
// says that the rule refuses this argument, and that it must. A function with {test.large} is there
// for its compiled code; its gradient is tested at smaller sizes.
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

class Compiled;
/// `compiled` is the function in the module that `code` was made from, maybe in another precision.
llvm::LogicalResult testCompiled(mlir::func::FuncOp function, Compiled &code,
                                 mlir::func::FuncOp compiled);

/// Arguments for a function: reproducible, no two reals nearly equal, none near a whole number, so
/// that no small step crosses a kink.
std::vector<interp::Tensor> randomArguments(mlir::func::FuncOp function);

/// The `test.inputs`.
std::vector<interp::Tensor> statedArguments(mlir::func::FuncOp function);

/// A number with all the digits that matter when two are compared.
std::string describeNumber(double number);

/// The place of an element, as "[1, 0, 2]".
std::string describeElement(int64_t offset, const interp::Tensor &tensor);

} // namespace dlc::tools
