// Loops that run in the program and carry tensors from turn to turn.
#pragma once

#include "lang/check/environment.h"

namespace dlc::lang {

/// `loop i in 0..n, h = init { next h = …; yield … }` and `scan x in xs along 1, h = init { … }`:
/// what it yields, stacked, and the carried values after the last turn, as a tensor or a tuple.
Value evaluateLoop(const ast::Expr &expr, Environment &environment);
/// `next h`, as a value.
Value evaluateNext(const ast::Expr &expr, Environment &environment);
/// `yield value`.
void executeYield(const ast::Stmt &stmt, Environment &environment);
/// `next h = value`.
void executeNext(const ast::Stmt &stmt, Environment &environment);

} // namespace dlc::lang
