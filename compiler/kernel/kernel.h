// The kernel stage: every linalg op on placed buffers becomes a call of a kernel function.
#pragma once
#include "compiler/kernel/schedule.h"
#include "mlir/Pass/Pass.h"

namespace dlc::kernel {

/// linalg.generic on views of buffers -> `func.call @kernel_<n>(buffers…, 0, items)` with
/// attributes `dlc.work`; one function for all nests that are alike. A convolution may become a
/// chain of kernels in one function (winograd.h) and a call before it, for which the arena grows.
/// Adds `dlc.flops` to each function.
std::unique_ptr<mlir::Pass>
createKernelPass(const Processor &processor,
                 std::shared_ptr<const Chooser> chooser = std::make_shared<Chooser>());

} // namespace dlc::kernel
