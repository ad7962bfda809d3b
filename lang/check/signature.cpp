// Evaluates the signatures of the primitive operations.
#include "lang/check/signature.h"
#include "lang/check/pattern.h"
#include "lang/check/shape_rule.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace dlc::lang {

using ast::Expr;

namespace {

[[noreturn]] void malformed(const std::string &what) {
  std::fprintf(stderr, "dlc: stdlib/ops.nn: %s\n", what.c_str());
  std::abort();
}

/// Whether a declared name allows the element type.
bool allows(const std::string &declared, Element element) {
  if (declared == "any")
    return true;
  if (declared == "real")
    return element == Element::Real || element == Element::Double;
  if (declared == "number")
    return element != Element::Bool;
  if (declared == "int")
    return element == Element::Int;
  if (declared == "bool")
    return element == Element::Bool;
  malformed("unknown element type " + quoted(declared));
}

/// What a declared name allows, as messages say it.
std::string inWords(const std::string &declared) {
  return declared == "real"     ? "floating numbers"
         : declared == "number" ? "numbers"
         : declared == "int"    ? "ints"
                                : "bools";
}

/// Evaluates dimension expressions over the configuration and the variables bound by operands.
class DimEvaluator {
public:
  DimEvaluator(const Attributes &attributes, const ShapeVariables &variables)
      : attributes(attributes), variables(variables) {}

  std::optional<Shape> dims(const Expr &expr) const {
    if (expr.kind == Expr::Kind::Name) {
      if (auto found = attributes.find(expr.text); found != attributes.end())
        if (const Shape *shape = std::get_if<Shape>(&found->second))
          return *shape;
    }
    if (auto value = dim(expr))
      return Shape{*value};
    return std::nullopt;
  }

  std::optional<Dim> dim(const Expr &expr) const {
    switch (expr.kind) {
    case Expr::Kind::Int:
      return Dim(expr.integer);
    case Expr::Kind::Name: {
      if (auto found = variables.dims.find(expr.text); found != variables.dims.end())
        return found->second.value;
      if (auto found = attributes.find(expr.text); found != attributes.end())
        if (const int64_t *number = std::get_if<int64_t>(&found->second))
          return Dim(*number);
      return std::nullopt;
    }
    case Expr::Kind::Index: {
      auto found = attributes.find(expr.operands[0]->text);
      auto index = dim(*expr.operands[1]);
      if (found == attributes.end() || !index || !std::holds_alternative<Shape>(found->second))
        return std::nullopt;
      const Shape &list = std::get<Shape>(found->second);
      int64_t at = index->constant().value_or(-1);
      return at >= 0 && at < static_cast<int64_t>(list.size()) ? std::optional<Dim>(list[at])
                                                               : std::nullopt;
    }
    case Expr::Kind::Unary: {
      auto value = dim(*expr.operands[0]);
      return value ? std::optional<Dim>(Dim(0) - *value) : std::nullopt;
    }
    case Expr::Kind::Binary: {
      auto a = dim(*expr.operands[0]), b = dim(*expr.operands[1]);
      if (!a || !b)
        return std::nullopt;
      if (expr.text == "+")
        return *a + *b;
      if (expr.text == "-")
        return *a - *b;
      if (expr.text == "*")
        return *a * *b;
      if (expr.text == "/")
        return *b == Dim(0) ? Dim(0) : floorDiv(*a, *b);
      return std::nullopt;
    }
    default:
      return std::nullopt;
    }
  }

private:
  const Attributes &attributes;
  const ShapeVariables &variables;
};

std::string where(const ast::Item &item, int operand, int axis) {
  return "axis " + std::to_string(axis) + " of " + quoted(item.inputs[operand].name.text);
}

SignatureError mismatchError(const ast::Item &item, int operand, const TensorType &type,
                             const ShapeMismatch &mismatch) {
  const ast::Type &declared = *item.inputs[operand].type;
  SignatureError error;
  error.operand = operand;
  error.axis = mismatch.axis;
  error.otherOperand = mismatch.otherOperand;
  error.otherAxis = mismatch.otherAxis;
  if (mismatch.kind == ShapeMismatch::Kind::Rank) {
    error.kind = SignatureError::Kind::Rank;
    bool hasMore = std::any_of(declared.shape.begin(), declared.shape.end(),
                               [](const auto &expr) { return expr->kind == Expr::Kind::Ellipsis; });
    error.message = quoted(item.name.text) + " needs " + (hasMore ? "at least " : "") +
                    std::to_string(declared.shape.size() - (hasMore ? 1 : 0)) + " axes in " +
                    quoted(item.inputs[operand].name.text) + ", found " + str(type);
    return error;
  }
  error.kind = SignatureError::Kind::Shape;
  if (mismatch.kind == ShapeMismatch::Kind::Ellipsis)
    error.message = quoted(item.inputs[operand].name.text) + " is " + str(type) +
                    ", which does not fit the shape of " +
                    quoted(item.inputs[mismatch.otherOperand].name.text);
  else
    error.message = where(item, operand, mismatch.axis) + " is " + type.shape[mismatch.axis].str() +
                    ", but " +
                    (mismatch.otherOperand >= 0
                         ? where(item, mismatch.otherOperand, mismatch.otherAxis) + " is "
                         : quoted(item.name.text) + " needs ") +
                    mismatch.expected.str();
  return error;
}

} // namespace

bool isOpen(const ast::Type &declared) {
  const std::string &name = declared.name.text;
  return name == "real" || name == "number" || name == "any";
}

Signatures::Signatures(const ast::File &ops) {
  for (const ast::Item &item : ops.items) {
    if (item.kind != ast::Item::Kind::Op)
      continue;
    if (!item.result)
      malformed(quoted(item.name.text) + " has no result");
    for (const ast::Parameter &input : item.inputs)
      if (!input.type || !input.type->hasShape)
        malformed(quoted(item.name.text) + ": an operand without a shape");
    items[item.name.text] = &item;
  }
}

bool Signatures::contains(const std::string &op) const { return items.count(op) > 0; }

bool Signatures::givesSeveral(const std::string &op) const {
  return items.at(op)->result->name.text == "rules";
}

std::vector<std::string> Signatures::names() const {
  std::vector<std::string> names;
  for (const auto &[name, item] : items)
    names.push_back(name);
  return names;
}

const ast::Item &Signatures::declaration(const std::string &op) const { return *items.at(op); }

namespace {

/// What the operands of one use have bound.
struct Bound {
  ShapeVariables variables;
  std::optional<Element> element; // the one that `real`, `number` or `any` stands for
};

std::optional<SignatureError> match(const ast::Item &item, const std::vector<TensorType> &operands,
                                    const DimEvaluator &evaluator, Bound &bound) {
  EvaluateDims evaluate = [&](const Expr &expr) { return evaluator.dims(expr); };
  for (size_t i = 0; i < operands.size(); ++i) {
    // Of operands beyond the declared ones, which repeat the last, the rule says the rest.
    const ast::Parameter &input = item.inputs[std::min(i, item.inputs.size() - 1)];
    const ast::Type &declared = *input.type;
    const Element element = operands[i].element;
    const int number = static_cast<int>(i);
    if (!allows(declared.name.text, element))
      return operandError(SignatureError::Kind::Element, number,
                          quoted(item.name.text) + " needs " + inWords(declared.name.text) +
                              " in " + quoted(input.name.text) + ", found " + str(operands[i]));
    if (isOpen(declared)) {
      if (bound.element && *bound.element != element)
        return operandError(SignatureError::Kind::Element, number,
                            quoted(item.name.text) + " needs tensors of one type, found " +
                                str(operands[0]) + " and " + str(operands[i]));
      bound.element = element;
    }
    if (i >= item.inputs.size())
      continue;
    if (auto mismatch =
            matchShape(declared.shape, operands[i].shape, number, bound.variables, evaluate))
      return mismatchError(item, number, operands[i], *mismatch);
  }
  return std::nullopt;
}

TensorType resultType(const ast::Item &item, const Attributes &attributes,
                      const DimEvaluator &evaluator, const Bound &bound) {
  const ast::Type &declared = *item.result;
  TensorType result;
  if (auto found = attributes.find(declared.name.text); found != attributes.end())
    result.element = std::get<Element>(found->second); // `-> to[...]`
  else if (isOpen(declared))
    result.element = bound.element.value_or(Element::Real);
  else
    result.element = declared.name.text == "int" ? Element::Int : Element::Bool;
  for (const ast::ExprPtr &expr : declared.shape) {
    bool isEllipsis = expr->kind == Expr::Kind::Ellipsis;
    auto dims = isEllipsis ? bound.variables.ellipsis : evaluator.dims(*expr);
    if (!dims)
      malformed(quoted(item.name.text) + ": the result's shape cannot be computed");
    result.shape.insert(result.shape.end(), dims->begin(), dims->end());
  }
  return result;
}

} // namespace

Inferred Signatures::infer(const std::string &op, const std::vector<TensorType> &operands,
                           const Attributes &attributes) const {
  const ast::Item &item = *items.at(op);
  bool repeats = !item.inputs.empty() && item.inputs.back().repeats;
  if (operands.size() < item.inputs.size() || (operands.size() > item.inputs.size() && !repeats))
    return operandError(SignatureError::Kind::Arguments, -1,
                        quoted(op) + " takes " + (repeats ? "at least " : "") +
                            std::to_string(item.inputs.size()) + " tensors, found " +
                            std::to_string(operands.size()));
  for (const ast::Parameter &parameter : item.config)
    if (!attributes.count(parameter.name.text))
      return configurationError(quoted(op) + " needs " + quoted(parameter.name.text));
  if (auto error = checkWindow(op, attributes))
    return *error;
  const ShapeRule *rule = shapeRule(op);
  if (rule && rule->check)
    if (auto error = rule->check(operands, attributes))
      return *error;

  Bound bound;
  DimEvaluator evaluator(attributes, bound.variables);
  if (auto error = match(item, operands, evaluator, bound))
    return *error;
  if (!item.result->hasShape) {
    if (!rule || !rule->infer)
      malformed("no rule for the result of " + quoted(op));
    return rule->infer(op, operands, attributes);
  }
  TensorType result = resultType(item, attributes, evaluator, bound);
  for (const Dim &dim : result.shape)
    if (dim.isConstant() && *dim.constant() < 1) {
      if (attributes.count("stride") && operands[0].shape.size() == 4)
        return windowError(operands, attributes);
      return operandError(SignatureError::Kind::Shape, -1,
                          quoted(op) + " would have the shape " + str(result.shape));
    }
  if (rule && rule->finish)
    rule->finish(operands, result);
  return std::vector{result};
}

} // namespace dlc::lang
