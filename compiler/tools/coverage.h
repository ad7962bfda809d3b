// Whether every operation has all that an operation needs.
#pragma once

#include "mlir/IR/MLIRContext.h"
#include "mlir/Support/LLVM.h"

namespace dlc::tools {

/// Compares the dialect's operations, the signatures, the evaluations, the lowerings and the test
/// files in `folder` (NAME.mlir each), and names all that is missing. Gradient rules need no check:
/// an operation without one does not link.
llvm::LogicalResult checkCoverage(mlir::MLIRContext &context, llvm::StringRef folder);

} // namespace dlc::tools
