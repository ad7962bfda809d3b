// Index notation: `let y[i, k] = sum(a[i, j] * b[j, k])`.
#pragma once

#include "lang/check/environment.h"

namespace dlc::lang {

/// The value of a statement `y[i, k] = …` or `let y[i, k]: type = …`: a tensor whose axes run over
/// the statement's indices. Poison after an error.
Value evaluateNotation(const ast::Stmt &stmt, Environment &environment);

} // namespace dlc::lang
