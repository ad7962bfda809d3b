// A function of `nn` operations by the evaluator, for programs in other languages.
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace dlc::tools {

/// Evaluates a function of the module. Its arguments' numbers come from stdin, its results' go to
/// stdout, as f64 one after the other in the machine's byte order, integers and bools among them.
/// Fails, with the reason reported, at the wrong count of numbers.
llvm::LogicalResult evaluateStandardInput(mlir::ModuleOp module, llvm::StringRef function);

} // namespace dlc::tools
