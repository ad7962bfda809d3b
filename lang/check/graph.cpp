// The graph of one unfolding while it grows.
#include "lang/check/graph.h"

#include <algorithm>

namespace dlc::lang {

// --- nodes -------------------------------------------------------------------------------------

namespace {

/// What a function takes, which stays even if nothing needs it.
bool isArgument(const std::string &op) {
  static const std::set<std::string> kArguments = {"input",  "param",    "state",
                                                   "weight", "gradient", "slot"};
  return kArguments.count(op) > 0;
}

/// What stands outside all blocks, whoever asks for it first.
bool isOfFunction(const std::string &op) {
  return isArgument(op) || op == "random_key" || op == "sample_weight";
}

} // namespace

ValueId GraphBuilder::addValue(TensorType type, Label label) {
  graph.values.push_back({std::move(type), ""});
  labels.push_back(std::move(label));
  return static_cast<ValueId>(labels.size() - 1);
}

std::vector<ValueId> GraphBuilder::addNode(const std::string &op, std::vector<ValueId> operands,
                                           std::map<std::string, Attribute> attributes,
                                           const std::vector<TensorType> &types, Range range,
                                           std::vector<Block> blocks) {
  range = report.userPlace(range);
  std::vector<ValueId> results;
  for (const TensorType &type : types)
    results.push_back(addValue(type, {place, op, operands, range, ""}));
  Block &block = isOfFunction(op) ? open.front() : open.back();
  block.nodes.push_back(
      {op, std::move(operands), std::move(attributes), results, std::move(blocks), "", range});
  return results;
}

ValueId GraphBuilder::addNode(const std::string &op, std::vector<ValueId> operands,
                              std::map<std::string, Attribute> attributes, TensorType type,
                              Range range) {
  return addNode(op, std::move(operands), std::move(attributes), std::vector{std::move(type)},
                 range)[0];
}

std::vector<ValueId> GraphBuilder::openBlock(const std::vector<Port> &arguments) {
  Block block;
  for (const Port &argument : arguments)
    block.arguments.push_back(
        addValue(argument.type, {place, "", {}, report.userPlace(argument.range), argument.name}));
  open.push_back(std::move(block));
  return open.back().arguments;
}

Block GraphBuilder::closeBlock(std::vector<ValueId> results) {
  Block block = std::move(open.back());
  open.pop_back();
  block.results = std::move(results);
  return block;
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
  if (!tensor || !labels[tensor->id].name.empty())
    return;
  labels[tensor->id].place = place;
  labels[tensor->id].name = name;
}

void GraphBuilder::noteOrigin(Diagnostic &error, ValueId id, bool ofRank, Range site) const {
  auto isKept = [&](ValueId operand) {
    const Shape &before = typeOf(operand).shape, &after = typeOf(id).shape;
    return ofRank ? before.size() == after.size() : before == after;
  };
  while (!labels[id].operands.empty() && isKept(labels[id].operands[0]))
    id = labels[id].operands[0];
  const Label &from = labels[id];
  if (!from.range.valid() || report.inStandardLibrary(from.range) || from.range.begin == site.begin)
    return;
  const TensorType &type = typeOf(id);
  size_t rank = type.shape.size();
  std::string shown =
      ofRank ? "the value has " + std::to_string(rank) + (rank == 1 ? " axis" : " axes")
             : "the value is " + str(type);
  bool isDeclared =
      from.op == "input" || from.op == "param" || from.op == "state" || from.op.empty();
  error.notes.push_back(
      {from.range, isDeclared ? shown + ", declared here"
                              : shown + " since this " + quoted(report.text(from.range))});
}

// --- the last step -----------------------------------------------------------------------------

std::string joined(const std::string &path, const std::string &name) {
  return path.empty() ? name : path + "." + name;
}

void GraphBuilder::finish(Block &block, const std::vector<bool> &isNeeded,
                          std::vector<ValueId> &renumbered, Graph &finished) const {
  auto define = [&](std::vector<ValueId> &ids) {
    for (ValueId &id : ids) {
      const Label &label = labels[id];
      std::string name = label.name.empty() ? "" : joined(label.place->path(), label.name);
      finished.values.push_back({typeOf(id), std::move(name)});
      id = renumbered[id] = static_cast<ValueId>(finished.values.size() - 1);
    }
  };
  auto renumber = [&](std::vector<ValueId> &ids) {
    for (ValueId &id : ids)
      id = renumbered[id];
  };
  define(block.arguments);
  std::erase_if(block.nodes, [&](const Node &node) {
    return !isArgument(node.op) && std::none_of(node.results.begin(), node.results.end(),
                                                [&](ValueId id) { return isNeeded[id]; });
  });
  for (Node &node : block.nodes) {
    node.layer = labels[node.results[0]].place->path();
    renumber(node.operands);
    for (Block &inner : node.blocks)
      finish(inner, isNeeded, renumbered, finished);
    define(node.results);
  }
  renumber(block.results);
  if (block.guard >= 0)
    block.guard = renumbered[block.guard];
}

Graph GraphBuilder::finish(const std::vector<ValueId *> &results) {
  graph.body = std::move(open.front());
  std::vector<ValueId> wanted;
  for (const ValueId *result : results)
    if (*result >= 0)
      wanted.push_back(*result);
  std::vector<ValueId> renumbered(graph.values.size(), -1);
  Graph finished;
  finish(graph.body, neededValues(graph, wanted), renumbered, finished);
  finished.body = std::move(graph.body);
  for (ValueId *result : results)
    if (*result >= 0)
      *result = renumbered[*result];
  return finished;
}

} // namespace dlc::lang
