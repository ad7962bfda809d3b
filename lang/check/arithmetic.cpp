// Arithmetic on static numbers.
#include "lang/check/arithmetic.h"

#include <algorithm>
#include <cmath>

namespace dlc::lang {

Value checkedNumber(double number, const std::string &what, Range site, Report &report) {
  if (std::isfinite(number))
    return number;
  report.error("not-finite", site, what + " is not a finite number");
  return Poison{};
}

Value checkedDim(Dim dim, Range site, Report &report) {
  if (!dim.overflowed())
    return dim;
  report.error("number-too-large", site, "the int is too large");
  return Poison{};
}

// --- operators ---------------------------------------------------------------------------------

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

Value divisionByZero(Range site, Report &report) {
  report.error("division-by-zero", site, "the divisor is 0");
  return Poison{};
}

Value ofInts(const std::string &op, const Dim &a, const Dim &b, Range site, Report &report) {
  if (op == "+")
    return checkedDim(a + b, site, report);
  if (op == "-")
    return checkedDim(a - b, site, report);
  if (op == "*")
    return checkedDim(a * b, site, report);
  if (op == "**") {
    auto exponent = b.constant();
    if (auto result = exponent ? power(a, *exponent) : std::nullopt)
      return checkedDim(*result, site, report);
    report.error("int-power", site,
                 "an int's power needs a static exponent of at least 0, found " + b.str());
    return Poison{};
  }
  if (b == Dim(0))
    return divisionByZero(site, report);
  return checkedDim(op == "/" ? floorDiv(a, b) : mod(a, b), site, report);
}

Value ofFloats(const std::string &op, double a, double b, Range site, Report &report) {
  if ((op == "/" || op == "%") && b == 0)
    return divisionByZero(site, report);
  double result = op == "+"   ? a + b
                  : op == "-" ? a - b
                  : op == "*" ? a * b
                  : op == "/" ? a / b
                  : op == "%" ? a - b * std::floor(a / b)
                              : std::pow(a, b);
  return checkedNumber(result, str(a) + " " + op + " " + str(b), site, report);
}

} // namespace

Value arithmetic(const std::string &op, const Value &a, const Value &b, Wanted wanted, Range site,
                 Report &report) {
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
  auto x = number(a), y = number(b);
  bool isFloatDivision = op == "/" && wanted == Wanted::Float && x && y;
  if (left && right && !isFloatDivision)
    return ofInts(op, *left, *right, site, report);
  if (x && y)
    return ofFloats(op, *x, *y, site, report);
  const Dim &symbolic = x ? *right : *left;
  report.error("symbolic-number", site,
               quoted(symbolic.str()) + " has no value yet, so it cannot meet a float");
  return Poison{};
}

Value comparison(const std::string &op, const Value &a, const Value &b, Range site,
                 Report &report) {
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
  std::optional<double> difference;
  if (a.is<Dim>() && b.is<Dim>()) {
    if (auto constant = (*a.as<Dim>() - *b.as<Dim>()).constant())
      difference = static_cast<double>(*constant);
  } else if (auto x = number(a), y = number(b); x && y) {
    difference = *x - *y;
  }
  if (!difference) {
    report.error("undecidable-condition", site,
                 quoted(str(a) + " " + op + " " + str(b)) +
                     " depends on sizes that are not known when compiling");
    return Poison{};
  }
  return op == "=="   ? *difference == 0
         : op == "!=" ? *difference != 0
         : op == "<"  ? *difference < 0
         : op == "<=" ? *difference <= 0
         : op == ">"  ? *difference > 0
                      : *difference >= 0;
}

// --- operations of numbers ---------------------------------------------------------------------

namespace {

/// An elementwise operation that the compiler computes when all operands are numbers.
struct NumberOp {
  const char *name;
  double (*one)(double); // one of the two is null
  double (*two)(double, double);
  bool keepsInts; // an int of ints
};

constexpr NumberOp kNumberOps[] = {
    {"neg", [](double x) { return -x; }, nullptr, true},
    {"abs", [](double x) { return std::fabs(x); }, nullptr, true},
    {"sign", [](double x) { return x > 0   ? 1.0
                                   : x < 0 ? -1.0
                                           : 0.0; }, nullptr, true},
    {"erf", [](double x) { return std::erf(x); }, nullptr, false},
    {"exp", [](double x) { return std::exp(x); }, nullptr, false},
    {"log", [](double x) { return std::log(x); }, nullptr, false},
    {"sqrt", [](double x) { return std::sqrt(x); }, nullptr, false},
    {"tanh", [](double x) { return std::tanh(x); }, nullptr, false},
    {"sigmoid", [](double x) { return 1.0 / (1.0 + std::exp(-x)); }, nullptr, false},
    {"sin", [](double x) { return std::sin(x); }, nullptr, false},
    {"cos", [](double x) { return std::cos(x); }, nullptr, false},
    {"floor", [](double x) { return std::floor(x); }, nullptr, false},
    {"add", nullptr, [](double a, double b) { return a + b; }, false},
    {"sub", nullptr, [](double a, double b) { return a - b; }, false},
    {"mul", nullptr, [](double a, double b) { return a * b; }, false},
    {"div", nullptr, [](double a, double b) { return a / b; }, false},
    {"pow", nullptr, [](double a, double b) { return std::pow(a, b); }, false},
    {"max", nullptr, [](double a, double b) { return std::max(a, b); }, true},
    {"min", nullptr, [](double a, double b) { return std::min(a, b); }, true},
};

} // namespace

std::optional<Value> fold(const std::string &op, const std::vector<Operand> &operands, Range site,
                          Report &report) {
  const auto *entry = std::find_if(std::begin(kNumberOps), std::end(kNumberOps),
                                   [&](const NumberOp &entry) { return op == entry.name; });
  if (entry == std::end(kNumberOps) || operands.size() != (entry->one ? 1 : 2))
    return std::nullopt;
  bool allInts = true;
  std::vector<double> values;
  for (const Operand &operand : operands) {
    auto value = number(operand.value);
    if (!value)
      return std::nullopt;
    allInts = allInts && operand.value.is<Dim>();
    values.push_back(*value);
  }
  double result = entry->one ? entry->one(values[0]) : entry->two(values[0], values[1]);
  if (allInts && entry->keepsInts)
    return Value(Dim(static_cast<int64_t>(result)));
  std::string text =
      op + "(" + str(values[0]) + (values.size() > 1 ? ", " + str(values[1]) : "") + ")";
  return checkedNumber(result, text, site, report);
}

} // namespace dlc::lang
