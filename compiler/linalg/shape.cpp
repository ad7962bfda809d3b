// Constants, shapes and reductions along axes.
#include "compiler/contract/contract.h"
#include "compiler/linalg/rules.h"

using namespace mlir;

namespace dlc::lower {
namespace {

Value lowerConstant(Builder &b, Operation *op, ValueRange) {
  auto value = cast<DenseElementsAttr>(cast<nn::ConstantOp>(op).getValue());
  if (value.getElementType().isInteger(1))
    value = value.mapValues(b.getI8Type(), [](const APInt &bit) { return bit.zext(8); });
  return arith::ConstantOp::create(b, value);
}

// A shape of a constant is a constant.
Value reshapedConstant(Builder &b, Operation *op, Value x) {
  TypedAttr number = splat(x);
  if (!number)
    return {};
  auto type = RankedTensorType::get(shapeOf(op->getResult(0)), number.getType());
  return arith::ConstantOp::create(b, DenseElementsAttr::get(type, number));
}

Value lowerReshape(Builder &b, Operation *op, ValueRange x) {
  if (Value constant = reshapedConstant(b, op, x[0]))
    return constant;
  return b.reshape(x[0], shapeOf(op->getResult(0)));
}

Value moved(Builder &b, Value x, AffineMap from, Shape shape) {
  return b.generic(x, b.empty(shape, elementOf(x)), {from, b.identity(shape.size())}, 0,
                   [](Builder &, ValueRange arguments) { return arguments[0]; });
}

Value lowerTranspose(Builder &b, Operation *op, ValueRange x) {
  if (Value constant = reshapedConstant(b, op, x[0]))
    return constant;
  ArrayRef<int64_t> permutation = cast<nn::TransposeOp>(op).getPermutation();
  SmallVector<unsigned> from(permutation.size());
  for (auto [axis, source] : llvm::enumerate(permutation))
    from[source] = axis;
  return moved(b, x[0], b.dims(from.size(), from), shapeOf(op->getResult(0)));
}

Value lowerFlip(Builder &b, Operation *op, ValueRange x) {
  if (Value constant = reshapedConstant(b, op, x[0]))
    return constant;
  Shape shape = shapeOf(op->getResult(0));
  SmallVector<AffineExpr> from;
  for (unsigned axis = 0; axis < shape.size(); ++axis)
    from.push_back(b.dim(axis));
  for (int64_t axis : cast<nn::FlipOp>(op).getAxes())
    from[axis] = shape[axis] - 1 - from[axis];
  return moved(b, x[0], b.map(shape.size(), from), shape);
}

Value lowerBroadcast(Builder &b, Operation *op, ValueRange x) {
  if (Value constant = reshapedConstant(b, op, x[0]))
    return constant;
  ArrayRef<int64_t> axes = cast<nn::BroadcastOp>(op).getAxes();
  Shape shape = shapeOf(op->getResult(0));
  SmallVector<unsigned> from;
  for (unsigned axis = 0; axis < shape.size(); ++axis)
    if (!llvm::is_contained(axes, int64_t(axis)))
      from.push_back(axis);
  return moved(b, x[0], b.dims(shape.size(), from), shape);
}

// The part of x from `begin` along `axis` that has the shape of `part`: offsets, sizes and strides.
struct Part {
  SmallVector<OpFoldResult> offsets, sizes, strides;

  Part(Builder &b, Shape part, int64_t axis, int64_t begin) {
    for (auto [a, size] : llvm::enumerate(part)) {
      offsets.push_back(b.getIndexAttr(int64_t(a) == axis ? begin : 0));
      sizes.push_back(b.getIndexAttr(size));
      strides.push_back(b.getIndexAttr(1));
    }
  }
};

Value lowerConcat(Builder &b, Operation *op, ValueRange x) {
  int64_t axis = cast<nn::ConcatOp>(op).getAxis(), begin = 0;
  Value whole = b.empty(shapeOf(op->getResult(0)), elementOf(x[0]));
  for (Value value : x) {
    Part part(b, shapeOf(value), axis, begin);
    whole = tensor::InsertSliceOp::create(b, value, whole, part.offsets, part.sizes, part.strides);
    begin += shapeOf(value)[axis];
  }
  return whole;
}

SmallVector<Value> lowerSplit(Builder &b, Operation *op, ValueRange x) {
  auto split = cast<nn::SplitOp>(op);
  SmallVector<Value> parts;
  int64_t begin = 0;
  for (auto [result, size] : llvm::zip(op->getResults(), split.getSizes())) {
    Part part(b, shapeOf(result), split.getAxis(), begin);
    parts.push_back(
        tensor::ExtractSliceOp::create(b, x[0], part.offsets, part.sizes, part.strides));
    begin += size;
  }
  return parts;
}

// The kept axes in order, then the reduced ones: the nest of a reduction.
struct Reduction {
  SmallVector<unsigned> place; // of each axis of x among the dimensions
  unsigned kept = 0, reduced = 0;

  Reduction(unsigned rank, ArrayRef<int64_t> axes) : place(rank) {
    auto isReduced = [&](unsigned axis) { return llvm::is_contained(axes, int64_t(axis)); };
    for (unsigned axis = 0; axis < rank; ++axis)
      if (!isReduced(axis))
        place[axis] = kept++;
    for (unsigned axis = 0; axis < rank; ++axis)
      if (isReduced(axis))
        place[axis] = kept + reduced++;
  }
  AffineMap input(Builder &b) const { return b.dims(place.size(), place); }
  AffineMap output(Builder &b) const {
    SmallVector<unsigned> positions;
    for (unsigned i = 0; i < kept; ++i)
      positions.push_back(i);
    return b.dims(place.size(), positions);
  }
};

Value reduced(Builder &b, Operation *op, Value x, ArrayRef<int64_t> axes, TypedAttr start,
              Builder::Body body) {
  Reduction reduction(shapeOf(x).size(), axes);
  Value out = b.filled(shapeOf(op->getResult(0)), start);
  return b.generic(x, out, {reduction.input(b), reduction.output(b)}, reduction.reduced, body);
}

Value lowerReduceSum(Builder &b, Operation *op, ValueRange x) {
  bool isInt = isa<IntegerType>(elementOf(x[0]));
  return reduced(b, op, x[0], cast<nn::ReduceSumOp>(op).getAxes(),
                 cast<TypedAttr>(b.getZeroAttr(elementOf(x[0]))),
                 [=](Builder &b, ValueRange a) -> Value {
                   return isInt ? arith::AddIOp::create(b, a[1], a[0]).getResult()
                                : arith::AddFOp::create(b, a[1], a[0]).getResult();
                 });
}

Value lowerReduceMax(Builder &b, Operation *op, ValueRange x) {
  bool isInt = isa<IntegerType>(elementOf(x[0]));
  TypedAttr lowest = isInt ? TypedAttr(b.getI32IntegerAttr(INT32_MIN))
                           : TypedAttr(b.getFloatAttr(elementOf(x[0]), -INFINITY));
  return reduced(b, op, x[0], cast<nn::ReduceMaxOp>(op).getAxes(), lowest,
                 [=](Builder &b, ValueRange a) -> Value {
                   return isInt ? arith::MaxSIOp::create(b, a[1], a[0]).getResult()
                                : arith::MaximumFOp::create(b, a[1], a[0]).getResult();
                 });
}

// The largest so far and its place go along together; only a larger one takes over.
Value lowerArgmax(Builder &b, Operation *op, ValueRange x) {
  Shape shape = shapeOf(x[0]);
  int64_t last = shape.size() - 1;
  Reduction reduction(shape.size(), {last});
  Value largest = b.filled(shape.drop_back(), b.getFloatAttr(elementOf(x[0]), -INFINITY));
  Value place = b.filled(shape.drop_back(), b.getI32IntegerAttr(0));
  AffineMap out = reduction.output(b);
  return b.generic(x, {largest, place}, {reduction.input(b), out, out}, 1,
                   [&](Builder &b, ValueRange a) -> SmallVector<Value> {
                     Value here = arith::IndexCastOp::create(b, b.getI32Type(),
                                                             linalg::IndexOp::create(b, last));
                     Value isLarger =
                         arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, a[0], a[1]);
                     return {arith::SelectOp::create(b, isLarger, a[0], a[1]),
                             arith::SelectOp::create(b, isLarger, here, a[2])};
                   })[1];
}

Value lowerOneHot(Builder &b, Operation *op, ValueRange index) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  unsigned rank = type.getRank();
  SmallVector<unsigned> positions;
  for (unsigned i = 0; i + 1 < rank; ++i)
    positions.push_back(i);
  Type real = type.getElementType();
  return b.generic(index, b.empty(type.getShape(), real),
                   {b.dims(rank, positions), b.identity(rank)}, 0,
                   [&](Builder &b, ValueRange a) -> Value {
                     Value here = arith::IndexCastOp::create(b, b.getI32Type(),
                                                             linalg::IndexOp::create(b, rank - 1));
                     Value isHot = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, here, a[0]);
                     return arith::SelectOp::create(b, isHot, b.number(real, 1), b.number(real, 0));
                   });
}

// Both transfers of rows add up x wherever the index is the number of a row: that loop is the last
// for `gather`, where each index finds one row, and the first for `scatter_add`. The kernels go to
// the row at once (kernel/rows).
Value transferred(Builder &b, Operation *op, ValueRange operands, ArrayRef<AffineMap> maps,
                  unsigned row, unsigned reductions, contract::Transfer direction) {
  Value out = b.filled(shapeOf(op->getResult(0)), b.getFloatAttr(elementOf(operands[0]), 0));
  Value result = b.generic(operands, out, maps, reductions, [&](Builder &b, ValueRange a) -> Value {
    Value here = arith::IndexCastOp::create(b, b.getI32Type(), linalg::IndexOp::create(b, row));
    Value isHere = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, here, a[1]);
    Value term = arith::SelectOp::create(b, isHere, a[0], b.number(a[0].getType(), 0));
    return arith::AddFOp::create(b, a[2], term);
  });
  int64_t rows = cast<linalg::GenericOp>(result.getDefiningOp()).getStaticLoopRanges()[row];
  if (rows > 1) // else it only compares
    contract::set<contract::Rows>(result.getDefiningOp(),
                                  contract::RowsAttr::get(b.getContext(), direction));
  return result;
}

// Loops: the index's, the columns, the rows.
Value lowerGather(Builder &b, Operation *op, ValueRange x) {
  unsigned tokens = shapeOf(x[1]).size(), rank = tokens + 2;
  SmallVector<unsigned> all = llvm::to_vector(llvm::seq(tokens + 1));
  ArrayRef<unsigned> result = all;
  AffineMap table = b.dims(rank, {tokens + 1, tokens});
  return transferred(b, op, x, {table, b.dims(rank, result.drop_back()), b.dims(rank, result)},
                     tokens + 1, 1, contract::Transfer::Gather);
}

// Loops: the rows, the columns, the index's.
Value lowerScatterAdd(Builder &b, Operation *op, ValueRange x) {
  unsigned tokens = shapeOf(x[1]).size(), rank = tokens + 2;
  SmallVector<unsigned> index = llvm::to_vector(llvm::seq(2u, rank)), source = index;
  source.push_back(1);
  return transferred(b, op, x, {b.dims(rank, source), b.dims(rank, index), b.dims(rank, {0, 1})}, 0,
                     tokens, contract::Transfer::ScatterAdd);
}

} // namespace

void addShapeRules(Rules &rules) {
  rules["constant"] = lowerConstant;
  rules["reshape"] = lowerReshape;
  rules["transpose"] = lowerTranspose;
  rules["flip"] = lowerFlip;
  rules["broadcast"] = lowerBroadcast;
  rules["concat"] = lowerConcat;
  rules["split"] = lowerSplit;
  rules["reduce_sum"] = lowerReduceSum;
  rules["reduce_max"] = lowerReduceMax;
  rules["argmax"] = lowerArgmax;
  rules["one_hot"] = lowerOneHot;
  rules["gather"] = lowerGather;
  rules["scatter_add"] = lowerScatterAdd;
}

} // namespace dlc::lower
