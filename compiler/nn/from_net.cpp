// The stage `nn`: each node of the network becomes the op of the same name.
#include "compiler/nn/from_net.h"

#include "compiler/nn/nn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include <numeric>

using namespace mlir;

namespace dlc {
namespace {

class ModuleBuilder {
public:
  ModuleBuilder(const lang::Network &network, const lang::Sources &sources,
                const Specialization &specialization, MLIRContext &context)
      : network(network), sources(sources), builder(&context),
        real(specialization.doublePrecision ? Type(builder.getF64Type())
                                            : Type(builder.getF32Type())) {
    if (!network.batchSymbol.empty())
      symbols[network.batchSymbol] = specialization.batch;
    FlatLayout weights = flatLayout(network.params, specialization.doublePrecision ? 8 : 4);
    symbols[lang::kWeightCount] = weights.bytes / (specialization.doublePrecision ? 8 : 4);
    batch = specialization.batch;
  }

  OwningOpRef<ModuleOp> build() {
    OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc(), network.name);
    builder.setInsertionPointToEnd(module->getBody());
    if (network.train) {
      buildForward("train", network.training, /*withLoss=*/true);
      buildForward("evaluate", network.inference, /*withLoss=*/true);
    }
    buildForward("infer", network.inference, /*withLoss=*/false);
    if (!network.batchSymbol.empty() && batch > 1 && canBeOne()) {
      symbols[network.batchSymbol] = 1;
      buildForward("infer_one", network.inference, /*withLoss=*/false);
      symbols[network.batchSymbol] = batch;
    }
    if (network.train)
      buildUpdate(network.train->update);
    return module;
  }

private:
  /// Whether all sizes are at least 1 for a batch of one sample, too: not where parts of the batch
  /// are taken.
  bool canBeOne() const {
    lang::Diagnostics wrong(sources);
    lang::checkSizes(network, 1, wrong);
    return !wrong.hasErrors();
  }

  /// An argument or a result of a function: what it is, which one, its name and type.
  struct Role {
    std::string kind;
    int64_t index;
    std::string name;
    Type type;
    lang::ValueId value = -1; // of a result
  };

  Location location(lang::Range range, const std::string &name) {
    Location place = builder.getUnknownLoc();
    if (range.valid()) {
      lang::Sources::Place begin = sources.place(range.file, range.begin);
      lang::Sources::Place end = sources.place(range.file, range.end);
      place = FileLineColRange::get(builder.getStringAttr(std::string(sources.name(range.file))),
                                    begin.line, begin.column, end.line, end.column);
    }
    return name.empty() ? place : NameLoc::get(builder.getStringAttr(name), place);
  }

  Type elementType(lang::Element element) {
    switch (element) {
    case lang::Element::Real:
      return real;
    case lang::Element::Double:
      return builder.getF64Type();
    case lang::Element::Int:
      return builder.getI32Type();
    case lang::Element::Bool:
      return builder.getI1Type();
    }
    llvm_unreachable("an element type without a case");
  }

  SmallVector<int64_t> sizes(const lang::Shape &shape) {
    SmallVector<int64_t> result;
    for (const lang::Dim &dim : shape)
      result.push_back(*dim.substitute(symbols).constant());
    return result;
  }

  RankedTensorType tensorType(const lang::TensorType &type) {
    return RankedTensorType::get(sizes(type.shape), elementType(type.element));
  }

  Attribute attribute(const lang::Attribute &attribute) {
    if (auto *flag = std::get_if<bool>(&attribute))
      return builder.getBoolAttr(*flag);
    if (auto *integer = std::get_if<int64_t>(&attribute))
      return builder.getI64IntegerAttr(*integer);
    if (auto *number = std::get_if<double>(&attribute))
      return builder.getF64FloatAttr(*number);
    if (auto *text = std::get_if<std::string>(&attribute))
      return builder.getStringAttr(*text);
    if (auto *shape = std::get_if<lang::Shape>(&attribute))
      return builder.getDenseI64ArrayAttr(sizes(*shape));
    if (auto *element = std::get_if<lang::Element>(&attribute))
      return TypeAttr::get(elementType(*element));
    llvm_unreachable("numbers belong to constants");
  }

  Value constant(const lang::Node &node, const lang::GraphValue &result) {
    const auto &numbers = std::get<std::vector<double>>(node.attributes.at("values"));
    RankedTensorType type = tensorType(result.type);
    DenseElementsAttr value;
    if (type.getElementType().isF32())
      value = DenseElementsAttr::get(type,
                                     ArrayRef(std::vector<float>(numbers.begin(), numbers.end())));
    else if (type.getElementType().isF64())
      value = DenseElementsAttr::get(type, ArrayRef(numbers));
    else if (type.getElementType().isInteger(32))
      value = DenseElementsAttr::get(
          type, ArrayRef(std::vector<int32_t>(numbers.begin(), numbers.end())));
    else {
      SmallVector<bool> flags(numbers.begin(), numbers.end());
      value = DenseElementsAttr::get(type, ArrayRef<bool>(flags));
    }
    return nn::ConstantOp::create(builder, location(node.range, result.name), value);
  }

  /// 0, 1, …
  Value iota(const lang::Node &node, const lang::GraphValue &result) {
    RankedTensorType type = tensorType(result.type);
    std::vector<int32_t> numbers(type.getNumElements());
    std::iota(numbers.begin(), numbers.end(), 0);
    return nn::ConstantOp::create(builder, location(node.range, result.name),
                                  DenseElementsAttr::get(type, ArrayRef(numbers)));
  }

  /// Emits the nodes that the results need, given the values of the graph's leaves by kind and
  /// index.
  void buildFunction(StringRef name, const lang::Graph &graph, ArrayRef<Role> arguments,
                     ArrayRef<Role> results) {
    SmallVector<Type> argumentTypes, resultTypes;
    for (const Role &role : arguments)
      argumentTypes.push_back(role.type);
    for (const Role &role : results)
      resultTypes.push_back(role.type);
    auto function = func::FuncOp::create(builder, builder.getUnknownLoc(), name,
                                         builder.getFunctionType(argumentTypes, resultTypes));
    std::map<std::pair<std::string, int64_t>, Value> leaves;
    Block *body = function.addEntryBlock();
    for (auto [i, role] : llvm::enumerate(arguments)) {
      function.setArgAttrs(i, roleAttributes(role));
      body->getArgument(i).setLoc(NameLoc::get(builder.getStringAttr(role.name)));
      leaves[{role.kind, role.index}] = body->getArgument(i);
    }
    for (auto [i, role] : llvm::enumerate(results))
      function.setResultAttrs(i, roleAttributes(role));

    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(body);
    std::vector<lang::ValueId> wanted;
    for (const Role &role : results)
      wanted.push_back(role.value);
    Emission emission{graph, neededValues(graph, wanted), leaves,
                      std::vector<Value>(graph.values.size())};
    emit(graph.body, emission);
    SmallVector<Value> returned;
    for (lang::ValueId value : wanted)
      returned.push_back(emission.values[value]);
    func::ReturnOp::create(builder, builder.getUnknownLoc(), returned);
  }

  /// A graph on its way to operations.
  struct Emission {
    const lang::Graph &graph;
    std::vector<bool> needed;
    const std::map<std::pair<std::string, int64_t>, Value> &leaves;
    std::vector<Value> values; // so far

    SmallVector<Value> of(const std::vector<lang::ValueId> &ids) const {
      return llvm::map_to_vector(ids, [&](lang::ValueId id) { return values[id]; });
    }
  };

  void emit(const lang::Block &block, Emission &emission) {
    if (llvm::is_contained(block.arguments, block.guard))
      guard(block, emission);
    for (const lang::Node &node : block.nodes) {
      if (llvm::none_of(node.results, [&](lang::ValueId id) { return emission.needed[id]; }))
        continue;
      for (auto [id, value] : llvm::zip_equal(node.results, emit(node, emission)))
        emission.values[id] = value;
      if (llvm::is_contained(node.results, block.guard))
        guard(block, emission);
    }
  }

  void guard(const lang::Block &block, const Emission &emission) {
    Value mask = emission.values[block.guard];
    nn::GuardOp::create(builder, nn::withName(mask.getLoc(), ""), mask);
  }

  SmallVector<Value> emit(const lang::Node &node, Emission &emission) {
    const lang::GraphValue &first = emission.graph.values[node.results[0]];
    if (node.op == "constant")
      return {constant(node, first)};
    if (node.op == "iota")
      return {iota(node, first)};
    if (node.op == "loop")
      return loop(node, emission);
    auto index = node.attributes.find("index");
    auto leaf = emission.leaves.find(
        {node.op, index == node.attributes.end() ? 0 : std::get<int64_t>(index->second)});
    if (leaf != emission.leaves.end())
      return {leaf->second};

    SmallVector<NamedAttribute> configuration;
    for (const auto &[name, value] : node.attributes)
      configuration.push_back(builder.getNamedAttr(name, attribute(value)));
    Operation *op =
        nn::create(builder, locationOf(node, emission), node.op, emission.of(node.operands),
                   configuration, elementType(first.type.element));
    return SmallVector<Value>(op->getResults());
  }

  /// The place of a node, with the names of its results.
  Location locationOf(const lang::Node &node, const Emission &emission) {
    const std::vector<lang::GraphValue> &values = emission.graph.values;
    if (node.results.size() == 1)
      return location(node.range, values[node.results[0]].name);
    SmallVector<StringRef> names;
    for (lang::ValueId id : node.results)
      names.push_back(values[id].name);
    return nn::withNames(location(node.range, ""), names);
  }

  SmallVector<Value> loop(const lang::Node &node, Emission &emission) {
    const lang::Block &body = node.blocks[0];
    int64_t carried = std::get<int64_t>(node.attributes.at("carried"));
    SmallVector<Value> operands = emission.of(node.operands);
    SmallVector<Type> types;
    for (lang::ValueId id : node.results)
      types.push_back(tensorType(emission.graph.values[id].type));
    auto op = nn::LoopOp::create(
        builder, locationOf(node, emission), types, ArrayRef(operands).take_front(carried),
        ArrayRef(operands).drop_front(carried), std::get<int64_t>(node.attributes.at("count")),
        std::get<bool>(node.attributes.at("reversed")));
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(&op.getBody());
    for (lang::ValueId id : body.arguments) {
      const lang::GraphValue &value = emission.graph.values[id];
      emission.values[id] =
          block->addArgument(tensorType(value.type), location(node.range, value.name));
    }
    emit(body, emission);
    nn::YieldOp::create(builder, location(node.range, ""), emission.of(body.results));
    return SmallVector<Value>(op->getResults());
  }

  DictionaryAttr roleAttributes(const Role &role) {
    return builder.getDictionaryAttr({
        builder.getNamedAttr("nn.index", builder.getI64IntegerAttr(role.index)),
        builder.getNamedAttr("nn.kind", builder.getStringAttr(role.kind)),
        builder.getNamedAttr("nn.name", builder.getStringAttr(role.name)),
    });
  }

  void buildForward(StringRef name, const lang::Function &function, bool withLoss) {
    bool training = &function == &network.training;
    std::vector<Role> arguments, results;
    int64_t inputCount = withLoss ? network.inputs.size() : network.modelInputs;
    for (int64_t i = 0; i < inputCount; ++i)
      arguments.push_back({"input", i, network.inputs[i].name, tensorType(network.inputs[i].type)});
    for (auto [i, param] : llvm::enumerate(network.params))
      arguments.push_back({"param", int64_t(i), param.name, tensorType(param.type)});
    for (auto [i, state] : llvm::enumerate(network.states))
      arguments.push_back({"state", int64_t(i), state.name, tensorType(state.type)});
    if (withLoss)
      arguments.push_back(
          {"sample_weight", 0, "sample_weight", RankedTensorType::get({batch}, real)});
    if (training)
      arguments.push_back(
          {"random_key", 0, "random_key", RankedTensorType::get({4}, builder.getI32Type())});

    auto result = [&](const char *kind, int64_t index, const std::string &resultName,
                      lang::ValueId value) {
      results.push_back(
          {kind, index, resultName, tensorType(function.graph.values[value].type), value});
    };
    for (auto [i, value] : llvm::enumerate(function.outputs))
      result("output", i, network.outputs[i].name, value);
    if (withLoss)
      result("loss", 0, "loss", function.loss);
    if (withLoss)
      for (auto [i, value] : llvm::enumerate(function.metrics))
        result("metric", i, network.train->metrics[i], value);
    if (training)
      for (auto [i, value] : llvm::enumerate(function.states))
        result("state", i, network.states[i].name, value);
    buildFunction(name, function.graph, arguments, results);
  }

  void buildUpdate(const lang::Update &update) {
    std::vector<Role> arguments, results;
    Type flat = RankedTensorType::get({symbols.at(lang::kWeightCount)}, real);
    Type scalar = RankedTensorType::get({}, builder.getF64Type());
    arguments.push_back({"weight", 0, "weight", flat});
    arguments.push_back({"gradient", 0, "gradient", flat});
    for (auto [i, slot] : llvm::enumerate(update.slots))
      arguments.push_back({"slot", int64_t(i), slot, flat});
    for (auto [i, setting] : llvm::enumerate(update.settings))
      arguments.push_back({"setting", int64_t(i), setting.name, scalar});
    arguments.push_back({"step", 0, "step", scalar});
    arguments.push_back({"total_steps", 0, "total_steps", scalar});

    results.push_back({"weight", 0, "weight", flat, update.weight});
    for (auto [i, value] : llvm::enumerate(update.newSlots))
      results.push_back({"slot", int64_t(i), update.slots[i], flat, value});
    if (update.rate >= 0)
      results.push_back({"rate", 0, "rate", scalar, update.rate});
    buildFunction("update", update.graph, arguments, results);
  }

  const lang::Network &network;
  const lang::Sources &sources;
  OpBuilder builder;
  Type real;
  int64_t batch;
  std::map<std::string, int64_t> symbols;
};

} // namespace

OwningOpRef<ModuleOp> buildModule(const lang::Network &network, const lang::Sources &sources,
                                  const Specialization &specialization, MLIRContext &context) {
  return ModuleBuilder(network, sources, specialization, context).build();
}

FlatLayout flatLayout(const std::vector<lang::Variable> &variables, int64_t elementBytes) {
  FlatLayout layout;
  for (const lang::Variable &variable : variables) {
    int64_t elements = 1;
    for (const lang::Dim &dim : variable.type.shape)
      elements *= *dim.constant();
    layout.add(elements * elementBytes);
  }
  return layout;
}

} // namespace dlc
