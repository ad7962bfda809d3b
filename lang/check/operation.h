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
  /// `a == b` and `a != b` of ints.
  Value equality(const std::string &op, const Operand &a, const Operand &b, Range site);
  /// `a % b` of ints.
  Value remainder(const Operand &a, const Operand &b, Range site);

  /// Whether it is a tensor of bools, as `logical` and `opposite` take them.
  bool isTruth(const Value &value) const;
  /// `a and b`, `a or b`.
  Value logical(const std::string &op, const Operand &a, const Operand &b, Range site);
  /// `not a`.
  Value opposite(const Operand &a, Range site);

  /// A tensor's type, else what kind of value it is.
  std::string described(const Value &value) const;

private:
  /// One use of an elementwise operation: what its operands have to become.
  struct Use {
    const ast::Item &op;
    const std::vector<Operand> &operands;
    std::string shownAs;
    Range site;
    ValueId widest; // of the operands; gives the shape
    Shape shape;
    Element element; // of numbers, and of the operands whose type the declaration leaves open
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
