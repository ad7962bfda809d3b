// Calls: functions, layers and their instances, operations, pipes.
#include "lang/check/elaborate.h"

#include <algorithm>

namespace dlc::lang {

using ast::Expr;
using ast::Item;

namespace {

constexpr size_t kDeepestCall = 64; // layers do not recurse without end

Range focus(const Expr &expr) { return expr.focus.valid() ? expr.focus : expr.range; }

std::vector<std::string> namesOf(const std::vector<ast::Parameter> &parameters) {
  std::vector<std::string> names;
  for (const ast::Parameter &parameter : parameters)
    names.push_back(parameter.name.text);
  return names;
}

} // namespace

// --- arguments ---------------------------------------------------------------------------------

std::vector<Elaborator::GivenArgument>
Elaborator::list(const std::vector<ast::Argument> &arguments) {
  std::vector<GivenArgument> given;
  for (const ast::Argument &argument : arguments)
    if (argument.value)
      given.push_back({&argument, argument.value.get(), Nothing{}, argument.value->range});
  return given;
}

std::optional<std::vector<const Elaborator::GivenArgument *>>
Elaborator::matchArguments(const std::string &callee, const std::vector<ast::Parameter> &parameters,
                           const std::vector<GivenArgument> &given, Range site) {
  std::vector<const GivenArgument *> matched(parameters.size(), nullptr);
  size_t position = 0;
  bool isRight = true, sawName = false;
  for (const GivenArgument &argument : given) {
    const ast::Name *name =
        argument.source && argument.source->name ? &*argument.source->name : nullptr;
    size_t index = position;
    if (name) {
      sawName = true;
      index = 0;
      while (index < parameters.size() && parameters[index].name.text != name->text)
        ++index;
      if (index == parameters.size()) {
        Diagnostic &error = report.error("unknown-argument", name->range,
                                         quoted(callee) + " has no argument " + quoted(name->text));
        suggest(error, name->text, namesOf(parameters));
        isRight = false;
        continue;
      }
    } else if (sawName) {
      report.error("positional-after-named", argument.range,
                   "an argument without a name cannot follow one with a name");
      return std::nullopt;
    } else if (position++ >= parameters.size()) {
      report.error("too-many-arguments", argument.range,
                   quoted(callee) + " takes " + std::to_string(parameters.size()) +
                       (parameters.size() == 1 ? " argument" : " arguments") + ", found " +
                       std::to_string(given.size()));
      return std::nullopt;
    }
    if (matched[index]) {
      Diagnostic &error = report.error("duplicate-argument", name ? name->range : argument.range,
                                       quoted(parameters[index].name.text) + " of " +
                                           quoted(callee) + " is given twice");
      error.notes.push_back({matched[index]->range, "it was given here"});
      isRight = false;
      continue;
    }
    matched[index] = &argument;
  }
  if (!isRight)
    return std::nullopt;
  for (size_t i = 0; i < parameters.size(); ++i)
    if (!matched[i] && !parameters[i].defaultValue) {
      std::string type = parameters[i].type ? ": " + report.text(parameters[i].type->range) : "";
      Diagnostic &error = report.error(
          "missing-argument", site, quoted(callee) + " needs " + quoted(parameters[i].name.text));
      error.notes.push_back({parameters[i].name.range, parameters[i].name.text + type});
      return std::nullopt;
    }
  return matched;
}

bool Elaborator::bindConfiguration(const Item &item, const std::vector<GivenArgument> &given,
                                   Range site, Environment &caller, Environment &callee) {
  auto matched = matchArguments(item.name.text, item.config, given, site);
  if (!matched)
    return false;
  bool isRight = true;
  for (size_t i = 0; i < item.config.size(); ++i) {
    const ast::Parameter &parameter = item.config[i];
    bool isFloat = parameter.type &&
                   (parameter.type->name.text == "float" || parameter.type->name.text == "numbers");
    Wanted wanted = isFloat ? Wanted::Float : Wanted::Any;
    const GivenArgument *argument = (*matched)[i];
    Value value = !argument        ? evaluate(*parameter.defaultValue, callee, wanted)
                  : argument->expr ? evaluate(*argument->expr, caller, wanted)
                                   : argument->value;
    Range range = argument ? argument->range : parameter.name.range;
    if (parameter.type && item.kind != Item::Kind::Op)
      value = convert(std::move(value), *parameter.type,
                      quoted(parameter.name.text) + " of " + quoted(item.name.text), range,
                      parameter.name.range);
    isRight &= !value.isPoison();
    callee.bind(parameter.name.text, {Binding::Kind::Argument, std::move(value), range});
  }
  return isRight;
}

// --- the forms of a call -----------------------------------------------------------------------

Value Elaborator::evaluateCall(const Expr &expr, Environment &environment, const Operand *piped) {
  const Expr &callee = *expr.operands[0];
  Value value = evaluate(callee, environment);
  return call(value, list(expr.arguments), environment, focus(expr), piped);
}

Value Elaborator::evaluatePipe(const Expr &expr, Environment &environment) {
  const Expr &left = *expr.operands[0], &right = *expr.operands[1];
  Value source = evaluate(left, environment);
  if (source.isPoison())
    return source;
  Operand piped{std::move(source), focus(right)};
  if (right.kind == Expr::Kind::Call)
    return evaluateCall(right, environment, &piped);
  Value callee = evaluate(right, environment);
  return call(callee, {}, environment, focus(right), &piped);
}

Value Elaborator::call(const Value &callee, std::vector<GivenArgument> given,
                       Environment &environment, Range site, const Operand *piped) {
  if (callee.isPoison())
    return Poison{};
  std::vector<GivenArgument> tensors;
  if (piped)
    tensors.push_back({nullptr, nullptr, piped->value, piped->range});
  const Callable *callable = callee.as<Callable>();
  const Item *item = callable ? callable->item : nullptr;

  // Those with a configuration of their own take it first; the piped tensor comes after.
  if (item && item->kind == Item::Kind::Layer) {
    Value instance = makeInstance(*item, given, site, environment);
    if (!piped || instance.isPoison())
      return instance;
    return applyInstance(**instance.as<std::shared_ptr<LayerInstance>>(), tensors, site,
                         environment);
  }
  if (item && item->kind == Item::Kind::Op && !item->config.empty()) {
    Value op = configureOp(*item, given, site, environment);
    if (!piped || op.isPoison())
      return op;
    return applyOp(*item, op.as<ConfiguredOp>()->attributes, tensors, site, environment);
  }

  tensors.insert(tensors.end(), given.begin(), given.end());
  if (item && item->kind == Item::Kind::Function)
    return callFunction(*item, tensors, site, environment);
  if (item && item->kind == Item::Kind::Op)
    return applyOp(*item, {}, tensors, site, environment);
  if (const Builtin *builtin = callee.as<Builtin>())
    return callBuiltin(builtin->name, tensors, site, environment);
  if (const ConfiguredOp *op = callee.as<ConfiguredOp>())
    return applyOp(*op->item, op->attributes, tensors, site, environment);
  if (const auto *instance = callee.as<std::shared_ptr<LayerInstance>>())
    return applyInstance(**instance, tensors, site, environment);
  report.error("not-callable", site, kindOf(callee) + " cannot be called");
  return Poison{};
}

Value Elaborator::callFunction(const Item &item, const std::vector<GivenArgument> &given,
                               Range site, Environment &caller) {
  Environment callee(report.inStandardLibrary(item.range));
  ShapeVariables variables;
  auto matched = matchArguments(item.name.text, item.config, given, site);
  if (!matched)
    return Poison{};
  std::vector<MatchedOperand> operands;
  for (size_t i = 0; i < item.config.size(); ++i) {
    const ast::Parameter &parameter = item.config[i];
    const GivenArgument *argument = (*matched)[i];
    bool isFloat =
        parameter.type && parameter.type->name.text == "float" && !parameter.type->hasShape;
    Wanted wanted = isFloat ? Wanted::Float : Wanted::Any;
    Value value = !argument        ? evaluate(*parameter.defaultValue, callee, wanted)
                  : argument->expr ? evaluate(*argument->expr, caller, wanted)
                                   : argument->value;
    if (value.isPoison())
      return Poison{};
    Range range = argument ? argument->range : parameter.name.range;
    if (parameter.type && parameter.type->hasShape) {
      Operand operand{std::move(value), range};
      if (!matchTensor(item, parameter, operand, callee, variables, operands))
        return Poison{};
      continue;
    }
    if (parameter.type)
      value = convert(std::move(value), *parameter.type,
                      quoted(parameter.name.text) + " of " + quoted(item.name.text), range,
                      parameter.name.range);
    if (value.isPoison())
      return Poison{};
    callee.bind(parameter.name.text, {Binding::Kind::Argument, std::move(value), range});
  }
  return runBody(item, callee, variables, Body::Function, site);
}

Value Elaborator::callSchedule(const Item &item, Environment &environment, Range site) {
  ShapeVariables variables;
  return runBody(item, environment, variables, Body::Schedule, site);
}

Value Elaborator::runBody(const Item &item, Environment &environment, ShapeVariables &variables,
                          Body body, Range site) {
  if (report.depth() >= kDeepestCall) {
    report.error("recursion-limit", site,
                 "calls are nested more than " + std::to_string(kDeepestCall) + " deep; does " +
                     quoted(report.mostCalled()) + " call itself without end?");
    return Poison{};
  }
  report.enter(item.name.text, site);
  int errorsBefore = report.count();
  Body outerBody = currentBody;
  currentBody = body;
  Value value;
  Range resultRange = item.name.range;
  if (item.value) {
    value = evaluate(*item.value, environment);
    resultRange = item.value->range;
  } else {
    auto returned = execute(item.body, environment, body);
    if (!item.body.statements.empty())
      resultRange = item.body.statements.back()->range;
    if (returned) {
      value = std::move(*returned);
    } else {
      value = Poison{};
      if (report.count() == errorsBefore) {
        Diagnostic &error = report.error("missing-return", item.name.range,
                                         quoted(item.name.text) + " ends without a `return`");
        if (!item.body.statements.empty() &&
            item.body.statements.back()->kind == ast::Stmt::Kind::Expr)
          error.help.push_back("write `return` before the last expression");
      }
    }
  }
  if (report.count() != errorsBefore && !value.isPoison() && value.is<Nothing>())
    value = Poison{};
  if (item.result && !value.isPoison() &&
      !checkResult(item, *item.result, value, environment, variables, resultRange))
    value = Poison{};
  currentBody = outerBody;
  report.leave();
  return value;
}

// --- layers ------------------------------------------------------------------------------------

Value Elaborator::makeInstance(const Item &item, const std::vector<GivenArgument> &given,
                               Range site, Environment &caller) {
  if (purpose != Purpose::Network) {
    report.error("misplaced-layer", site,
                 quoted(item.name.text) +
                     " is a layer, which can only be used in models and layers");
    return Poison{};
  }
  Environment configuration(report.inStandardLibrary(item.range));
  if (!bindConfiguration(item, given, site, caller, configuration))
    return Poison{};
  auto instance = std::make_shared<LayerInstance>();
  instance->item = &item;
  for (const auto &[name, binding] : configuration.here())
    instance->config[name] = {binding.value, binding.range};
  instance->range = site;
  instance->scope = place;
  return instance;
}

Value Elaborator::applyInstance(LayerInstance &instance, const std::vector<GivenArgument> &given,
                                Range site, Environment &caller) {
  const Item &item = *instance.item;
  auto matched = matchArguments(item.name.text, item.inputs, given, site);
  if (!matched)
    return Poison{};
  Environment callee(report.inStandardLibrary(item.range));
  for (const auto &[name, argument] : instance.config)
    callee.bind(name, {Binding::Kind::Argument, argument.value, argument.range});
  ShapeVariables variables;
  std::vector<MatchedOperand> operands;
  for (size_t i = 0; i < item.inputs.size(); ++i) {
    const ast::Parameter &parameter = item.inputs[i];
    const GivenArgument *argument = (*matched)[i];
    Value value = !argument        ? evaluate(*parameter.defaultValue, callee)
                  : argument->expr ? evaluate(*argument->expr, caller)
                                   : argument->value;
    if (value.isPoison())
      return Poison{};
    Operand operand{std::move(value), argument ? argument->range : site};
    if (!parameter.type || !parameter.type->hasShape) {
      report.error("unknown-type", parameter.name.range,
                   "a layer's input needs a tensor type: `" + parameter.name.text + ": f32[...]`");
      return Poison{};
    }
    if (!matchTensor(item, parameter, operand, callee, variables, operands))
      return Poison{};
  }

  if (!instance.place)
    instance.place = places.anonymous(*instance.scope, item.name.text, site);
  if (!instance.place) {
    report.error(
        "duplicate-weight-name", site,
        "another layer here already has the name " +
            quoted(item.name.text + "_" + std::to_string(instance.scope->counts[item.name.text])));
    return Poison{};
  }
  instance.place->layer = &item;
  Place *outer = place;
  place = instance.place;
  Places::enter(*place);
  Value result = runBody(item, callee, variables, Body::Layer, site);
  place = outer;
  return result;
}

// --- operations --------------------------------------------------------------------------------

Value Elaborator::configureOp(const Item &item, const std::vector<GivenArgument> &given, Range site,
                              Environment &caller) {
  Environment configuration(true);
  if (!bindConfiguration(item, given, site, caller, configuration))
    return Poison{};
  ConfiguredOp op{&item, {}, site};
  for (const ast::Parameter &parameter : item.config) {
    const Binding &binding = *configuration.findHere(parameter.name.text);
    Value value = convert(binding.value, *parameter.type,
                          quoted(parameter.name.text) + " of " + quoted(item.name.text),
                          binding.range, parameter.name.range);
    if (value.isPoison())
      return value;
    Attribute &attribute = op.attributes[parameter.name.text];
    if (const Dim *dim = value.as<Dim>()) {
      if (!dim->isConstant()) {
        report.error("symbolic-number", binding.range,
                     quoted(parameter.name.text) + " of " + quoted(item.name.text) +
                         " must be known when compiling, found " + quoted(dim->str()));
        return Poison{};
      }
      attribute = *dim->constant();
    } else if (auto dims = shape(value)) {
      attribute = *dims;
    } else if (const Element *element = value.as<Element>()) {
      attribute = *element;
    } else if (const bool *truth = value.as<bool>()) {
      attribute = *truth;
    } else if (const double *real = value.as<double>()) {
      attribute = *real;
    }
  }
  return op;
}

std::optional<std::vector<Elaborator::Operand>>
Elaborator::tensorArguments(const Item &item, const std::vector<GivenArgument> &given, Range site,
                            Environment &caller) {
  std::vector<Operand> operands;
  if (item.name.text == "random_uniform" && given.empty())
    return std::vector<Operand>{{Tensor{randomKey(site)}, site}};
  auto matched = matchArguments(item.name.text, item.inputs, given, site);
  if (!matched)
    return std::nullopt;
  for (const GivenArgument *argument : *matched) {
    Value value = argument->expr ? evaluate(*argument->expr, caller) : argument->value;
    if (value.isPoison())
      return std::nullopt;
    operands.push_back({std::move(value), argument->range});
  }
  return operands;
}

Value Elaborator::applyOp(const Item &item, const std::map<std::string, Attribute> &attributes,
                          const std::vector<GivenArgument> &given, Range site,
                          Environment &caller) {
  auto operands = tensorArguments(item, given, site, caller);
  if (!operands)
    return Poison{};
  if (item.config.empty())
    return apply(item.name.text, *operands, site);
  return applyExactly(item.name.text, *operands, attributes, site);
}

} // namespace dlc::lang
