// Arithmetic on static numbers.
#include "lang/check/elaborate.h"

#include <algorithm>
#include <cmath>

namespace dlc::lang {

namespace {

/// A constant int power of a dimension.
std::optional<Dim> power(const Dim &base, int64_t exponent) {
  if (exponent < 0)
    return std::nullopt;
  Dim result = 1;
  for (int64_t i = 0; i < exponent && i < 64 && !result.overflowed(); ++i)
    result = result * base;
  if (exponent > 64 && base != Dim(0) && base != Dim(1) && base != Dim(-1))
    return Dim(int64_t(1) << 62);
  return result;
}

std::optional<double> mathFunction(const std::string &op, double x) {
  if (op == "neg")
    return -x;
  if (op == "abs")
    return std::fabs(x);
  if (op == "sign")
    return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0;
  if (op == "exp")
    return std::exp(x);
  if (op == "log")
    return std::log(x);
  if (op == "sqrt")
    return std::sqrt(x);
  if (op == "tanh")
    return std::tanh(x);
  if (op == "sigmoid")
    return 1.0 / (1.0 + std::exp(-x));
  if (op == "sin")
    return std::sin(x);
  if (op == "cos")
    return std::cos(x);
  if (op == "floor")
    return std::floor(x);
  return std::nullopt;
}

std::optional<double> mathFunction(const std::string &op, double a, double b) {
  if (op == "add")
    return a + b;
  if (op == "sub")
    return a - b;
  if (op == "mul")
    return a * b;
  if (op == "div")
    return a / b;
  if (op == "pow")
    return std::pow(a, b);
  if (op == "max")
    return std::max(a, b);
  if (op == "min")
    return std::min(a, b);
  return std::nullopt;
}

} // namespace

Value Elaborator::checkedNumber(double number, const std::string &what, Range site) {
  if (std::isfinite(number))
    return number;
  report.error("not-finite", site, what + " is not a finite number");
  return Poison{};
}

Value Elaborator::checkedDim(Dim dim, Range site) {
  if (!dim.overflowed())
    return dim;
  report.error("number-too-large", site, "the int is too large");
  return Poison{};
}

Value Elaborator::arithmetic(const std::string &op, const Value &a, const Value &b, Range site,
                             Wanted wanted) {
  if (op == "+" && a.is<List>() && b.is<List>()) {
    List joined = *a.as<List>();
    joined.elements.insert(joined.elements.end(), b.as<List>()->elements.begin(),
                           b.as<List>()->elements.end());
    return joined;
  }
  if (!a.isNumber() || !b.isNumber()) {
    report.error("operator-type", site,
                 quoted(op) + " needs numbers, found " + kindOf(a) + " and " + kindOf(b));
    return Poison{};
  }

  const Dim *left = a.as<Dim>(), *right = b.as<Dim>();
  bool isFloatDivision =
      op == "/" && wanted == Wanted::Float && number(a).has_value() && number(b).has_value();
  if (left && right && !isFloatDivision) {
    if (op == "+")
      return checkedDim(*left + *right, site);
    if (op == "-")
      return checkedDim(*left - *right, site);
    if (op == "*")
      return checkedDim(*left * *right, site);
    if (op == "**") {
      auto exponent = right->constant();
      auto result = exponent ? power(*left, *exponent) : std::nullopt;
      if (result)
        return checkedDim(*result, site);
      report.error("int-power", site,
                   "an int's power needs a static exponent of at least 0, found " + right->str());
      return Poison{};
    }
    if (*right == Dim(0)) {
      report.error("division-by-zero", site, "the divisor is 0");
      return Poison{};
    }
    return checkedDim(op == "/" ? floorDiv(*left, *right) : mod(*left, *right), site);
  }

  auto x = number(a), y = number(b);
  if (!x || !y) {
    const Dim &symbolic = x ? *right : *left;
    report.error("symbolic-number", site,
                 quoted(symbolic.str()) + " has no value yet, so it cannot meet a float");
    return Poison{};
  }
  if ((op == "/" || op == "%") && *y == 0) {
    report.error("division-by-zero", site, "the divisor is 0");
    return Poison{};
  }
  double result = op == "+"   ? *x + *y
                  : op == "-" ? *x - *y
                  : op == "*" ? *x * *y
                  : op == "/" ? *x / *y
                  : op == "%" ? *x - *y * std::floor(*x / *y)
                              : std::pow(*x, *y);
  return checkedNumber(result, str(*x) + " " + op + " " + str(*y), site);
}

Value Elaborator::comparison(const std::string &op, const Value &a, const Value &b, Range site) {
  bool isEquality = op == "==" || op == "!=";
  if (isEquality && a.content.index() == b.content.index()) {
    if (const std::string *text = a.as<std::string>())
      return (*text == *b.as<std::string>()) == (op == "==");
    if (const bool *truth = a.as<bool>())
      return (*truth == *b.as<bool>()) == (op == "==");
    if (auto left = shape(a), right = shape(b); left && right)
      return (*left == *right) == (op == "==");
  }
  if (!a.isNumber() || !b.isNumber()) {
    report.error("operator-type", site,
                 quoted(op) + " cannot compare " + kindOf(a) + " and " + kindOf(b));
    return Poison{};
  }
  double difference;
  if (a.is<Dim>() && b.is<Dim>()) {
    auto constant = (*a.as<Dim>() - *b.as<Dim>()).constant();
    if (!constant) {
      report.error("undecidable-condition", site,
                   "`" + a.as<Dim>()->str() + " " + op + " " + b.as<Dim>()->str() +
                       "` depends on sizes that are not known when compiling");
      return Poison{};
    }
    difference = static_cast<double>(*constant);
  } else {
    auto x = number(a), y = number(b);
    if (!x || !y) {
      report.error("undecidable-condition", site,
                   "`" + str(a) + " " + op + " " + str(b) +
                       "` depends on sizes that are not known when compiling");
      return Poison{};
    }
    difference = *x - *y;
  }
  return op == "=="   ? difference == 0
         : op == "!=" ? difference != 0
         : op == "<"  ? difference < 0
         : op == "<=" ? difference <= 0
         : op == ">"  ? difference > 0
                      : difference >= 0;
}

std::optional<Value> Elaborator::foldMath(const std::string &op,
                                          const std::vector<Operand> &operands, Range site) {
  bool allInts = true;
  std::vector<double> values;
  for (const Operand &operand : operands) {
    auto value = number(operand.value);
    if (!value)
      return std::nullopt;
    allInts = allInts && operand.value.is<Dim>();
    values.push_back(*value);
  }
  bool keepsInts = op == "max" || op == "min" || op == "abs" || op == "sign" || op == "neg";
  auto result = values.size() == 1   ? mathFunction(op, values[0])
                : values.size() == 2 ? mathFunction(op, values[0], values[1])
                                     : std::nullopt;
  if (!result)
    return std::nullopt;
  if (allInts && keepsInts)
    return Value(Dim(static_cast<int64_t>(*result)));
  std::string text =
      op + "(" + str(values[0]) + (values.size() > 1 ? ", " + str(values[1]) : "") + ")";
  return checkedNumber(*result, text, site);
}

} // namespace dlc::lang
