// The notation of the gradient rules: operations made at one place, as functions of values.
#pragma once

#include "mlir/IR/Builders.h"

#include <string>

namespace dlc::grad {

/// What a rule says of one operand.
class Gradient {
public:
  Gradient(mlir::Value value) : value(value) {}

  /// Nothing passes: the operand is no real number, or the derivative is zero by definition.
  static Gradient none() { return Gradient(); }
  /// There is a gradient, but no way to compute it; asking for it is an error for this reason.
  static Gradient refused(std::string reason) {
    Gradient gradient;
    gradient.reason = std::move(reason);
    return gradient;
  }

  mlir::Value get() const { return value; } // null if none or refused
  bool isRefused() const { return !reason.empty(); }
  const std::string &refusal() const { return reason; }

private:
  Gradient() = default;
  mlir::Value value;
  std::string reason;
};

/// One for each operand.
using Gradients = llvm::SmallVector<Gradient, 3>;

/// Makes operations at the location of the operation whose rule it serves. The functions are named
/// as the operations; operands of equal shape are expected, as everywhere in the dialect.
class Formula {
public:
  using Value = mlir::Value;
  using Numbers = llvm::ArrayRef<int64_t>;

  Formula(mlir::OpBuilder &builder, mlir::Location location)
      : builder(builder), location(location) {}

  /// The number, in the shape and type of `like`.
  Value constant(double number, Value like);

  Value neg(Value x);
  Value sign(Value x);
  Value exp(Value x);
  Value log(Value x);
  Value sin(Value x);
  Value cos(Value x);
  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value div(Value a, Value b);
  Value pow(Value a, Value b);
  Value less(Value a, Value b);
  Value select(Value condition, Value a, Value b);
  Value castLike(Value x, Value like);

  Value reshapeLike(Value x, Value like);
  Value transpose(Value x, Numbers permutation);
  Value swapLastAxes(Value x);
  /// Spreads x over the axes of `like` that reducing over `axes` took away.
  Value broadcastLike(Value x, Numbers axes, Value like);
  Value reduceSum(Value x, Numbers axes);
  Value matmul(Value a, Value b);

  /// For the operations with much configuration: `f.make<nn::Conv2dOp>(x, w, stride, …)`.
  template <typename OpT, typename... Args> Value make(Args &&...args) {
    return OpT::create(builder, location, std::forward<Args>(args)...);
  }
  /// The same of one with several results.
  template <typename OpT, typename... Args> mlir::ValueRange makeSeveral(Args &&...args) {
    return OpT::create(builder, location, std::forward<Args>(args)...)->getResults();
  }

private:
  mlir::OpBuilder &builder;
  mlir::Location location;
};

} // namespace dlc::grad
