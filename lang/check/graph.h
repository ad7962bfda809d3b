// The graph of one unfolding while it grows: its nodes, and what they will be called.
#pragma once

#include "lang/check/instance.h"
#include "lang/check/report.h"

namespace dlc::lang {

class GraphBuilder {
public:
  explicit GraphBuilder(Report &report) : place(&places.model()), report(report) {}

  ValueId addNode(const std::string &op, std::vector<ValueId> operands,
                  std::map<std::string, Attribute> attributes, TensorType type, Range range);
  Value constant(std::vector<double> values, TensorType type, Range range);
  /// The one node of the random numbers' key.
  ValueId randomKey(Range range);
  /// Each sample's share of the loss; Poison after an error.
  Value sampleWeight(Range site);

  const TensorType &typeOf(ValueId id) const { return graph.nodes[id].type; }
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
  struct Label {
    Place *place;
    std::string name; // the user's, without the place's path
  };

  Report &report;
  Graph graph;
  std::vector<Label> labels; // by node
  ValueId key = -1, shares = -1;
};

/// The name with the path of the place it belongs to: "conv_1.weight".
std::string joined(const std::string &path, const std::string &name);

} // namespace dlc::lang
