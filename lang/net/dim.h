// Dimensions: integer expressions over symbols such as the batch size B.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dlc::lang {

/// A sum of integer multiples of products of atoms; an atom is a symbol, or a quotient that does
/// not divide evenly. The form is canonical: equal expressions compare equal. Symbols stand for
/// positive numbers. What overflows stays at the largest number, see `overflowed`.
class Dim {
public:
  Dim(int64_t value = 0);
  static Dim symbol(const std::string &name);

  std::optional<int64_t> constant() const; // the value, if no symbol is in it
  bool isConstant() const { return constant().has_value(); }
  bool overflowed() const; // some coefficient is beyond what any tensor could need

  friend Dim operator+(const Dim &a, const Dim &b);
  friend Dim operator-(const Dim &a, const Dim &b);
  friend Dim operator*(const Dim &a, const Dim &b);
  /// Rounds down. The divisor must not be the constant 0.
  friend Dim floorDiv(const Dim &a, const Dim &b);
  /// a - b * floorDiv(a, b).
  friend Dim mod(const Dim &a, const Dim &b);
  friend bool operator==(const Dim &a, const Dim &b);
  friend bool operator!=(const Dim &a, const Dim &b) { return !(a == b); }

  /// With each symbol replaced by its value.
  Dim substitute(const std::map<std::string, int64_t> &values) const;

  /// As a user writes it: `2*B + 1`, `B/2`.
  std::string str() const;

private:
  struct Quotient;
  /// Compared by its text, which is canonical too.
  struct Atom {
    std::string text;
    std::shared_ptr<const Quotient> quotient; // null for a symbol
    bool operator<(const Atom &other) const { return text < other.text; }
    bool operator==(const Atom &other) const { return text == other.text; }
  };
  using Product = std::vector<Atom>; // sorted, with repetition; empty for the constant term

  void add(const Product &product, int64_t coefficient);
  static std::string str(const Product &product);

  std::map<Product, int64_t> terms; // coefficients, never 0
};

using Shape = std::vector<Dim>;
std::string str(const Shape &shape); // "[B, 1, 28, 28]"
Dim size(const Shape &shape);        // the product of its dimensions

} // namespace dlc::lang
