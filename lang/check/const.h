// The value of a `const`, which `-D name=value` may set.
#pragma once

#include "lang/check/unfolding.h"

namespace dlc::lang {

/// Evaluated once; Poison after an error.
Value valueOfConst(const ast::Item &item, Context &context);

} // namespace dlc::lang
