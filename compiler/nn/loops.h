// What passes do to loops.
#pragma once

#include "compiler/nn/nn.h"

#include "mlir/IR/PatternMatch.h"

namespace dlc::nn {

/// The type of the values of all turns, along a new first axis.
mlir::RankedTensorType wholeType(mlir::Type type, int64_t count);

/// The loop with more slices, whose arguments the block already has, and more stacked results: in
/// its place, with its other results for those it had.
LoopOp widened(LoopOp loop, llvm::ArrayRef<mlir::Value> slices, llvm::ArrayRef<mlir::Value> stacked,
               mlir::RewriterBase &rewriter);

/// Rewrites that are always worth while.
void addLoopPatterns(mlir::RewritePatternSet &patterns);

} // namespace dlc::nn
