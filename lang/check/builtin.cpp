// The functions that the language itself provides.
#include "lang/check/builtin.h"
#include "lang/check/elaborate.h"

#include <algorithm>
#include <cmath>

namespace dlc::lang {

namespace {

struct Signature {
  const char *name;
  size_t fewest, most; // arguments
};

constexpr Signature kBuiltins[] = {
    {"rank", 1, 1},         {"shape", 1, 1},         {"dim", 2, 2},        {"size", 1, 1},
    {"fan_in", 1, 1},       {"fan_out", 1, 1},       {"float", 1, 1},      {"int", 1, 1},
    {"fresh_stream", 0, 0}, {"sample_weight", 0, 0}, {"require", 2, 2},    {"constant", 1, 1},
    {"uniform", 2, 2},      {"normal", 2, 2},        {"orthogonal", 0, 1},
};

/// PyTorch's counting: [in, out] for matrices, [out, in / groups, kh, kw] for kernels.
Dim fanIn(const Shape &shape) {
  return shape.size() == 2 ? shape[0] : size(Shape(shape.begin() + 1, shape.end()));
}
Dim fanOut(const Shape &shape) {
  return shape.size() == 2 ? shape[1] : shape[0] * size(Shape(shape.begin() + 2, shape.end()));
}

} // namespace

bool isBuiltin(const std::string &name) {
  return std::any_of(std::begin(kBuiltins), std::end(kBuiltins),
                     [&](const Signature &builtin) { return name == builtin.name; });
}

std::vector<std::string> builtinNames() {
  std::vector<std::string> names;
  for (const Signature &builtin : kBuiltins)
    names.push_back(builtin.name);
  return names;
}

Value Elaborator::callBuiltin(const std::string &name, const std::vector<GivenArgument> &given,
                              Range site, Environment &environment) {
  const Signature &signature = *std::find_if(std::begin(kBuiltins), std::end(kBuiltins),
                                             [&](const Signature &s) { return name == s.name; });
  if (given.size() < signature.fewest || given.size() > signature.most) {
    report.error("wrong-argument-count", site,
                 quoted(name) + " takes " + std::to_string(signature.most) +
                     (signature.most == 1 ? " argument" : " arguments") + ", found " +
                     std::to_string(given.size()));
    return Poison{};
  }
  bool isInit = name == "constant" || name == "uniform" || name == "normal" || name == "orthogonal";
  std::vector<Value> values;
  for (const GivenArgument &argument : given) {
    if (argument.source && argument.source->name) {
      report.error("unknown-argument", argument.source->name->range,
                   quoted(name) + " takes its arguments without names");
      return Poison{};
    }
    Wanted wanted = isInit ? Wanted::Float : Wanted::Any;
    values.push_back(argument.expr ? evaluate(*argument.expr, environment, wanted)
                                   : argument.value);
    if (values.back().isPoison())
      return Poison{};
  }
  auto wrongType = [&](const std::string &needed) -> Value {
    report.error("argument-type", given.empty() ? site : given[0].range,
                 quoted(name) + " needs " + needed + ", found " + kindOf(values[0]));
    return Poison{};
  };

  if (name == "fresh_stream")
    return Dim(streams++);
  if (name == "sample_weight")
    return sampleWeight(site);
  if (name == "require") {
    const bool *holds = values[0].as<bool>();
    const std::string *message = values[1].as<std::string>();
    if (!holds || !message)
      return wrongType("a static bool and a message");
    if (!*holds)
      report.error("bad-configuration", site, *message);
    return *holds ? Value(Nothing{}) : Value(Poison{});
  }
  if (name == "float" || name == "int") {
    auto value = number(values[0]);
    if (!value && values[0].is<Dim>()) {
      if (name == "int")
        return values[0];
      report.error("symbolic-number", given[0].range,
                   quoted(str(values[0])) + " has no value yet, so it cannot become a float");
      return Poison{};
    }
    if (!value)
      return wrongType("a static number");
    if (name == "float")
      return *value;
    if (std::fabs(*value) > 9e15) {
      report.error("number-too-large", given[0].range, str(*value) + " is too large for an int");
      return Poison{};
    }
    return Dim(static_cast<int64_t>(std::trunc(*value)));
  }
  if (isInit) {
    std::vector<double> arguments;
    for (const Value &value : values) {
      auto argument = number(value);
      if (!argument)
        return wrongType("static numbers");
      arguments.push_back(*argument);
    }
    Init init;
    init.kind = name == "constant"  ? Init::Kind::Constant
                : name == "uniform" ? Init::Kind::Uniform
                : name == "normal"  ? Init::Kind::Normal
                                    : Init::Kind::Orthogonal;
    init.a = arguments.empty() ? 1.0 : arguments[0];
    init.b = arguments.size() > 1 ? arguments[1] : 0.0;
    return init;
  }

  // the rest is about shapes
  const Tensor *tensor = values[0].as<Tensor>();
  auto dims = tensor ? std::optional<Shape>(typeOf(tensor->id).shape) : shape(values[0]);
  if (!dims)
    return wrongType("a tensor or a shape");
  if (name == "rank")
    return Dim(static_cast<int64_t>(dims->size()));
  if (name == "size")
    return checkedDim(size(*dims), site);
  if (name == "shape") {
    List list;
    for (const Dim &dim : *dims)
      list.elements.push_back(dim);
    return list;
  }
  if (name == "dim") {
    const Dim *axis = values[1].as<Dim>();
    int64_t at = axis ? axis->constant().value_or(-1) : -1;
    if (at >= 0 && at < static_cast<int64_t>(dims->size()))
      return (*dims)[at];
    report.error("index-range", given[1].range,
                 "there is no axis " + str(values[1]) + " in " + str(*dims) + ", counted from 0");
    return Poison{};
  }
  if (dims->size() < 2) {
    report.error("init-shape", site,
                 quoted(name) + " needs a shape of at least 2 axes, found " + str(*dims));
    return Poison{};
  }
  return name == "fan_in" ? fanIn(*dims) : fanOut(*dims);
}

} // namespace dlc::lang
