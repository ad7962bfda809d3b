// Bodies of a few operations; those of transforms are sums of products with constant factors, of
// which most are 1 and -1.
#include "compiler/kernel/bodies.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace dlc::kernel {

static std::vector<Row> transposed(const std::vector<Row> &matrix, size_t columns) {
  std::vector<Row> result(columns, Row{});
  for (auto [i, row] : llvm::enumerate(matrix))
    for (size_t j = 0; j < columns; ++j)
      result[j][i] = row[j];
  return result;
}

// The product of (x - p) over all points but one, by powers of x.
static Row polynomial(ArrayRef<double> points, size_t without) {
  Row product{1};
  size_t degree = 0;
  for (auto [i, point] : llvm::enumerate(points)) {
    if (i == without)
      continue;
    for (size_t power = ++degree; power > 0; --power)
      product[power] = product[power - 1] - point * product[power];
    product[0] *= -point;
  }
  return product;
}

// The product of two polynomials is known by its values at so many points, and at infinity.
static Transforms through(ArrayRef<double> points, int64_t taps) {
  Transforms t;
  size_t forms = points.size() + 1, tile = forms - taps + 1;
  t.result.resize(tile, Row{});
  for (auto [form, point] : llvm::enumerate(points)) {
    double scale = 1;
    for (double other : points)
      if (other != point)
        scale *= point - other;
    t.image.push_back(polynomial(points, form));
    if (scale < 0) // filters' forms are sums of taps, then, at 0 and at positive points
      for (double &factor : t.image.back())
        factor = -factor;
    Row filter{};
    double power = 1;
    for (int64_t tap = 0; tap < taps; ++tap, power *= point)
      filter[tap] = power / std::abs(scale);
    t.filter.push_back(filter);
    power = 1;
    for (size_t result = 0; result < tile; ++result, power *= point)
      t.result[result][form] = power;
  }
  t.image.push_back(polynomial(points, forms)); // at infinity
  t.filter.push_back(Row{});
  t.filter.back()[taps - 1] = 1;
  t.result.back()[forms - 1] = 1;
  t.resultGradient = transposed(t.result, forms);
  t.filterGradient = transposed(t.filter, taps);
  return t;
}

// With 2 and -1/2, results are nearly as exact as plain sums; with 2 and -2 alone they are not.
const Transforms &transformsFor(int64_t taps, int64_t tile) {
  static const Transforms kTwoByThree = through({0, 1, -1}, 3);
  static const Transforms kTwoByFive = through({0, 1, -1, 2, -.5}, 5);
  static const Transforms kFourByThree = through({0, 1, -1, 2, -.5}, 3);
  static const Transforms kFourByFive = through({0, 1, -1, 2, -2, .5, -.5}, 5);
  assert((taps == 3 || taps == 5) && (tile == 2 || tile == 4) && "there are no others");
  if (tile == 2)
    return taps == 3 ? kTwoByThree : kTwoByFive;
  return taps == 3 ? kFourByThree : kFourByFive;
}

Bodies::Bodies(MLIRContext *context)
    : region(std::make_shared<Region>()), b(UnknownLoc::get(context), context) {}

Block *Bodies::begin(unsigned arguments, Type element) {
  Block *block = new Block;
  region->push_back(block);
  for (unsigned i = 0; i < arguments; ++i)
    block->addArgument(element, b.getLoc());
  b.setInsertionPointToEnd(block);
  return block;
}

Block *Bodies::copy(Type element) {
  Block *block = begin(2, element);
  linalg::YieldOp::create(b, block->getArgument(0));
  return block;
}

Block *Bodies::zero() {
  Block *block = begin(1, b.getF32Type());
  linalg::YieldOp::create(b, number(0));
  return block;
}

Block *Bodies::multiplyAdd() {
  Block *block = begin(3, b.getF32Type());
  Value product = arith::MulFOp::create(b, block->getArgument(0), block->getArgument(1));
  linalg::YieldOp::create(b, arith::AddFOp::create(b, block->getArgument(2), product).getResult());
  return block;
}

Block *Bodies::transform(Matrix matrix, std::array<int64_t, 2> inputs,
                         std::array<int64_t, 2> results) {
  Block *block = begin(inputs[0] * inputs[1] + results[0] * results[1], b.getF32Type());
  SmallVector<SmallVector<Value>> half(results[0]); // rows are transformed, columns not yet
  bool isLine = inputs[0] == 1 && results[0] == 1;  // there are only columns
  for (int64_t i = 0; i < results[0]; ++i)
    for (int64_t j = 0; j < inputs[1]; ++j) {
      SmallVector<Value> column;
      for (int64_t row = 0; row < inputs[0]; ++row)
        column.push_back(block->getArgument(row * inputs[1] + j));
      half[i].push_back(isLine ? column[0] : combine(matrix[i], column));
    }
  SmallVector<Value> all;
  for (int64_t i = 0; i < results[0]; ++i)
    for (int64_t j = 0; j < results[1]; ++j)
      all.push_back(combine(matrix[j], half[i]));
  linalg::YieldOp::create(b, all);
  return block;
}

Block *Bodies::spread(Matrix matrix, int64_t groups, int64_t apart, int64_t count) {
  int64_t forms = matrix.size();
  SmallVector<Value> sums(count);
  Block *block = begin(groups * forms + sums.size(), b.getF32Type());
  for (int64_t group = 0; group < groups; ++group)
    for (int64_t i = 0; i < forms && group * apart + i < count; ++i) {
      SmallVector<double> factors;
      SmallVector<Value> values;
      for (int64_t form = 0; form < forms; ++form) {
        factors.push_back(matrix[form][i]);
        values.push_back(block->getArgument(group * forms + form));
      }
      Value &sum = sums[group * apart + i];
      sum = combine(factors, values, sum);
    }
  linalg::YieldOp::create(b, sums);
  return block;
}

Block *Bodies::withTail(Block *sums, unsigned inputs, const Nest &nest) {
  unsigned count = sums->getTerminator()->getNumOperands();
  Block *block = begin(inputs, b.getF32Type());
  IRMapping made;
  for (unsigned i = 0; i < inputs; ++i)
    made.map(sums->getArgument(i), block->getArgument(i));
  for (Operation &op : sums->without_terminator())
    b.clone(op, made);
  SmallVector<IRMapping> values(count); // of the tail, for each sum
  SmallVector<Value> yielded;
  for (unsigned i = 0; i < count; ++i) {
    Value sum = made.lookup(sums->getTerminator()->getOperand(i));
    values[i].map(nest.tail->getArgument(nest.tailSum), sum);
    if (nest.keepsSums)
      yielded.push_back(sum);
  }
  for (auto [access, argument] : llvm::zip(nest.tailInputs, nest.tail->getArguments()))
    if (access.element)
      for (IRMapping &value : values)
        value.map(argument, block->addArgument(access.element, b.getLoc()));
  for (IRMapping &value : values)
    for (Operation &op : nest.tail->without_terminator())
      b.clone(op, value);
  for (Value result : nest.tail->getTerminator()->getOperands())
    for (IRMapping &value : values)
      yielded.push_back(value.lookup(result));
  for (Value value : yielded)
    block->addArgument(value.getType(), b.getLoc());
  linalg::YieldOp::create(b, yielded);
  return block;
}

Value Bodies::number(double value) {
  return arith::ConstantOp::create(b, b.getFloatAttr(b.getF32Type(), value));
}

Value Bodies::combine(ArrayRef<double> factors, ArrayRef<Value> values, Value sum) {
  for (auto [factor, value] : llvm::zip(factors, values)) {
    if (factor == 0)
      continue;
    Value term = value;
    if (std::abs(factor) != 1)
      term = arith::MulFOp::create(b, value, number(std::abs(factor)));
    if (!sum)
      sum = factor > 0 ? term : arith::NegFOp::create(b, term).getResult();
    else if (factor > 0)
      sum = arith::AddFOp::create(b, sum, term);
    else
      sum = arith::SubFOp::create(b, sum, term);
  }
  return sum ? sum : number(0);
}

} // namespace dlc::kernel
