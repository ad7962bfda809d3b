// The kernel pass: every linalg op on buffers becomes a call of a kernel function.
#pragma once
#include "compiler/kernel/plan/schedule.h"
#include "mlir/Pass/Pass.h"

namespace dlc::kernel {

/// The pass `dlc-outline-kernels` (passes.td) for a processor. A chooser of one's own is no part of
/// the pass as text.
std::unique_ptr<mlir::Pass>
createKernelPass(const Processor &processor,
                 std::shared_ptr<const Chooser> chooser = std::make_shared<Chooser>());

} // namespace dlc::kernel
