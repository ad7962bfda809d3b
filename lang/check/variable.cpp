// `param`, `state` and `<-`: what a model keeps.
#include "lang/check/elaborate.h"

namespace dlc::lang {

using ast::Stmt;

namespace {

constexpr int64_t kLargestVariable = int64_t(1) << 40; // elements

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

} // namespace

std::optional<TensorType> Elaborator::variableType(const Stmt &stmt, Environment &environment) {
  if (!stmt.type)
    return std::nullopt;
  auto type = tensorType(*stmt.type, environment, stmt.names[0].text);
  if (!type)
    return std::nullopt;
  const std::string &name = stmt.names[0].text;
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

std::optional<Init> Elaborator::initialValue(const Stmt &stmt, const TensorType &type,
                                             Environment &environment) {
  const std::string &name = stmt.names[0].text;
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
    if (init->kind == Init::Kind::Orthogonal && type.shape.size() != 2) {
      report.error("init-shape", site, "`orthogonal` starts matrices only, found " + str(type));
      return std::nullopt;
    }
    return *init;
  }
  if (auto all = number(value))
    return Init{Init::Kind::Constant, *all, 0, {}};
  auto values = numbers(value);
  if (!value.is<List>() || !values) {
    report.error("init-type", site,
                 quoted(name) + " starts as an init, a number or a list of numbers, found " +
                     kindOf(value));
    return std::nullopt;
  }
  auto given = shapeOfList(value);
  if (!given || *given != type.shape) {
    Diagnostic &error = report.error("init-shape", site,
                                     "the initial value of " + quoted(name) + " has the shape " +
                                         (given ? str(*given) : "of rows that differ in length") +
                                         ", " + quoted(name) + " is " + str(type));
    if (!report.inStandardLibrary(stmt.type->range))
      error.notes.push_back({stmt.type->range, "declared here"});
    return std::nullopt;
  }
  return Init{Init::Kind::Values, 0, 0, std::move(*values)};
}

std::optional<ValueId> Elaborator::declareVariable(const Stmt &stmt, Environment &environment,
                                                   bool isState) {
  const ast::Name &name = stmt.names[0];
  auto type = variableType(stmt, environment);
  if (!type)
    return std::nullopt;
  std::vector<Variable> &variables = isState ? states : params;
  auto [entry, isNew] = place->variables.try_emplace(name.text, static_cast<int>(variables.size()));
  int index = entry->second;
  std::vector<ValueId> &nodes = isState ? stateNodes : paramNodes;
  if (isNew) {
    auto init = initialValue(stmt, *type, environment);
    if (!init) {
      place->variables.erase(entry);
      return std::nullopt;
    }
    variables.push_back({name.text, "", *type, std::move(*init), report.userPlace(name.range)});
    (isState ? statePlaces : paramPlaces).push_back(place);
    ValueId id =
        addNode(isState ? "state" : "param", {}, {{"index", int64_t(index)}}, *type, name.range);
    nameValue(Tensor{id}, name.text);
    nodes.push_back(id);
    if (isState)
      newStates.push_back(id);
    return id;
  }
  // The same declaration of an instance that is used again.
  const Variable &before = variables[index];
  if (before.type.shape != type->shape) {
    Diagnostic &error =
        report.error("shared-shape", name.range,
                     quoted(name.text) + " of a shared layer is " + str(before.type) +
                         " from its first use, here it would be " + str(*type));
    error.notes.push_back({before.range, "its first use"});
    return std::nullopt;
  }
  return nodes[index];
}

void Elaborator::executeParam(const Stmt &stmt, Environment &environment) {
  const ast::Name &name = stmt.names[0];
  if (!place->declared.insert(name.text).second) {
    report.error("duplicate-weight-name", name.range,
                 "another weight here already has the name " + quoted(name.text));
    return;
  }
  auto id = declareVariable(stmt, environment, false);
  environment.bind(name.text,
                   {Binding::Kind::Param, id ? Value(Tensor{*id}) : Value(Poison{}), name.range});
}

void Elaborator::executeState(const Stmt &stmt, Environment &environment, Body body) {
  if (body == Body::Optimizer) {
    executeSlot(stmt, environment);
    return;
  }
  const ast::Name &name = stmt.names[0];
  if (!stmt.type) {
    report.error("missing-type", name.range,
                 "a layer's state needs a type: `state " + name.text + ": f32[…] = …`");
    environment.bind(name.text, {Binding::Kind::State, Poison{}, name.range});
    return;
  }
  if (!place->declared.insert(name.text).second) {
    report.error("duplicate-weight-name", name.range,
                 "another weight here already has the name " + quoted(name.text));
    return;
  }
  auto id = declareVariable(stmt, environment, true);
  Binding binding{Binding::Kind::State, id ? Value(Tensor{*id}) : Value(Poison{}), name.range};
  if (id)
    binding.variable = static_cast<int>(std::get<int64_t>(graph.nodes[*id].attributes.at("index")));
  environment.bind(name.text, binding);
}

void Elaborator::executeSlot(const Stmt &stmt, Environment &environment) {
  const ast::Name &name = stmt.names[0];
  Binding binding{Binding::Kind::State, Poison{}, name.range};
  auto init = initialValue(stmt, vectorType, environment);
  if (init && (init->kind != Init::Kind::Constant || init->a != 0)) {
    report.error("slot-start", stmt.value->range, "an optimizer's state starts as `zeros`");
  } else if (init) {
    int index = static_cast<int>(slots.size());
    ValueId id = addNode("slot", {}, {{"index", int64_t(index)}}, vectorType, name.range);
    nameValue(Tensor{id}, name.text);
    slots.push_back(name.text);
    newSlots.push_back(id);
    binding.value = Tensor{id};
    binding.variable = index;
  }
  environment.bind(name.text, binding);
}

void Elaborator::executeWrite(const Stmt &stmt, Environment &environment) {
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
  TensorType type = typeOf(old->id);
  if (value.isNumber() && number(value))
    value = constant({*number(value)}, type, stmt.value->range);
  const Tensor *tensor = value.as<Tensor>();
  if (!tensor || typeOf(tensor->id).shape != type.shape ||
      typeOf(tensor->id).element != type.element) {
    Diagnostic &error =
        report.error("write-type", stmt.value->range,
                     quoted(name.text) + " is " + str(type) + ", the new value is " +
                         (tensor ? str(typeOf(tensor->id)) : kindOf(value)));
    error.notes.push_back({binding->range, "declared here"});
    return;
  }
  nameValue(value, name.text + "'");
  if (binding->kind == Binding::Kind::Weight)
    newWeight = tensor->id;
  else if (purpose == Purpose::Optimizer)
    newSlots[binding->variable] = tensor->id;
  else
    newStates[binding->variable] = tensor->id;
}

} // namespace dlc::lang
