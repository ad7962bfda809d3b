// What an expression stands for while a network is unfolded: static values and tensors.
#pragma once

#include "lang/net/net.h"
#include "lang/syntax/ast.h"

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace dlc::lang {

struct Value;
struct LayerInstance; // instance.h

/// The value of an erroneous expression: whatever uses it stays silent.
struct Poison {};
/// What a statement leaves, or a variable before its first assignment.
struct Nothing {};
/// `none`: a tensor that a call leaves out.
struct None {};
/// A value of the graph being built.
struct Tensor {
  ValueId id;
};
struct List {
  std::vector<Value> elements;
};
struct Tuple {
  std::vector<Value> elements;
};
/// A function, layer or primitive operation by its name, not yet called.
struct Callable {
  const ast::Item *item;
};
/// A function of the language itself: `rank`, `fan_in`, `uniform`.
struct Builtin {
  std::string name;
};
/// A primitive operation with its configuration: `reduce_sum([1])`.
struct ConfiguredOp {
  const ast::Item *item;
  std::map<std::string, Attribute> attributes;
  Range range;
};
/// A schedule with its arguments: `cosine(1e-3, warmup = 200)`.
struct ConfiguredSchedule {
  const ast::Item *item;
  std::vector<double> arguments; // in the order of the declaration, defaults filled in
};

struct Value {
  std::variant<Poison, Nothing, None, Dim, double, bool, std::string, Element, Init, Tensor, List,
               Tuple, Callable, Builtin, ConfiguredOp, ConfiguredSchedule,
               std::shared_ptr<LayerInstance>>
      content;

  Value() : content(Nothing{}) {}
  template <typename T>
    requires(!std::is_same_v<std::decay_t<T>, Value>)
  Value(T &&content) : content(std::forward<T>(content)) {}

  template <typename T> const T *as() const { return std::get_if<T>(&content); }
  template <typename T> bool is() const { return std::holds_alternative<T>(content); }
  bool isPoison() const { return is<Poison>(); }
  /// An int or a float.
  bool isNumber() const { return is<Dim>() || is<double>(); }
};

/// An int without symbols, or a float, as a float.
std::optional<double> number(const Value &value);
/// A list of ints as a shape.
std::optional<Shape> shape(const Value &value);
/// All numbers (bools as 0 and 1) of a nested list in order, or of a single number.
std::optional<std::vector<double>> numbers(const Value &value);

/// A value given to an operation or a call, and the place that gives it.
struct Operand {
  Value value;
  Range range;
};

/// How a number is wanted: where a float is, `1 / 255` divides as floats do.
enum class Wanted { Any, Float };

/// What kind of thing it is, in a user's words: "an int", "a list", "the layer `conv`".
std::string kindOf(const Value &value);
/// A static value as it would be written: "12", "[1, 2]".
std::string str(const Value &value);

} // namespace dlc::lang
