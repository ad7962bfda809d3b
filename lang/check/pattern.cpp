// Matching shapes against patterns.
#include "lang/check/pattern.h"

namespace dlc::lang {

using ast::Expr;

std::optional<ShapeMismatch> matchShape(const std::vector<ast::ExprPtr> &pattern,
                                        const Shape &actual, int operand, ShapeVariables &variables,
                                        const EvaluateDims &evaluate) {
  // What each element of the pattern stands for; a free name or `...` stands for nothing yet.
  struct Element {
    const Expr *expr;
    std::optional<Shape> dims;
    bool isEllipsis;
  };
  std::vector<Element> elements;
  size_t fixedAxes = 0;
  bool isOpen = false; // an unbound `...` takes the axes that are left
  for (const ast::ExprPtr &expr : pattern) {
    Element element{expr.get(), std::nullopt, expr->kind == Expr::Kind::Ellipsis};
    if (element.isEllipsis)
      isOpen = true;
    else if (expr->kind != Expr::Kind::Name || !variables.dims.count(expr->text))
      element.dims = evaluate(*expr);
    if (!element.isEllipsis)
      fixedAxes += element.dims ? element.dims->size() : 1;
    elements.push_back(std::move(element));
  }
  if (isOpen ? actual.size() < fixedAxes : actual.size() != fixedAxes)
    return ShapeMismatch{ShapeMismatch::Kind::Rank, -1, nullptr, Dim(), -1, -1};

  int axis = 0;
  for (const Element &element : elements) {
    if (element.isEllipsis) {
      size_t count = actual.size() - fixedAxes;
      Shape covered(actual.begin() + axis, actual.begin() + axis + count);
      if (!variables.ellipsis) {
        variables.ellipsis = covered;
        variables.ellipsisOperand = operand;
      } else if (*variables.ellipsis != covered) {
        return ShapeMismatch{ShapeMismatch::Kind::Ellipsis, axis, element.expr, Dim(),
                             variables.ellipsisOperand,     axis};
      }
      axis += static_cast<int>(count);
      continue;
    }
    bool isName = element.expr->kind == Expr::Kind::Name;
    if (element.dims) {
      for (const Dim &expected : *element.dims) {
        if (expected != actual[axis])
          return ShapeMismatch{ShapeMismatch::Kind::Axis, axis, element.expr, expected, -1, -1};
        ++axis;
      }
      continue;
    }
    if (isName) {
      auto [variable, isNew] = variables.dims.try_emplace(
          element.expr->text, ShapeVariables::Variable{actual[axis], operand, axis});
      if (!isNew && variable->second.value != actual[axis])
        return ShapeMismatch{ShapeMismatch::Kind::Axis,
                             axis,
                             element.expr,
                             variable->second.value,
                             variable->second.operand,
                             variable->second.axis};
    }
    ++axis;
  }
  return std::nullopt;
}

} // namespace dlc::lang
