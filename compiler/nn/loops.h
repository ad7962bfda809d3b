// Rewrites of loops that are always worth while.
#pragma once

#include "mlir/IR/PatternMatch.h"

namespace dlc::nn {

void addLoopPatterns(mlir::RewritePatternSet &patterns);

} // namespace dlc::nn
