// Operations on tensors, and how their operands adapt to each other.
#include "lang/check/operation.h"
#include "lang/check/arithmetic.h"

#include <algorithm>

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
  bool hasReal = false, hasDouble = false;
  for (const Operand &operand : operands)
    if (const Tensor *tensor = operand.value.as<Tensor>()) {
      const TensorType &type = graph.typeOf(*tensor);
      hasReal |= type.element == Element::Real;
      hasDouble |= type.element == Element::Double;
      if (!widest || type.shape.size() > graph.typeOf(*widest).shape.size())
        widest = tensor;
    }
  const Shape &shape = graph.typeOf(*widest).shape;
  Element real = hasReal         ? Element::Real
                 : hasDouble     ? Element::Double
                 : shape.empty() ? scalar
                                 : Element::Real;
  return {op, operands, shownAs, site, widest->id, shape, real};
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
                                         : use.real;
  return graph.constant({*value}, {element, use.shape, 0}, operand.range).as<Tensor>()->id;
}

/// A tensor takes the element type of the others and is repeated along the axes before its own.
std::optional<ValueId> Operations::alignTensor(const Use &use, size_t i) {
  const Operand &operand = use.operands[i];
  ValueId id = operand.value.as<Tensor>()->id;
  TensorType type = graph.typeOf(id);
  bool isNumeric = type.element == Element::Real || type.element == Element::Double;
  if (use.op.inputs[i].type->name.text == "real" && !isNumeric) {
    Diagnostic &error =
        report.error("element-mismatch", operand.range,
                     quoted(use.shownAs) + " needs f32 numbers, found " + str(type));
    graph.noteOrigin(error, id, false, operand.range);
    return std::nullopt;
  }
  if (type.element == Element::Double && use.real == Element::Real) {
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

} // namespace dlc::lang
