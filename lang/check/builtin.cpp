// The functions that the language itself provides: one entry of the table each.
#include "lang/check/builtin.h"
#include "lang/check/arithmetic.h"
#include "lang/check/expression.h"
#include "lang/check/unfolding.h"

#include <algorithm>
#include <cmath>

namespace dlc::lang {

namespace {

/// One call, its arguments evaluated.
struct Call {
  const std::string &name;
  std::vector<Value> values;
  std::vector<Range> ranges; // of the values
  Range site;
  Unfolding &unfolding;

  Report &report() const { return unfolding.report; }
  Value wrongType(const std::string &needed) const {
    report().error("argument-type", ranges[0],
                   quoted(name) + " needs " + needed + ", found " + kindOf(values[0]));
    return Poison{};
  }
};

// --- numbers and the program -------------------------------------------------------------------

/// A tensor of numbers of another type.
Value converted(const Call &call, Element to) {
  if (call.unfolding.graph.typeOf(*call.values[0].as<Tensor>()).element == to)
    return call.values[0];
  return call.unfolding.operations.applyExactly("cast", {{call.values[0], call.ranges[0]}},
                                                {{"to", to}}, call.site);
}

Value toFloat(const Call &call) {
  if (call.values[0].is<Tensor>())
    return converted(call, Element::Real);
  if (auto value = number(call.values[0]))
    return *value;
  if (!call.values[0].is<Dim>())
    return call.wrongType("a number");
  call.report().error("symbolic-number", call.ranges[0],
                      quoted(str(call.values[0])) +
                          " has no value yet, so it cannot become a float");
  return Poison{};
}

Value toInt(const Call &call) {
  constexpr double kLargest = 9e15; // about 2^53, where floats stop to count
  if (call.values[0].is<Tensor>())
    return converted(call, Element::Int);
  if (call.values[0].is<Dim>() && !number(call.values[0]))
    return call.values[0];
  auto value = number(call.values[0]);
  if (!value)
    return call.wrongType("a number");
  if (std::fabs(*value) > kLargest) {
    call.report().error("number-too-large", call.ranges[0],
                        str(*value) + " is too large for an int");
    return Poison{};
  }
  return Dim(static_cast<int64_t>(std::trunc(*value)));
}

Value require(const Call &call) {
  const bool *holds = call.values[0].as<bool>();
  const std::string *message = call.values[1].as<std::string>();
  if (!holds || !message)
    return call.wrongType("a static bool and a message");
  if (*holds)
    return Nothing{};
  call.report().error("bad-configuration", call.site, *message);
  return Poison{};
}

Value freshStream(const Call &call) { return Dim(call.unfolding.streams++); }

Value sampleWeight(const Call &call) { return call.unfolding.graph.sampleWeight(call.site); }

// --- shapes ------------------------------------------------------------------------------------

/// The shape that a tensor has or a list is.
std::optional<Shape> shapeOf(const Call &call) {
  if (const Tensor *tensor = call.values[0].as<Tensor>())
    return call.unfolding.graph.typeOf(*tensor).shape;
  auto dims = shape(call.values[0]);
  if (!dims)
    call.wrongType("a tensor or a shape");
  return dims;
}

Value rank(const Call &call) {
  auto dims = shapeOf(call);
  return dims ? Value(Dim(static_cast<int64_t>(dims->size()))) : Value(Poison{});
}

Value sizeOfShape(const Call &call) {
  auto dims = shapeOf(call);
  return dims ? checkedDim(size(*dims), call.site, call.report()) : Value(Poison{});
}

Value shapeAsList(const Call &call) {
  auto dims = shapeOf(call);
  if (!dims)
    return Poison{};
  List list;
  for (const Dim &dim : *dims)
    list.elements.push_back(dim);
  return list;
}

Value dimension(const Call &call) {
  auto dims = shapeOf(call);
  if (!dims)
    return Poison{};
  const Dim *axis = call.values[1].as<Dim>();
  int64_t at = axis ? axis->constant().value_or(-1) : -1;
  if (at >= 0 && at < static_cast<int64_t>(dims->size()))
    return (*dims)[at];
  call.report().error("index-range", call.ranges[1],
                      "there is no axis " + str(call.values[1]) + " in " + str(*dims) +
                          ", counted from 0");
  return Poison{};
}

std::optional<Shape> weightShape(const Call &call) {
  auto dims = shapeOf(call);
  if (!dims || dims->size() >= 2)
    return dims;
  call.report().error("init-shape", call.site,
                      quoted(call.name) + " needs a shape of at least 2 axes, found " + str(*dims));
  return std::nullopt;
}

/// PyTorch's counting: [in, out] for matrices, [out, in / groups, kh, kw] for kernels.
Value fanIn(const Call &call) {
  auto dims = weightShape(call);
  if (!dims)
    return Poison{};
  return dims->size() == 2 ? (*dims)[0] : size(Shape(dims->begin() + 1, dims->end()));
}

Value fanOut(const Call &call) {
  auto dims = weightShape(call);
  if (!dims)
    return Poison{};
  return dims->size() == 2 ? (*dims)[1] : (*dims)[0] * size(Shape(dims->begin() + 2, dims->end()));
}

// --- initial distributions ---------------------------------------------------------------------

template <Init::Kind kind> Value init(const Call &call) {
  Init init{kind, 1.0, 0.0, {}};
  double *const settings[] = {&init.a, &init.b};
  for (size_t i = 0; i < call.values.size(); ++i) {
    auto value = number(call.values[i]);
    if (!value)
      return call.wrongType("static numbers");
    *settings[i] = *value;
  }
  return init;
}

// --- the table ---------------------------------------------------------------------------------

struct Entry {
  const char *name;
  size_t fewest, most; // arguments
  Wanted wanted;       // each of them
  Value (*compute)(const Call &);
};

constexpr Entry kBuiltins[] = {
    {"rank", 1, 1, Wanted::Any, rank},
    {"shape", 1, 1, Wanted::Any, shapeAsList},
    {"dim", 2, 2, Wanted::Any, dimension},
    {"size", 1, 1, Wanted::Any, sizeOfShape},
    {"fan_in", 1, 1, Wanted::Any, fanIn},
    {"fan_out", 1, 1, Wanted::Any, fanOut},
    {"float", 1, 1, Wanted::Any, toFloat},
    {"int", 1, 1, Wanted::Any, toInt},
    {"fresh_stream", 0, 0, Wanted::Any, freshStream},
    {"sample_weight", 0, 0, Wanted::Any, sampleWeight},
    {"require", 2, 2, Wanted::Any, require},
    {"constant", 1, 1, Wanted::Float, init<Init::Kind::Constant>},
    {"uniform", 2, 2, Wanted::Float, init<Init::Kind::Uniform>},
    {"normal", 2, 2, Wanted::Float, init<Init::Kind::Normal>},
    {"orthogonal", 0, 1, Wanted::Float, init<Init::Kind::Orthogonal>},
};

const Entry *entry(const std::string &name) {
  const auto *found = std::find_if(std::begin(kBuiltins), std::end(kBuiltins),
                                   [&](const Entry &entry) { return name == entry.name; });
  return found == std::end(kBuiltins) ? nullptr : found;
}

} // namespace

bool isBuiltin(const std::string &name) { return entry(name) != nullptr; }

std::vector<std::string> builtinNames() {
  std::vector<std::string> names;
  for (const Entry &entry : kBuiltins)
    names.push_back(entry.name);
  return names;
}

Value callBuiltin(const std::string &name, const std::vector<GivenArgument> &given, Range site,
                  Environment &caller) {
  const Entry &builtin = *entry(name);
  Report &report = caller.unfolding.report;
  if (given.size() < builtin.fewest || given.size() > builtin.most) {
    report.error("wrong-argument-count", site,
                 quoted(name) + " takes " + std::to_string(builtin.most) +
                     (builtin.most == 1 ? " argument" : " arguments") + ", found " +
                     std::to_string(given.size()));
    return Poison{};
  }
  Call call{name, {}, {}, site, caller.unfolding};
  for (const GivenArgument &argument : given) {
    if (argument.source && argument.source->name) {
      report.error("unknown-argument", argument.source->name->range,
                   quoted(name) + " takes its arguments without names");
      return Poison{};
    }
    call.values.push_back(argument.expr ? evaluate(*argument.expr, caller, builtin.wanted)
                                        : argument.value);
    call.ranges.push_back(argument.range);
    if (call.values.back().isPoison())
      return Poison{};
  }
  return builtin.compute(call);
}

} // namespace dlc::lang
