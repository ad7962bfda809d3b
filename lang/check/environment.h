// The names in scope while a body is unfolded.
#pragma once

#include "lang/check/value.h"

#include <map>
#include <string>
#include <vector>

namespace dlc::lang {

struct Unfolding; // unfolding.h

struct Binding {
  enum class Kind {
    Let, // and loop variables
    Var,
    Result,    // of a model
    Argument,  // of a configuration or a tensor
    Dimension, // bound by a shape pattern
    Param,
    Carried, // by a loop; gets its next value with `next`
    State,   // of a layer or an optimizer; written with `<-`
    Weight,  // of an optimizer; written with `<-` too
  };
  Kind kind;
  Value value;
  Range range;
  int variable = -1;   // of a state: its number
  Range assigned = {}; // of a result: where it got its value
  Value next = {};     // of what a loop carries
};

/// Where an expression or a statement is unfolded: one block's names; those of the blocks around it
/// are found through `outer`.
class Environment {
public:
  Environment(Unfolding &unfolding, bool inStandardLibrary)
      : unfolding(unfolding), inStandardLibrary(inStandardLibrary) {}
  explicit Environment(Environment &outer, bool isTurn = false)
      : unfolding(outer.unfolding), inStandardLibrary(outer.inStandardLibrary), outer(&outer),
        isTurn(isTurn) {}

  Binding *find(const std::string &name) {
    if (auto found = names.find(name); found != names.end())
      return &found->second;
    return outer ? outer->find(name) : nullptr;
  }
  /// The same among the names of the innermost loop's turn, or of the body if there is no loop:
  /// only these can change there.
  Binding *findInTurn(const std::string &name) {
    if (auto found = names.find(name); found != names.end())
      return &found->second;
    return outer && !isTurn ? outer->findInTurn(name) : nullptr;
  }
  Binding *findHere(const std::string &name) {
    auto found = names.find(name);
    return found == names.end() ? nullptr : &found->second;
  }
  /// What the innermost loop stacks of this turn; null outside of loops.
  std::vector<Operand> *yielded() {
    return isTurn ? &turnYields : outer ? outer->yielded() : nullptr;
  }
  void bind(const std::string &name, Binding binding) {
    names.insert_or_assign(name, std::move(binding));
  }
  std::vector<std::string> allNames() const {
    std::vector<std::string> result = outer ? outer->allNames() : std::vector<std::string>();
    for (const auto &[name, binding] : names)
      result.push_back(name);
    return result;
  }
  const std::map<std::string, Binding> &here() const { return names; }

  Unfolding &unfolding;
  const bool inStandardLibrary; // whether names mean the standard library's definitions

private:
  Environment *outer = nullptr;
  bool isTurn = false; // of a loop that runs in the program: its names are those of each turn
  std::vector<Operand> turnYields;
  std::map<std::string, Binding> names;
};

} // namespace dlc::lang
