// The linalg stage: every nn operation as loops over tensors. Also the way from there to LLVM.
#pragma once
#include "compiler/kernel/schedule.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace dlc::lower {

/// nn -> linalg on tensors. A full conversion: an operation without a rule is reported by its name.
/// Booleans become i8, since a tensor in memory has whole bytes.
std::unique_ptr<mlir::Pass> createLinalgPass();

/// Functions of placed buffers -> `dlc_<name>(const dlc_call *)`, `dlc_update(const dlc_update *)`
/// in the LLVM dialect, which call the kernels directly or through the call's thread pool.
std::unique_ptr<mlir::Pass> createEntryPass();

/// The stage `linalg`: nn -> fused linalg on tensors.
void addLinalgPasses(mlir::OpPassManager &passes);

/// The stage `llvm`: linalg on tensors -> LLVM dialect.
void addLlvmPasses(mlir::OpPassManager &passes, const kernel::Processor &processor);

/// The last part of it: functions of loops, vectors and buffers -> LLVM dialect, elementary
/// functions included.
void addConversionPasses(mlir::OpPassManager &passes);

/// Makes the passes and both stages known to dlc-opt: -dlc-linalg, -dlc-llvm="vector-bytes=64".
void registerPasses();

/// The operations of nn that have a lowering.
llvm::SmallVector<llvm::StringRef> loweredOperations();

} // namespace dlc::lower
