// Operations on tensors: nodes of the graph, and how their operands adapt to each other.
#pragma once

#include "lang/check/graph.h"
#include "lang/check/signature.h"

namespace dlc::lang {

/// Applies the primitive operations of stdlib/ops.nn. Whatever is wrong gives Poison.
class Operations {
public:
  /// `scalar` is the element type of a number that meets no vector: f64 in an optimizer's rule.
  Operations(const Signatures &signatures, Element scalar, GraphBuilder &graph, Report &report)
      : signatures(signatures), scalar(scalar), graph(graph), report(report) {}

  /// The operation on values that are adapted to each other as operators do. Numbers alone are
  /// computed. `shownAs` is what the user wrote for it.
  Value apply(const std::string &op, const std::vector<Operand> &operands, Range site,
              const std::string &shownAs = "");
  /// The operation on tensors as they are.
  Value applyExactly(const std::string &op, const std::vector<Operand> &operands,
                     std::map<std::string, Attribute> attributes, Range site);
  /// `left @ right`.
  Value matmul(const Operand &left, const Operand &right, Range site);

private:
  /// One use of an elementwise operation: what its operands have to become.
  struct Use {
    const ast::Item &op;
    const std::vector<Operand> &operands;
    std::string shownAs;
    Range site;
    ValueId widest; // of the operands; gives the shape
    Shape shape;
    Element real; // the element type of numbers
  };
  Use use(const ast::Item &op, const std::vector<Operand> &operands, Range site,
          const std::string &shownAs) const;
  std::optional<ValueId> alignNumber(const Use &use, size_t i);
  std::optional<ValueId> alignTensor(const Use &use, size_t i);
  bool canMultiply(const Operand &left, const Operand &right, Range site);

  const Signatures &signatures;
  const Element scalar;
  GraphBuilder &graph;
  Report &report;
};

} // namespace dlc::lang
