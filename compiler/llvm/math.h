// Elementary functions of f32 as straight-line arithmetic, for scalars and vectors alike.
#pragma once

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"

namespace dlc::lower {

/// Rewrites math.exp, math.log, math.tanh and math.erf of f32, or of fixed vectors of f32, to
/// operations of `arith` that have vector instructions: no branch, no table, no call. The results
/// are within 2 ulp of the true value for every input, denormal numbers and infinities included,
/// and NaN gives NaN. Products and sums that should become one multiply-add are marked `contract`.
///
/// All other elementary functions, and those of f64, are left for libm.
void populateMathPatterns(mlir::RewritePatternSet &patterns);

} // namespace dlc::lower
