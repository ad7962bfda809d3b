// The last step of unfolding: final names, and what nobody needs removed.
#include "lang/check/elaborate.h"

namespace dlc::lang {

namespace {

std::string joined(const std::string &path, const std::string &name) {
  return path.empty() ? name : path + "." + name;
}

/// What a function takes, which stays even if nothing needs it.
bool isArgument(const Node &node) {
  return node.op == "input" || node.op == "param" || node.op == "state" || node.op == "weight" ||
         node.op == "gradient" || node.op == "slot";
}

} // namespace

void Elaborator::nameEverything() {
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    std::string path = nodePlaces[i]->path();
    graph.nodes[i].layer = path;
    if (!localNames[i].empty())
      graph.nodes[i].name = joined(path, localNames[i]);
  }
  std::map<std::string, Range> names;
  auto nameVariables = [&](std::vector<Variable> &variables, const std::vector<Place *> &owners) {
    for (size_t i = 0; i < variables.size(); ++i) {
      variables[i].layer = owners[i]->path();
      variables[i].name = joined(variables[i].layer, variables[i].name);
      auto [entry, isNew] = names.try_emplace(variables[i].name, variables[i].range);
      if (!isNew)
        report
            .error("duplicate-weight-name", variables[i].range,
                   "two weights would be called " + quoted(variables[i].name))
            .notes.push_back({entry->second, "the other one"});
    }
  };
  nameVariables(params, paramPlaces);
  nameVariables(states, statePlaces);
}

void Elaborator::prune(const std::vector<ValueId *> &results) {
  std::vector<bool> isLive(graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    isLive[i] = isArgument(graph.nodes[i]);
  for (const ValueId *result : results)
    if (*result >= 0)
      isLive[*result] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;)
    if (isLive[i])
      for (ValueId operand : graph.nodes[i].operands)
        isLive[operand] = true;

  std::vector<ValueId> renumbered(graph.nodes.size(), -1);
  std::vector<Node> kept;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!isLive[i])
      continue;
    renumbered[i] = static_cast<ValueId>(kept.size());
    for (ValueId &operand : graph.nodes[i].operands)
      operand = renumbered[operand];
    kept.push_back(std::move(graph.nodes[i]));
  }
  graph.nodes = std::move(kept);
  for (ValueId *result : results)
    if (*result >= 0)
      *result = renumbered[*result];
}

} // namespace dlc::lang
