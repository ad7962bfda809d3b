// Tensors against the types that a function or layer declares for them.
#pragma once

#include "lang/check/environment.h"
#include "lang/check/pattern.h"

namespace dlc::lang {

/// The tensors of one call: what the shape patterns of its parameters and its result have bound.
class CallShapes {
public:
  /// `callee` gets the parameters' names and those of the dimensions.
  CallShapes(const ast::Item &item, Environment &callee) : item(item), callee(callee) {}

  /// Matches what is given for a parameter and binds it. False after an error.
  bool bind(const ast::Parameter &parameter, Operand operand);
  /// Whether the value fits the declared type of the result. False after an error.
  bool fits(const ast::Type &result, const Value &value, Range site);

private:
  struct Matched {
    std::string name;
    ValueId id;
    Range range;
  };
  EvaluateDims evaluator(bool mayBind);
  void bindDims(Range range);
  void reportRank(const ast::Parameter &parameter);
  void reportShape(const ast::Parameter &parameter, const ShapeMismatch &mismatch);
  std::string inWords(const ShapeMismatch &mismatch) const;
  bool tensorFits(const ast::Type &result, const Value &value, Range site);

  const ast::Item &item;
  Environment &callee;
  ShapeVariables variables;
  std::vector<Matched> matched; // so far, the one at hand too
};

} // namespace dlc::lang
