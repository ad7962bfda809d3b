// Networks that right programs become: names of weights, sharing, modes, states, optimizers.
#include "lang/check/checked.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace dlc::lang {
namespace {

Network networkOf(const std::string &text, const CheckOptions &options = {}) {
  Checked checked("test.nn", text, options);
  EXPECT_EQ(checked.diagnostics.render(), "") << text;
  return checked.network.value_or(Network());
}

std::vector<std::string> names(const std::vector<Variable> &variables) {
  std::vector<std::string> result;
  for (const Variable &variable : variables)
    result.push_back(variable.name);
  return result;
}

int count(const Graph &graph, const std::string &op) {
  int result = 0;
  forEachNode(graph.body, [&](const Node &node) { result += node.op == op; });
  return result;
}

/// The node that makes a value.
const Node &nodeOf(const Graph &graph, ValueId id) {
  const Node *found = nullptr;
  forEachNode(graph.body, [&](const Node &node) {
    if (std::count(node.results.begin(), node.results.end(), id))
      found = &node;
  });
  return *found;
}

const Node *named(const Graph &graph, const std::string &name) {
  const Node *found = nullptr;
  forEachNode(graph.body, [&](const Node &node) {
    for (ValueId result : node.results)
      if (graph.values[result].name == name)
        found = &node;
  });
  return found;
}

using Names = std::vector<std::string>;

const std::string kData = "data flowers(x: f32[4], label: class[3]) {\n"
                          "  train = csv(\"flowers.csv\")\n"
                          "}\n";

/// A trained network with the given optimizer and further keys.
std::string trained(const std::string &optimizer, const std::string &keys = "") {
  return "model net(x: f32[B, 4]) -> (logits: f32[B, 3]) { logits = x |> dense(3) }\n" + kData +
         "train net on flowers {\n  loss = cross_entropy(logits, label)\n  optimizer = " +
         optimizer + "\n" + keys + "}\n";
}

Names settings(const Update &update) {
  Names result;
  for (const Setting &setting : update.settings)
    result.push_back(setting.name);
  return result;
}

// --- names -------------------------------------------------------------------------------------

TEST(Names, AnonymousLayersAreNumbered) {
  Network network = networkOf("model m(x: f32[B, 4]) -> (y: f32[B, 2]) {\n"
                              "  y = x |> dense(3) |> relu |> dense(2, with_bias = false)\n"
                              "}\n");
  EXPECT_EQ(names(network.params), (Names{"dense_1.weight", "dense_1.bias", "dense_2.weight"}));
  EXPECT_EQ(network.params[0].layer, "dense_1");
  EXPECT_EQ(network.batchSymbol, "B");
}

TEST(Names, BoundLayersTakeTheBindingsName) {
  Network network = networkOf("model m(a: f32[B, 4], b: f32[B, 4]) -> (y: f32[B, 3]) {\n"
                              "  let embed = dense(3)\n"
                              "  y = embed(a) + embed(b)\n"
                              "}\n");
  EXPECT_EQ(names(network.params), (Names{"embed.weight", "embed.bias"}));
  EXPECT_EQ(count(network.training.graph, "matmul"), 2);
}

TEST(Names, SharedLayersShareWhatIsInsideThem) {
  Network network = networkOf("layer block(units: int)(x: f32[N, C]) -> f32[N, units] {\n"
                              "  let inner = dense(C)\n"
                              "  return x |> inner |> dense(units) |> dense(units)\n"
                              "}\n"
                              "model m(x: f32[B, 4]) -> (y: f32[B, 4]) {\n"
                              "  let shared = block(4)\n"
                              "  y = x |> shared |> shared |> block(4)\n"
                              "}\n");
  EXPECT_EQ(names(network.params),
            (Names{"shared.inner.weight", "shared.inner.bias", "shared.dense_1.weight",
                   "shared.dense_1.bias", "shared.dense_2.weight", "shared.dense_2.bias",
                   "block_1.inner.weight", "block_1.inner.bias", "block_1.dense_1.weight",
                   "block_1.dense_1.bias", "block_1.dense_2.weight", "block_1.dense_2.bias"}));
}

TEST(Names, ParamsOfTheModelItself) {
  Network network = networkOf("model m(x: f32[B, 2]) -> (y: f32[B, 2]) {\n"
                              "  param w: f32[2] = [0.3, -0.1]\n"
                              "  y = x * w\n"
                              "}\n");
  ASSERT_EQ(names(network.params), Names{"w"});
  EXPECT_EQ(network.params[0].init.kind, Init::Kind::Values);
  EXPECT_EQ(network.params[0].init.values, (std::vector<double>{0.3, -0.1}));
  EXPECT_EQ(network.params[0].layer, "");
}

const char *kResnet = R"(
layer basic_block(channels: int, stride: int = 1)(x: f32[N, C, H, W]) {
  let y = x |> conv(channels, kernel = 3, stride = stride, pad = 1, with_bias = false) |> batch_norm |> relu
            |> conv(channels, kernel = 3, pad = 1, with_bias = false) |> batch_norm
  let skip = if stride == 1 and C == channels { x }
             else { x |> conv(channels, kernel = 1, stride = stride, with_bias = false) |> batch_norm }
  return relu(y + skip)
}

model resnet20(image: f32[B, 3, 32, 32]) -> (logits: f32[B, 10]) {
  var x = image |> conv(16, kernel = 3, pad = 1, with_bias = false) |> batch_norm |> relu
  for stage in 0..3 {
    for block in 0..3 {
      x = x |> basic_block(16 * 2 ** stage, stride = if stage > 0 and block == 0 { 2 } else { 1 })
    }
  }
  logits = x |> global_avg_pool |> dense(10)
}
)";

TEST(Names, Resnet20) {
  Network network = networkOf(kResnet);
  Names all = names(network.params);
  auto has = [&](const std::string &name) {
    return std::find(all.begin(), all.end(), name) != all.end();
  };
  EXPECT_EQ(all.front(), "conv_1.weight");
  EXPECT_TRUE(has("batch_norm_1.weight"));
  EXPECT_TRUE(has("stage.0.block.0.conv_1.weight"));
  EXPECT_TRUE(has("stage.1.block.0.conv_3.weight")) << "the skip connection's";
  EXPECT_FALSE(has("stage.1.block.1.conv_3.weight"));
  EXPECT_EQ(all.back(), "dense_1.bias");
  int64_t weights = 0;
  for (const Variable &param : network.params)
    weights += *size(param.type.shape).constant();
  EXPECT_EQ(weights, 272474) << "He et al. 2016 count 0.27 M; with projections and without biases";
  EXPECT_EQ(network.states.size(), 42u) << "a mean and a variance for each batch_norm";
}

TEST(Names, ATurnWithSeveralLayersKeepsTheirNames) {
  Network network = networkOf("model m(x: f32[B, 4]) -> (y: f32[B, 4]) {\n"
                              "  var z = x\n"
                              "  for depth in 0..2 { z = z |> dense(4) |> relu }\n"
                              "  for wide in [8, 4] { z = z |> dense(wide) |> dense(4) }\n"
                              "  y = z\n"
                              "}\n");
  EXPECT_EQ(names(network.params),
            (Names{"depth.0.weight", "depth.0.bias", "depth.1.weight", "depth.1.bias",
                   "wide.8.dense_1.weight", "wide.8.dense_1.bias", "wide.8.dense_2.weight",
                   "wide.8.dense_2.bias", "wide.4.dense_1.weight", "wide.4.dense_1.bias",
                   "wide.4.dense_2.weight", "wide.4.dense_2.bias"}));
}

TEST(Names, ValuesKeepTheUsersNames) {
  Network network = networkOf("layer neuron(units: int)(x: f32[N, I]) -> f32[N, units] {\n"
                              "  param w: f32[I, units] = glorot_uniform\n"
                              "  let z = x @ w\n"
                              "  return sigmoid(z)\n"
                              "}\n"
                              "model m(x: f32[B, 4]) -> (y: f32[B, 2]) {\n"
                              "  let hidden = x |> neuron(3)\n"
                              "  y = hidden |> neuron(2)\n"
                              "}\n");
  const Graph &graph = network.training.graph;
  ASSERT_TRUE(named(graph, "neuron_1.z"));
  EXPECT_EQ(named(graph, "neuron_1.z")->op, "matmul");
  EXPECT_EQ(named(graph, "neuron_1.z")->layer, "neuron_1");
  ASSERT_TRUE(named(graph, "hidden"));
  EXPECT_EQ(named(graph, "hidden")->op, "sigmoid");
  ASSERT_TRUE(named(graph, "y"));
  EXPECT_EQ(network.training.outputs.size(), 1u);
  EXPECT_EQ(graph.values[network.training.outputs[0]].name, "y");
}

// --- modes, states -----------------------------------------------------------------------------

TEST(Modes, DropoutIsInTrainingOnly) {
  Network network = networkOf("model m(x: f32[B, 4]) -> (y: f32[B, 4]) {\n"
                              "  y = x |> dropout(0.5) |> dense(4) |> dropout(0.25)\n"
                              "}\n");
  EXPECT_EQ(count(network.training.graph, "random_uniform"), 2);
  EXPECT_EQ(count(network.training.graph, "random_key"), 1);
  EXPECT_EQ(count(network.inference.graph, "random_uniform"), 0);
  std::vector<int64_t> streams;
  for (const Node &node : network.training.graph.body.nodes)
    if (node.op == "random_uniform")
      streams.push_back(std::get<int64_t>(node.attributes.at("stream")));
  EXPECT_EQ(streams, (std::vector<int64_t>{0, 1})) << "each has its own random numbers";
}

TEST(Modes, StatesAreWrittenAndReadAsTheyWere) {
  Network network = networkOf("layer running(x: f32[N, C]) -> f32[N, C] {\n"
                              "  state total: f32[C] = zeros\n"
                              "  state unused: f32[C] = ones\n"
                              "  if training { total <- total + reduce_sum([0])(x) }\n"
                              "  return x - total\n"
                              "}\n"
                              "model m(x: f32[B, 4]) -> (y: f32[B, 4]) { y = x |> running }\n");
  EXPECT_EQ(names(network.states), (Names{"running_1.total", "running_1.unused"}));
  const Graph &graph = network.training.graph;
  EXPECT_EQ(nodeOf(graph, network.training.states[0]).op, "add");
  EXPECT_EQ(nodeOf(graph, network.training.states[1]).op, "state");
  const Node &y = nodeOf(graph, network.training.outputs[0]);
  EXPECT_EQ(nodeOf(graph, nodeOf(graph, y.operands[1]).operands[0]).op, "state") << "the old value";
  EXPECT_EQ(nodeOf(network.inference.graph, network.inference.states[0]).op, "state");
}

// --- several results, and loops ----------------------------------------------------------------

TEST(Results, PartsAndWholes) {
  Network network = networkOf("model m(x: f32[B, 5]) -> (y: f32[B, 9]) {\n"
                              "  let (a, b) = split(axis = 1, sizes = [2, 3])(x)\n"
                              "  var parts = [b]\n"
                              "  for part in chunk(a, 2) { parts = parts + [part] }\n"
                              "  y = concat(axis = 1)(parts, a, (a, b)[0])\n"
                              "}\n");
  const Graph &graph = network.training.graph;
  EXPECT_EQ(count(graph, "split"), 2);
  const Node *split = named(graph, "a");
  ASSERT_TRUE(split);
  ASSERT_EQ(split->results.size(), 2u);
  EXPECT_EQ(graph.values[split->results[1]].name, "b");
  EXPECT_EQ(str(graph.values[split->results[1]].type), "f32[B, 3]");
  EXPECT_EQ(nodeOf(graph, network.training.outputs[0]).operands.size(), 5u);
}

TEST(Loops, AreOneNodeWithABlock) {
  Network network = networkOf("model m(x: f32[B, 7], k: f32[B, 7]) -> (y: f32[B, 7]) {\n"
                              "  let (h, c) = loop i in 2..7, h = x, c = zeros[B, 7] {\n"
                              "    next c = c + (h |> dense(7)) * one_hot(7)(i)\n"
                              "    next h = tanh(next c) * k\n"
                              "  }\n"
                              "  y = h + c\n"
                              "}\n");
  EXPECT_EQ(names(network.params), (Names{"dense_1.weight", "dense_1.bias"}));
  const Graph &graph = network.training.graph;
  const Node *loop = named(graph, "h");
  ASSERT_TRUE(loop);
  EXPECT_EQ(loop->op, "loop");
  EXPECT_EQ(std::get<int64_t>(loop->attributes.at("count")), 5);
  EXPECT_EQ(std::get<int64_t>(loop->attributes.at("carried")), 2);
  EXPECT_EQ(loop->results.size(), 2u);
  ASSERT_EQ(loop->operands.size(), 3u) << "two starts, and the numbers of the turns";
  EXPECT_EQ(std::get<std::vector<double>>(nodeOf(graph, loop->operands[2]).attributes.at("values")),
            (std::vector<double>{2, 3, 4, 5, 6}));
  const Block &body = loop->blocks.at(0);
  EXPECT_EQ(body.arguments.size(), 3u);
  EXPECT_EQ(body.results.size(), 2u);
  EXPECT_EQ(nodeOf(graph, body.results[0]).op, "mul");
  for (const Node &node : body.nodes)
    EXPECT_NE(node.op, "param") << "weights stand around the loop";
}

TEST(Loops, ANumberNobodyAsksForIsNoSlice) {
  Network network = networkOf("model m(x: f32[B, 2]) -> (y: f32[B, 2]) {\n"
                              "  y = loop i in 0..3, h = x { next h = x }\n"
                              "}\n");
  const Graph &graph = network.training.graph;
  const Node &loop = nodeOf(graph, network.training.outputs[0]);
  EXPECT_EQ(loop.operands.size(), 1u);
  EXPECT_EQ(loop.blocks[0].results, std::vector{loop.operands[0]}) << "a value from around it";
}

// --- operators and shapes ----------------------------------------------------------------------

TEST(Operators, NumbersBecomeConstantsOfTheFullShape) {
  Network network = networkOf("model m(x: f32[B, 4]) -> (y: f32[B, 4]) { y = 2 * x + 1 / 4.0 }\n");
  int splats = 0;
  for (const Node &node : network.training.graph.body.nodes)
    if (node.op == "constant") {
      EXPECT_EQ(str(network.training.graph.values[node.results[0]].type.shape), "[B, 4]");
      ++splats;
    }
  EXPECT_EQ(splats, 2);
}

TEST(Operators, SuffixesAreBroadcast) {
  Network network = networkOf("model m(x: f32[B, 3, 4]) -> (y: f32[B, 3, 4]) {\n"
                              "  param w: f32[4] = ones\n"
                              "  y = w - x\n"
                              "}\n");
  const Graph &graph = network.training.graph;
  const Node &y = nodeOf(graph, network.training.outputs[0]);
  const Node &w = nodeOf(graph, y.operands[0]);
  EXPECT_EQ(w.op, "broadcast");
  EXPECT_EQ(str(std::get<Shape>(w.attributes.at("axes"))), "[0, 1]");
  EXPECT_EQ(str(std::get<Shape>(w.attributes.at("sizes"))), "[B, 3]");
}

TEST(Operators, MatrixProductsOverLeadingAxes) {
  Network network = networkOf("model m(x: f32[B, 5, 4], a: f32[B, 2, 5]) -> (y: f32[B, 2, 3]) {\n"
                              "  y = a @ (x |> dense(3))\n"
                              "}\n");
  EXPECT_EQ(count(network.training.graph, "matmul"), 2);
  Graph graph = specialize(network.training.graph, {{"B", 7}});
  for (const GraphValue &value : graph.values)
    for (const Dim &dim : value.type.shape)
      EXPECT_TRUE(dim.isConstant()) << str(value.type.shape);
}

TEST(Operators, IntsFloorAndFloatsDivide) {
  Network network = networkOf("const exact: float = 1 / 4\n"
                              "fn second(list: numbers) = list[1]\n"
                              "model m(x: f32[B, 9]) -> (y: f32[B, 4]) {\n"
                              "  param w: f32[9, (7 + 1) / 2] = constant(1 / 8)\n"
                              "  param b: f32[4] = constant(second([1, 1 / 16]))\n"
                              "  y = (x @ w) * exact + b\n"
                              "}\n");
  EXPECT_EQ(network.params[0].init.a, 0.125);
  EXPECT_EQ(network.params[1].init.a, 0.0625);
  EXPECT_EQ(str(network.params[0].type.shape), "[9, 4]");
}

TEST(Functions, TuplesLayersAndFunctionsAsArguments) {
  Network network = networkOf(
      "layer both(f: fn, block: layer, units: int)(x: f32[N, C]) -> (f32[N, units], f32[N, C]) {\n"
      "  return (x |> block(units) |> f, -x)\n"
      "}\n"
      "fn shifted(x: f32[...], by: float = 1) -> f32[...] = x + by\n"
      "model m(x: f32[B, 4]) -> (y: f32[B, 3], z: f32[B, 4]) {\n"
      "  let (a, b) = x |> both(relu, dense, 3)\n"
      "  y = a |> shifted(by = 2) |> leaky_relu(0.2)\n"
      "  z = shifted(b)\n"
      "}\n");
  EXPECT_EQ(names(network.params), (Names{"both_1.dense_1.weight", "both_1.dense_1.bias"}));
  EXPECT_EQ(network.outputs.size(), 2u);
}

TEST(Functions, TheUsersDefinitionsDoNotReachTheLibrary) {
  Network network = networkOf("const C = 7\n"
                              "const N = 1\n"
                              "fn exp(x: f32[...]) -> f32[...] = x\n"
                              "model m(x: f32[B, 4]) -> (y: f32[B, 4]) { y = softmax(x) }\n");
  EXPECT_EQ(count(network.training.graph, "exp"), 1);
}

// --- outside -----------------------------------------------------------------------------------

TEST(Defines, OverrideConsts) {
  CheckOptions options;
  options.defines = {{"hidden", "7"}, {"wide", "true"}, {"rate", "0.5"}};
  Network network =
      networkOf("const hidden = 3\nconst wide = false\nconst rate = 0.1\n"
                "model m(x: f32[B, 4]) -> (y: f32[B, 14]) {\n"
                "  y = x |> dense(if wide { 2 * hidden } else { hidden }, init = constant(rate))\n"
                "}\n",
                options);
  EXPECT_EQ(str(network.params[0].type.shape), "[4, 14]");
  EXPECT_EQ(network.params[0].init.a, 0.5);
}

TEST(Modules, AreUsedOnceEvenInCycles) {
  namespace fs = std::filesystem;
  fs::path folder = fs::path(testing::TempDir()) / "dlc_modules";
  fs::create_directories(folder / "inner");
  std::ofstream(folder / "blocks.nn")
      << "use \"inner/more.nn\"\nlayer block(x: f32[N, C]) -> f32[N, C] { return x |> more }\n";
  std::ofstream(folder / "inner/more.nn")
      << "use \"../blocks.nn\"\nlayer more(x: f32[N, C]) -> f32[N, C] { return x |> dense(C) }\n";
  CheckOptions options;
  options.baseFolder = folder;
  Network network = networkOf("use \"blocks.nn\"\nuse \"inner/more.nn\"\n"
                              "model m(x: f32[B, 4]) -> (y: f32[B, 4]) { y = x |> block }\n",
                              options);
  EXPECT_EQ(names(network.params),
            (Names{"block_1.more_1.dense_1.weight", "block_1.more_1.dense_1.bias"}));
}

// --- symbols -----------------------------------------------------------------------------------

const std::string kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

TEST(Symbols, TheBatchMayHaveAnyName) {
  auto printed = [](const std::string &batch) {
    return print(networkOf("model net(x: f32[" + batch + ", 4]) -> (y: f32[" + batch +
                           ", 3]) { y = x |> dense(3) }\n" + kData + "train net on flowers {\n" +
                           "  loss = cross_entropy(y, label)\n  optimizer = adam()\n}\n"));
  };
  const std::string expected = printed("batch");
  for (char letter : kLetters) {
    std::string text = printed(std::string(1, letter));
    EXPECT_EQ(text.find("[" + std::string(1, letter)) != std::string::npos, true) << text;
    for (size_t at; (at = text.find(std::string("[") + letter)) != std::string::npos;)
      text.replace(at, 2, "[batch");
    EXPECT_EQ(text, expected) << letter;
  }
}

TEST(Symbols, OnlyTheBatchHasAValue) {
  for (char letter : kLetters)
    for (const char *train : {"", "train net on flowers {\n  loss = x\n  optimizer = sgd()\n}\n"}) {
      std::string name(1, letter), batch = letter == 'B' ? "N" : "B";
      Checked checked("test.nn", "model net(x: f32[" + batch + ", " + name + "], z: f32[" + batch +
                                     ", " + name + "]) -> (y: f32[" + batch + ", " + name +
                                     "]) { y = x + z }\n" + (*train ? kData : "") + train);
      EXPECT_FALSE(checked.network.has_value());
      ASSERT_EQ(checked.diagnostics.all().size(), 1u) << checked.diagnostics.render();
      EXPECT_EQ(checked.diagnostics.all()[0].message,
                "`" + name + "` has no value; only the batch, `" + batch +
                    "`, gets one when the model is compiled");
    }
}

TEST(Symbols, TheBatchNeedNotComeFirst) {
  Network network = networkOf("model m(w: f32[4, N], x: f32[N, 4]) -> (y: f32[4, 4]) { y = w @ x "
                              "}\n");
  EXPECT_EQ(network.batchSymbol, "N");
}

TEST(Symbols, SizesMustBePositiveForTheBatch) {
  Checked checked("test.nn", "model m(x: f32[B, 3 - B]) -> (y: f32[B, 3 - B]) { y = x + x }\n");
  ASSERT_TRUE(checked.network.has_value());
  checkSizes(*checked.network, 2, checked.diagnostics);
  EXPECT_EQ(checked.diagnostics.render(), "");
  checkSizes(*checked.network, 3, checked.diagnostics);
  EXPECT_EQ(checked.diagnostics.render(),
            "error: f32[B, -B + 3] is [3, 0] for a batch of 3; every size must be at least 1 "
            "[size-not-positive]\n"
            " --> test.nn:1:9\n"
            "   |\n"
            " 1 | model m(x: f32[B, 3 - B]) -> (y: f32[B, 3 - B]) { y = x + x }\n"
            "   |         ^\n\n");
}

// --- training ----------------------------------------------------------------------------------

TEST(Train, OptimizersBecomeUpdates) {
  for (auto [optimizer, slots] : {std::pair{"sgd(lr = 0.1)", 0},
                                  {"momentum(lr = 0.1, mu = 0.8)", 1},
                                  {"nesterov(0.1)", 1},
                                  {"adam(lr = 1e-3)", 2},
                                  {"adamw", 2}}) {
    Update update = networkOf(trained(optimizer)).train->update;
    EXPECT_EQ(update.slots.size(), static_cast<size_t>(slots)) << optimizer;
    EXPECT_EQ(update.newSlots.size(), static_cast<size_t>(slots));
    EXPECT_EQ(str(update.graph.values[update.weight].type.shape), "[#weights]");
    ASSERT_GE(update.rate, 0) << optimizer;
    EXPECT_EQ(update.graph.values[update.rate].type.element, Element::Double);
    EXPECT_EQ(update.settings[0].name, "lr");
  }
}

TEST(Train, SchedulesGiveSettings) {
  EXPECT_EQ(settings(networkOf(trained("sgd(lr = 0.5)")).train->update),
            (Names{"lr", "lr.warmup", "weight_decay"}));
  Update update = networkOf(trained("adam(lr = cosine(1e-3, warmup = 200))")).train->update;
  EXPECT_EQ(settings(update),
            (Names{"lr", "lr.warmup", "lr.floor_value", "beta1", "beta2", "eps", "weight_decay"}));
  EXPECT_EQ(update.settings[0].value, 1e-3);
  EXPECT_EQ(update.settings[1].value, 200);
  for (const char *schedule :
       {"step(0.1, every = 30)", "linear(0.1)", "exponential(0.1, factor = 0.9)", "constant(0.1)"})
    networkOf(trained(std::string("sgd(lr = ") + schedule + ")"));
}

TEST(Train, ClippingIsPartOfTheUpdate) {
  Update update = networkOf(trained("sgd(lr = 0.1)", "  clip_norm = 5\n")).train->update;
  EXPECT_EQ(settings(update).back(), "clip_norm");
  EXPECT_EQ(count(update.graph, "reduce_sum"), 1);
  EXPECT_TRUE(named(update.graph, "gradient_norm"));
}

TEST(Train, KeysAndMetrics) {
  CheckOptions options;
  options.seed = 9;
  Network network = networkOf(
      trained("sgd(lr = 0.1)", "  metrics = (accuracy(logits, label), logits |> accuracy(label), "
                               "cross_entropy(logits, label))\n"
                               "  batch = all\n  epochs = 3\n  steps = 12\n  shuffle = false\n"),
      options);
  EXPECT_EQ(network.train->metrics, (Names{"accuracy", "accuracy_2", "cross_entropy"}));
  EXPECT_EQ(network.training.metrics.size(), 3u);
  EXPECT_EQ(network.train->batch, 0);
  EXPECT_EQ(network.train->epochs, 3);
  EXPECT_EQ(network.train->steps, 12);
  EXPECT_EQ(network.train->seed, 9u);
  EXPECT_FALSE(network.train->shuffle);
  ASSERT_EQ(network.inputs.size(), 2u);
  EXPECT_EQ(network.modelInputs, 1);
  EXPECT_EQ(network.inputs[1].type.classes, 3);
}

TEST(Train, DataKeepsItsArguments) {
  Network network = networkOf(
      "model net(x: f32[B, 1, 8, 8]) -> (logits: f32[B, 3]) { logits = x |> flatten |> dense(3) }\n"
      "data letters(x: f32[1, 8, 8], label: class[3]) {\n"
      "  folder = \"letters\"\n"
      "  test = npy([\"a.npy\", \"b.npy\"])\n"
      "  train = csv(\"t.csv\", header = true)\n"
      "  augment x |> random_crop(2) |> random_flip\n"
      "  each x |> scale(1 / 255) |> normalize(mean = [0.5], std = 0.25)\n"
      "}\n"
      "train net on letters {\n  loss = cross_entropy(logits, label)\n  optimizer = sgd()\n}\n");
  const Data &data = *network.data;
  EXPECT_EQ(data.folder, "letters");
  ASSERT_EQ(data.sources.size(), 2u);
  EXPECT_EQ(std::get<std::string>(data.sources[0].arguments[0].value), "a.npy\nb.npy");
  ASSERT_EQ(data.sources[1].arguments.size(), 5u) << "defaults are filled in";
  EXPECT_EQ(std::get<std::vector<double>>(data.sources[1].arguments[1].value),
            std::vector<double>{1});
  ASSERT_EQ(data.transforms.size(), 4u);
  EXPECT_TRUE(data.transforms[0].trainingOnly);
  EXPECT_EQ(data.transforms[1].name, "random_flip");
  EXPECT_DOUBLE_EQ(std::get<std::vector<double>>(data.transforms[2].arguments[0].value)[0],
                   1.0 / 255);
  EXPECT_FALSE(data.transforms[3].trainingOnly);
}

} // namespace
} // namespace dlc::lang
