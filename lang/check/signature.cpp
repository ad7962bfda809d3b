// Evaluates the signatures of the primitive operations.
#include "lang/check/signature.h"
#include "lang/check/pattern.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace dlc::lang {

using ast::Expr;
using Attributes = std::map<std::string, Attribute>;
using Inferred = std::variant<TensorType, SignatureError>;

namespace {

[[noreturn]] void malformed(const std::string &what) {
  std::fprintf(stderr, "dlc: stdlib/ops.nn: %s\n", what.c_str());
  std::abort();
}

SignatureError configurationError(std::string message) {
  return {SignatureError::Kind::Configuration, std::move(message), -1, -1, -1, -1};
}
SignatureError operandError(SignatureError::Kind kind, int operand, std::string message) {
  return {kind, std::move(message), operand, -1, -1, -1};
}

/// The number of the element type that a declared name allows.
bool allows(const std::string &declared, Element element) {
  if (declared == "any")
    return true;
  if (declared == "real")
    return element == Element::Real || element == Element::Double;
  if (declared == "int")
    return element == Element::Int;
  if (declared == "bool")
    return element == Element::Bool;
  malformed("unknown element type " + quoted(declared));
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
    bool isOpen = std::any_of(declared.shape.begin(), declared.shape.end(),
                              [](const auto &expr) { return expr->kind == Expr::Kind::Ellipsis; });
    error.message = quoted(item.name.text) + " needs " + (isOpen ? "at least " : "") +
                    std::to_string(declared.shape.size() - (isOpen ? 1 : 0)) + " axes in " +
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

const Shape *shapeAttribute(const Attributes &attributes, const std::string &name) {
  auto found = attributes.find(name);
  return found == attributes.end() ? nullptr : std::get_if<Shape>(&found->second);
}

/// The axes of a list, if they are constant, ascending, different and below `rank`.
std::optional<std::vector<int64_t>> ascendingAxes(const Shape &list, size_t rank) {
  std::vector<int64_t> axes;
  for (const Dim &dim : list) {
    int64_t axis = dim.constant().value_or(-1);
    if (axis < 0 || axis >= static_cast<int64_t>(rank) || (!axes.empty() && axis <= axes.back()))
      return std::nullopt;
    axes.push_back(axis);
  }
  return axes;
}

// --- the structural rules ----------------------------------------------------------------------

Inferred inferReshape(const TensorType &x, const Attributes &attributes) {
  const Shape &shape = *shapeAttribute(attributes, "shape");
  if (size(shape) != size(x.shape))
    return operandError(SignatureError::Kind::Shape, 0,
                        "`reshape` to " + str(shape) + ", which has " + size(shape).str() +
                            " elements, of " + str(x) + ", which has " + size(x.shape).str());
  return TensorType{x.element, shape, x.classes};
}

Inferred inferTranspose(const TensorType &x, const Attributes &attributes) {
  const Shape &permutation = *shapeAttribute(attributes, "permutation");
  Shape sorted = permutation;
  std::sort(sorted.begin(), sorted.end(), [](const Dim &a, const Dim &b) {
    return a.constant().value_or(-1) < b.constant().value_or(-1);
  });
  auto axes = ascendingAxes(sorted, x.shape.size());
  if (!axes || axes->size() != x.shape.size())
    return configurationError("`transpose` of " + str(x) + " needs each axis once, found " +
                              str(permutation));
  TensorType result{x.element, {}, x.classes};
  for (const Dim &axis : permutation)
    result.shape.push_back(x.shape[*axis.constant()]);
  return result;
}

Inferred inferBroadcast(const TensorType &x, const Attributes &attributes) {
  const Shape &list = *shapeAttribute(attributes, "axes");
  const Shape &sizes = *shapeAttribute(attributes, "sizes");
  size_t rank = x.shape.size() + list.size();
  auto axes = ascendingAxes(list, rank);
  if (!axes || list.size() != sizes.size())
    return configurationError("`broadcast` of " + str(x) +
                              " needs ascending axes of its result and one size each, found axes " +
                              str(list) + " and sizes " + str(sizes));
  TensorType result{x.element, {}, x.classes};
  for (size_t axis = 0, added = 0; axis < rank; ++axis) {
    bool isNew = added < axes->size() && (*axes)[added] == static_cast<int64_t>(axis);
    result.shape.push_back(isNew ? sizes[added] : x.shape[axis - added]);
    added += isNew;
  }
  return result;
}

Inferred inferReduction(const std::string &op, const TensorType &x, const Attributes &attributes) {
  const Shape &list = *shapeAttribute(attributes, "axes");
  auto axes = ascendingAxes(list, x.shape.size());
  if (!axes)
    return configurationError(quoted(op) + " of " + str(x) + " needs ascending axes of it, found " +
                              str(list));
  TensorType result{x.element, {}, 0};
  for (size_t axis = 0; axis < x.shape.size(); ++axis)
    if (!std::binary_search(axes->begin(), axes->end(), static_cast<int64_t>(axis)))
      result.shape.push_back(x.shape[axis]);
  return result;
}

Inferred inferStructural(const std::string &op, const TensorType &x, const Attributes &attributes) {
  if (op == "reshape")
    return inferReshape(x, attributes);
  if (op == "transpose")
    return inferTranspose(x, attributes);
  if (op == "broadcast")
    return inferBroadcast(x, attributes);
  if (op == "reduce_sum" || op == "reduce_max")
    return inferReduction(op, x, attributes);
  malformed("no structural rule for " + quoted(op));
}

// --- what dimensions cannot say ----------------------------------------------------------------

/// Lists of a window's configuration have one number a side; strides and dilations are positive.
std::optional<SignatureError> checkWindow(const std::string &op, const Attributes &attributes) {
  for (auto [name, count, smallest] :
       {std::tuple{"stride", 2, 1}, {"dilation", 2, 1}, {"kernel", 2, 1}, {"pad", 4, 0}}) {
    const Shape *list = shapeAttribute(attributes, name);
    if (!list)
      continue;
    if (list->size() != static_cast<size_t>(count))
      return configurationError(quoted(op) + " needs " + std::to_string(count) + " numbers in " +
                                quoted(name) + ", found " + str(*list));
    for (const Dim &dim : *list)
      if (dim.constant().value_or(-1) < smallest)
        return configurationError(quoted(name) + " must be at least " + std::to_string(smallest) +
                                  ", found " + dim.str());
  }
  return std::nullopt;
}

std::optional<SignatureError> checkGroups(const TensorType &x, const TensorType &w,
                                          const Attributes &attributes) {
  int64_t groups = std::get<int64_t>(attributes.at("groups"));
  if (groups < 1)
    return configurationError("`groups` must be at least 1, found " + std::to_string(groups));
  if (x.shape.size() != 4 || w.shape.size() != 4)
    return std::nullopt; // the patterns say so
  if (mod(x.shape[1], groups) != Dim(0) || mod(w.shape[0], groups) != Dim(0))
    return configurationError("`groups` is " + std::to_string(groups) + ", which does not divide " +
                              (mod(x.shape[1], groups) != Dim(0)
                                   ? "the " + x.shape[1].str() + " input channels"
                                   : "the " + w.shape[0].str() + " output channels"));
  return std::nullopt;
}

/// "a 5x5 window does not fit the padded input of 3x3".
SignatureError windowError(const std::vector<TensorType> &operands, const Attributes &attributes) {
  const Shape &pad = *shapeAttribute(attributes, "pad");
  const Shape *dilation = shapeAttribute(attributes, "dilation");
  const Shape *kernel = shapeAttribute(attributes, "kernel");
  std::string window, input;
  for (int side = 0; side < 2; ++side) {
    Dim taps = kernel ? (*kernel)[side] : operands[1].shape[2 + side];
    Dim extent = dilation ? (*dilation)[side] * (taps - 1) + 1 : taps;
    window += (side ? "x" : "") + extent.str();
    input += (side ? "x" : "") + (operands[0].shape[2 + side] + pad[side] + pad[side + 2]).str();
  }
  bool isPadded = pad != Shape{0, 0, 0, 0};
  return operandError(SignatureError::Kind::Window, 0,
                      "a " + window + " window does not fit the " + (isPadded ? "padded " : "") +
                          "input of " + input);
}

} // namespace

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

std::vector<std::string> Signatures::names() const {
  std::vector<std::string> names;
  for (const auto &[name, item] : items)
    names.push_back(name);
  return names;
}

const ast::Item &Signatures::declaration(const std::string &op) const { return *items.at(op); }

Inferred Signatures::infer(const std::string &op, const std::vector<TensorType> &operands,
                           const Attributes &attributes) const {
  const ast::Item &item = *items.at(op);
  if (operands.size() != item.inputs.size())
    return operandError(SignatureError::Kind::Arguments, -1,
                        quoted(op) + " takes " + std::to_string(item.inputs.size()) +
                            " tensors, found " + std::to_string(operands.size()));
  for (const ast::Parameter &parameter : item.config)
    if (!attributes.count(parameter.name.text))
      return configurationError(quoted(op) + " needs " + quoted(parameter.name.text));
  if (auto error = checkWindow(op, attributes))
    return *error;
  if (op == "conv2d")
    if (auto error = checkGroups(operands[0], operands[1], attributes))
      return *error;

  std::optional<Element> real; // the one floating type of this use
  ShapeVariables variables;
  DimEvaluator evaluator(attributes, variables);
  EvaluateDims evaluate = [&](const Expr &expr) { return evaluator.dims(expr); };
  for (size_t i = 0; i < operands.size(); ++i) {
    const ast::Type &declared = *item.inputs[i].type;
    Element element = operands[i].element;
    if (!allows(declared.name.text, element) ||
        (declared.name.text == "real" && real && *real != element))
      return operandError(SignatureError::Kind::Element, static_cast<int>(i),
                          quoted(op) + " needs " + declared.name.text + " numbers in " +
                              quoted(item.inputs[i].name.text) + ", found " + str(operands[i]));
    if (declared.name.text == "real")
      real = element;
    if (auto mismatch =
            matchShape(declared.shape, operands[i].shape, static_cast<int>(i), variables, evaluate))
      return mismatchError(item, static_cast<int>(i), operands[i], *mismatch);
  }

  const ast::Type &declared = *item.result;
  if (!declared.hasShape)
    return inferStructural(op, operands[0], attributes);

  TensorType result;
  if (auto found = attributes.find(declared.name.text); found != attributes.end())
    result.element = std::get<Element>(found->second); // `-> to[...]`
  else if (declared.name.text == "real")
    result.element = real.value_or(Element::Real);
  else
    result.element = declared.name.text == "int" ? Element::Int : Element::Bool;
  for (const ast::ExprPtr &expr : declared.shape) {
    if (expr->kind == Expr::Kind::Ellipsis) {
      result.shape.insert(result.shape.end(), variables.ellipsis->begin(),
                          variables.ellipsis->end());
      continue;
    }
    auto dims = evaluator.dims(*expr);
    if (!dims)
      malformed(quoted(op) + ": the result's shape cannot be computed");
    result.shape.insert(result.shape.end(), dims->begin(), dims->end());
  }
  for (const Dim &dim : result.shape)
    if (dim.isConstant() && *dim.constant() < 1) {
      if (attributes.count("stride") && operands[0].shape.size() == 4)
        return windowError(operands, attributes);
      return operandError(SignatureError::Kind::Shape, -1,
                          quoted(op) + " would have the shape " + str(result.shape));
    }
  if (op == "argmax")
    result.classes = operands[0].shape.back().constant().value_or(0);
  return result;
}

} // namespace dlc::lang
