// Operations on tensors: nodes of the graph, and how their operands adapt to each other.
#include "lang/check/elaborate.h"

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
  case SignatureError::Kind::Window:
    return "window-too-large";
  case SignatureError::Kind::Configuration:
    return "bad-configuration";
  }
  return "bad-configuration";
}

} // namespace

ValueId Elaborator::addNode(const std::string &op, std::vector<ValueId> operands,
                            std::map<std::string, Attribute> attributes, TensorType type,
                            Range range) {
  graph.nodes.push_back({op, std::move(operands), std::move(attributes), std::move(type), "", "",
                         report.userPlace(range)});
  nodePlaces.push_back(place);
  localNames.emplace_back();
  return static_cast<ValueId>(graph.nodes.size() - 1);
}

Value Elaborator::constant(std::vector<double> values, TensorType type, Range range) {
  return Tensor{addNode("constant", {}, {{"values", std::move(values)}}, std::move(type), range)};
}

void Elaborator::nameValue(const Value &value, const std::string &name) {
  const Tensor *tensor = value.as<Tensor>();
  if (!tensor || !localNames[tensor->id].empty() || !graph.nodes[tensor->id].name.empty())
    return;
  localNames[tensor->id] = name;
  nodePlaces[tensor->id] = place;
}

ValueId Elaborator::randomKey(Range range) {
  if (key < 0)
    key = addNode("random_key", {}, {}, {Element::Int, {Dim(4)}, 0}, range);
  return key;
}

Value Elaborator::sampleWeight(Range site) {
  if (batchSymbol.empty()) {
    report.error(
        "missing-batch", site,
        "there is no batch here: no input of the model begins with a symbol, as in `f32[B, 2]`");
    return Poison{};
  }
  if (shares < 0)
    shares = addNode("sample_weight", {}, {}, {Element::Real, {Dim::symbol(batchSymbol)}, 0}, site);
  return Tensor{shares};
}

void Elaborator::noteOrigin(Diagnostic &error, ValueId id, bool ofRank, Range site) const {
  auto isKept = [&](ValueId operand) {
    const Shape &before = typeOf(operand).shape, &after = typeOf(id).shape;
    return ofRank ? before.size() == after.size() : before == after;
  };
  while (!graph.nodes[id].operands.empty() && isKept(graph.nodes[id].operands[0]))
    id = graph.nodes[id].operands[0];
  const Node &node = graph.nodes[id];
  if (!node.range.valid() || report.inStandardLibrary(node.range) || node.range.begin == site.begin)
    return;
  size_t rank = node.type.shape.size();
  std::string shown =
      ofRank ? "the value has " + std::to_string(rank) + (rank == 1 ? " axis" : " axes")
             : "the value is " + str(node.type);
  bool isDeclared = node.op == "input" || node.op == "param" || node.op == "state";
  error.notes.push_back(
      {node.range, isDeclared ? shown + ", declared here"
                              : shown + " since this " + quoted(report.text(node.range))});
}

// --- adapting operands -------------------------------------------------------------------------

std::optional<std::vector<ValueId>> Elaborator::align(const ast::Item &op,
                                                      const std::vector<Operand> &operands,
                                                      Range site, const std::string &shownAs) {
  // The widest operand gives the shape, its tensors the element type.
  const Tensor *widest = nullptr;
  bool hasReal = false, hasDouble = false;
  for (const Operand &operand : operands)
    if (const Tensor *tensor = operand.value.as<Tensor>()) {
      hasReal |= typeOf(tensor->id).element == Element::Real;
      hasDouble |= typeOf(tensor->id).element == Element::Double;
      if (!widest || typeOf(tensor->id).shape.size() > typeOf(widest->id).shape.size())
        widest = tensor;
    }
  const ValueId widestId = widest->id;
  const Shape target = typeOf(widestId).shape;
  bool isScalarOfOptimizer = purpose == Purpose::Optimizer && target.empty();
  Element real = !hasReal && (hasDouble || isScalarOfOptimizer) ? Element::Double : Element::Real;

  std::vector<ValueId> aligned;
  for (size_t i = 0; i < operands.size(); ++i) {
    const std::string &declared = op.inputs[i].type->name.text;
    if (operands[i].value.isNumber()) {
      auto value = number(operands[i].value);
      if (!value) {
        report.error("symbolic-number", operands[i].range,
                     quoted(str(operands[i].value)) +
                         " has no value yet, so it cannot meet a tensor");
        return std::nullopt;
      }
      Element element = declared == "int"    ? Element::Int
                        : declared == "bool" ? Element::Bool
                                             : real;
      aligned.push_back(
          constant({*value}, {element, target, 0}, operands[i].range).as<Tensor>()->id);
      continue;
    }
    ValueId id = operands[i].value.as<Tensor>()->id;
    bool isNumeric = typeOf(id).element == Element::Real || typeOf(id).element == Element::Double;
    if (declared == "real" && !isNumeric) {
      Diagnostic &error =
          report.error("element-mismatch", operands[i].range,
                       quoted(shownAs) + " needs f32 numbers, found " + str(typeOf(id)));
      noteOrigin(error, id, false, operands[i].range);
      return std::nullopt;
    }
    if (typeOf(id).element == Element::Double && real == Element::Real)
      id = addNode("cast", {id}, {{"to", Element::Real}}, {Element::Real, typeOf(id).shape, 0},
                   site);
    if (!endsWith(target, typeOf(id).shape)) {
      Diagnostic &error = report.error(
          "shape-mismatch", site,
          quoted(shownAs) + " needs equal shapes, or one that ends the other, found " +
              str(typeOf(operands[0].value.is<Tensor>() ? operands[0].value.as<Tensor>()->id
                                                        : widestId)) +
              " and " + str(typeOf(id == operands[0].value.as<Tensor>()->id ? widestId : id)));
      noteOrigin(error, widestId, false, site);
      noteOrigin(error, id, false, site);
      return std::nullopt;
    }
    size_t missing = target.size() - typeOf(id).shape.size();
    if (missing > 0) {
      TensorType type{typeOf(id).element, target, typeOf(id).classes};
      id = addNode(
          "broadcast", {id},
          {{"axes", countUp(missing)}, {"sizes", Shape(target.begin(), target.begin() + missing)}},
          type, site);
    }
    aligned.push_back(id);
  }
  return aligned;
}

Value Elaborator::apply(const std::string &opName, const std::vector<Operand> &operands, Range site,
                        const std::string &shownAs) {
  const ast::Item &op = context.signatures.declaration(opName);
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
    if (auto folded = foldMath(opName, operands, site))
      return *folded;
    report.error("argument-type", site,
                 quoted(shown) + " needs a tensor, found " +
                     (operands.empty() ? "nothing" : kindOf(operands[0].value)));
    return Poison{};
  }
  if (!isElementwise(op) || operands.size() != op.inputs.size())
    return applyExactly(opName, operands, {}, site);
  auto ids = align(op, operands, site, shown);
  if (!ids)
    return Poison{};
  std::vector<Operand> tensors;
  for (size_t i = 0; i < ids->size(); ++i)
    tensors.push_back({Tensor{(*ids)[i]}, operands[i].range});
  return applyExactly(opName, tensors, {}, site);
}

Value Elaborator::applyExactly(const std::string &op, const std::vector<Operand> &operands,
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
    types.push_back(typeOf(tensor->id));
  }
  if (op == "one_hot" && !types.empty() && types[0].classes > 0 &&
      types[0].classes != std::get<int64_t>(attributes.at("classes"))) {
    int64_t classes = std::get<int64_t>(attributes.at("classes"));
    Diagnostic &error = report.error("class-mismatch", site,
                                     "there is one number for each of " + std::to_string(classes) +
                                         " classes, but the label has " +
                                         std::to_string(types[0].classes) + " classes");
    noteOrigin(error, ids[0], false, report.userPlace(site));
    return Poison{};
  }
  if (op == "same" && types.size() == 2 && types[0].classes > 0 && types[1].classes > 0 &&
      types[0].classes != types[1].classes) {
    Diagnostic &error =
        report.error("class-mismatch", site,
                     "class numbers of " + std::to_string(types[0].classes) + " and of " +
                         std::to_string(types[1].classes) + " classes are compared");
    noteOrigin(error, ids[1], false, report.userPlace(site));
    return Poison{};
  }
  auto inferred = context.signatures.infer(op, types, attributes);
  if (const SignatureError *error = std::get_if<SignatureError>(&inferred))
    return reportOpError(*error, operands, site);
  return Tensor{
      addNode(op, std::move(ids), std::move(attributes), std::get<TensorType>(inferred), site)};
}

Value Elaborator::reportOpError(const SignatureError &error, const std::vector<Operand> &operands,
                                Range site) {
  Diagnostic &diagnostic = report.error(idOf(error.kind), site, error.message);
  Range place = report.userPlace(site);
  for (int operand : {error.operand, error.otherOperand})
    if (operand >= 0 && operand < static_cast<int>(operands.size()) &&
        operands[operand].value.is<Tensor>())
      noteOrigin(diagnostic, operands[operand].value.as<Tensor>()->id,
                 error.kind == SignatureError::Kind::Rank, place);
  return Poison{};
}

// --- the matrix product ------------------------------------------------------------------------

Value Elaborator::matmul(const Operand &left, const Operand &right, Range site) {
  for (const Operand *side : {&left, &right}) {
    const Tensor *tensor = side->value.as<Tensor>();
    if (!tensor) {
      report.error("operator-type", side->range, "`@` needs tensors, found " + kindOf(side->value));
      return Poison{};
    }
    if (typeOf(tensor->id).shape.size() < 2) {
      Diagnostic &error =
          report.error("rank-mismatch", side->range,
                       "`@` needs matrices, of at least 2 axes, found " + str(typeOf(tensor->id)));
      noteOrigin(error, tensor->id, true, site);
      return Poison{};
    }
  }
  ValueId a = left.value.as<Tensor>()->id, b = right.value.as<Tensor>()->id;
  const Shape x = typeOf(a).shape, w = typeOf(b).shape;
  const Dim &columns = x.back(), &rows = w[w.size() - 2];
  Shape leading(x.begin(), x.end() - 2), otherLeading(w.begin(), w.end() - 2);
  bool leadingDiffer = x.size() > 2 && w.size() > 2 && leading != otherLeading;
  if (columns != rows || leadingDiffer) {
    Diagnostic &error = report.error(
        "shape-mismatch", site,
        leadingDiffer
            ? "`@` needs the same leading axes, found " + str(typeOf(a)) + " and " + str(typeOf(b))
            : "`@` needs as many columns on the left as rows on the right, found " + columns.str() +
                  " in " + str(typeOf(a)) + " and " + rows.str() + " in " + str(typeOf(b)));
    noteOrigin(error, a, false, site);
    noteOrigin(error, b, false, site);
    return Poison{};
  }

  // [..., M, K] @ [K, N]: the leading axes are rows like M.
  if (x.size() > 2 && w.size() == 2) {
    Shape flat = {floorDiv(size(x), columns), columns};
    Value rowsOfA = applyExactly("reshape", {left}, {{"shape", flat}}, site);
    Value product = applyExactly("matmul", {{rowsOfA, left.range}, right}, {}, site);
    Shape result(x.begin(), x.end() - 1);
    result.push_back(w.back());
    return applyExactly("reshape", {{product, site}}, {{"shape", result}}, site);
  }
  if (x.size() == 2 && w.size() > 2) {
    Value repeated =
        applyExactly("broadcast", {left},
                     {{"axes", countUp(otherLeading.size())}, {"sizes", otherLeading}}, site);
    return applyExactly("matmul", {{repeated, left.range}, right}, {}, site);
  }
  return applyExactly("matmul", {left, right}, {}, site);
}

} // namespace dlc::lang
