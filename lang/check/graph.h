// The graph of one unfolding while it grows: its nodes, and what they will be called.
#pragma once

#include "lang/check/instance.h"
#include "lang/check/report.h"

namespace dlc::lang {

class GraphBuilder {
public:
  explicit GraphBuilder(Report &report) : place(&places.model()), report(report) {}

  /// A node of one result.
  ValueId addNode(const std::string &op, std::vector<ValueId> operands,
                  std::map<std::string, Attribute> attributes, TensorType type, Range range);
  /// A node of any number of results, and with blocks.
  std::vector<ValueId> addNode(const std::string &op, std::vector<ValueId> operands,
                               std::map<std::string, Attribute> attributes,
                               const std::vector<TensorType> &types, Range range,
                               std::vector<Block> blocks = {});
  /// Begins a block of a node; new nodes stand in it. Its arguments have the user's names.
  std::vector<ValueId> openBlock(const std::vector<Port> &arguments);
  /// Ends it, for `addNode`.
  Block closeBlock(std::vector<ValueId> results);
  bool isInBlock() const { return open.size() > 1; }
  /// The number of the turn in the innermost loop under way, int[], and how many turns it has.
  struct Turn {
    ValueId number;
    int64_t count;
  };
  std::vector<Turn> turns; // of the loops under way, the outermost first

  Value constant(std::vector<double> values, TensorType type, Range range);
  /// The one node of the random numbers' key.
  ValueId randomKey(Range range);
  /// Each sample's share of the loss; Poison after an error.
  Value sampleWeight(Range site);

  const TensorType &typeOf(ValueId id) const { return graph.values[id].type; }
  const TensorType &typeOf(const Tensor &tensor) const { return typeOf(tensor.id); }
  /// Gives a tensor without a name the user's name for it.
  void nameValue(const Value &value, const std::string &name);
  /// Adds a note saying where the value got its number of axes, or its shape.
  void noteOrigin(Diagnostic &error, ValueId id, bool ofRank, Range site) const;

  /// The graph with its final names, without the nodes that none of `results` need; arguments
  /// stay. Renumbers `results`. Call once, at the end.
  Graph finish(const std::vector<ValueId *> &results);

  Places places;
  Place *place;            // where the body under way stands: new nodes belong to it
  std::string batchSymbol; // of the model; empty without a batch dimension

private:
  /// Where a value comes from, and what the user calls it.
  struct Label {
    Place *place;
    std::string op; // "" for an argument of a block
    std::vector<ValueId> operands;
    Range range;
    std::string name; // without the place's path
  };
  ValueId addValue(TensorType type, Label label);
  void finish(Block &block, const std::vector<bool> &isNeeded, std::vector<ValueId> &renumbered,
              Graph &finished) const;

  Report &report;
  Graph graph;                                     // its body stands in `open` until it is finished
  std::vector<Label> labels;                       // by value
  std::vector<Block> open = std::vector<Block>(1); // the blocks under way, the innermost last
  ValueId key = -1, shares = -1;
};

/// The name with the path of the place it belongs to: "conv_1.weight".
std::string joined(const std::string &path, const std::string &name);

} // namespace dlc::lang
