// Dimensions: integer expressions over symbols such as the batch size B.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dlc::lang {

/// A sum of integer multiples of products of atoms; an atom is a symbol, or a quotient or remainder
/// that does not divide evenly. The form is canonical: equal expressions compare equal.
class Dim {
public:
  Dim(int64_t value = 0);
  static Dim symbol(const std::string &name);

  std::optional<int64_t> constant() const; // the value, if no symbol is in it
  bool isConstant() const { return constant().has_value(); }

  friend Dim operator+(const Dim &a, const Dim &b);
  friend Dim operator-(const Dim &a, const Dim &b);
  friend Dim operator*(const Dim &a, const Dim &b);
  /// Rounds down. The divisor must not be the constant 0.
  friend Dim floorDiv(const Dim &a, const Dim &b);
  friend Dim mod(const Dim &a, const Dim &b);
  friend bool operator==(const Dim &a, const Dim &b);
  friend bool operator!=(const Dim &a, const Dim &b) { return !(a == b); }

  /// With each symbol replaced by its value.
  Dim substitute(const std::map<std::string, int64_t> &values) const;

  /// As a user writes it: `2*B + 1`, `B/2`.
  std::string str() const;

private:
  // product of atoms (sorted, with repetition; empty for the constant term) -> coefficient, never 0
  std::map<std::vector<std::string>, int64_t> terms;
};

using Shape = std::vector<Dim>;
std::string str(const Shape &shape); // "[B, 1, 28, 28]"

} // namespace dlc::lang
