// Fusion of loop nests on tensors: what is computed elementwise goes into the nest that uses it.
#pragma once
#include "mlir/Pass/Pass.h"

namespace dlc::fuse {

/// Fuses elementwise linalg ops into their users where nothing is computed twice but what costs
/// less than a trip through memory.
std::unique_ptr<mlir::Pass> createFusePass();

/// The same where a reshape stands between them, as behind the gradient of an average pool: the
/// user then runs over the axes that its producer has. Comes after the choice of layouts, which
/// knows images by their axes.
std::unique_ptr<mlir::Pass> createReshapePass();

} // namespace dlc::fuse
