// Operations on tensors, and how their operands adapt to each other.
#include "lang/check/operation.h"
#include "lang/check/arithmetic.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace dlc::lang {

using ast::Expr;

namespace {

/// Whether an operation works element by element: all its operands have the shape `...`.
bool isElementwise(const ast::Item &op) {
  if (!op.config.empty() || op.inputs.empty())
    return false;
  return std::all_of(op.inputs.begin(), op.inputs.end(), [](const ast::Parameter &input) {
    return input.type->shape.size() == 1 && input.type->shape[0]->kind == Expr::Kind::Ellipsis;
  });
}

bool endsWith(const Shape &shape, const Shape &suffix) {
  return suffix.size() <= shape.size() &&
         std::equal(suffix.rbegin(), suffix.rend(), shape.rbegin());
}

Shape countUp(size_t count) {
  Shape axes;
  for (size_t i = 0; i < count; ++i)
    axes.push_back(Dim(static_cast<int64_t>(i)));
  return axes;
}

const char *idOf(SignatureError::Kind kind) {
  switch (kind) {
  case SignatureError::Kind::Arguments:
    return "wrong-argument-count";
  case SignatureError::Kind::Element:
    return "element-mismatch";
  case SignatureError::Kind::Rank:
    return "rank-mismatch";
  case SignatureError::Kind::Shape:
    return "shape-mismatch";
  case SignatureError::Kind::Classes:
    return "class-mismatch";
  case SignatureError::Kind::Window:
    return "window-too-large";
  case SignatureError::Kind::Configuration:
    return "bad-configuration";
  }
  return "bad-configuration";
}

} // namespace

// --- operands as they are ----------------------------------------------------------------------

Value Operations::applyExactly(const std::string &op, const std::vector<Operand> &operands,
                               std::map<std::string, Attribute> attributes, Range site) {
  std::vector<ValueId> ids;
  std::vector<TensorType> types;
  for (const Operand &operand : operands) {
    if (operand.value.isPoison())
      return Poison{};
    const Tensor *tensor = operand.value.as<Tensor>();
    if (!tensor) {
      report.error("argument-type", operand.range,
                   quoted(op) + " needs a tensor, found " + kindOf(operand.value));
      return Poison{};
    }
    ids.push_back(tensor->id);
    types.push_back(graph.typeOf(*tensor));
  }
  auto inferred = signatures.infer(op, types, attributes);
  if (const auto *results = std::get_if<std::vector<TensorType>>(&inferred)) {
    Tuple tuple;
    for (ValueId id : graph.addNode(op, std::move(ids), std::move(attributes), *results, site))
      tuple.elements.push_back(Tensor{id});
    return signatures.givesSeveral(op) ? Value(std::move(tuple)) : tuple.elements[0];
  }

  const SignatureError &error = std::get<SignatureError>(inferred);
  Diagnostic &diagnostic = report.error(idOf(error.kind), site, error.message);
  for (int operand : {error.operand, error.otherOperand})
    if (operand >= 0 && operand < static_cast<int>(ids.size()))
      graph.noteOrigin(diagnostic, ids[operand], error.kind == SignatureError::Kind::Rank,
                       report.userPlace(site));
  return Poison{};
}

// --- operands that adapt -----------------------------------------------------------------------

Value Operations::apply(const std::string &opName, const std::vector<Operand> &operands, Range site,
                        const std::string &shownAs) {
  const ast::Item &op = signatures.declaration(opName);
  const std::string &shown = shownAs.empty() ? opName : shownAs;
  bool hasTensor = false;
  for (const Operand &operand : operands) {
    if (operand.value.isPoison())
      return Poison{};
    if (operand.value.is<Tensor>()) {
      hasTensor = true;
    } else if (!operand.value.isNumber()) {
      report.error("argument-type", operand.range,
                   quoted(shown) + " needs tensors or numbers, found " + kindOf(operand.value));
      return Poison{};
    }
  }
  if (!hasTensor) {
    if (auto folded = fold(opName, operands, site, report))
      return *folded;
    report.error("argument-type", site,
                 quoted(shown) + " needs a tensor, found " +
                     (operands.empty() ? "nothing" : kindOf(operands[0].value)));
    return Poison{};
  }
  if (!isElementwise(op) || operands.size() != op.inputs.size())
    return applyExactly(opName, operands, {}, site);

  const Use adapted = use(op, operands, site, shown);
  std::vector<Operand> aligned;
  for (size_t i = 0; i < operands.size(); ++i) {
    auto id = operands[i].value.isNumber() ? alignNumber(adapted, i) : alignTensor(adapted, i);
    if (!id)
      return Poison{};
    aligned.push_back({Tensor{*id}, operands[i].range});
  }
  return applyExactly(opName, aligned, {}, site);
}

Operations::Use Operations::use(const ast::Item &op, const std::vector<Operand> &operands,
                                Range site, const std::string &shownAs) const {
  const Tensor *widest = nullptr;
  std::set<Element> found;
  for (size_t i = 0; i < operands.size(); ++i)
    if (const Tensor *tensor = operands[i].value.as<Tensor>()) {
      const TensorType &type = graph.typeOf(*tensor);
      if (isOpen(*op.inputs[i].type))
        found.insert(type.element);
      if (!widest || type.shape.size() > graph.typeOf(*widest).shape.size())
        widest = tensor;
    }
  const Shape &shape = graph.typeOf(*widest).shape;
  Element none = shape.empty() ? scalar : Element::Real;
  Element element = found.count(Element::Real) ? Element::Real
                    : found.empty()            ? none
                                               : *found.begin();
  return {op, operands, shownAs, site, widest->id, shape, element};
}

/// A number becomes a constant in the shape of the others.
std::optional<ValueId> Operations::alignNumber(const Use &use, size_t i) {
  const Operand &operand = use.operands[i];
  auto value = number(operand.value);
  if (!value) {
    report.error("symbolic-number", operand.range,
                 quoted(str(operand.value)) + " has no value yet, so it cannot meet a tensor");
    return std::nullopt;
  }
  const std::string &declared = use.op.inputs[i].type->name.text;
  Element element = declared == "int"    ? Element::Int
                    : declared == "bool" ? Element::Bool
                                         : use.element;
  constexpr double kLargestInt = 2147483647;
  bool fits = element == Element::Int
                  ? *value == std::trunc(*value) && std::fabs(*value) <= kLargestInt
              : element == Element::Bool ? false
                                         : true;
  if (!fits) {
    report.error("element-mismatch", operand.range,
                 quoted(use.shownAs) + " needs " +
                     (element == Element::Int ? "an int of 32 bits" : "a bool") + " here, found " +
                     str(operand.value));
    return std::nullopt;
  }
  return graph.constant({*value}, {element, use.shape, 0}, operand.range).as<Tensor>()->id;
}

/// A tensor takes the element type of the others and is repeated along the axes before its own.
std::optional<ValueId> Operations::alignTensor(const Use &use, size_t i) {
  const Operand &operand = use.operands[i];
  ValueId id = operand.value.as<Tensor>()->id;
  TensorType type = graph.typeOf(id);
  const std::string &declared = use.op.inputs[i].type->name.text;
  bool isFloating = type.element == Element::Real || type.element == Element::Double;
  bool isRefused =
      declared == "real" ? !isFloating : declared == "number" && type.element == Element::Bool;
  bool isMixed = isOpen(*use.op.inputs[i].type) && type.element != use.element &&
                 !(isFloating && use.element == Element::Real);
  if (isRefused || isMixed) {
    const char *wanted = declared == "real" || use.element == Element::Real ? "f32 numbers"
                         : use.element == Element::Int                      ? "ints"
                         : use.element == Element::Double                   ? "f64 numbers"
                         : declared == "number"                             ? "numbers"
                                                                            : "bools";
    Diagnostic &error =
        report.error("element-mismatch", operand.range,
                     quoted(use.shownAs) + " needs " + wanted + " here, found " + str(type));
    graph.noteOrigin(error, id, false, operand.range);
    if (type.element != Element::Double && *wanted == 'f')
      error.help.push_back("`float(…)` makes such of ints and bools");
    return std::nullopt;
  }
  if (type.element == Element::Double && use.element == Element::Real) {
    type = {Element::Real, type.shape, 0};
    id = graph.addNode("cast", {id}, {{"to", Element::Real}}, type, use.site);
  }
  if (!endsWith(use.shape, type.shape)) {
    const Tensor *first = use.operands[0].value.as<Tensor>();
    ValueId one = first ? first->id : use.widest, other = i == 0 ? use.widest : id;
    Diagnostic &error = report.error(
        "shape-mismatch", use.site,
        quoted(use.shownAs) + " needs equal shapes, or one that ends the other, found " +
            str(graph.typeOf(one)) + " and " + str(graph.typeOf(other)));
    graph.noteOrigin(error, use.widest, false, use.site);
    graph.noteOrigin(error, id, false, use.site);
    return std::nullopt;
  }
  size_t missing = use.shape.size() - type.shape.size();
  if (missing == 0)
    return id;
  Shape sizes(use.shape.begin(), use.shape.begin() + missing);
  return graph.addNode("broadcast", {id}, {{"axes", countUp(missing)}, {"sizes", sizes}},
                       {type.element, use.shape, type.classes}, use.site);
}

// --- the matrix product ------------------------------------------------------------------------

bool Operations::canMultiply(const Operand &left, const Operand &right, Range site) {
  for (const Operand *side : {&left, &right}) {
    const Tensor *tensor = side->value.as<Tensor>();
    if (!tensor) {
      report.error("operator-type", side->range, "`@` needs tensors, found " + kindOf(side->value));
      return false;
    }
    if (const TensorType &type = graph.typeOf(*tensor); type.shape.size() < 2) {
      Diagnostic &error =
          report.error("rank-mismatch", side->range,
                       "`@` needs matrices, of at least 2 axes, found " + str(type));
      graph.noteOrigin(error, tensor->id, true, site);
      return false;
    }
  }
  const Tensor &a = *left.value.as<Tensor>(), &b = *right.value.as<Tensor>();
  const TensorType &x = graph.typeOf(a), &w = graph.typeOf(b);
  const Dim &columns = x.shape.back(), &rows = w.shape[w.shape.size() - 2];
  bool leadingDiffer =
      x.shape.size() > 2 && w.shape.size() > 2 &&
      !std::equal(x.shape.begin(), x.shape.end() - 2, w.shape.begin(), w.shape.end() - 2);
  if (columns == rows && !leadingDiffer)
    return true;
  Diagnostic &error = report.error(
      "shape-mismatch", site,
      leadingDiffer ? "`@` needs the same leading axes, found " + str(x) + " and " + str(w)
                    : "`@` needs as many columns on the left as rows on the right, found " +
                          columns.str() + " in " + str(x) + " and " + rows.str() + " in " + str(w));
  graph.noteOrigin(error, a.id, false, site);
  graph.noteOrigin(error, b.id, false, site);
  return false;
}

Value Operations::matmul(const Operand &left, const Operand &right, Range site) {
  if (!canMultiply(left, right, site))
    return Poison{};
  const Shape x = graph.typeOf(*left.value.as<Tensor>()).shape;
  const Shape w = graph.typeOf(*right.value.as<Tensor>()).shape;
  // [..., M, K] @ [K, N]: the leading axes are rows like M.
  if (x.size() > 2 && w.size() == 2) {
    Shape flat = {floorDiv(size(x), x.back()), x.back()};
    Value rows = applyExactly("reshape", {left}, {{"shape", flat}}, site);
    Value product = applyExactly("matmul", {{rows, left.range}, right}, {}, site);
    Shape result(x.begin(), x.end() - 1);
    result.push_back(w.back());
    return applyExactly("reshape", {{product, site}}, {{"shape", result}}, site);
  }
  if (x.size() == 2 && w.size() > 2) {
    Shape leading(w.begin(), w.end() - 2);
    Value repeated = applyExactly("broadcast", {left},
                                  {{"axes", countUp(leading.size())}, {"sizes", leading}}, site);
    return applyExactly("matmul", {{repeated, left.range}, right}, {}, site);
  }
  return applyExactly("matmul", {left, right}, {}, site);
}

// --- ints and bools ----------------------------------------------------------------------------

std::string Operations::described(const Value &value) const {
  const Tensor *tensor = value.as<Tensor>();
  return tensor ? str(graph.typeOf(*tensor)) : kindOf(value);
}

Value Operations::equality(const std::string &op, const Operand &a, const Operand &b, Range site) {
  for (const Operand *side : {&a, &b})
    if (const Tensor *tensor = side->value.as<Tensor>();
        tensor && graph.typeOf(*tensor).element != Element::Int) {
      Diagnostic &error = report.error(
          "operator-type", site, quoted(op) + " compares ints, found " + described(side->value));
      if (graph.typeOf(*tensor).element != Element::Bool)
        error.help.push_back("`abs(a - b) < …` tells whether numbers are close");
      return Poison{};
    }
  Value equal = apply("same", {a, b}, site, op);
  return op == "==" || equal.isPoison() ? equal : opposite({equal, site}, site);
}

// What is left of a above the largest multiple of b that is not larger.
Value Operations::remainder(const Operand &a, const Operand &b, Range site) {
  for (const Operand *side : {&a, &b})
    if (const Tensor *tensor = side->value.as<Tensor>();
        tensor && graph.typeOf(*tensor).element != Element::Int) {
      report.error("operator-type", site, "`%` needs ints, found " + described(side->value));
      return Poison{};
    }
  Value quotient = apply("div", {a, b}, site, "%");
  Value multiple = apply("mul", {{quotient, site}, b}, site, "%");
  return apply("sub", {a, {multiple, site}}, site, "%");
}

bool Operations::isTruth(const Value &value) const {
  const Tensor *tensor = value.as<Tensor>();
  return tensor && graph.typeOf(*tensor).element == Element::Bool;
}

// a and b is `if a then b else false`; a or b is `if a then true else b`.
Value Operations::logical(const std::string &op, const Operand &a, const Operand &b, Range site) {
  const TensorType &type = graph.typeOf(*b.value.as<Tensor>());
  Value settled = graph.constant({op == "or" ? 1.0 : 0.0}, type, site);
  bool isOr = op == "or";
  return apply("select", {a, isOr ? Operand{settled, site} : b, isOr ? b : Operand{settled, site}},
               site, op);
}

Value Operations::opposite(const Operand &a, Range site) {
  const TensorType type = graph.typeOf(*a.value.as<Tensor>());
  Value no = graph.constant({0}, type, site), yes = graph.constant({1}, type, site);
  return applyExactly("select", {a, {no, site}, {yes, site}}, {}, site);
}

} // namespace dlc::lang
