// Shape patterns: `[N, C / groups, ..., 3]` matched against the shape of a value.
#pragma once

#include "lang/net/dim.h"
#include "lang/syntax/ast.h"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace dlc::lang {

/// What the patterns of one call have bound so far, and where.
struct ShapeVariables {
  struct Variable {
    Dim value;
    int operand, axis; // where it was bound
  };
  std::map<std::string, Variable> dims;
  std::optional<Shape> ellipsis; // what `...` stands for
  int ellipsisOperand = -1;
};

/// Where a shape does not fit its pattern.
struct ShapeMismatch {
  enum class Kind {
    Rank,     // too few or too many axes
    Axis,     // `expected` there, by `pattern`
    Ellipsis, // `...` was other dimensions before
  };
  Kind kind;
  int axis = -1;                      // of the value
  const ast::Expr *pattern = nullptr; // of that axis
  Dim expected;
  int otherOperand = -1; // where `expected` comes from, if from a variable's first use
  int otherAxis = -1;
};

/// The dimensions an expression in a pattern stands for: one, or several for the name of a shape.
/// Empty for a name that is not defined (which then binds) and for what was already reported.
using EvaluateDims = std::function<std::optional<Shape>(const ast::Expr &)>;

/// Matches `actual`, the shape of operand number `operand`, and binds the variables not yet bound.
std::optional<ShapeMismatch> matchShape(const std::vector<ast::ExprPtr> &pattern,
                                        const Shape &actual, int operand, ShapeVariables &variables,
                                        const EvaluateDims &evaluate);

} // namespace dlc::lang
