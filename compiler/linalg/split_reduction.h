// Long sums in parts: what is added up to little is added up by several threads.
#pragma once
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace dlc::fuse {

/// Whether the op yields its output's previous value plus something, from zero on.
bool isSumFromZero(mlir::linalg::GenericOp op);

/// Makes such a sum, over dimension `dim` among others, one sum for each point of `dim`, side by
/// side in memory, and a sum of these: lanes for vectors where only what is added up is contiguous.
void sumInLanes(mlir::linalg::GenericOp op, unsigned dim);

} // namespace dlc::fuse
