// The graph of one unfolding while it grows.
#include "lang/check/graph.h"

namespace dlc::lang {

// --- nodes -------------------------------------------------------------------------------------

ValueId GraphBuilder::addNode(const std::string &op, std::vector<ValueId> operands,
                              std::map<std::string, Attribute> attributes, TensorType type,
                              Range range) {
  graph.nodes.push_back({op, std::move(operands), std::move(attributes), std::move(type), "", "",
                         report.userPlace(range)});
  labels.push_back({place, ""});
  return static_cast<ValueId>(graph.nodes.size() - 1);
}

Value GraphBuilder::constant(std::vector<double> values, TensorType type, Range range) {
  return Tensor{addNode("constant", {}, {{"values", std::move(values)}}, std::move(type), range)};
}

ValueId GraphBuilder::randomKey(Range range) {
  if (key < 0)
    key = addNode("random_key", {}, {}, {Element::Int, {Dim(4)}, 0}, range);
  return key;
}

Value GraphBuilder::sampleWeight(Range site) {
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

// --- what is said of them ----------------------------------------------------------------------

void GraphBuilder::nameValue(const Value &value, const std::string &name) {
  const Tensor *tensor = value.as<Tensor>();
  if (tensor && labels[tensor->id].name.empty())
    labels[tensor->id] = {place, name};
}

void GraphBuilder::noteOrigin(Diagnostic &error, ValueId id, bool ofRank, Range site) const {
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

// --- the last step -----------------------------------------------------------------------------

namespace {

/// What a function takes, which stays even if nothing needs it.
bool isArgument(const Node &node) {
  static const std::set<std::string> kArguments = {"input",  "param",    "state",
                                                   "weight", "gradient", "slot"};
  return kArguments.count(node.op) > 0;
}

std::vector<bool> neededNodes(const Graph &graph, const std::vector<ValueId *> &results) {
  std::vector<bool> isNeeded(graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    isNeeded[i] = isArgument(graph.nodes[i]);
  for (const ValueId *result : results)
    if (*result >= 0)
      isNeeded[*result] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;)
    if (isNeeded[i])
      for (ValueId operand : graph.nodes[i].operands)
        isNeeded[operand] = true;
  return isNeeded;
}

} // namespace

std::string joined(const std::string &path, const std::string &name) {
  return path.empty() ? name : path + "." + name;
}

Graph GraphBuilder::finish(const std::vector<ValueId *> &results) {
  std::vector<bool> isNeeded = neededNodes(graph, results);
  std::vector<ValueId> renumbered(graph.nodes.size(), -1);
  Graph finished;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!isNeeded[i])
      continue;
    Node &node = graph.nodes[i];
    node.layer = labels[i].place->path();
    if (!labels[i].name.empty())
      node.name = joined(node.layer, labels[i].name);
    for (ValueId &operand : node.operands)
      operand = renumbered[operand];
    renumbered[i] = static_cast<ValueId>(finished.nodes.size());
    finished.nodes.push_back(std::move(node));
  }
  for (ValueId *result : results)
    if (*result >= 0)
      *result = renumbered[*result];
  return finished;
}

} // namespace dlc::lang
