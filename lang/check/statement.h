// Executes the statements of a body: bindings, assignments, static `if` and `for`.
#pragma once

#include "lang/check/environment.h"
#include "lang/check/unfolding.h"

namespace dlc::lang {

/// A whole body of a kind of its own.
void executeBody(const ast::Block &block, Environment &environment, Body body);

/// A block of the body under way; the returned value, if a `return` was reached.
std::optional<Value> execute(const ast::Block &block, Environment &environment);
std::optional<Value> execute(const ast::Stmt &stmt, Environment &environment);

} // namespace dlc::lang
