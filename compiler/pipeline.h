// The stages that are made of passes, in order.
#pragma once
#include "compiler/kernel/plan/schedule.h"
#include "compiler/passes/passes.h"
#include "mlir/Pass/PassManager.h"

namespace dlc {

/// The stage `grad`: @train -> @step.
void addGradPasses(mlir::OpPassManager &passes);

/// The stage `fused`: nn, simplified.
void addFusedPasses(mlir::OpPassManager &passes);

/// The stage `linalg`: nn -> fused linalg on tensors.
void addLinalgPasses(mlir::OpPassManager &passes);

/// Linalg on tensors -> on buffers, in loops and groups that threads share where they can.
void addMemoryPasses(mlir::OpPassManager &passes, const GroupPassOptions &groups = {});

/// The stage `llvm`: linalg on tensors -> LLVM dialect. The chooser gives nests their schedules.
void addLlvmPasses(
    mlir::OpPassManager &passes, const Processor &processor, const GroupPassOptions &groups = {},
    std::shared_ptr<const kernel::Chooser> chooser = std::make_shared<kernel::Chooser>());

/// The last part of it: functions of loops, vectors and buffers -> LLVM dialect, elementary
/// functions included.
void addConversionPasses(mlir::OpPassManager &passes);

/// Makes all passes and the stages known to dlc-opt: -dlc-linalg, -dlc-llvm="vector-bytes=64".
void registerPasses();

} // namespace dlc
