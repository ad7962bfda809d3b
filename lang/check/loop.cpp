// Loops that run in the program: they become one node with a block.
#include "lang/check/loop.h"
#include "lang/check/expression.h"
#include "lang/check/statement.h"
#include "lang/check/unfolding.h"

#include <algorithm>

namespace dlc::lang {

using ast::Expr;

namespace {

constexpr int64_t kMostTurns = int64_t(1) << 24; // a float counts them

// --- the head ----------------------------------------------------------------------------------

struct Turns {
  int64_t from = 0, count = 0;
};

/// Empty after an error.
std::optional<Turns> turnsOf(const Expr &range, Environment &environment) {
  Report &report = environment.unfolding.report;
  if (range.kind != Expr::Kind::Range) {
    report.error("loop-range", range.range,
                 "a loop needs a range `0..n`, found " + quoted(report.text(range.range)));
    return std::nullopt;
  }
  Value from = evaluate(*range.operands[0], environment);
  Value to = evaluate(*range.operands[1], environment);
  if (from.isPoison() || to.isPoison())
    return std::nullopt;
  const Dim *first = from.as<Dim>(), *last = to.as<Dim>();
  if (!first || !last || !first->isConstant() || !last->isConstant()) {
    report.error("loop-range", range.range,
                 "a loop's range must be of static ints, found " + str(from) + " .. " + str(to));
    return std::nullopt;
  }
  Turns turns{*first->constant(), *last->constant() - *first->constant()};
  if (turns.count >= 1 && turns.count <= kMostTurns)
    return turns;
  report.error("loop-range", range.range,
               "a loop has at least one turn and at most " + std::to_string(kMostTurns) +
                   ", found " + std::to_string(turns.count));
  return std::nullopt;
}

/// What the loop carries, as it starts: its name, type and place, and the values. Empty after an
/// error.
std::optional<std::vector<ValueId>> startsOf(const Expr &expr, std::vector<Port> &carried,
                                             Environment &environment) {
  Report &report = environment.unfolding.report;
  std::vector<ValueId> starts;
  for (const ast::Argument &argument : expr.arguments) {
    const ast::Name &name = *argument.name;
    Value value = evaluate(*argument.value, environment);
    if (value.isPoison())
      return std::nullopt;
    const Tensor *tensor = value.as<Tensor>();
    if (!tensor) {
      report.error("argument-type", argument.value->range,
                   "a loop carries tensors, " + quoted(name.text) + " starts as " + kindOf(value));
      return std::nullopt;
    }
    auto same = std::find_if(carried.begin(), carried.end(),
                             [&](const Port &port) { return port.name == name.text; });
    if (same != carried.end()) {
      report.error("duplicate-name", name.range, quoted(name.text) + " is already carried")
          .notes.push_back({same->range, "here"});
      return std::nullopt;
    }
    carried.push_back({name.text, environment.unfolding.graph.typeOf(*tensor), name.range});
    starts.push_back(tensor->id);
  }
  return starts;
}

// --- the body ----------------------------------------------------------------------------------

/// What a carried value becomes; empty after an error.
std::optional<ValueId> nextOf(const Port &carried, const Binding &binding, Range loop,
                              GraphBuilder &graph, Report &report) {
  if (binding.next.isPoison())
    return std::nullopt;
  if (binding.next.is<Nothing>()) {
    report.error("missing-next", loop, "the loop gives " + quoted(carried.name) + " no next value")
        .notes.push_back({carried.range, "carried since here"});
    return std::nullopt;
  }
  const Tensor *next = binding.next.as<Tensor>();
  if (next && graph.typeOf(*next).shape == carried.type.shape &&
      graph.typeOf(*next).element == carried.type.element)
    return next->id;
  Diagnostic &error = report.error("carried-type", binding.assigned,
                                   "the loop carries " + quoted(carried.name) + " as " +
                                       str(carried.type) + ", its next value is " +
                                       (next ? str(graph.typeOf(*next)) : kindOf(binding.next)));
  error.notes.push_back({carried.range, "carried since here"});
  if (next)
    graph.noteOrigin(error, next->id, false, binding.assigned);
  return std::nullopt;
}

bool uses(const Block &block, ValueId value) {
  bool isUsed = std::count(block.results.begin(), block.results.end(), value) > 0;
  forEachNode(block, [&](const Node &node) {
    isUsed |= std::count(node.operands.begin(), node.operands.end(), value) > 0;
    for (const Block &inner : node.blocks)
      isUsed |= std::count(inner.results.begin(), inner.results.end(), value) > 0;
  });
  return isUsed;
}

/// Unfolds one turn; what the carried values become, or nothing after an error.
std::optional<std::vector<ValueId>> unfoldTurn(const Expr &expr, const std::vector<Port> &carried,
                                               Environment &turn) {
  Unfolding &unfolding = turn.unfolding;
  int errorsBefore = unfolding.report.count();
  auto returned = execute(expr.blocks[0], turn);
  if (unfolding.report.count() != errorsBefore)
    return std::nullopt;
  if (returned) {
    unfolding.report.error("misplaced-return", expr.focus,
                           "`return` cannot stand inside a loop that runs in the program");
    return std::nullopt;
  }
  std::vector<ValueId> next;
  for (const Port &port : carried)
    if (auto id =
            nextOf(port, *turn.findHere(port.name), expr.focus, unfolding.graph, unfolding.report))
      next.push_back(*id);
  return next.size() == carried.size() ? std::optional(next) : std::nullopt;
}

} // namespace

Value evaluateLoop(const Expr &expr, Environment &environment) {
  GraphBuilder &graph = environment.unfolding.graph;
  std::vector<Port> arguments;
  auto turns = turnsOf(*expr.operands[1], environment);
  auto starts = startsOf(expr, arguments, environment);
  if (!turns || !starts)
    return Poison{};
  const std::vector<Port> carried = arguments;
  std::vector<TensorType> types;
  for (const Port &port : carried)
    types.push_back(port.type);

  // The number of the turn is a slice of a list of them all.
  const Expr &number = *expr.operands[0];
  arguments.push_back({number.text, {Element::Int, {}, 0}, number.range});
  std::vector<ValueId> ids = graph.openBlock(arguments);
  Environment turn(environment, /*isTurn=*/true);
  for (size_t i = 0; i < arguments.size(); ++i)
    turn.bind(arguments[i].name, {i < carried.size() ? Binding::Kind::Carried : Binding::Kind::Let,
                                  Tensor{ids[i]}, arguments[i].range});
  auto next = unfoldTurn(expr, carried, turn);
  Block block = graph.closeBlock(next.value_or(std::vector<ValueId>()));
  if (!next)
    return Poison{};
  if (uses(block, ids.back())) {
    std::vector<double> numbers;
    for (int64_t i = 0; i < turns->count; ++i)
      numbers.push_back(static_cast<double>(turns->from + i));
    Value all =
        graph.constant(std::move(numbers), {Element::Int, {Dim(turns->count)}, 0}, number.range);
    starts->push_back(all.as<Tensor>()->id);
  } else {
    block.arguments.pop_back();
  }
  std::vector<Block> blocks;
  blocks.push_back(std::move(block));
  Tuple results;
  for (ValueId id :
       graph.addNode("loop", std::move(*starts),
                     {{"carried", static_cast<int64_t>(carried.size())}, {"count", turns->count}},
                     types, expr.focus, std::move(blocks)))
    results.elements.push_back(Tensor{id});
  return results.elements.size() == 1 ? results.elements[0] : Value(std::move(results));
}

// --- next --------------------------------------------------------------------------------------

namespace {

/// What the innermost loop carries by that name; null after an error.
Binding *carriedValue(const std::string &name, Range range, Environment &environment) {
  Binding *binding = environment.findInTurn(name);
  if (binding && binding->kind == Binding::Kind::Carried)
    return binding;
  Report &report = environment.unfolding.report;
  Diagnostic &error =
      report.error("not-carried", range,
                   "`next` is of what the loop around it carries, " + quoted(name) + " is not");
  if (const Binding *other = environment.find(name))
    error.notes.push_back({other->range, "it is defined here"});
  return nullptr;
}

} // namespace

Value evaluateNext(const Expr &expr, Environment &environment) {
  Binding *binding = carriedValue(expr.text, expr.range, environment);
  if (!binding)
    return Poison{};
  if (!binding->next.is<Nothing>())
    return binding->next;
  environment.unfolding.report
      .error("not-yet-assigned", expr.range,
             "the next " + quoted(expr.text) + " is used before it is given")
      .notes.push_back({binding->range, "carried since here"});
  return Poison{};
}

void executeNext(const ast::Stmt &stmt, Environment &environment) {
  const ast::Name &name = stmt.names[0];
  GraphBuilder &graph = environment.unfolding.graph;
  Value value = evaluate(*stmt.value, environment);
  Binding *binding = carriedValue(name.text, name.range, environment);
  if (!binding)
    return;
  if (!binding->next.is<Nothing>() && !binding->next.isPoison()) {
    environment.unfolding.report
        .error("duplicate-name", name.range, quoted("next " + name.text) + " is already given")
        .notes.push_back({binding->assigned, "here"});
    return;
  }
  if (value.isNumber() && number(value))
    value = graph.constant({*number(value)}, graph.typeOf(*binding->value.as<Tensor>()),
                           stmt.value->range);
  graph.nameValue(value, name.text + "'");
  binding->next = std::move(value);
  binding->assigned = stmt.value->range;
}

} // namespace dlc::lang
