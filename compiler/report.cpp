// What `dlc explain` tells of a network: its layers, the memory of a step, its derivative.
#include "compiler/report.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

namespace dlc {
namespace {

/// A layer instance as the report shows it. Operations are multiplications and additions, nominal.
struct LayerRow {
  std::string name;
  std::vector<int64_t> shape; // of its result
  int64_t weights = 0;        // numbers
  int64_t bytes = 0;          // of its result
  int64_t forward = 0, backward = 0;
};

class Rows {
public:
  Rows(const lang::Network &network, const Specialization &specialization)
      : graph(lang::specialize(network.training.graph,
                               {{network.batchSymbol, specialization.batch}})),
        elementBytes(specialization.doublePrecision ? 8 : 4) {
    isTrained.resize(graph.values.size());
    markTrained(graph.body);
    addBlock(graph.body, 1);
    for (const lang::Variable &param : network.params)
      for (LayerRow &row : rows)
        if (row.name == param.layer)
          row.weights += product(sizes(param.type.shape));
  }

  std::vector<LayerRow> rows;

private:
  /// Marks what follows from a weight.
  void markTrained(const lang::Block &block) {
    auto isMarked = [&](lang::ValueId value) { return bool(isTrained[value]); };
    for (const lang::Node &node : block.nodes) {
      bool follows = node.op == "param" || llvm::any_of(node.operands, isMarked);
      for (const lang::Block &inner : node.blocks) {
        for (auto [operand, argument] : llvm::zip(node.operands, inner.arguments))
          isTrained[argument] = isTrained[operand];
        for (int turn = 0; turn < 2; ++turn) { // what it becomes in one is what it is in the next
          markTrained(inner);
          for (auto [result, argument] : llvm::zip(inner.results, inner.arguments))
            isTrained[argument] = isTrained[argument] || isTrained[result];
        }
        follows |= llvm::any_of(inner.results, isMarked);
      }
      for (lang::ValueId result : node.results)
        isTrained[result] = follows;
    }
  }

  /// Counts the nodes of a block that runs so many times.
  void addBlock(const lang::Block &block, int64_t times) {
    for (const lang::Node &node : block.nodes) {
      for (const lang::Block &inner : node.blocks)
        addBlock(inner, times * std::get<int64_t>(node.attributes.at("count")));
      if (node.layer.empty() || node.op == "param" || node.op == "state" || node.op == "constant")
        continue;
      LayerRow &row = rowOf(node.layer);
      row.shape = sizes(graph.values[node.results[0]].type.shape);
      row.bytes = product(row.shape) * elementBytes;
      int64_t operations = times * contraction(node);
      row.forward += operations;
      for (lang::ValueId operand : node.operands) // a derivative by each operand is as much again
        row.backward += isTrained[operand] ? operations : 0;
    }
  }

  LayerRow &rowOf(const std::string &name) {
    for (LayerRow &row : rows)
      if (row.name == name)
        return row;
    rows.push_back({});
    rows.back().name = name;
    return rows.back();
  }

  static std::vector<int64_t> sizes(const lang::Shape &shape) {
    std::vector<int64_t> result;
    for (const lang::Dim &dim : shape)
      result.push_back(*dim.constant());
    return result;
  }

  static int64_t product(const std::vector<int64_t> &sizes) {
    int64_t result = 1;
    for (int64_t size : sizes)
      result *= size;
    return result;
  }

  /// Two for each product that is added up; other operations are not counted.
  int64_t contraction(const lang::Node &node) const {
    if (node.op != "matmul" && node.op != "conv2d")
      return 0;
    auto sizesOf = [&](lang::ValueId value) { return sizes(graph.values[value].type.shape); };
    std::vector<int64_t> inner = sizesOf(node.operands[node.op == "matmul" ? 0 : 1]);
    int64_t results = product(sizesOf(node.results[0]));
    if (node.op == "matmul")
      return 2 * results * inner.back();
    inner.erase(inner.begin()); // a kernel [O, C, R, S] adds up C * R * S products
    return 2 * results * product(inner);
  }

  lang::Graph graph;
  int64_t elementBytes;
  std::vector<bool> isTrained; // by value: whether a weight is among what it follows from
};

std::string shapeText(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (int64_t size : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

std::string grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(at, 1, ',');
  return digits;
}

} // namespace

StepMemory stepMemory(const lang::Network &network, const Specialization &specialization,
                      int64_t arena) {
  int64_t element = specialization.doublePrecision ? 8 : 4;
  StepMemory memory;
  memory.weights = memory.gradients = flatLayout(network.params, element).bytes;
  memory.slots =
      network.train ? memory.weights * static_cast<int64_t>(network.train->update.slots.size()) : 0;
  memory.state = flatLayout(network.states, element).bytes;
  memory.arena = arena;
  return memory;
}

std::string reportText(const lang::Network &network, const Specialization &specialization,
                       const StepMemory &memory, const std::string &derivative) {
  Rows layers(network, specialization);
  size_t widest = 5;
  for (const LayerRow &row : layers.rows)
    widest = std::max(widest, row.name.size());
  std::string text;
  llvm::raw_string_ostream out(text);
  auto line = [&](const std::string &name, const std::string &shape, const std::string &weights,
                  const std::string &bytes, const std::string &forward,
                  const std::string &backward) {
    out << "  " << name << std::string(widest - name.size() + 2, ' ')
        << llvm::format("%-20s %12s %14s %16s %16s\n", shape.c_str(), weights.c_str(),
                        bytes.c_str(), forward.c_str(), backward.c_str());
  };
  out << network.name << ", batch " << specialization.batch
      << "\n\nLayers (operations: multiplications and additions)\n";
  line("layer", "result", "weights", "result, bytes", "forward", "backward");
  LayerRow sum;
  for (const LayerRow &row : layers.rows) {
    line(row.name, shapeText(row.shape), grouped(row.weights), grouped(row.bytes),
         grouped(row.forward), grouped(row.backward));
    sum.weights += row.weights;
    sum.forward += row.forward;
    sum.backward += row.backward;
  }
  line("all", "", grouped(sum.weights), "", grouped(sum.forward), grouped(sum.backward));
  out << "\nMemory of a training step, bytes\n";
  auto bytes = [&](const char *name, int64_t value) {
    out << llvm::format("  %-18s %14s\n", name, grouped(value).c_str());
  };
  bytes("weights", memory.weights);
  bytes("gradients", memory.gradients);
  bytes("optimizer's slots", memory.slots);
  bytes("state", memory.state);
  bytes("arena", memory.arena);
  bytes("all", memory.total());
  if (!derivative.empty())
    out << "\nThe step: d(v) is the derivative of the loss by v\n" << derivative;
  return text;
}

std::string reportJson(const lang::Network &network, const Specialization &specialization,
                       const StepMemory &memory, const std::string &derivative) {
  llvm::json::Array layers;
  for (const LayerRow &row : Rows(network, specialization).rows)
    layers.push_back(llvm::json::Object{{"name", row.name},
                                        {"shape", row.shape},
                                        {"weights", row.weights},
                                        {"bytes", row.bytes},
                                        {"forward_flops", row.forward},
                                        {"backward_flops", row.backward}});
  llvm::json::Object object{{"model", network.name},
                            {"batch", specialization.batch},
                            {"layers", std::move(layers)},
                            {"memory", llvm::json::Object{{"weights", memory.weights},
                                                          {"gradients", memory.gradients},
                                                          {"slots", memory.slots},
                                                          {"state", memory.state},
                                                          {"arena", memory.arena},
                                                          {"total", memory.total()}}},
                            {"step", derivative}};
  std::string text;
  llvm::raw_string_ostream(text) << llvm::formatv("{0:2}\n", llvm::json::Value(std::move(object)));
  return text;
}

} // namespace dlc
