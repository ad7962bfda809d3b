// What a loop saves of its turns for the loop of its gradient.
#pragma once

#include "compiler/nn/nn.h"

namespace dlc::grad {

/// Makes a block for a loop that runs the other way independent of the values of `loop`'s block,
/// which it may refer to: each becomes a slice of it, appended to `slices`. What a turn takes is
/// taken again, what only moves numbers is made again, and all else is stacked by the loop. Returns
/// the loop, which may have been replaced; `active` then has its new results.
nn::LoopOp saveFor(mlir::Block &block, nn::LoopOp loop, llvm::SmallVectorImpl<mlir::Value> &slices,
                   llvm::DenseSet<mlir::Value> &active);

} // namespace dlc::grad
