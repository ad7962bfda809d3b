// `param`, `state` and `<-`: what a model or an optimizer keeps.
#include "lang/check/variable.h"
#include "lang/check/call.h"
#include "lang/check/expression.h"
#include "lang/check/tensor_type.h"
#include "lang/check/unfolding.h"

namespace dlc::lang {

using ast::Stmt;

namespace {

constexpr int64_t kLargestVariable = int64_t(1) << 40; // elements

// --- the type ----------------------------------------------------------------------------------

std::optional<TensorType> variableType(const Stmt &stmt, Environment &environment) {
  if (!stmt.type)
    return std::nullopt;
  Report &report = environment.unfolding.report;
  const std::string &name = stmt.names[0].text;
  auto type = tensorType(*stmt.type, environment, name);
  if (!type)
    return std::nullopt;
  if (type->element != Element::Real) {
    report.error("variable-type", stmt.type->range,
                 quoted(name) + " must be of f32 numbers, found " + str(*type));
    return std::nullopt;
  }
  for (const Dim &dim : type->shape)
    if (!dim.isConstant()) {
      report.error("variable-size", stmt.type->range,
                   "the shape of " + quoted(name) + " must be known when compiling, found " +
                       str(type->shape));
      return std::nullopt;
    }
  if (auto count = size(type->shape).constant(); !count || *count > kLargestVariable) {
    report.error("variable-size", stmt.type->range, quoted(name) + " is too large: " + str(*type));
    return std::nullopt;
  }
  return type;
}

// --- the initial value -------------------------------------------------------------------------

/// The shape of a nested list whose rows are all alike; empty if they are not.
std::optional<Shape> shapeOfList(const Value &value) {
  const List *list = value.as<List>();
  if (!list)
    return Shape{};
  std::optional<Shape> inner;
  for (const Value &element : list->elements) {
    auto shape = shapeOfList(element);
    if (!shape || (inner && *inner != *shape))
      return std::nullopt;
    inner = shape;
  }
  Shape result = {Dim(static_cast<int64_t>(list->elements.size()))};
  if (inner)
    result.insert(result.end(), inner->begin(), inner->end());
  return result;
}

/// The numbers of a list that has the variable's shape; empty after an error.
std::optional<Init> listedValues(const Stmt &stmt, const TensorType &type, const Value &value,
                                 Range site, Report &report) {
  const std::string name = quoted(stmt.names[0].text);
  auto values = numbers(value);
  if (!value.is<List>() || !values) {
    report.error("init-type", site,
                 name + " starts as an init, a number or a list of numbers, found " +
                     kindOf(value));
    return std::nullopt;
  }
  auto given = shapeOfList(value);
  if (given && *given == type.shape)
    return Init{Init::Kind::Values, 0, 0, std::move(*values)};
  Diagnostic &error = report.error("init-shape", site,
                                   "the initial value of " + name + " has the shape " +
                                       (given ? str(*given) : "of rows that differ in length") +
                                       ", " + name + " is " + str(type));
  if (stmt.type && !report.inStandardLibrary(stmt.type->range))
    error.notes.push_back({stmt.type->range, "declared here"});
  return std::nullopt;
}

std::optional<Init> initialValue(const Stmt &stmt, const TensorType &type,
                                 Environment &environment) {
  Report &report = environment.unfolding.report;
  Range site = stmt.value->range;
  if (stmt.value->kind == ast::Expr::Kind::Name) // `= init`: what the user gave for it
    if (const Binding *argument = environment.find(stmt.value->text);
        argument && !report.inStandardLibrary(argument->range))
      site = argument->range;
  Value value = evaluate(*stmt.value, environment, Wanted::Float);
  if (value.is<Callable>()) { // a function of the shape
    List dims;
    for (const Dim &dim : type.shape)
      dims.elements.push_back(dim);
    value = call(value, {{nullptr, nullptr, dims, site}}, environment, site, nullptr);
  }
  if (value.isPoison())
    return std::nullopt;
  if (const Init *init = value.as<Init>()) {
    if (init->kind != Init::Kind::Orthogonal || type.shape.size() == 2)
      return *init;
    report.error("init-shape", site, "`orthogonal` starts matrices only, found " + str(type));
    return std::nullopt;
  }
  if (auto all = number(value))
    return Init{Init::Kind::Constant, *all, 0, {}};
  return listedValues(stmt, type, value, site, report);
}

// --- declarations ------------------------------------------------------------------------------

/// The variable's number: a new one or, where a shared instance is used again, that of its first
/// use. Empty after an error.
std::optional<int> declare(const Stmt &stmt, Environment &environment) {
  Unfolding &unfolding = environment.unfolding;
  GraphBuilder &graph = unfolding.graph;
  const ast::Name &name = stmt.names[0];
  auto type = variableType(stmt, environment);
  if (!type)
    return std::nullopt;
  bool isState = stmt.kind == Stmt::Kind::State;
  Variables &variables = isState ? unfolding.states : unfolding.params;
  const int next = static_cast<int>(variables.list.size());
  auto [entry, isNew] = graph.place->variables.try_emplace(name.text, next);
  if (!isNew) {
    const Variable &before = variables.list[entry->second];
    if (before.type.shape == type->shape)
      return entry->second;
    unfolding.report
        .error("shared-shape", name.range,
               quoted(name.text) + " of a shared layer is " + str(before.type) +
                   " from its first use, here it would be " + str(*type))
        .notes.push_back({before.range, "its first use"});
    return std::nullopt;
  }
  auto init = initialValue(stmt, *type, environment);
  if (!init) {
    graph.place->variables.erase(entry);
    return std::nullopt;
  }
  variables.list.push_back(
      {name.text, "", *type, std::move(*init), unfolding.report.userPlace(name.range)});
  variables.places.push_back(graph.place);
  ValueId id =
      graph.addNode(isState ? "state" : "param", {}, {{"index", int64_t(next)}}, *type, name.range);
  graph.nameValue(Tensor{id}, name.text);
  variables.nodes.push_back(id);
  if (isState)
    unfolding.newStates.push_back(id);
  return next;
}

void declareAndBind(const Stmt &stmt, Environment &environment) {
  Unfolding &unfolding = environment.unfolding;
  const ast::Name &name = stmt.names[0];
  if (!unfolding.graph.place->declared.insert(name.text).second) {
    unfolding.report.error("duplicate-weight-name", name.range,
                           "another weight here already has the name " + quoted(name.text));
    return;
  }
  bool isState = stmt.kind == Stmt::Kind::State;
  Binding binding{isState ? Binding::Kind::State : Binding::Kind::Param, Poison{}, name.range};
  if (auto index = declare(stmt, environment)) {
    binding.value = Tensor{(isState ? unfolding.states : unfolding.params).nodes[*index]};
    binding.variable = *index;
  }
  environment.bind(name.text, binding);
}

void executeSlot(const Stmt &stmt, Environment &environment) {
  GraphBuilder &graph = environment.unfolding.graph;
  OptimizerRule &rule = environment.unfolding.rule;
  const ast::Name &name = stmt.names[0];
  Binding binding{Binding::Kind::State, Poison{}, name.range};
  auto init = initialValue(stmt, rule.vectorType, environment);
  if (init && (init->kind != Init::Kind::Constant || init->a != 0)) {
    environment.unfolding.report.error("slot-start", stmt.value->range,
                                       "an optimizer's state starts as `zeros`");
  } else if (init) {
    int index = static_cast<int>(rule.slots.size());
    ValueId id =
        graph.addNode("slot", {}, {{"index", int64_t(index)}}, rule.vectorType, name.range);
    graph.nameValue(Tensor{id}, name.text);
    rule.slots.push_back(name.text);
    rule.newSlots.push_back(id);
    binding.value = Tensor{id};
    binding.variable = index;
  }
  environment.bind(name.text, binding);
}

} // namespace

void executeParam(const Stmt &stmt, Environment &environment) { declareAndBind(stmt, environment); }

void executeState(const Stmt &stmt, Environment &environment) {
  if (environment.unfolding.body == Body::Optimizer) {
    executeSlot(stmt, environment);
    return;
  }
  const ast::Name &name = stmt.names[0];
  if (stmt.type) {
    declareAndBind(stmt, environment);
    return;
  }
  environment.unfolding.report.error("missing-type", name.range,
                                     "a layer's state needs a type: " +
                                         quoted("state " + name.text + ": f32[…] = …"));
  environment.bind(name.text, {Binding::Kind::State, Poison{}, name.range});
}

// --- writing -----------------------------------------------------------------------------------

void executeWrite(const Stmt &stmt, Environment &environment) {
  Unfolding &unfolding = environment.unfolding;
  Report &report = unfolding.report;
  GraphBuilder &graph = unfolding.graph;
  const ast::Name &name = stmt.names[0];
  Value value = evaluate(*stmt.value, environment);
  Binding *binding = environment.find(name.text);
  if (!binding ||
      (binding->kind != Binding::Kind::State && binding->kind != Binding::Kind::Weight)) {
    Diagnostic &error = report.error("not-writable", name.range,
                                     "`<-` writes a state, " + quoted(name.text) +
                                         (binding ? " is none" : " is not defined"));
    if (binding)
      error.notes.push_back({binding->range, "it is defined here"});
    return;
  }
  const Tensor *old = binding->value.as<Tensor>();
  if (value.isPoison() || !old)
    return;
  const TensorType type = graph.typeOf(*old);
  if (value.isNumber() && number(value))
    value = graph.constant({*number(value)}, type, stmt.value->range);
  const Tensor *tensor = value.as<Tensor>();
  if (!tensor || graph.typeOf(*tensor).shape != type.shape ||
      graph.typeOf(*tensor).element != type.element) {
    report
        .error("write-type", stmt.value->range,
               quoted(name.text) + " is " + str(type) + ", the new value is " +
                   (tensor ? str(graph.typeOf(*tensor)) : kindOf(value)))
        .notes.push_back({binding->range, "declared here"});
    return;
  }
  graph.nameValue(value, name.text + "'");
  if (binding->kind == Binding::Kind::Weight)
    unfolding.rule.newWeight = tensor->id;
  else if (unfolding.purpose == Purpose::Optimizer)
    unfolding.rule.newSlots[binding->variable] = tensor->id;
  else
    unfolding.newStates[binding->variable] = tensor->id;
}

} // namespace dlc::lang
