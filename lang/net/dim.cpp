// Arithmetic on symbolic dimensions in canonical form.
#include "lang/net/dim.h"

#include <algorithm>
#include <limits>

namespace dlc::lang {

struct Dim::Quotient {
  Dim dividend, divisor;
};

namespace {

constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
constexpr int64_t kTooLarge = int64_t(1) << 53; // no tensor has so many elements

int64_t saturatingAdd(int64_t a, int64_t b) {
  int64_t sum;
  if (!__builtin_add_overflow(a, b, &sum) && sum != std::numeric_limits<int64_t>::min())
    return sum;
  return a > 0 ? kLargest : -kLargest;
}

int64_t saturatingMul(int64_t a, int64_t b) {
  int64_t product;
  if (!__builtin_mul_overflow(a, b, &product) && product != std::numeric_limits<int64_t>::min())
    return product;
  return (a > 0) == (b > 0) ? kLargest : -kLargest;
}

int64_t floorDivide(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

} // namespace

Dim::Dim(int64_t value) { add({}, value); }

Dim Dim::symbol(const std::string &name) {
  Dim result;
  result.add({Atom{name, nullptr}}, 1);
  return result;
}

void Dim::add(const Product &product, int64_t coefficient) {
  if (coefficient == 0)
    return;
  auto [term, isNew] = terms.try_emplace(product, coefficient);
  if (isNew)
    return;
  term->second = saturatingAdd(term->second, coefficient);
  if (term->second == 0)
    terms.erase(term);
}

std::optional<int64_t> Dim::constant() const {
  if (terms.empty())
    return 0;
  if (terms.size() == 1 && terms.begin()->first.empty())
    return terms.begin()->second;
  return std::nullopt;
}

bool Dim::overflowed() const {
  return std::any_of(terms.begin(), terms.end(), [](const auto &term) {
    return term.second >= kTooLarge || term.second <= -kTooLarge;
  });
}

Dim operator+(const Dim &a, const Dim &b) {
  Dim sum = a;
  for (const auto &[product, coefficient] : b.terms)
    sum.add(product, coefficient);
  return sum;
}

Dim operator-(const Dim &a, const Dim &b) { return a + Dim(-1) * b; }

Dim operator*(const Dim &a, const Dim &b) {
  Dim result;
  for (const auto &[left, leftCoefficient] : a.terms)
    for (const auto &[right, rightCoefficient] : b.terms) {
      Dim::Product product;
      std::merge(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(product));
      result.add(product, saturatingMul(leftCoefficient, rightCoefficient));
    }
  return result;
}

Dim floorDiv(const Dim &a, const Dim &b) {
  if (a.constant() && b.constant())
    return floorDivide(*a.constant(), *b.constant());

  // (q*b + r) / b -> q + r/b, with all terms of a that b divides in q*b
  Dim whole, rest;
  if (b.terms.size() == 1) {
    const auto &[divisor, divisorCoefficient] = *b.terms.begin();
    for (const auto &[product, coefficient] : a.terms) {
      if (std::includes(product.begin(), product.end(), divisor.begin(), divisor.end()) &&
          coefficient % divisorCoefficient == 0) {
        Dim::Product quotient;
        std::set_difference(product.begin(), product.end(), divisor.begin(), divisor.end(),
                            std::back_inserter(quotient));
        whole.add(quotient, coefficient / divisorCoefficient);
      } else if (product.empty() && divisor.empty()) {
        int64_t quotient = floorDivide(coefficient, divisorCoefficient);
        whole.add({}, quotient);
        rest.add({}, coefficient - quotient * divisorCoefficient);
      } else {
        rest.add(product, coefficient);
      }
    }
  } else if (a == b) {
    return 1;
  } else {
    rest = a;
  }

  if (rest.terms.empty())
    return whole;
  if (rest.constant() && b.constant())
    return whole + floorDiv(rest, b);
  bool dividendIsSum = rest.terms.size() > 1;
  bool divisorIsName =
      b.terms.size() == 1 &&
      (b.constant() || (b.terms.begin()->second == 1 && b.terms.begin()->first.size() == 1));
  std::string text = (dividendIsSum ? "(" + rest.str() + ")" : rest.str()) + "/" +
                     (divisorIsName ? b.str() : "(" + b.str() + ")");
  Dim quotient;
  quotient.add({Dim::Atom{text, std::make_shared<Dim::Quotient>(Dim::Quotient{rest, b})}}, 1);
  return whole + quotient;
}

Dim mod(const Dim &a, const Dim &b) { return a - b * floorDiv(a, b); }

bool operator==(const Dim &a, const Dim &b) { return a.terms == b.terms; }

Dim Dim::substitute(const std::map<std::string, int64_t> &values) const {
  Dim result;
  for (const auto &[product, coefficient] : terms) {
    Dim value = coefficient;
    for (const Atom &atom : product) {
      if (atom.quotient) {
        Dim divisor = atom.quotient->divisor.substitute(values);
        Dim dividend = atom.quotient->dividend.substitute(values);
        value = value * (divisor == Dim(0) ? Dim(0) : floorDiv(dividend, divisor));
      } else {
        auto found = values.find(atom.text);
        value = value * (found == values.end() ? symbol(atom.text) : Dim(found->second));
      }
    }
    result = result + value;
  }
  return result;
}

std::string Dim::str(const Product &product) {
  std::string text;
  for (const Atom &atom : product) {
    if (!text.empty())
      text += "*";
    text += atom.quotient && product.size() > 1 ? "(" + atom.text + ")" : atom.text;
  }
  return text;
}

std::string Dim::str() const {
  if (terms.empty())
    return "0";
  std::string text;
  auto append = [&](const Product &product, int64_t coefficient) {
    int64_t magnitude = coefficient < 0 ? -coefficient : coefficient;
    if (text.empty())
      text += coefficient < 0 ? "-" : "";
    else
      text += coefficient < 0 ? " - " : " + ";
    if (product.empty())
      text += std::to_string(magnitude);
    else if (magnitude == 1)
      text += str(product);
    else
      text +=
          std::to_string(magnitude) + "*" +
          (product.size() == 1 && product[0].quotient ? "(" + str(product) + ")" : str(product));
  };
  for (const auto &[product, coefficient] : terms) // the constant term last
    if (!product.empty())
      append(product, coefficient);
  if (auto constantTerm = terms.find({}); constantTerm != terms.end())
    append({}, constantTerm->second);
  return text;
}

std::string str(const Shape &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + shape[i].str();
  return text + "]";
}

Dim size(const Shape &shape) {
  Dim product = 1;
  for (const Dim &dim : shape)
    product = product * dim;
  return product;
}

} // namespace dlc::lang
