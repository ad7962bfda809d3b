// Evaluates expressions: static values are computed, operations on tensors become nodes.
#pragma once

#include "lang/check/environment.h"

namespace dlc::lang {

/// The value; Poison after an error.
Value evaluate(const ast::Expr &expr, Environment &environment, Wanted wanted = Wanted::Any);

/// What an operator makes of the value of its operand or operands, which stand in `expr`. `and` and
/// `or` are not among them: they may leave their right side alone.
Value unary(const ast::Expr &expr, const Operand &operand, Environment &environment);
Value binary(const ast::Expr &expr, const Operand &a, const Operand &b, Environment &environment,
             Wanted wanted);

/// A static bool; empty after an error.
std::optional<bool> condition(const ast::Expr &expr, Environment &environment);

} // namespace dlc::lang
