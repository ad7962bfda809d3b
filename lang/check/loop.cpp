// Loops that run in the program: they become one node with a block.
#include "lang/check/loop.h"
#include "lang/check/expression.h"
#include "lang/check/statement.h"
#include "lang/check/unfolding.h"

#include <algorithm>
#include <set>

namespace dlc::lang {

using ast::Expr;

namespace {

constexpr int64_t kMostTurns = int64_t(1) << 24; // a float counts them

// --- the head ----------------------------------------------------------------------------------

/// Of what a loop takes a part in each turn.
struct Slice {
  const Expr *name;
  ValueId whole;   // with the turns along its first axis
  TensorType type; // of a part
};

/// What the head of a loop says.
struct Head {
  int64_t from = 0, count = 0; // of turns
  int64_t axis = 0;            // along which it runs, and what it yields is stacked
  bool isReversed = false;
  std::vector<Slice> slices;
  std::optional<Operand> lengths; // int[B]
  const Expr *until = nullptr;    // asked at the begin of each turn
};

const Expr *option(const Expr &loop, const char *name) {
  for (const ast::Argument &argument : loop.options)
    if (argument.name->text == name)
      return argument.value.get();
  return nullptr;
}

/// x with its axis `from` at `to`, the others in their order.
ValueId withAxisAt(ValueId x, int64_t from, int64_t to, Range range, Unfolding &unfolding) {
  if (from == to)
    return x;
  Shape order;
  for (size_t axis = 0; axis < unfolding.graph.typeOf(x).shape.size(); ++axis)
    if (static_cast<int64_t>(axis) != from)
      order.push_back(Dim(static_cast<int64_t>(axis)));
  order.insert(order.begin() + to, Dim(from));
  Value moved = unfolding.operations.applyExactly("transpose", {{Tensor{x}, range}},
                                                  {{"permutation", order}}, range);
  return moved.as<Tensor>()->id;
}

bool readTurns(const Expr &range, Head &head, Environment &environment) {
  Report &report = environment.unfolding.report;
  if (range.kind != Expr::Kind::Range) {
    report.error("loop-range", range.range,
                 "a loop needs a range `0..n`, found " + quoted(report.text(range.range)));
    return false;
  }
  Value from = evaluate(*range.operands[0], environment);
  Value to = evaluate(*range.operands[1], environment);
  if (from.isPoison() || to.isPoison())
    return false;
  const Dim *first = from.as<Dim>(), *last = to.as<Dim>();
  if (!first || !last || !first->isConstant() || !last->isConstant()) {
    report.error("loop-range", range.range,
                 "a loop's range must be of static ints, found " + str(from) + " .. " + str(to));
    return false;
  }
  head.from = *first->constant();
  head.count = *last->constant() - head.from;
  return true;
}

/// Of what a `scan` runs over: each tensor is a slice.
bool readSlices(const Expr &expr, Head &head, Environment &environment) {
  Unfolding &unfolding = environment.unfolding;
  Report &report = unfolding.report;
  const Expr &names = *expr.operands[0], &source = *expr.operands[1];
  Value value = evaluate(source, environment);
  if (value.isPoison())
    return false;
  const Tuple *tuple = value.as<Tuple>();
  const List *list = value.as<List>();
  std::vector<Value> values = tuple ? tuple->elements : list ? list->elements : std::vector{value};
  bool isTuple = names.kind == Expr::Kind::Tuple;
  if ((isTuple ? names.operands.size() : 1) != values.size()) {
    report.error("tuple-size", source.range,
                 std::to_string(isTuple ? names.operands.size() : 1) + " names run over " +
                     kindOf(value));
    return false;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const Expr *name = isTuple ? names.operands[i].get() : &names;
    const Tensor *tensor = values[i].as<Tensor>();
    if (!tensor) {
      report.error("argument-type", source.range,
                   "a scan runs over tensors, found " + kindOf(values[i]));
      return false;
    }
    TensorType type = unfolding.graph.typeOf(*tensor);
    auto rank = static_cast<int64_t>(type.shape.size());
    std::optional<int64_t> size;
    if (head.axis < rank)
      size = type.shape[head.axis].constant();
    if (!size || (i > 0 && *size != head.count)) {
      Diagnostic &error = report.error(
          "loop-range", source.range,
          head.axis >= rank ? "there is no axis " + std::to_string(head.axis) + " in " + str(type)
          : !size ? "a scan needs an axis of static size, axis " + std::to_string(head.axis) +
                        " of " + str(type) + " is not"
                  : "the tensors of a scan have the same size along its axis, found " +
                        std::to_string(head.count) + " and " + str(type));
      unfolding.graph.noteOrigin(error, tensor->id, head.axis >= rank, source.range);
      return false;
    }
    head.count = *size;
    type.shape.erase(type.shape.begin() + head.axis);
    head.slices.push_back(
        {name, withAxisAt(tensor->id, head.axis, 0, source.range, unfolding), type});
  }
  return true;
}

bool readAxis(const Expr &loop, Head &head, Environment &environment) {
  Report &report = environment.unfolding.report;
  const Expr *along = option(loop, "along");
  if (!along && loop.text == "scan") {
    report.error("missing-argument", loop.focus,
                 "a scan says which axis it runs along: `scan x in xs along 1`");
    return false;
  }
  if (!along)
    return true;
  Value value = evaluate(*along, environment);
  const Dim *axis = value.as<Dim>();
  head.axis = axis ? axis->constant().value_or(-1) : -1;
  if (head.axis >= 0 || value.isPoison())
    return !value.isPoison();
  report.error("index-range", along->range,
               "`along` needs the number of an axis, counted from 0, found " +
                   (axis ? str(value) : kindOf(value)));
  return false;
}

bool readLengths(const Expr &loop, Head &head, Environment &environment) {
  const Expr *lengths = option(loop, "lengths");
  if (!lengths)
    return true;
  GraphBuilder &graph = environment.unfolding.graph;
  Value value = evaluate(*lengths, environment);
  if (value.isPoison() || value.is<None>()) // of a layer's tensor that was not given
    return !value.isPoison();
  const Tensor *tensor = value.as<Tensor>();
  if (tensor && graph.typeOf(*tensor).element == Element::Int &&
      graph.typeOf(*tensor).shape.size() == 1) {
    head.lengths = Operand{value, lengths->range};
    return true;
  }
  environment.unfolding.report.error("argument-type", lengths->range,
                                     "`lengths` needs an int for each sample, int[B], found " +
                                         environment.unfolding.operations.described(value));
  return false;
}

/// Empty after an error.
std::optional<Head> headOf(const Expr &loop, Environment &environment) {
  Report &report = environment.unfolding.report;
  Head head;
  std::set<std::string> given;
  for (const ast::Argument &one : loop.options)
    if (!given.insert(one.name->text).second) {
      report.error("duplicate-argument", one.name->range,
                   quoted(one.name->text) + " is given twice");
      return std::nullopt;
    }
  if (const Expr *reversed = option(loop, "reversed")) {
    auto truth = condition(*reversed, environment);
    if (!truth)
      return std::nullopt;
    head.isReversed = *truth;
  }
  bool isScan = loop.text == "scan";
  if (!readAxis(loop, head, environment) ||
      !(isScan ? readSlices(loop, head, environment)
               : readTurns(*loop.operands[1], head, environment)) ||
      !readLengths(loop, head, environment))
    return std::nullopt;
  head.until = option(loop, "until");
  if (head.count >= 1 && head.count <= kMostTurns)
    return head;
  report.error("loop-range", loop.operands[1]->range,
               "a loop has at least one turn and at most " + std::to_string(kMostTurns) +
                   ", found " + std::to_string(head.count));
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

/// x along further axes at its end, which make its shape that one.
Value widened(const Operand &x, const Shape &shape, Range range, Unfolding &unfolding) {
  Shape axes, sizes;
  for (size_t axis = unfolding.graph.typeOf(*x.value.as<Tensor>()).shape.size();
       axis < shape.size(); ++axis) {
    axes.push_back(Dim(static_cast<int64_t>(axis)));
    sizes.push_back(shape[axis]);
  }
  return unfolding.operations.applyExactly("broadcast", {x}, {{"axes", axes}, {"sizes", sizes}},
                                           range);
}

/// `value` where the turn is one of the sample's own, else `otherwise`; Poison after an error.
Value ifWithin(const Operand &value, const Value &otherwise, const Operand &isWithin,
               Unfolding &unfolding) {
  GraphBuilder &graph = unfolding.graph;
  const TensorType type = graph.typeOf(*value.value.as<Tensor>());
  const Shape &samples = graph.typeOf(*isWithin.value.as<Tensor>()).shape;
  if (!samples.empty() && (type.shape.empty() || type.shape[0] != samples[0])) {
    unfolding.report
        .error("shape-mismatch", value.range,
               "a loop with `lengths` or `until` of " + samples[0].str() +
                   " samples carries and yields tensors whose first axis they are, found " +
                   str(type))
        .notes.push_back({isWithin.range, "the samples"});
    return Poison{};
  }
  Value wide = widened(isWithin, type.shape, value.range, unfolding);
  return unfolding.operations.applyExactly(
      "select", {{wide, value.range}, value, {otherwise, value.range}}, {}, value.range);
}

/// One turn, unfolded.
struct Turn {
  std::vector<ValueId> next; // of the carried values
  std::vector<Operand> yielded;
  ValueId guard = -1; // which samples the turn is of
};

/// Whether the loop goes on, as its `until` says: a bool for each sample, or one for all. Poison
/// after an error.
Value goesOn(const Expr &until, Environment &environment) {
  Unfolding &unfolding = environment.unfolding;
  Value isOver = evaluate(until, environment);
  if (isOver.isPoison())
    return Poison{};
  const Tensor *tensor = isOver.as<Tensor>();
  if (tensor && unfolding.operations.isTruth(isOver) &&
      unfolding.graph.typeOf(*tensor).shape.size() < 2)
    return unfolding.operations.opposite({isOver, until.range}, until.range);
  unfolding.report.error("argument-type", until.range,
                         "`until` needs a bool for each sample, bool[B], or one for all, bool[], "
                         "found " +
                             unfolding.operations.described(isOver));
  return Poison{};
}

/// Whether the turn is one of the sample's own; Poison after an error, and nothing if each turn is.
Value isWithin(const Head &head, const Value &isWithinLength, Environment &environment) {
  if (!head.until)
    return isWithinLength;
  Value isOn = goesOn(*head.until, environment);
  if (isOn.isPoison() || isWithinLength.is<Nothing>())
    return isOn;
  Unfolding &unfolding = environment.unfolding;
  Operand on{isOn, head.until->range}, within{isWithinLength, head.lengths->range};
  Shape samples = unfolding.graph.typeOf(*isWithinLength.as<Tensor>()).shape;
  if (unfolding.graph.typeOf(*isOn.as<Tensor>()).shape.empty())
    on.value = widened(on, samples, on.range, unfolding);
  return unfolding.operations.logical("and", on, within, head.until->range);
}

/// Empty after an error. `isWithinLength` is a bool for each sample, or nothing.
std::optional<Turn> unfoldTurn(const Expr &expr, const Head &head, const std::vector<Port> &carried,
                               const Value &isWithinLength, Environment &environment) {
  Unfolding &unfolding = environment.unfolding;
  GraphBuilder &graph = unfolding.graph;
  int errorsBefore = unfolding.report.count();
  Value within = isWithin(head, isWithinLength, environment);
  if (within.isPoison())
    return std::nullopt;
  auto returned = execute(expr.blocks[0], environment);
  if (unfolding.report.count() != errorsBefore)
    return std::nullopt;
  if (returned) {
    unfolding.report.error("misplaced-return", expr.focus,
                           "`return` cannot stand inside a loop that runs in the program");
    return std::nullopt;
  }
  Turn turn;
  for (const Port &port : carried)
    if (auto id =
            nextOf(port, *environment.findHere(port.name), expr.focus, graph, unfolding.report))
      turn.next.push_back(*id);
  if (turn.next.size() != carried.size())
    return std::nullopt;
  turn.yielded = *environment.yielded();
  if (within.is<Nothing>())
    return turn;
  turn.guard = within.as<Tensor>()->id;
  Operand condition{within, head.until ? head.until->range : head.lengths->range};
  for (size_t i = 0; i < carried.size(); ++i) {
    const Binding &binding = *environment.findHere(carried[i].name);
    Value next =
        ifWithin({Tensor{turn.next[i]}, binding.assigned}, binding.value, condition, unfolding);
    if (next.isPoison())
      return std::nullopt;
    turn.next[i] = next.as<Tensor>()->id;
  }
  for (Operand &value : turn.yielded) {
    TensorType type = graph.typeOf(*value.value.as<Tensor>());
    Value zero = graph.constant({0}, {type.element, type.shape, 0}, value.range);
    value.value = ifWithin(value, zero, condition, unfolding);
    if (value.value.isPoison())
      return std::nullopt;
  }
  return turn;
}

/// For each turn and sample whether it is within the length: bool[turns, B].
Value withinLengths(const Value &numbers, const Head &head, Unfolding &unfolding) {
  const Operand &lengths = *head.lengths;
  Shape samples = unfolding.graph.typeOf(*lengths.value.as<Tensor>()).shape;
  Value number =
      widened({numbers, lengths.range}, {Dim(head.count), samples[0]}, lengths.range, unfolding);
  return unfolding.operations.apply("less", {{number, lengths.range}, lengths}, lengths.range);
}

/// Leaves out the slices that nothing in the block uses.
void dropUnusedSlices(Block &block, size_t carried, std::vector<ValueId> &operands) {
  for (size_t i = block.arguments.size(); i-- > carried;)
    if (!uses(block, block.arguments[i])) {
      block.arguments.erase(block.arguments.begin() + i);
      operands.erase(operands.begin() + i);
    }
}

} // namespace

Value evaluateLoop(const Expr &expr, Environment &environment) {
  Unfolding &unfolding = environment.unfolding;
  GraphBuilder &graph = unfolding.graph;
  std::vector<Port> arguments;
  auto head = headOf(expr, environment);
  auto operands = startsOf(expr, arguments, environment);
  if (!head || !operands)
    return Poison{};
  const std::vector<Port> carried = arguments;
  std::vector<TensorType> types;
  for (const Port &port : carried)
    types.push_back(port.type);
  for (const Slice &slice : head->slices) {
    arguments.push_back({slice.name->text, slice.type, slice.name->range});
    operands->push_back(slice.whole);
  }
  // The number of the turn is a slice of a list of them all.
  std::vector<double> numbers;
  for (int64_t i = 0; i < head->count; ++i)
    numbers.push_back(static_cast<double>(head->from + i));
  bool isNumbered = expr.text == "loop"; // by a name
  Range place = expr.operands[0]->range;
  Value all = graph.constant(std::move(numbers), {Element::Int, {Dim(head->count)}, 0}, place);
  size_t number = arguments.size();
  arguments.push_back({isNumbered ? expr.operands[0]->text : "", {Element::Int, {}, 0}, place});
  operands->push_back(all.as<Tensor>()->id);
  if (head->lengths) {
    ValueId within = withinLengths(all, *head, unfolding).as<Tensor>()->id;
    arguments.push_back(
        {"", {Element::Bool, {graph.typeOf(within).shape[1]}, 0}, head->lengths->range});
    operands->push_back(within);
  }

  std::vector<ValueId> ids = graph.openBlock(arguments);
  graph.turns.push_back({ids[number], head->count});
  Environment turn(environment, /*isTurn=*/true);
  for (size_t i = 0; i < arguments.size(); ++i)
    if (!arguments[i].name.empty())
      turn.bind(arguments[i].name,
                {i < carried.size() ? Binding::Kind::Carried : Binding::Kind::Let, Tensor{ids[i]},
                 arguments[i].range});
  Value isWithinLength = head->lengths ? Value(Tensor{ids.back()}) : Value(Nothing{});
  auto made = unfoldTurn(expr, *head, carried, isWithinLength, turn);
  graph.turns.pop_back();
  std::vector<ValueId> results = made ? made->next : std::vector<ValueId>();
  if (made)
    for (const Operand &value : made->yielded)
      results.push_back(value.value.as<Tensor>()->id);
  Block block = graph.closeBlock(results);
  if (!made)
    return Poison{};
  block.guard = made->guard;
  if (results.empty()) {
    unfolding.report.error("missing-value", expr.focus,
                           "the loop gives nothing: it carries no value and yields none");
    return Poison{};
  }
  for (size_t i = carried.size(); i < results.size(); ++i) {
    TensorType type = graph.typeOf(results[i]);
    if (head->axis > static_cast<int64_t>(type.shape.size())) {
      unfolding.report.error("rank-mismatch", made->yielded[i - carried.size()].range,
                             "what is yielded is stacked along axis " + std::to_string(head->axis) +
                                 ", which " + str(type) + " is too small for");
      return Poison{};
    }
    type.shape.insert(type.shape.begin(), Dim(head->count));
    types.push_back(type);
  }
  dropUnusedSlices(block, carried.size(), *operands);
  std::vector<Block> blocks;
  blocks.push_back(std::move(block));
  std::vector<ValueId> values = graph.addNode("loop", std::move(*operands),
                                              {{"carried", static_cast<int64_t>(carried.size())},
                                               {"count", head->count},
                                               {"reversed", head->isReversed}},
                                              types, expr.focus, std::move(blocks));
  Tuple tuple;
  for (size_t i = carried.size(); i < values.size(); ++i)
    tuple.elements.push_back(Tensor{withAxisAt(values[i], 0, head->axis, expr.focus, unfolding)});
  for (size_t i = 0; i < carried.size(); ++i)
    tuple.elements.push_back(Tensor{values[i]});
  return tuple.elements.size() == 1 ? tuple.elements[0] : Value(std::move(tuple));
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

void executeYield(const ast::Stmt &stmt, Environment &environment) {
  Report &report = environment.unfolding.report;
  Value value = evaluate(*stmt.value, environment);
  std::vector<Operand> *yielded = environment.yielded();
  if (!yielded) {
    report.error("misplaced-statement", stmt.range,
                 "`yield` stands in a loop that runs in the program, `loop` or `scan`");
    return;
  }
  if (value.isPoison())
    return;
  if (value.is<Tensor>())
    yielded->push_back({std::move(value), stmt.value->range});
  else
    report.error("argument-type", stmt.value->range,
                 "a loop yields tensors, found " + kindOf(value));
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
