// Evaluates expressions: static values are computed, operations on tensors become nodes.
#pragma once

#include "lang/check/environment.h"

namespace dlc::lang {

/// The value; Poison after an error.
Value evaluate(const ast::Expr &expr, Environment &environment, Wanted wanted = Wanted::Any);

/// A static bool; empty after an error.
std::optional<bool> condition(const ast::Expr &expr, Environment &environment);

} // namespace dlc::lang
