// Matching shapes against patterns.
#include "lang/check/pattern.h"

namespace dlc::lang {

using ast::Expr;

namespace {

/// One element of a pattern, and what it stands for.
struct Element {
  const Expr *expr;
  std::optional<Shape> dims; // nothing yet for `...` and a name
  size_t axes;               // of the value
  bool isEllipsis() const { return expr->kind == Expr::Kind::Ellipsis; }
};

/// A shape that is matched, the shape of operand number `operand`.
struct Subject {
  const Shape &shape;
  int operand;
};

std::optional<ShapeMismatch> matchEllipsis(const Element &element, Subject actual, int axis,
                                           ShapeVariables &variables) {
  auto begin = actual.shape.begin() + axis;
  Shape covered(begin, begin + element.axes);
  if (!variables.ellipsis) {
    variables.ellipsis = covered;
    variables.ellipsisOperand = actual.operand;
  } else if (*variables.ellipsis != covered) {
    return ShapeMismatch{ShapeMismatch::Kind::Ellipsis, axis, element.expr, Dim(),
                         variables.ellipsisOperand,     axis};
  }
  return std::nullopt;
}

std::optional<ShapeMismatch> matchDims(const Element &element, Subject actual, int axis) {
  for (const Dim &expected : *element.dims) {
    if (expected != actual.shape[axis])
      return ShapeMismatch{ShapeMismatch::Kind::Axis, axis, element.expr, expected, -1, -1};
    ++axis;
  }
  return std::nullopt;
}

/// A name stands for the dimension where it is met first.
std::optional<ShapeMismatch> matchName(const Element &element, Subject actual, int axis,
                                       ShapeVariables &variables) {
  auto [entry, isNew] = variables.dims.try_emplace(
      element.expr->text, ShapeVariables::Variable{actual.shape[axis], actual.operand, axis});
  const ShapeVariables::Variable &variable = entry->second;
  if (isNew || variable.value == actual.shape[axis])
    return std::nullopt;
  return ShapeMismatch{ShapeMismatch::Kind::Axis, axis,         element.expr, variable.value,
                       variable.operand,          variable.axis};
}

} // namespace

std::optional<ShapeMismatch> matchShape(const std::vector<ast::ExprPtr> &pattern,
                                        const Shape &actual, int operand, ShapeVariables &variables,
                                        const EvaluateDims &evaluate) {
  std::vector<Element> elements;
  size_t fixedAxes = 0;
  bool isOpen = false; // a `...` takes the axes that are left
  for (const ast::ExprPtr &expr : pattern) {
    Element element{expr.get(), std::nullopt, 0};
    bool isBound = expr->kind == Expr::Kind::Name && variables.dims.count(expr->text);
    if (!element.isEllipsis() && !isBound)
      element.dims = evaluate(*expr);
    if (!element.isEllipsis())
      element.axes = element.dims ? element.dims->size() : 1;
    isOpen |= element.isEllipsis();
    fixedAxes += element.axes;
    elements.push_back(std::move(element));
  }
  if (isOpen ? actual.size() < fixedAxes : actual.size() != fixedAxes)
    return ShapeMismatch{ShapeMismatch::Kind::Rank, -1, nullptr, Dim(), -1, -1};

  int axis = 0;
  for (Element &element : elements) {
    std::optional<ShapeMismatch> mismatch;
    if (element.isEllipsis()) {
      element.axes = actual.size() - fixedAxes;
      mismatch = matchEllipsis(element, {actual, operand}, axis, variables);
    } else if (element.dims) {
      mismatch = matchDims(element, {actual, operand}, axis);
    } else if (element.expr->kind == Expr::Kind::Name) {
      mismatch = matchName(element, {actual, operand}, axis, variables);
    }
    if (mismatch)
      return mismatch;
    axis += static_cast<int>(element.axes);
  }
  return std::nullopt;
}

} // namespace dlc::lang
