// One unfolding: a model, a const or an optimizer's rule on its way to a graph.
#pragma once

#include "lang/check/operation.h"
#include "lang/check/program.h"

namespace dlc::lang {

/// What the whole check shares.
struct Context {
  const Program &program;
  const Signatures &signatures;
  Report &report;
  const CheckOptions &options;
  std::map<const ast::Item *, Value> consts; // computed so far
  std::set<const ast::Item *> constsUnderWay;
};

/// What a graph is made for; `Static` makes none.
enum class Purpose { Static, Network, Optimizer };

/// What encloses a statement: each allows other ones.
enum class Body { Model, Layer, Function, Schedule, Optimizer };

/// The params or the states of a model.
struct Variables {
  std::vector<Variable> list;
  std::vector<ValueId> nodes;  // of each its `param` or `state`
  std::vector<Place *> places; // of each
};

/// What an optimizer's rule keeps and writes.
struct OptimizerRule {
  TensorType vectorType = {Element::Real, {Dim::symbol(kWeightCount)}, 0};
  std::vector<std::string> slots;
  std::vector<ValueId> newSlots;
  ValueId newWeight = -1;
};

/// What the steps of one unfolding share.
struct Unfolding {
  Unfolding(Context &context, Purpose purpose, bool training);

  /// Counts one level deeper; false, after an error, if that is too deep.
  bool enter(Range range);
  void leave() { --depth; }
  /// Gives params and states their final names; false after errors. Call once, at the end.
  bool nameVariables();

  Context &context;
  Report &report;
  const Purpose purpose;
  const bool training; // what `training` means

  GraphBuilder graph;
  Operations operations;
  Variables params, states;
  std::vector<ValueId> newStates; // what each state becomes
  OptimizerRule rule;             // of an optimizer

  Body body = Body::Function; // under way
  int64_t streams = 0;        // of random numbers
  int64_t turns = 0;          // of all loops
  int64_t calls = 0;          // of all functions and layers

private:
  int depth = 0; // of expressions, blocks and calls under way
  bool wasTooDeep = false;
};

} // namespace dlc::lang
