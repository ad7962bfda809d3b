// Constants set from outside: `-D name=value`.
#include "lang/check/elaborate.h"

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

} // namespace

Value Elaborator::defined(const ast::Item &item, const Value &standard, const std::string &text) {
  if (standard.is<Dim>()) {
    if (auto number = parsed<int64_t>(text))
      return checkedDim(Dim(*number), item.name.range);
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
                   "`-D " + item.name.text + "=" + text + "` does not fit the const");
  bool isSettable = standard.is<Dim>() || standard.is<double>() || standard.is<bool>();
  error.help.push_back(isSettable
                           ? "it is " + kindOf(standard) + " (" + str(standard) + " by default)"
                           : "only an int, a float, a bool or a string can be set from outside");
  return Poison{};
}

} // namespace dlc::lang
