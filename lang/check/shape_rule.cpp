// The shape rules that a signature in stdlib/ops.nn cannot say.
#include "lang/check/shape_rule.h"

#include <algorithm>
#include <tuple>
#include <variant>

namespace dlc::lang {

namespace {

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

// --- results of operations declared with `-> rule` and `-> rules`
// ---------------------------------------------

Inferred inferReshape(const std::string &op, const std::vector<TensorType> &operands,
                      const Attributes &attributes) {
  const TensorType &x = operands[0];
  const Shape &shape = *shapeAttribute(attributes, "shape");
  if (size(shape) != size(x.shape))
    return operandError(SignatureError::Kind::Shape, 0,
                        quoted(op) + " to " + str(shape) + ", which has " + size(shape).str() +
                            " elements, of " + str(x) + ", which has " + size(x.shape).str());
  return std::vector{TensorType{x.element, shape, x.classes}};
}

Inferred inferTranspose(const std::string &op, const std::vector<TensorType> &operands,
                        const Attributes &attributes) {
  const TensorType &x = operands[0];
  const Shape &permutation = *shapeAttribute(attributes, "permutation");
  Shape sorted = permutation;
  std::sort(sorted.begin(), sorted.end(), [](const Dim &a, const Dim &b) {
    return a.constant().value_or(-1) < b.constant().value_or(-1);
  });
  auto axes = ascendingAxes(sorted, x.shape.size());
  if (!axes || axes->size() != x.shape.size())
    return configurationError(quoted(op) + " of " + str(x) + " needs each axis once, found " +
                              str(permutation));
  TensorType result{x.element, {}, x.classes};
  for (const Dim &axis : permutation)
    result.shape.push_back(x.shape[*axis.constant()]);
  return std::vector{result};
}

Inferred inferFlip(const std::string &op, const std::vector<TensorType> &operands,
                   const Attributes &attributes) {
  const TensorType &x = operands[0];
  const Shape &list = *shapeAttribute(attributes, "axes");
  if (!ascendingAxes(list, x.shape.size()))
    return configurationError(quoted(op) + " of " + str(x) + " needs ascending axes of it, found " +
                              str(list));
  return std::vector{x};
}

Inferred inferBroadcast(const std::string &op, const std::vector<TensorType> &operands,
                        const Attributes &attributes) {
  const TensorType &x = operands[0];
  const Shape &list = *shapeAttribute(attributes, "axes");
  const Shape &sizes = *shapeAttribute(attributes, "sizes");
  size_t rank = x.shape.size() + list.size();
  auto axes = ascendingAxes(list, rank);
  if (!axes || list.size() != sizes.size())
    return configurationError(quoted(op) + " of " + str(x) +
                              " needs ascending axes of its result and one size each, found axes " +
                              str(list) + " and sizes " + str(sizes));
  TensorType result{x.element, {}, x.classes};
  for (size_t axis = 0, added = 0; axis < rank; ++axis) {
    bool isNew = added < axes->size() && (*axes)[added] == static_cast<int64_t>(axis);
    result.shape.push_back(isNew ? sizes[added] : x.shape[axis - added]);
    added += isNew;
  }
  return std::vector{result};
}

Inferred inferReduction(const std::string &op, const std::vector<TensorType> &operands,
                        const Attributes &attributes) {
  const TensorType &x = operands[0];
  const Shape &list = *shapeAttribute(attributes, "axes");
  auto axes = ascendingAxes(list, x.shape.size());
  if (!axes)
    return configurationError(quoted(op) + " of " + str(x) + " needs ascending axes of it, found " +
                              str(list));
  TensorType result{x.element, {}, 0};
  for (size_t axis = 0; axis < x.shape.size(); ++axis)
    if (!std::binary_search(axes->begin(), axes->end(), static_cast<int64_t>(axis)))
      result.shape.push_back(x.shape[axis]);
  return std::vector{result};
}

/// The configuration `axis`, or why it is no axis of `x`.
std::variant<size_t, SignatureError> axisOf(const std::string &op, const TensorType &x,
                                            const Attributes &attributes) {
  int64_t axis = std::get<int64_t>(attributes.at("axis"));
  if (axis >= 0 && axis < static_cast<int64_t>(x.shape.size()))
    return static_cast<size_t>(axis);
  SignatureError error = configurationError("there is no axis " + std::to_string(axis) + " in " +
                                            str(x) + " for " + quoted(op) + ", counted from 0");
  error.operand = 0;
  return error;
}

/// Why `other`, the operand of that number, does not fit the first one; empty if it does.
std::optional<SignatureError> misfit(const std::string &op, const TensorType &first,
                                     const TensorType &other, int number, size_t along) {
  const std::string which = "tensor " + std::to_string(number + 1);
  SignatureError error;
  error.operand = number, error.otherOperand = 0;
  if (other.element != first.element || other.shape.size() != first.shape.size()) {
    error.kind =
        other.element != first.element ? SignatureError::Kind::Element : SignatureError::Kind::Rank;
    error.message = quoted(op) + " needs tensors of one kind: the first is " + str(first) + ", " +
                    which + " is " + str(other);
    return error;
  }
  for (size_t axis = 0; axis < first.shape.size(); ++axis) {
    if (axis == along || other.shape[axis] == first.shape[axis])
      continue;
    error.kind = SignatureError::Kind::Shape;
    error.axis = error.otherAxis = static_cast<int>(axis);
    error.message = quoted(op) + " along axis " + std::to_string(along) + " needs axis " +
                    std::to_string(axis) + " to be equal: the first is " + str(first) + ", " +
                    which + " is " + str(other);
    return error;
  }
  return std::nullopt;
}

Inferred inferConcat(const std::string &op, const std::vector<TensorType> &operands,
                     const Attributes &attributes) {
  auto axis = axisOf(op, operands[0], attributes);
  if (auto *error = std::get_if<SignatureError>(&axis))
    return *error;
  const size_t along = std::get<size_t>(axis);
  TensorType result = operands[0];
  for (size_t i = 1; i < operands.size(); ++i) {
    if (auto error = misfit(op, operands[0], operands[i], static_cast<int>(i), along))
      return *error;
    result.shape[along] = result.shape[along] + operands[i].shape[along];
    if (operands[i].classes != result.classes)
      result.classes = 0;
  }
  return std::vector{result};
}

Inferred inferSplit(const std::string &op, const std::vector<TensorType> &operands,
                    const Attributes &attributes) {
  const TensorType &x = operands[0];
  const Shape &sizes = *shapeAttribute(attributes, "sizes");
  auto axis = axisOf(op, x, attributes);
  if (auto *error = std::get_if<SignatureError>(&axis))
    return *error;
  const size_t along = std::get<size_t>(axis);
  Dim sum = 0;
  for (const Dim &size : sizes) {
    if (size.constant().value_or(1) < 1)
      return configurationError("every size of " + quoted(op) + " must be at least 1, found " +
                                str(sizes));
    sum = sum + size;
  }
  if (sum != x.shape[along]) {
    SignatureError error =
        operandError(SignatureError::Kind::Shape, 0,
                     quoted(op) + " into sizes " + str(sizes) + ", which are " + sum.str() +
                         " together, but axis " + std::to_string(along) + " of " + str(x) + " is " +
                         x.shape[along].str());
    error.axis = static_cast<int>(along);
    return error;
  }
  std::vector<TensorType> parts(sizes.size(), x);
  for (size_t i = 0; i < sizes.size(); ++i)
    parts[i].shape[along] = sizes[i];
  return parts;
}

// --- what must hold besides --------------------------------------------------------------------

std::optional<SignatureError> checkGroups(const std::vector<TensorType> &operands,
                                          const Attributes &attributes) {
  const TensorType &x = operands[0], &w = operands[1];
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

std::optional<SignatureError> checkOneHot(const std::vector<TensorType> &operands,
                                          const Attributes &attributes) {
  int64_t classes = std::get<int64_t>(attributes.at("classes")), label = operands[0].classes;
  if (label == 0 || label == classes)
    return std::nullopt;
  return operandError(SignatureError::Kind::Classes, 0,
                      "there is one number for each of " + std::to_string(classes) +
                          " classes, but the label has " + std::to_string(label) + " classes");
}

std::optional<SignatureError> checkSame(const std::vector<TensorType> &operands,
                                        const Attributes &) {
  int64_t a = operands[0].classes, b = operands[1].classes;
  if (a == 0 || b == 0 || a == b)
    return std::nullopt;
  return operandError(SignatureError::Kind::Classes, 1,
                      "class numbers of " + std::to_string(a) + " and of " + std::to_string(b) +
                          " classes are compared");
}

// --- what a result has besides its shape -------------------------------------------------------

void countClasses(const std::vector<TensorType> &operands, TensorType &result) {
  result.classes = operands[0].shape.back().constant().value_or(0);
}

// --- the table ---------------------------------------------------------------------------------

constexpr ShapeRule kRules[] = {
    {.op = "reshape", .infer = inferReshape},
    {.op = "transpose", .infer = inferTranspose},
    {.op = "flip", .infer = inferFlip},
    {.op = "broadcast", .infer = inferBroadcast},
    {.op = "reduce_sum", .infer = inferReduction},
    {.op = "reduce_max", .infer = inferReduction},
    {.op = "conv2d", .check = checkGroups},
    {.op = "one_hot", .check = checkOneHot},
    {.op = "same", .check = checkSame},
    {.op = "argmax", .finish = countClasses},
    {.op = "concat", .infer = inferConcat},
    {.op = "split", .infer = inferSplit},
};

} // namespace

const ShapeRule *shapeRule(const std::string &op) {
  const auto *found = std::find_if(std::begin(kRules), std::end(kRules),
                                   [&](const ShapeRule &rule) { return op == rule.op; });
  return found == std::end(kRules) ? nullptr : found;
}

// --- windows -----------------------------------------------------------------------------------

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

// --- errors ------------------------------------------------------------------------------------

SignatureError configurationError(std::string message) {
  return {SignatureError::Kind::Configuration, std::move(message), -1, -1, -1, -1};
}

SignatureError operandError(SignatureError::Kind kind, int operand, std::string message) {
  return {kind, std::move(message), operand, -1, -1, -1};
}

} // namespace dlc::lang
