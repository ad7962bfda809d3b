// From a scheduled nest to a kernel function of scf loops around vector operations.
#pragma once
#include "compiler/kernel/plan/fused_nests.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace dlc::kernel {

/// Where each of several loops stands in an item, the items being numbered with the last loop
/// fastest; null for a loop of one turn. `counts`: the turns of each.
llvm::SmallVector<mlir::Value> turnsOf(mlir::ImplicitLocOpBuilder &b, mlir::Value item,
                                       llvm::ArrayRef<int64_t> counts);

/// `func @name(buffers…, begin, end)`, private, with the builder at its beginning. Its buffers do
/// not overlap.
mlir::func::FuncOp openKernel(mlir::ImplicitLocOpBuilder &b, llvm::StringRef name,
                              llvm::ArrayRef<mlir::MemRefType> buffers);

/// `func @name(buffers…, begin, end)`, which runs the work items [begin, end) of the nest.
mlir::func::FuncOp emitKernel(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef name,
                              const Nest &nest, const Schedule &schedule);

/// `func @name(buffers of bytes…, begin, end)`, which runs the items [begin, end). `functionOf`
/// gives the kernel of a member.
mlir::func::FuncOp
emitFusedNests(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef name,
               const FusedNests &fused,
               llvm::function_ref<mlir::func::FuncOp(const FusedNests::Member &)> functionOf);

} // namespace dlc::kernel
