// Fusion of loop nests on tensors: what is computed elementwise goes into the nest that uses it.
#pragma once
#include "mlir/Pass/Pass.h"

namespace dlc::fuse {

/// Fuses elementwise linalg ops into their users where nothing is computed twice but what costs
/// less than a trip through memory.
std::unique_ptr<mlir::Pass> createFusePass();

} // namespace dlc::fuse
