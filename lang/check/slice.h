// Parts of tensors by their indices.
#pragma once

#include "lang/check/environment.h"

namespace dlc::lang {

/// `x[:, 1:3, -1]`: of each axis a part from one index to before another, or the one at an index,
/// without the axis. Negative indices count from the end; axes that are not named stay whole.
Value partOf(const Tensor &x, const ast::Expr &index, Environment &environment);

} // namespace dlc::lang
