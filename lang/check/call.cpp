// Calls: functions, layers and their instances, operations, schedules.
#include "lang/check/call.h"
#include "lang/check/builtin.h"
#include "lang/check/expression.h"
#include "lang/check/match.h"
#include "lang/check/statement.h"
#include "lang/check/type.h"
#include "lang/check/unfolding.h"

#include <utility>

namespace dlc::lang {

using ast::Item;
using Given = std::vector<GivenArgument>;

namespace {

constexpr size_t kDeepestCall = 64;     // layers do not recurse without end
constexpr int64_t kMostCalls = 1000000; // of a model together

std::string parameterOf(const ast::Parameter &parameter, const Item &item) {
  return quoted(parameter.name.text) + " of " + quoted(item.name.text);
}

// --- bodies ------------------------------------------------------------------------------------

/// What the body returns, and the place that says so.
Operand returnedBy(const Item &item, Environment &callee) {
  if (item.value)
    return {evaluate(*item.value, callee), item.value->range};
  Report &report = callee.unfolding.report;
  int errorsBefore = report.count();
  auto returned = execute(item.body, callee);
  const std::vector<ast::StmtPtr> &statements = item.body.statements;
  Range last = statements.empty() ? item.name.range : statements.back()->range;
  if (returned)
    return {std::move(*returned), last};
  if (report.count() == errorsBefore) {
    Diagnostic &error = report.error("missing-return", item.name.range,
                                     quoted(item.name.text) + " ends without a `return`");
    if (!statements.empty() && statements.back()->kind == ast::Stmt::Kind::Expr)
      error.help.push_back("write `return` before the last expression");
  }
  return {Poison{}, last};
}

Value runBody(const Item &item, Environment &callee, CallShapes &shapes, Body body, Range site) {
  Unfolding &unfolding = callee.unfolding;
  Report &report = unfolding.report;
  if (report.depth() >= kDeepestCall) {
    report.error("recursion-limit", site,
                 "calls are nested more than " + std::to_string(kDeepestCall) + " deep; does " +
                     quoted(report.mostCalled()) + " call itself without end?");
    return Poison{};
  }
  if (++unfolding.calls > kMostCalls) {
    if (unfolding.calls == kMostCalls + 1)
      report.error("recursion-limit", site,
                   "the model makes more than " + std::to_string(kMostCalls) + " calls; does " +
                       quoted(report.mostCalled()) + " call itself several times?");
    return Poison{};
  }
  report.enter(item.name.text, site);
  int errorsBefore = report.count();
  Body outer = std::exchange(unfolding.body, body);
  auto [value, range] = returnedBy(item, callee);
  if (report.count() != errorsBefore && value.is<Nothing>())
    value = Poison{};
  if (item.result && !value.isPoison() && !shapes.fits(*item.result, value, range))
    value = Poison{};
  unfolding.body = outer;
  report.leave();
  return value;
}

// --- functions ---------------------------------------------------------------------------------

Value callFunction(const Item &item, const Given &given, Range site, Environment &caller) {
  Report &report = caller.unfolding.report;
  Environment callee(caller.unfolding, report.inStandardLibrary(item.range));
  CallShapes shapes(item, callee);
  auto matched = matchArguments(item.name.text, item.config, given, site, report);
  if (!matched)
    return Poison{};
  for (size_t i = 0; i < item.config.size(); ++i) {
    const ast::Parameter &parameter = item.config[i];
    const GivenArgument *argument = (*matched)[i];
    Value value = evaluateArgument(argument, parameter, caller, callee);
    if (value.isPoison())
      return Poison{};
    Range range = argument ? argument->range : parameter.name.range;
    if (parameter.type && parameter.type->hasShape) {
      if (!shapes.bind(parameter, {std::move(value), range}))
        return Poison{};
      continue;
    }
    if (parameter.type)
      value = convert(std::move(value), *parameter.type, parameterOf(parameter, item), range,
                      parameter.name.range, report);
    if (value.isPoison())
      return Poison{};
    callee.bind(parameter.name.text, {Binding::Kind::Argument, std::move(value), range});
  }
  return runBody(item, callee, shapes, Body::Function, site);
}

// --- layers ------------------------------------------------------------------------------------

Value makeInstance(const Item &item, const Given &given, Range site, Environment &caller) {
  Unfolding &unfolding = caller.unfolding;
  if (unfolding.purpose != Purpose::Network) {
    unfolding.report.error("misplaced-layer", site,
                           quoted(item.name.text) +
                               " is a layer, which can only be used in models and layers");
    return Poison{};
  }
  Environment configuration(unfolding, unfolding.report.inStandardLibrary(item.range));
  if (!bindConfiguration(item, given, site, caller, configuration))
    return Poison{};
  auto instance = std::make_shared<LayerInstance>();
  instance->item = &item;
  for (const auto &[name, binding] : configuration.here())
    instance->config[name] = {binding.value, binding.range};
  instance->range = site;
  instance->scope = unfolding.graph.place;
  return instance;
}

/// Where the instance's weights belong; null after an error.
Place *placeOf(LayerInstance &instance, Unfolding &unfolding, Range site) {
  const std::string &name = instance.item->name.text;
  if (!instance.place)
    instance.place = unfolding.graph.places.anonymous(*instance.scope, name, site);
  if (instance.place)
    instance.place->layer = instance.item;
  else
    unfolding.report.error("duplicate-weight-name", site,
                           "another layer here already has the name " +
                               quoted(name + "_" + std::to_string(instance.scope->counts[name])));
  return instance.place;
}

Value applyInstance(LayerInstance &instance, const Given &given, Range site, Environment &caller) {
  const Item &item = *instance.item;
  Unfolding &unfolding = caller.unfolding;
  Report &report = unfolding.report;
  auto matched = matchArguments(item.name.text, item.inputs, given, site, report);
  if (!matched)
    return Poison{};
  Environment callee(unfolding, report.inStandardLibrary(item.range));
  for (const auto &[name, argument] : instance.config)
    callee.bind(name, {Binding::Kind::Argument, argument.value, argument.range});
  CallShapes shapes(item, callee);
  for (size_t i = 0; i < item.inputs.size(); ++i) {
    const ast::Parameter &parameter = item.inputs[i];
    const GivenArgument *argument = (*matched)[i];
    Value value = evaluateArgument(argument, parameter, caller, callee);
    if (value.isPoison())
      return Poison{};
    if (!parameter.type || !parameter.type->hasShape) {
      report.error("unknown-type", parameter.name.range,
                   "a layer's input needs a tensor type: " +
                       quoted(parameter.name.text + ": f32[...]"));
      return Poison{};
    }
    if (!shapes.bind(parameter, {std::move(value), argument ? argument->range : site}))
      return Poison{};
  }
  Place *place = placeOf(instance, unfolding, site);
  if (!place)
    return Poison{};
  Place *outer = std::exchange(unfolding.graph.place, place);
  Places::enter(*place);
  Value result = runBody(item, callee, shapes, Body::Layer, site);
  unfolding.graph.place = outer;
  return result;
}

// --- operations --------------------------------------------------------------------------------

/// The static value as an attribute; empty if it is of a type that none has.
std::optional<Attribute> attributeOf(const Value &value) {
  if (const Dim *dim = value.as<Dim>())
    return *dim->constant();
  if (auto dims = shape(value))
    return *dims;
  if (const Element *element = value.as<Element>())
    return *element;
  if (const bool *truth = value.as<bool>())
    return *truth;
  if (const double *real = value.as<double>())
    return *real;
  return std::nullopt;
}

Value configureOp(const Item &item, const Given &given, Range site, Environment &caller) {
  Report &report = caller.unfolding.report;
  Environment configuration(caller.unfolding, true);
  if (!bindConfiguration(item, given, site, caller, configuration))
    return Poison{};
  ConfiguredOp op{&item, {}, site};
  for (const ast::Parameter &parameter : item.config) {
    const Binding &binding = *configuration.findHere(parameter.name.text);
    Value value = convert(binding.value, *parameter.type, parameterOf(parameter, item),
                          binding.range, parameter.name.range, report);
    if (value.isPoison())
      return value;
    if (const Dim *dim = value.as<Dim>(); dim && !dim->isConstant()) {
      report.error("symbolic-number", binding.range,
                   parameterOf(parameter, item) + " must be known when compiling, found " +
                       quoted(dim->str()));
      return Poison{};
    }
    op.attributes[parameter.name.text] = attributeOf(value).value_or(Attribute());
  }
  return op;
}

/// The tensors for a parameter that stands for several: one by one, or in lists and tuples. Empty
/// after an error.
std::optional<std::vector<Operand>> repeatedOperands(const Item &item, const Given &given,
                                                     Range site, Environment &caller) {
  Report &report = caller.unfolding.report;
  std::vector<Operand> operands;
  for (const GivenArgument &argument : given) {
    if (argument.source && argument.source->name) {
      report.error("unknown-argument", argument.source->name->range,
                   quoted(item.name.text) + " takes its tensors without names");
      return std::nullopt;
    }
    Value value = argument.expr ? evaluate(*argument.expr, caller) : argument.value;
    if (value.isPoison())
      return std::nullopt;
    const List *list = value.as<List>();
    const Tuple *tuple = value.as<Tuple>();
    for (const Value &each : list    ? list->elements
                             : tuple ? tuple->elements
                                     : std::vector<Value>{value})
      operands.push_back({each, argument.range});
  }
  if (!operands.empty())
    return operands;
  report.error("missing-argument", site, quoted(item.name.text) + " needs at least one tensor");
  return std::nullopt;
}

/// The key of random numbers, in a loop another one each turn: the number of the turn, counted over
/// all loops around, is added to the step's upper half, which no training reaches.
Value keyOfTurn(Range site, Unfolding &unfolding) {
  GraphBuilder &graph = unfolding.graph;
  Operations &operations = unfolding.operations;
  Value key = Tensor{graph.randomKey(site)};
  if (graph.turns.empty())
    return key;
  const TensorType scalar = {Element::Int, {}, 0};
  Value number = Tensor{graph.turns[0].number};
  for (size_t i = 1; i < graph.turns.size(); ++i) {
    Value count = graph.constant({static_cast<double>(graph.turns[i].count)}, scalar, site);
    Value before = operations.applyExactly("mul", {{number, site}, {count, site}}, {}, site);
    number = operations.applyExactly("add", {{before, site}, {Tensor{graph.turns[i].number}, site}},
                                     {}, site);
  }
  Value place = graph.constant({0, 0, 0, 1}, graph.typeOf(*key.as<Tensor>()), site);
  Value offset = operations.apply("mul", {{place, site}, {number, site}}, site);
  return operations.applyExactly("add", {{key, site}, {offset, site}}, {}, site);
}

Value applyOp(const Item &item, const std::map<std::string, Attribute> &attributes,
              const Given &given, Range site, Environment &caller) {
  const std::string &name = item.name.text;
  Unfolding &unfolding = caller.unfolding;
  std::vector<Operand> operands;
  if (name == "random_uniform" && given.empty()) { // its key is known
    operands.push_back({keyOfTurn(site, unfolding), site});
  } else if (!item.inputs.empty() && item.inputs.back().repeats) {
    auto repeated = repeatedOperands(item, given, site, caller);
    if (!repeated)
      return Poison{};
    operands = std::move(*repeated);
  } else {
    auto matched = matchArguments(name, item.inputs, given, site, unfolding.report);
    if (!matched)
      return Poison{};
    for (const GivenArgument *argument : *matched) {
      Value value = argument->expr ? evaluate(*argument->expr, caller) : argument->value;
      if (value.isPoison())
        return Poison{};
      operands.push_back({std::move(value), argument->range});
    }
  }
  if (item.config.empty())
    return unfolding.operations.apply(name, operands, site);
  return unfolding.operations.applyExactly(name, operands, attributes, site);
}

} // namespace

// --- the forms of a call -----------------------------------------------------------------------

Value call(const Value &callee, const Given &given, Environment &caller, Range site,
           const Operand *piped) {
  if (callee.isPoison())
    return Poison{};
  Given tensors;
  if (piped)
    tensors.push_back({nullptr, nullptr, piped->value, piped->range});
  const Callable *callable = callee.as<Callable>();
  const Item *item = callable ? callable->item : nullptr;

  // Those with a configuration of their own take it first; the piped tensor comes after.
  if (item && item->kind == Item::Kind::Layer) {
    Value instance = makeInstance(*item, given, site, caller);
    if (!piped || instance.isPoison())
      return instance;
    return applyInstance(**instance.as<std::shared_ptr<LayerInstance>>(), tensors, site, caller);
  }
  if (item && item->kind == Item::Kind::Op && !item->config.empty()) {
    Value op = configureOp(*item, given, site, caller);
    if (!piped || op.isPoison())
      return op;
    return applyOp(*item, op.as<ConfiguredOp>()->attributes, tensors, site, caller);
  }

  tensors.insert(tensors.end(), given.begin(), given.end());
  if (item && item->kind == Item::Kind::Function)
    return callFunction(*item, tensors, site, caller);
  if (item && item->kind == Item::Kind::Op)
    return applyOp(*item, {}, tensors, site, caller);
  if (const Builtin *builtin = callee.as<Builtin>())
    return callBuiltin(builtin->name, tensors, site, caller);
  if (const ConfiguredOp *op = callee.as<ConfiguredOp>())
    return applyOp(*op->item, op->attributes, tensors, site, caller);
  if (const auto *instance = callee.as<std::shared_ptr<LayerInstance>>())
    return applyInstance(**instance, tensors, site, caller);
  caller.unfolding.report.error("not-callable", site, kindOf(callee) + " cannot be called");
  return Poison{};
}

Value callSchedule(const Item &item, Environment &callee, Range site) {
  CallShapes shapes(item, callee);
  return runBody(item, callee, shapes, Body::Schedule, site);
}

} // namespace dlc::lang
