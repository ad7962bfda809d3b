// What the lowering rules share: a builder of linalg ops, and the table's form.
#pragma once
#include "compiler/nn/nn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include <functional>

namespace dlc::lower {

using Shape = llvm::ArrayRef<int64_t>;

/// Builds linalg ops on tensors. Dimensions of a nest are numbered; `dims({0, 2})` is a map to
/// them.
class Builder : public mlir::ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;
  using Body = llvm::function_ref<mlir::Value(Builder &, mlir::ValueRange)>;
  using Bodies = llvm::function_ref<llvm::SmallVector<mlir::Value>(Builder &, mlir::ValueRange)>;

  mlir::Value empty(Shape shape, mlir::Type element);
  mlir::Value filled(Shape shape, mlir::TypedAttr value);
  mlir::Value number(mlir::Type real, double value);
  mlir::Value integer(int64_t value, unsigned bits = 32);

  mlir::AffineExpr dim(unsigned position) { return getAffineDimExpr(position); }
  mlir::AffineMap map(unsigned rank, llvm::ArrayRef<mlir::AffineExpr> results);
  mlir::AffineMap dims(unsigned rank, llvm::ArrayRef<unsigned> positions);
  mlir::AffineMap identity(unsigned rank) { return getMultiDimIdentityMap(rank); }

  /// A linalg.generic of the inputs, each with its map, into `outputs`; `reductions` of its
  /// dimensions at the end of the list are reduced.
  llvm::SmallVector<mlir::Value> generic(mlir::ValueRange inputs, mlir::ValueRange outputs,
                                         llvm::ArrayRef<mlir::AffineMap> maps, unsigned reductions,
                                         Bodies body);
  mlir::Value generic(mlir::ValueRange inputs, mlir::Value output,
                      llvm::ArrayRef<mlir::AffineMap> maps, unsigned reductions, Body body);

  /// A multiplication of the first two arguments added to the last.
  static mlir::Value multiplyAdd(Builder &b, mlir::ValueRange arguments);
  mlir::Value reshape(mlir::Value x, Shape shape);
};

inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}
inline Shape shapeOf(mlir::Value value) { return typeOf(value).getShape(); }
inline mlir::Type elementOf(mlir::Value value) { return typeOf(value).getElementType(); }

/// The number that fills a constant; null if the value is anything else.
mlir::TypedAttr splat(mlir::Value value);

/// What an operation becomes: one value or several.
struct Lowered : llvm::SmallVector<mlir::Value, 1> {
  Lowered(mlir::Value value) : SmallVector({value}) {}
  Lowered(llvm::SmallVector<mlir::Value> values) : SmallVector(values.begin(), values.end()) {}
};

/// Makes the results of `op` from its operands, already lowered.
using Rule = std::function<Lowered(Builder &b, mlir::Operation *op, mlir::ValueRange operands)>;
using Rules = llvm::StringMap<Rule>;

// The table, by family; each file adds its own.
void addElementwiseRules(Rules &rules);
void addShapeRules(Rules &rules);
void addContractionRules(Rules &rules);
void addWindowRules(Rules &rules);
void addRandomRules(Rules &rules);

/// The plane x[..., H, W] spread into one of `size` filled with `fill`: row h goes to row
/// `first[0] + h * step[0]`, columns likewise.
mlir::Value spread(Builder &b, mlir::Value x, mlir::TypedAttr fill, Shape first, Shape step,
                   Shape size);

/// x with `pad` = [top, left, bottom, right] around its planes.
mlir::Value padded(Builder &b, mlir::Value x, mlir::TypedAttr fill, Shape pad);

/// The shape of a window, as an operand that gives the nest two dimensions; nobody reads it.
mlir::Value windowShape(Builder &b, Shape window);

/// 1 / (1 + exp(-x)) of a float, or of a vector of floats, as operations of `arith` and `math`,
/// accurate also where exp(-x) would overflow: within 2 ulp for f32.
mlir::Value emitSigmoid(mlir::ImplicitLocOpBuilder &b, mlir::Value x);

} // namespace dlc::lower
