// From a scheduled nest to a kernel function of scf loops around vector operations.
#pragma once
#include "compiler/kernel/schedule.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc::kernel {

/// `func @name(buffers…, begin, end)`, which runs the work items [begin, end) of the nest. Its
/// buffers do not overlap.
mlir::func::FuncOp emitKernel(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef name,
                              const Nest &nest, const Schedule &schedule);

} // namespace dlc::kernel
