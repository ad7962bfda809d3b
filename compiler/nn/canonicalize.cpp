// Rewrites of the dialect that are always worth while.
#include "compiler/nn/nn.h"

using namespace mlir;

namespace dlc::nn {

void NnDialect::getCanonicalizationPatterns(RewritePatternSet &patterns) const {}

} // namespace dlc::nn
