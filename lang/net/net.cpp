// The checked network: its text form, and its symbols replaced by sizes.
#include "lang/net/net.h"

#include <algorithm>
#include <charconv>

namespace dlc::lang {

std::string str(double number) {
  char text[32];
  auto [end, error] = std::to_chars(text, text + sizeof text, number);
  return std::string(text, end);
}

std::string str(const TensorType &type) {
  if (type.classes > 0 && type.shape.empty())
    return "class[" + std::to_string(type.classes) + "]";
  const char *element = type.element == Element::Real     ? "f32"
                        : type.element == Element::Double ? "f64"
                        : type.element == Element::Int    ? "int"
                                                          : "bool";
  return element + str(type.shape);
}

namespace {

std::string shortList(const std::vector<double> &values) {
  constexpr size_t kShown = 8; // a longer list says little
  std::string text = "[";
  for (size_t i = 0; i < values.size() && i < kShown; ++i)
    text += (i ? ", " : "") + str(values[i]);
  return text + (values.size() > kShown ? ", …]" : "]");
}

std::string str(const Attribute &attribute) {
  struct Text {
    std::string operator()(bool truth) const { return truth ? "true" : "false"; }
    std::string operator()(int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return lang::str(number); }
    std::string operator()(const std::string &text) const { return "\"" + text + "\""; }
    std::string operator()(const Shape &shape) const { return lang::str(shape); }
    std::string operator()(Element element) const {
      return element == Element::Real ? "f32" : "f64";
    }
    std::string operator()(const std::vector<double> &values) const {
      return values.size() == 1 ? lang::str(values[0]) : shortList(values);
    }
  };
  return std::visit(Text{}, attribute);
}

std::string str(const Init &init) {
  switch (init.kind) {
  case Init::Kind::Constant:
    return "constant(" + str(init.a) + ")";
  case Init::Kind::Uniform:
    return "uniform(" + str(init.a) + ", " + str(init.b) + ")";
  case Init::Kind::Normal:
    return "normal(" + str(init.a) + ", " + str(init.b) + ")";
  case Init::Kind::Orthogonal:
    return "orthogonal(" + str(init.a) + ")";
  case Init::Kind::Values:
    return shortList(init.values);
  }
  return "";
}

std::string valueName(ValueId id) { return "%" + std::to_string(id); }

/// "%3: f32[B, 10], %4: f32[B]".
std::string declared(const std::vector<ValueId> &values, const Graph &graph) {
  std::string text;
  for (ValueId id : values)
    text += (text.empty() ? "" : ", ") + valueName(id) + ": " + str(graph.values[id].type);
  return text;
}

/// What is known by name of a node's results, else where it is: "  // dense_1.y".
std::string comment(const Node &node, const Graph &graph) {
  std::string names;
  for (ValueId id : node.results)
    if (const std::string &name = graph.values[id].name; !name.empty())
      names += (names.empty() ? "" : ", ") + name;
  return !names.empty() ? "  // " + names : node.layer.empty() ? "" : "  // in " + node.layer;
}

/// One line a node: `%3: f32[B, 10] = add %1, %2   // dense_1.y`; its blocks follow, indented.
std::string str(const Block &block, const Graph &graph, const std::string &indent) {
  std::string text;
  for (const Node &node : block.nodes) {
    text += indent + declared(node.results, graph) + " = " + node.op;
    for (size_t j = 0; j < node.operands.size(); ++j)
      text += (j ? ", " : " ") + valueName(node.operands[j]);
    if (!node.attributes.empty()) {
      text += " {";
      bool isFirst = true;
      for (const auto &[name, attribute] : node.attributes) {
        text += (isFirst ? "" : ", ") + name + " = " + str(attribute);
        isFirst = false;
      }
      text += "}";
    }
    text += comment(node, graph) + "\n";
    for (const Block &inner : node.blocks) {
      text += indent + "  (" + declared(inner.arguments, graph) + ")\n" +
              str(inner, graph, indent + "  ") + indent + "  give";
      for (size_t j = 0; j < inner.results.size(); ++j)
        text += (j ? ", " : " ") + valueName(inner.results[j]);
      text += "\n";
    }
  }
  return text;
}

std::string str(const Graph &graph) { return str(graph.body, graph, "  "); }

std::string str(const Function &function, const Network &network) {
  std::string text = str(function.graph);
  for (size_t i = 0; i < function.outputs.size(); ++i)
    text += "  output " + network.outputs[i].name + " = " + valueName(function.outputs[i]) + "\n";
  for (size_t i = 0; i < function.states.size(); ++i)
    text += "  state " + network.states[i].name + " <- " + valueName(function.states[i]) + "\n";
  if (function.loss >= 0)
    text += "  loss = " + valueName(function.loss) + "\n";
  for (size_t i = 0; i < function.metrics.size(); ++i)
    text += "  metric " + network.train->metrics[i] + " = " + valueName(function.metrics[i]) + "\n";
  return text;
}

std::string str(const Data &data) {
  auto arguments = [](const std::vector<DataArgument> &list) {
    std::string text = "(";
    for (size_t i = 0; i < list.size(); ++i) {
      text += (i ? ", " : "") + list[i].name + " = ";
      if (const std::string *string = std::get_if<std::string>(&list[i].value))
        text += "\"" + *string + "\"";
      else
        text += shortList(std::get<std::vector<double>>(list[i].value));
    }
    return text + ")";
  };
  std::string text = "\ndata " + data.name + "\n";
  if (!data.folder.empty())
    text += "  folder = \"" + data.folder + "\"\n";
  for (const Port &field : data.fields)
    text += "  field " + field.name + ": " + str(field.type) + "\n";
  for (const DataSource &source : data.sources)
    text += "  " + source.split + " = " + source.loader + arguments(source.arguments) + "\n";
  for (const DataTransform &transform : data.transforms)
    text += std::string("  ") + (transform.trainingOnly ? "augment " : "each ") + transform.field +
            " |> " + transform.name + arguments(transform.arguments) + "\n";
  return text;
}

std::string str(const Train &train) {
  const Update &update = train.update;
  std::string text = "\ntrain\n  batch = " + (train.batch ? std::to_string(train.batch) : "all") +
                     "\n  epochs = " + std::to_string(train.epochs) + "\n";
  if (train.steps)
    text += "  steps = " + std::to_string(train.steps) + "\n";
  if (train.patience)
    text += "  patience = " + std::to_string(train.patience) + "\n";
  text += "  seed = " + std::to_string(train.seed) +
          "\n  shuffle = " + (train.shuffle ? "true" : "false") + "\n";
  if (train.bucket >= 0)
    text += "  bucket = field " + std::to_string(train.bucket) + "\n";
  for (const Score &score : train.scores)
    text += "  score " + score.name + " = " + score.function + "(output " +
            std::to_string(score.output) + ", field " + std::to_string(score.field) + ")\n";
  text += "\nupdate by " + update.optimizer + "\n";
  for (size_t i = 0; i < update.settings.size(); ++i)
    text += "  setting " + update.settings[i].name + " = " + str(update.settings[i].value) + "\n";
  text += str(update.graph) + "  weight <- " + valueName(update.weight) + "\n";
  for (size_t i = 0; i < update.slots.size(); ++i)
    text += "  slot " + update.slots[i] + " <- " + valueName(update.newSlots[i]) + "\n";
  if (update.rate >= 0)
    text += "  rate = " + valueName(update.rate) + "\n";
  return text;
}

} // namespace

std::string print(const Network &network) {
  std::string text = "network " + network.name + "\n";
  for (size_t i = 0; i < network.inputs.size(); ++i)
    text += std::string("  input ") + network.inputs[i].name + ": " + str(network.inputs[i].type) +
            (static_cast<int>(i) < network.modelInputs ? "" : "  // for the loss only") + "\n";
  for (const Port &output : network.outputs)
    text += "  output " + output.name + ": " + str(output.type) + "\n";
  for (const Variable &param : network.params)
    text += "  param " + param.name + ": " + str(param.type) + " = " + str(param.init) + "\n";
  for (const Variable &state : network.states)
    text += "  state " + state.name + ": " + str(state.type) + " = " + str(state.init) + "\n";
  text += "\ntraining\n" + str(network.training, network);
  text += "\ninference\n" + str(network.inference, network);
  if (network.data)
    text += str(*network.data);
  if (network.train)
    text += str(*network.train);
  return text;
}

/// Whether each size is at least 1, else an error about the first that is not.
static bool hasSizes(const Graph &graph, const std::map<std::string, int64_t> &values,
                     int64_t batch, Diagnostics &diagnostics) {
  auto isEmpty = [](const Dim &dim) { return *dim.constant() < 1; };
  bool isRight = true;
  forEachNode(graph.body, [&](const Node &node) {
    for (ValueId result : node.results) {
      const TensorType &type = graph.values[result].type;
      Shape shape = type.shape;
      for (Dim &dim : shape)
        dim = dim.substitute(values);
      if (!isRight || !std::any_of(shape.begin(), shape.end(), isEmpty))
        continue;
      diagnostics.error("size-not-positive", node.range,
                        str(type) + " is " + str(shape) + " for a batch of " +
                            std::to_string(batch) + "; every size must be at least 1");
      isRight = false;
    }
  });
  return isRight;
}

void checkSizes(const Network &network, int64_t batch, Diagnostics &diagnostics) {
  const std::map<std::string, int64_t> values = {{network.batchSymbol, batch}};
  for (const Function *function : {&network.training, &network.inference})
    if (!hasSizes(function->graph, values, batch, diagnostics))
      return; // what is computed from it would say it again
}

static void specialize(Block &block, const std::map<std::string, int64_t> &values) {
  for (Node &node : block.nodes) {
    for (auto &[name, attribute] : node.attributes)
      if (Shape *shape = std::get_if<Shape>(&attribute))
        for (Dim &dim : *shape)
          dim = dim.substitute(values);
    for (Block &inner : node.blocks)
      specialize(inner, values);
  }
}

Graph specialize(const Graph &graph, const std::map<std::string, int64_t> &values) {
  Graph result = graph;
  for (GraphValue &value : result.values)
    for (Dim &dim : value.type.shape)
      dim = dim.substitute(values);
  specialize(result.body, values);
  return result;
}

/// Marks what the needed nodes of a block need.
static void markNeeded(const Block &block, std::vector<bool> &isNeeded) {
  for (size_t i = block.nodes.size(); i-- > 0;) {
    const Node &node = block.nodes[i];
    if (std::none_of(node.results.begin(), node.results.end(),
                     [&](ValueId result) { return isNeeded[result]; }))
      continue;
    for (ValueId operand : node.operands)
      isNeeded[operand] = true;
    for (const Block &inner : node.blocks) {
      for (ValueId result : inner.results)
        isNeeded[result] = true;
      markNeeded(inner, isNeeded);
    }
  }
}

std::vector<bool> neededValues(const Graph &graph, const std::vector<ValueId> &results) {
  std::vector<bool> isNeeded(graph.values.size());
  for (ValueId result : results)
    isNeeded[result] = true;
  markNeeded(graph.body, isNeeded);
  return isNeeded;
}

std::vector<bool> inferenceNeeds(const Network &network) {
  const Function &inference = network.inference;
  std::vector<bool> isNeeded = neededValues(inference.graph, inference.outputs);
  std::vector<bool> needs(static_cast<size_t>(network.modelInputs));
  forEachNode(inference.graph.body, [&](const Node &node) {
    if (node.op == "input" && isNeeded[node.results[0]])
      needs[std::get<int64_t>(node.attributes.at("index"))] = true;
  });
  return needs;
}

} // namespace dlc::lang
