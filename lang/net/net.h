// The checked network: names resolved, layers unfolded, static values computed, shapes known.
//
// After it there are no user errors. It is a plain graph of primitive operations (stdlib/ops.nn),
// once for training and once for inference, with the data and training blocks beside it. Shapes may
// hold one symbol, the batch, to which `specialize` gives its value.
#pragma once

#include "lang/diagnostic.h"
#include "lang/net/dim.h"

#include <map>
#include <string>
#include <variant>
#include <vector>

namespace dlc::lang {

enum class Element {
  Real,   // the network's floating type: f32 or f64, as --precision says
  Double, // f64 always: the scalars of schedules and optimizers
  Int,    // i32; class numbers
  Bool,
};

struct TensorType {
  Element element = Element::Real;
  Shape shape;
  int64_t classes = 0; // of a class label, else 0
};
/// "f32[B, 10]", "int[B]", "f64[]".
std::string str(const TensorType &type);
/// A number in the fewest digits that give it back: "0.1", "200".
std::string str(double number);

/// An operation's configuration: `bool`, `int`, `float`, `string`, a shape, a type, or the numbers
/// of a constant (row-major, in the type of the value).
using Attribute =
    std::variant<bool, int64_t, double, std::string, Shape, Element, std::vector<double>>;

using ValueId = int32_t; // in Graph::values

struct Node;

/// Nodes, each after those whose results it takes. Those of a block inside a node also take values
/// from around the node.
struct Block {
  std::vector<ValueId> arguments;
  std::vector<Node> nodes;
  std::vector<ValueId> results;
  /// Of a loop's turn: a bool for each sample, made or taken by the block. Where all are false the
  /// block leaves what it carries as it was, and what it yields is 0. -1 if there is none.
  ValueId guard = -1;
};

/// One operation. Besides the primitives of stdlib/ops.nn:
///   input {index}   param {index}   state {index}   constant {values}
///   iota            (int[n]: 0, 1, …, n - 1)
///   sample_weight   (f32[B]: each sample's share of the loss)
///   random_key      (int[4]: the seed's and the step's halves)
///   setting {index} step total_steps   (f64[]; in the update graph only)
///   weight gradient slot {index}       (f32[#weights]; in the update graph only)
/// A constant's `values` holds one number (a splat) or one an element.
struct Node {
  std::string op;
  std::vector<ValueId> operands;
  std::map<std::string, Attribute> attributes;
  std::vector<ValueId> results;
  std::vector<Block> blocks;
  std::string layer; // the path of the layer instance it belongs to: "stage.1.conv_1"; or ""
  Range range;       // in the user's file wherever there is one
};

/// A result of a node or an argument of a block.
struct GraphValue {
  TensorType type;
  std::string name; // the user's, with the path of its layer: "hidden.z"; or ""
};

struct Graph {
  std::vector<GraphValue> values;
  Block body; // without arguments; what its results are says the function
};

/// Calls `visit` with each node, those of a node's blocks before it itself.
template <typename Visit> void forEachNode(const Block &block, Visit visit) {
  for (const Node &node : block.nodes) {
    for (const Block &inner : node.blocks)
      forEachNode(inner, visit);
    visit(node);
  }
}

/// Which values the given ones need, directly or through others: by id.
std::vector<bool> neededValues(const Graph &graph, const std::vector<ValueId> &results);

/// How a variable starts; the kinds of dlc_init_kind (runtime/include/dlc/model.h).
struct Init {
  enum class Kind { Constant, Uniform, Normal, Orthogonal, Values };
  Kind kind = Kind::Constant;
  double a = 0, b = 0;
  std::vector<double> values;
};

struct Variable {
  std::string name;  // "conv_1.weight"
  std::string layer; // "conv_1": the instance that declares it
  TensorType type;   // constant dimensions
  Init init;
  Range range;
};

struct Port {
  std::string name;
  TensorType type; // batched ports have the batch symbol as their first dimension
  Range range;
};

/// The network in one mode. All results are values of `graph`.
struct Function {
  Graph graph;
  std::vector<ValueId> outputs; // as Network::outputs
  std::vector<ValueId> states;  // each state's new value; that of its `state` if not written
  ValueId loss = -1; // f32[]: sum(sample_weight * per-sample loss); -1 without train block
  std::vector<ValueId> metrics; // f32[] each, likewise weighted sums
};

/// A loader's or transform's argument, defaults filled in. Nested lists of numbers are flattened,
/// lists of strings are lines of one text.
struct DataArgument {
  std::string name;
  std::variant<std::string, std::vector<double>> value;
};
struct DataSource {
  std::string split;
  std::string loader;
  std::vector<DataArgument> arguments;
};
struct DataTransform {
  std::string field;
  std::string name;
  bool trainingOnly = false;
  std::vector<DataArgument> arguments;
};
struct Data {
  std::string name;
  std::string folder;       // where its files are unless --data says otherwise; "" is here
  std::vector<Port> fields; // of one sample
  std::vector<DataSource> sources;
  std::vector<DataTransform> transforms;
};

struct Setting {
  std::string name; // "lr", "lr.warmup", "beta1"
  double value;
};

/// The symbol for how many numbers all weights are; no program can write such a name.
inline const std::string kWeightCount = "#weights";

/// The optimizer's rule over all weights laid out as one vector.
struct Update {
  std::string optimizer;
  std::vector<std::string> slots;
  std::vector<Setting> settings;
  Graph graph;
  ValueId weight = -1;           // the new weights, f32[#weights]
  std::vector<ValueId> newSlots; // f32[#weights] each
  ValueId rate = -1;             // f64[]: the learning rate, for the log; -1 if there is no `lr`
};

/// What is said of all answers of a split: `bleu(answer, german)`.
struct Score {
  std::string name;     // "bleu"; "bleu_2" where there are two
  std::string function; // declared in stdlib/metric.nn
  int output, field;    // in Network::outputs, Data::fields
};

struct Train {
  int64_t batch = 64; // 0: all samples
  int64_t epochs = 1;
  int64_t steps = 0;    // 0: no limit but the epochs
  int64_t patience = 0; // epochs without a better evaluation that end the training; 0: none do
  uint64_t seed = 0;
  bool shuffle = true;
  int bucket = -1; // in Data::fields: by its lengths samples of a step are alike; -1: by none
  std::vector<std::string> metrics; // names
  std::vector<Score> scores;
  Update update;
};

struct Network {
  std::string name;
  std::string doc;
  std::string batchSymbol;  // "B"; "" if the model has no batch dimension
  std::vector<Port> inputs; // the model's, then what only loss and metrics need
  int modelInputs = 0;
  std::vector<Port> outputs;
  std::vector<Variable> params;
  std::vector<Variable> states;
  Function training;  // `training` is true
  Function inference; // `training` is false
  std::optional<Data> data;
  std::optional<Train> train;
};

/// Whether the results in inference depend on each of the model's inputs.
std::vector<bool> inferenceNeeds(const Network &network);

/// Errors where the symbolic sizes come out below 1 for calls of `batch` samples.
void checkSizes(const Network &network, int64_t batch, Diagnostics &diagnostics);

/// With every symbol of `values` replaced in all shapes and attributes. {"B", 64}.
Graph specialize(const Graph &graph, const std::map<std::string, int64_t> &values);

/// The network as text, for `--emit=net`; with every value's shape.
std::string print(const Network &network);

} // namespace dlc::lang
