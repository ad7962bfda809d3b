// Arguments and the parameters they are given for.
#include "lang/check/argument.h"
#include "lang/check/expression.h"
#include "lang/check/type.h"
#include "lang/check/unfolding.h"

#include <algorithm>

namespace dlc::lang {

std::vector<GivenArgument> given(const std::vector<ast::Argument> &arguments) {
  std::vector<GivenArgument> given;
  for (const ast::Argument &argument : arguments)
    if (argument.value)
      given.push_back({&argument, argument.value.get(), Nothing{}, argument.value->range});
  return given;
}

namespace {

/// The parameter of that name; their number, after an error, if there is none.
size_t indexOf(const ast::Name &name, const std::string &callee,
               const std::vector<ast::Parameter> &parameters, Report &report) {
  std::vector<std::string> names;
  for (const ast::Parameter &parameter : parameters)
    names.push_back(parameter.name.text);
  size_t index = std::find(names.begin(), names.end(), name.text) - names.begin();
  if (index == names.size()) {
    Diagnostic &error = report.error("unknown-argument", name.range,
                                     quoted(callee) + " has no argument " + quoted(name.text));
    suggest(error, name.text, names);
  }
  return index;
}

/// Whether each parameter without a default has an argument.
bool isComplete(const std::vector<const GivenArgument *> &matched, const std::string &callee,
                const std::vector<ast::Parameter> &parameters, Range site, Report &report) {
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (matched[i] || parameters[i].defaultValue)
      continue;
    const ast::Name &name = parameters[i].name;
    std::string type = parameters[i].type ? ": " + report.text(parameters[i].type->range) : "";
    report.error("missing-argument", site, quoted(callee) + " needs " + quoted(name.text))
        .notes.push_back({name.range, name.text + type});
    return false;
  }
  return true;
}

} // namespace

std::optional<std::vector<const GivenArgument *>>
matchArguments(const std::string &callee, const std::vector<ast::Parameter> &parameters,
               const std::vector<GivenArgument> &given, Range site, Report &report) {
  std::vector<const GivenArgument *> matched(parameters.size(), nullptr);
  size_t position = 0;
  bool isRight = true, sawName = false;
  for (const GivenArgument &argument : given) {
    const ast::Name *name =
        argument.source && argument.source->name ? &*argument.source->name : nullptr;
    size_t index = position;
    if (name) {
      sawName = true;
      index = indexOf(*name, callee, parameters, report);
      if (index == parameters.size()) {
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
      report
          .error("duplicate-argument", name ? name->range : argument.range,
                 quoted(parameters[index].name.text) + " of " + quoted(callee) + " is given twice")
          .notes.push_back({matched[index]->range, "it was given here"});
      isRight = false;
      continue;
    }
    matched[index] = &argument;
  }
  if (!isRight || !isComplete(matched, callee, parameters, site, report))
    return std::nullopt;
  return matched;
}

Value evaluateArgument(const GivenArgument *argument, const ast::Parameter &parameter,
                       Environment &caller, Environment &callee) {
  const std::string type = parameter.type ? parameter.type->name.text : "";
  Wanted wanted = type == "float" || type == "numbers" ? Wanted::Float : Wanted::Any;
  if (!argument)
    return evaluate(*parameter.defaultValue, callee, wanted);
  return argument->expr ? evaluate(*argument->expr, caller, wanted) : argument->value;
}

bool bindConfiguration(const ast::Item &item, const std::vector<GivenArgument> &given, Range site,
                       Environment &caller, Environment &callee) {
  Report &report = caller.unfolding.report;
  auto matched = matchArguments(item.name.text, item.config, given, site, report);
  if (!matched)
    return false;
  bool isRight = true;
  for (size_t i = 0; i < item.config.size(); ++i) {
    const ast::Parameter &parameter = item.config[i];
    const GivenArgument *argument = (*matched)[i];
    Value value = evaluateArgument(argument, parameter, caller, callee);
    Range range = argument ? argument->range : parameter.name.range;
    if (parameter.type && item.kind != ast::Item::Kind::Op)
      value = convert(std::move(value), *parameter.type,
                      quoted(parameter.name.text) + " of " + quoted(item.name.text), range,
                      parameter.name.range, report);
    isRight &= !value.isPoison();
    callee.bind(parameter.name.text, {Binding::Kind::Argument, std::move(value), range});
  }
  return isRight;
}

} // namespace dlc::lang
