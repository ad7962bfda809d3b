// The value of a `const`, which `-D name=value` may set.
#include "lang/check/const.h"
#include "lang/check/arithmetic.h"
#include "lang/check/expression.h"
#include "lang/check/type.h"

#include <charconv>
#include <cmath>

namespace dlc::lang {

namespace {

/// All of the text as a number, or nothing.
template <typename Number> std::optional<Number> parsed(const std::string &text) {
  Number number{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

/// The value from `-D name=text`, of the type that the const has otherwise.
Value defined(const ast::Item &item, const Value &standard, const std::string &text,
              Report &report) {
  if (standard.is<Dim>()) {
    if (auto number = parsed<int64_t>(text))
      return checkedDim(Dim(*number), item.name.range, report);
  } else if (standard.is<double>()) {
    if (auto number = parsed<double>(text); number && std::isfinite(*number))
      return *number;
  } else if (standard.is<bool>()) {
    if (text == "true" || text == "false")
      return text == "true";
  } else if (standard.is<std::string>()) {
    return text;
  }
  Diagnostic &error =
      report.error("bad-define", item.name.range,
                   quoted("-D " + item.name.text + "=" + text) + " does not fit the const");
  bool isSettable = standard.is<Dim>() || standard.is<double>() || standard.is<bool>();
  error.help.push_back(isSettable
                           ? "it is " + kindOf(standard) + " (" + str(standard) + " by default)"
                           : "only an int, a float, a bool or a string can be set from outside");
  return Poison{};
}

Value computed(const ast::Item &item, Context &context) {
  if (!item.value)
    return Poison{}; // reported by the parser
  Report &report = context.report;
  Unfolding unfolding(context, Purpose::Static, false);
  bool isOfLibrary = report.inStandardLibrary(item.range);
  Environment environment(unfolding, isOfLibrary);
  Value value =
      evaluate(*item.value, environment, isFloat(item.result) ? Wanted::Float : Wanted::Any);
  if (item.result)
    value = convert(std::move(value), *item.result, quoted(item.name.text), item.value->range,
                    item.name.range, report);
  if (value.is<Tensor>()) {
    report.error("not-static", item.value->range,
                 quoted("const " + item.name.text) +
                     " must be known when compiling, found a tensor");
    return Poison{};
  }
  const auto &defines = context.options.defines;
  auto given = isOfLibrary ? defines.end() : defines.find(item.name.text);
  return given == defines.end() || value.isPoison() ? value
                                                    : defined(item, value, given->second, report);
}

} // namespace

Value valueOfConst(const ast::Item &item, Context &context) {
  if (auto known = context.consts.find(&item); known != context.consts.end())
    return known->second;
  if (!context.constsUnderWay.insert(&item).second) {
    context.report.error("const-cycle", item.name.range,
                         quoted(item.name.text) + " is defined by itself");
    return Poison{};
  }
  Value value = computed(item, context);
  context.constsUnderWay.erase(&item);
  context.consts[&item] = value;
  return value;
}

} // namespace dlc::lang
