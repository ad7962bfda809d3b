// Executes the statements of a body: bindings, assignments, static `if` and `for`.
#include "lang/check/elaborate.h"

namespace dlc::lang {

using ast::Stmt;

namespace {

constexpr int64_t kMostTurns = 100000; // of all loops of a model together

const char *bodyName(Elaborator::Body body) {
  switch (body) {
  case Elaborator::Body::Model:
    return "a model";
  case Elaborator::Body::Layer:
    return "a layer";
  case Elaborator::Body::Function:
    return "a function";
  case Elaborator::Body::Schedule:
    return "a schedule";
  case Elaborator::Body::Optimizer:
    return "an optimizer";
  }
  return "a body";
}

const char *statementName(Stmt::Kind kind) {
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

bool isAllowed(Stmt::Kind kind, Elaborator::Body body) {
  using Body = Elaborator::Body;
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

} // namespace

std::optional<Value> Elaborator::execute(const ast::Block &block, Environment &environment,
                                         Body body) {
  if (!deepen(block.range))
    return Value(Poison{});
  std::optional<Value> returned;
  for (size_t i = 0; i < block.statements.size() && !returned; ++i)
    returned = executeStatement(*block.statements[i], environment, body);
  --depth;
  return returned;
}

void Elaborator::executeBody(const ast::Block &block, Environment &environment, Body body) {
  currentBody = body;
  execute(block, environment, body);
}

std::optional<Value> Elaborator::executeStatement(const Stmt &stmt, Environment &environment,
                                                  Body body) {
  if (!stmt.value)
    return std::nullopt; // reported by the parser
  if (!isAllowed(stmt.kind, body)) {
    Diagnostic &error =
        report.error("misplaced-statement", stmt.range,
                     quoted(statementName(stmt.kind)) + " cannot stand in " + bodyName(body));
    if (stmt.kind == Stmt::Kind::Return && body == Body::Model)
      error.help.push_back("assign to the model's result instead");
    if (stmt.kind == Stmt::Kind::Param && body == Body::Function)
      error.help.push_back("declare it in a `layer`");
    for (const ast::Name &name : stmt.names)
      if (!environment.find(name.text))
        environment.bind(name.text, {Binding::Kind::Let, Poison{}, name.range});
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
    executeState(stmt, environment, body);
    return std::nullopt;
  case Stmt::Kind::If:
    return executeIf(stmt, environment, body);
  case Stmt::Kind::For:
    return executeFor(stmt, environment, body);
  case Stmt::Kind::Return:
    return evaluate(*stmt.value, environment);
  case Stmt::Kind::Expr:
    evaluate(*stmt.value, environment);
    return std::nullopt;
  case Stmt::Kind::Each:
  case Stmt::Kind::Augment:
    return std::nullopt;
  }
  return std::nullopt;
}

void Elaborator::bindLet(const ast::Name &name, Value value, Environment &environment,
                         Binding::Kind kind) {
  if (Binding *before = environment.findHere(name.text); before &&
                                                         before->kind != Binding::Kind::Argument &&
                                                         before->kind != Binding::Kind::Dimension) {
    Diagnostic &error =
        report.error("duplicate-name", name.range, quoted(name.text) + " is already defined here");
    error.notes.push_back({before->range, "it was defined here"});
    if (before->kind == Binding::Kind::Var || before->kind == Binding::Kind::Result)
      error.help.push_back("`" + name.text + " = …` assigns to it");
    return;
  }
  nameValue(value, name.text);
  if (const auto *instance = value.as<std::shared_ptr<LayerInstance>>();
      instance && !(*instance)->place) {
    (*instance)->place = places.child(*place, name.text, Place::Kind::Bound, name.range);
    if (!(*instance)->place) {
      report.error("duplicate-weight-name", name.range,
                   "another layer here already has the name " + quoted(name.text));
      value = Poison{};
    }
  }
  environment.bind(name.text, {kind, std::move(value), name.range});
}

void Elaborator::executeLet(const Stmt &stmt, Environment &environment) {
  Binding::Kind kind = stmt.kind == Stmt::Kind::Var ? Binding::Kind::Var : Binding::Kind::Let;
  bool wantsFloat = stmt.type && stmt.type->name.text == "float" && !stmt.type->hasShape;
  Value value = evaluate(*stmt.value, environment, wantsFloat ? Wanted::Float : Wanted::Any);
  if (stmt.type && !value.isPoison()) {
    if (!stmt.type->hasShape) {
      value =
          convert(std::move(value), *stmt.type, quoted(stmt.names[0].text), stmt.value->range, {});
    } else if (auto type = tensorType(*stmt.type, environment); !type) {
      value = Poison{};
    } else if (const Tensor *tensor = value.as<Tensor>();
               !tensor || typeOf(tensor->id).shape != type->shape ||
               typeOf(tensor->id).element != type->element) {
      Diagnostic &error = report.error("result-type", stmt.value->range,
                                       quoted(stmt.names[0].text) + " is declared as " +
                                           report.text(stmt.type->range) + ", found " +
                                           (tensor ? str(typeOf(tensor->id)) : kindOf(value)));
      if (tensor)
        noteOrigin(error, tensor->id, false, stmt.value->range);
      value = Poison{};
    }
  }
  if (!stmt.isTuple) {
    bindLet(stmt.names[0], std::move(value), environment, kind);
    return;
  }
  const Tuple *tuple = value.as<Tuple>();
  const List *list = value.as<List>();
  const std::vector<Value> *elements = tuple ? &tuple->elements : list ? &list->elements : nullptr;
  bool fits = elements && elements->size() == stmt.names.size();
  if (!fits && !value.isPoison())
    report.error("tuple-size", stmt.value->range,
                 std::to_string(stmt.names.size()) + " names are bound, found " + kindOf(value));
  for (size_t i = 0; i < stmt.names.size(); ++i)
    bindLet(stmt.names[i], fits ? (*elements)[i] : Value(Poison{}), environment, kind);
}

void Elaborator::executeAssign(const Stmt &stmt, Environment &environment) {
  Value value = evaluate(*stmt.value, environment);
  const Tuple *tuple = value.as<Tuple>();
  if (stmt.names.size() > 1 && !value.isPoison() &&
      (!tuple || tuple->elements.size() != stmt.names.size())) {
    report.error("tuple-size", stmt.value->range,
                 std::to_string(stmt.names.size()) + " names are assigned, found " + kindOf(value));
    value = Poison{};
    tuple = nullptr;
  }
  for (size_t i = 0; i < stmt.names.size(); ++i) {
    const ast::Name &name = stmt.names[i];
    Binding *binding = environment.find(name.text);
    if (!binding) {
      Diagnostic &error =
          report.error("undefined-name", name.range, quoted(name.text) + " is not defined");
      std::vector<std::string> assignable;
      for (const std::string &candidate : environment.allNames()) {
        Binding::Kind kind = environment.find(candidate)->kind;
        if (kind == Binding::Kind::Var || kind == Binding::Kind::Result)
          assignable.push_back(candidate);
      }
      environment.bind(name.text, {Binding::Kind::Var, Poison{}, name.range}); // reported once
      if (!suggest(error, name.text, assignable))
        error.help.push_back("`let " + name.text + " = …` defines it");
      continue;
    }
    if (binding->kind != Binding::Kind::Var && binding->kind != Binding::Kind::Result) {
      bool isWritten =
          binding->kind == Binding::Kind::State || binding->kind == Binding::Kind::Weight;
      Diagnostic &error =
          report.error("not-assignable", name.range, quoted(name.text) + " cannot be assigned to");
      error.notes.push_back({binding->range, "it is defined here"});
      if (isWritten)
        error.help.push_back("`" + name.text + " <- …` writes it");
      else if (binding->kind == Binding::Kind::Let)
        error.help.push_back("define it with `var` instead of `let`");
      continue;
    }
    Value part = tuple && stmt.names.size() > 1 ? tuple->elements[i] : value;
    nameValue(part, name.text);
    binding->value = std::move(part);
    if (binding->kind == Binding::Kind::Result)
      binding->assigned = stmt.value->range;
  }
}

std::optional<Value> Elaborator::executeIf(const Stmt &stmt, Environment &environment, Body body) {
  auto truth = condition(*stmt.value, environment);
  if (!truth)
    return Value(Poison{}); // what would follow is not known
  if (!*truth && stmt.blocks.size() < 2)
    return std::nullopt;
  Environment inner(environment);
  return execute(stmt.blocks[*truth ? 0 : 1], inner, body);
}

std::optional<Value> Elaborator::executeFor(const Stmt &stmt, Environment &environment, Body body) {
  std::vector<Value> values;
  if (stmt.value->kind == ast::Expr::Kind::Range) {
    Value from = evaluate(*stmt.value->operands[0], environment);
    Value to = evaluate(*stmt.value->operands[1], environment);
    if (from.isPoison() || to.isPoison())
      return std::nullopt;
    const Dim *first = from.as<Dim>(), *last = to.as<Dim>();
    if (!first || !last || !first->isConstant() || !last->isConstant()) {
      report.error("loop-range", stmt.value->range,
                   "a loop's range must be of static ints, found " + str(from) + " .. " + str(to));
      return std::nullopt;
    }
    if (*last->constant() - *first->constant() > kMostTurns) {
      report.error("loop-limit", stmt.value->range,
                   "the loop has more than " + std::to_string(kMostTurns) + " turns");
      return std::nullopt;
    }
    for (int64_t i = *first->constant(); i < *last->constant(); ++i)
      values.push_back(Dim(i));
  } else {
    Value value = evaluate(*stmt.value, environment);
    if (value.isPoison())
      return std::nullopt;
    const List *list = value.as<List>();
    if (!list) {
      report.error("loop-range", stmt.value->range,
                   "a loop needs a range `0..n` or a list, found " + kindOf(value));
      return std::nullopt;
    }
    values = list->elements;
  }

  Place *outer = place;
  int errorsBefore = report.count();
  for (size_t i = 0; i < values.size(); ++i) {
    if (++turns > kMostTurns) {
      report.error("loop-limit", stmt.value->range,
                   "the loops have more than " + std::to_string(kMostTurns) + " turns in all");
      break;
    }
    bool isInt = values[i].is<Dim>();
    std::string label = stmt.names[0].text + "." + (isInt ? str(values[i]) : std::to_string(i));
    place = places.iteration(*outer, label, stmt.names[0].range);
    Places::enter(*place);
    Environment inner(environment);
    inner.bind(stmt.names[0].text, {Binding::Kind::Let, values[i], stmt.names[0].range});
    auto returned = execute(stmt.blocks[0], inner, body);
    place = outer;
    if (returned)
      return returned;
    if (report.count() != errorsBefore)
      break; // the next turn would only repeat it
  }
  return std::nullopt;
}

} // namespace dlc::lang
