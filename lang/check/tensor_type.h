// Declared types of tensors, whose dimensions are evaluated where they stand.
#pragma once

#include "lang/check/environment.h"

namespace dlc::lang {

/// The dimensions an expression stands for: one, or several for a list; empty after an error.
std::optional<Shape> evaluateDims(const ast::Expr &expr, Environment &environment);

/// A declared tensor type whose dimensions are all known; empty after an error. `name` is what has
/// the type, if that is to be said. The type of an input may state maxima, `T <= 24`, of sizes that
/// are bound to them.
std::optional<TensorType> tensorType(const ast::Type &type, Environment &environment,
                                     const std::string &name = "", bool isInput = false);

/// Whether a dimension is a name that means nothing yet.
bool isSymbol(const ast::Expr &expr, Environment &environment);

/// A model's input. Its one symbol is the graph's `batchSymbol`.
std::optional<TensorType> declaredInput(const ast::Type &type, Environment &environment);

} // namespace dlc::lang
