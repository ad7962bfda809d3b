// Executes the statements of a body: bindings, assignments, static `if` and `for`.
#include "lang/check/statement.h"
#include "lang/check/expression.h"
#include "lang/check/loop.h"
#include "lang/check/notation.h"
#include "lang/check/tensor_type.h"
#include "lang/check/type.h"
#include "lang/check/variable.h"

namespace dlc::lang {

using ast::Stmt;

namespace {

constexpr int64_t kMostTurns = 100000; // of all loops of a model together

// --- which statement may stand where -----------------------------------------------------------

const char *inWords(Body body) {
  switch (body) {
  case Body::Model:
    return "a model";
  case Body::Layer:
    return "a layer";
  case Body::Function:
    return "a function";
  case Body::Schedule:
    return "a schedule";
  case Body::Optimizer:
    return "an optimizer";
  }
  return "a body";
}

const char *keyword(Stmt::Kind kind) {
  switch (kind) {
  case Stmt::Kind::Param:
    return "param";
  case Stmt::Kind::State:
    return "state";
  case Stmt::Kind::Write:
    return "<-";
  case Stmt::Kind::Return:
    return "return";
  case Stmt::Kind::Augment:
    return "augment";
  default:
    return "each";
  }
}

bool isAllowed(Stmt::Kind kind, Body body) {
  switch (kind) {
  case Stmt::Kind::Param:
    return body == Body::Model || body == Body::Layer;
  case Stmt::Kind::State:
  case Stmt::Kind::Write:
    return body == Body::Model || body == Body::Layer || body == Body::Optimizer;
  case Stmt::Kind::Return:
    return body != Body::Model && body != Body::Optimizer;
  case Stmt::Kind::Each:
  case Stmt::Kind::Augment:
    return false;
  default:
    return true;
  }
}

void reportMisplaced(const Stmt &stmt, Environment &environment) {
  Body body = environment.unfolding.body;
  Diagnostic &error = environment.unfolding.report.error("misplaced-statement", stmt.range,
                                                         quoted(keyword(stmt.kind)) +
                                                             " cannot stand in " + inWords(body));
  if (stmt.kind == Stmt::Kind::Return && body == Body::Model)
    error.help.push_back("assign to the model's result instead");
  if (stmt.kind == Stmt::Kind::Param && body == Body::Function)
    error.help.push_back("declare it in a `layer`");
  for (const ast::Name &name : stmt.names)
    if (!environment.find(name.text))
      environment.bind(name.text, {Binding::Kind::Let, Poison{}, name.range});
}

// --- let and var -------------------------------------------------------------------------------

void bindLet(const ast::Name &name, Value value, Environment &environment, Binding::Kind kind) {
  Report &report = environment.unfolding.report;
  GraphBuilder &graph = environment.unfolding.graph;
  if (Binding *before = environment.findHere(name.text); before &&
                                                         before->kind != Binding::Kind::Argument &&
                                                         before->kind != Binding::Kind::Dimension) {
    Diagnostic &error =
        report.error("duplicate-name", name.range, quoted(name.text) + " is already defined here");
    error.notes.push_back({before->range, "it was defined here"});
    if (before->kind == Binding::Kind::Var || before->kind == Binding::Kind::Result)
      error.help.push_back(quoted(name.text + " = …") + " assigns to it");
    return;
  }
  graph.nameValue(value, name.text);
  if (const auto *instance = value.as<std::shared_ptr<LayerInstance>>();
      instance && !(*instance)->place) {
    (*instance)->place =
        graph.places.child(*graph.place, name.text, Place::Kind::Bound, name.range);
    if (!(*instance)->place) {
      report.error("duplicate-weight-name", name.range,
                   "another layer here already has the name " + quoted(name.text));
      value = Poison{};
    }
  }
  environment.bind(name.text, {kind, std::move(value), name.range});
}

/// The value in the type that the statement declares for it.
Value declaredValue(const Stmt &stmt, Value value, Environment &environment) {
  Report &report = environment.unfolding.report;
  GraphBuilder &graph = environment.unfolding.graph;
  if (!stmt.type->hasShape)
    return convert(std::move(value), *stmt.type, quoted(stmt.names[0].text), stmt.value->range, {},
                   report);
  auto type = tensorType(*stmt.type, environment);
  if (!type)
    return Poison{};
  const Tensor *tensor = value.as<Tensor>();
  if (tensor && graph.typeOf(*tensor).shape == type->shape &&
      graph.typeOf(*tensor).element == type->element)
    return value;
  Diagnostic &error =
      report.error("result-type", stmt.value->range,
                   quoted(stmt.names[0].text) + " is declared as " + report.text(stmt.type->range) +
                       ", found " + (tensor ? str(graph.typeOf(*tensor)) : kindOf(value)));
  if (tensor)
    graph.noteOrigin(error, tensor->id, false, stmt.value->range);
  return Poison{};
}

void executeLet(const Stmt &stmt, Environment &environment) {
  Binding::Kind kind = stmt.kind == Stmt::Kind::Var ? Binding::Kind::Var : Binding::Kind::Let;
  if (stmt.indices) {
    bindLet(stmt.names[0], evaluateNotation(stmt, environment), environment, kind);
    return;
  }
  Value value =
      evaluate(*stmt.value, environment, isFloat(stmt.type) ? Wanted::Float : Wanted::Any);
  if (stmt.type && !value.isPoison())
    value = declaredValue(stmt, std::move(value), environment);
  if (!stmt.isTuple) {
    bindLet(stmt.names[0], std::move(value), environment, kind);
    return;
  }
  const Tuple *tuple = value.as<Tuple>();
  const List *list = value.as<List>();
  const std::vector<Value> *elements = tuple ? &tuple->elements : list ? &list->elements : nullptr;
  bool fits = elements && elements->size() == stmt.names.size();
  if (!fits && !value.isPoison())
    environment.unfolding.report.error("tuple-size", stmt.value->range,
                                       std::to_string(stmt.names.size()) +
                                           " names are bound, found " + kindOf(value));
  for (size_t i = 0; i < stmt.names.size(); ++i)
    bindLet(stmt.names[i], fits ? (*elements)[i] : Value(Poison{}), environment, kind);
}

// --- assignment --------------------------------------------------------------------------------

/// What may be assigned to by that name; null after an error.
Binding *assignable(const ast::Name &name, Environment &environment) {
  auto isAssignable = [](const Binding &binding) {
    return binding.kind == Binding::Kind::Var || binding.kind == Binding::Kind::Result;
  };
  Report &report = environment.unfolding.report;
  Binding *binding = environment.find(name.text);
  if (!binding) {
    Diagnostic &error =
        report.error("undefined-name", name.range, quoted(name.text) + " is not defined");
    std::vector<std::string> candidates;
    for (const std::string &candidate : environment.allNames())
      if (isAssignable(*environment.find(candidate)))
        candidates.push_back(candidate);
    if (!suggest(error, name.text, candidates))
      error.help.push_back(quoted("let " + name.text + " = …") + " defines it");
    environment.bind(name.text, {Binding::Kind::Var, Poison{}, name.range}); // reported once
    return nullptr;
  }
  bool isOfTurn = binding == environment.findInTurn(name.text);
  if (isAssignable(*binding) && isOfTurn)
    return binding;
  Diagnostic &error = report.error(
      "not-assignable", name.range,
      quoted(name.text) + " cannot be assigned to" +
          (isAssignable(*binding) ? " from inside a loop that runs in the program" : ""));
  error.notes.push_back({binding->range, "it is defined here"});
  if (binding->kind == Binding::Kind::Carried)
    error.help.push_back(quoted("next " + name.text + " = …") + " gives its next value");
  else if (!isOfTurn && isAssignable(*binding))
    error.help.push_back("carry it: " + quoted("loop …, " + name.text + " = …"));
  if (binding->kind == Binding::Kind::State || binding->kind == Binding::Kind::Weight)
    error.help.push_back(quoted(name.text + " <- …") + " writes it");
  else if (binding->kind == Binding::Kind::Let)
    error.help.push_back("define it with `var` instead of `let`");
  return nullptr;
}

void executeAssign(const Stmt &stmt, Environment &environment) {
  Value value =
      stmt.indices ? evaluateNotation(stmt, environment) : evaluate(*stmt.value, environment);
  bool isTuple = stmt.names.size() > 1;
  const Tuple *tuple = isTuple ? value.as<Tuple>() : nullptr;
  if (isTuple && !value.isPoison() && (!tuple || tuple->elements.size() != stmt.names.size())) {
    environment.unfolding.report.error("tuple-size", stmt.value->range,
                                       std::to_string(stmt.names.size()) +
                                           " names are assigned, found " + kindOf(value));
    value = Poison{};
    tuple = nullptr;
  }
  for (size_t i = 0; i < stmt.names.size(); ++i) {
    Binding *binding = assignable(stmt.names[i], environment);
    if (!binding)
      continue;
    Value part = tuple ? tuple->elements[i] : value;
    environment.unfolding.graph.nameValue(part, stmt.names[i].text);
    binding->value = std::move(part);
    if (binding->kind == Binding::Kind::Result)
      binding->assigned = stmt.value->range;
  }
}

// --- if and for --------------------------------------------------------------------------------

std::optional<Value> executeIf(const Stmt &stmt, Environment &environment) {
  auto truth = condition(*stmt.value, environment);
  if (!truth)
    return Value(Poison{}); // what would follow is not known
  if (!*truth && stmt.blocks.size() < 2)
    return std::nullopt;
  Environment inner(environment);
  return execute(stmt.blocks[*truth ? 0 : 1], inner);
}

/// The values of a range `0..n`; none after an error.
std::vector<Value> valuesOfRange(const ast::Expr &range, Environment &environment) {
  Report &report = environment.unfolding.report;
  Value from = evaluate(*range.operands[0], environment);
  Value to = evaluate(*range.operands[1], environment);
  if (from.isPoison() || to.isPoison())
    return {};
  const Dim *first = from.as<Dim>(), *last = to.as<Dim>();
  if (!first || !last || !first->isConstant() || !last->isConstant()) {
    report.error("loop-range", range.range,
                 "a loop's range must be of static ints, found " + str(from) + " .. " + str(to));
    return {};
  }
  if (*last->constant() - *first->constant() > kMostTurns) {
    report.error("loop-limit", range.range,
                 "the loop has more than " + std::to_string(kMostTurns) + " turns");
    return {};
  }
  std::vector<Value> values;
  for (int64_t i = *first->constant(); i < *last->constant(); ++i)
    values.push_back(Dim(i));
  return values;
}

/// What a loop's variable is in each turn; none after an error.
std::vector<Value> loopValues(const ast::Expr &expr, Environment &environment) {
  if (expr.kind == ast::Expr::Kind::Range)
    return valuesOfRange(expr, environment);
  Value value = evaluate(expr, environment);
  if (const List *list = value.as<List>())
    return list->elements;
  if (const Tuple *tuple = value.as<Tuple>())
    return tuple->elements;
  if (!value.isPoison())
    environment.unfolding.report.error(
        "loop-range", expr.range, "a loop needs a range `0..n` or a list, found " + kindOf(value));
  return {};
}

std::optional<Value> executeFor(const Stmt &stmt, Environment &environment) {
  std::vector<Value> values = loopValues(*stmt.value, environment);
  Unfolding &unfolding = environment.unfolding;
  Report &report = unfolding.report;
  GraphBuilder &graph = unfolding.graph;
  const ast::Name &variable = stmt.names[0];
  Place *outer = graph.place;
  int errorsBefore = report.count();
  for (size_t i = 0; i < values.size(); ++i) {
    if (++unfolding.turns > kMostTurns) {
      report.error("loop-limit", stmt.value->range,
                   "the loops have more than " + std::to_string(kMostTurns) + " turns in all");
      break;
    }
    std::string turn = values[i].is<Dim>() ? str(values[i]) : std::to_string(i);
    graph.place = graph.places.iteration(*outer, variable.text + "." + turn, variable.range);
    Places::enter(*graph.place);
    Environment inner(environment);
    inner.bind(variable.text, {Binding::Kind::Let, values[i], variable.range});
    auto returned = execute(stmt.blocks[0], inner);
    graph.place = outer;
    if (returned)
      return returned;
    if (report.count() != errorsBefore)
      break; // the next turn would only repeat it
  }
  return std::nullopt;
}

} // namespace

// --- all of them -------------------------------------------------------------------------------

std::optional<Value> execute(const Stmt &stmt, Environment &environment) {
  if (!stmt.value)
    return std::nullopt; // reported by the parser
  if (!isAllowed(stmt.kind, environment.unfolding.body)) {
    reportMisplaced(stmt, environment);
    return std::nullopt;
  }
  if (stmt.kind == Stmt::Kind::Write && environment.unfolding.graph.isInBlock()) {
    environment.unfolding.report.error("misplaced-statement", stmt.range,
                                       "`<-` cannot stand in a loop that runs in the program");
    return std::nullopt;
  }
  switch (stmt.kind) {
  case Stmt::Kind::Let:
  case Stmt::Kind::Var:
    executeLet(stmt, environment);
    return std::nullopt;
  case Stmt::Kind::Assign:
    executeAssign(stmt, environment);
    return std::nullopt;
  case Stmt::Kind::Write:
    executeWrite(stmt, environment);
    return std::nullopt;
  case Stmt::Kind::Param:
    executeParam(stmt, environment);
    return std::nullopt;
  case Stmt::Kind::State:
    executeState(stmt, environment);
    return std::nullopt;
  case Stmt::Kind::Next:
    executeNext(stmt, environment);
    return std::nullopt;
  case Stmt::Kind::Yield:
    executeYield(stmt, environment);
    return std::nullopt;
  case Stmt::Kind::If:
    return executeIf(stmt, environment);
  case Stmt::Kind::For:
    return executeFor(stmt, environment);
  case Stmt::Kind::Return:
    return evaluate(*stmt.value, environment);
  case Stmt::Kind::Expr:
    evaluate(*stmt.value, environment);
    return std::nullopt;
  case Stmt::Kind::Each:
  case Stmt::Kind::Augment:
    return std::nullopt; // allowed in no body
  }
  return std::nullopt;
}

std::optional<Value> execute(const ast::Block &block, Environment &environment) {
  if (!environment.unfolding.enter(block.range))
    return Value(Poison{});
  std::optional<Value> returned;
  for (size_t i = 0; i < block.statements.size() && !returned; ++i)
    returned = execute(*block.statements[i], environment);
  environment.unfolding.leave();
  return returned;
}

void executeBody(const ast::Block &block, Environment &environment, Body body) {
  environment.unfolding.body = body;
  execute(block, environment);
}

} // namespace dlc::lang
