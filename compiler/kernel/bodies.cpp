// Bodies of a few operations; those of transforms are sums of products with constant factors, of
// which most are 1 and -1.
#include "compiler/kernel/bodies.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace dlc::kernel {

// Through the points 0, 1, -1 and infinity.
constexpr Row kImage3[] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, -1, 0, 1}};
constexpr Row kFilter3[] = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};
constexpr Row kResult3[] = {{1, 1, 1, 0}, {0, 1, -1, 1}};
constexpr Row kResultGradient3[] = {{1, 0}, {1, 1}, {1, -1}, {0, 1}};
constexpr Row kFilterGradient3[] = {{1, .5, .5, 0}, {0, .5, -.5, 0}, {0, .5, .5, 1}};

// And 2 and -1/2: with these, results are as exact as plain sums; with 2 and -2 they are not.
constexpr Row kImage5[] = {{1, 1.5, -2, -1.5, 1, 0}, {0, -1, -2.5, -.5, 1, 0},
                           {0, 1, .5, -2.5, 1, 0},   {0, -.5, -1, .5, 1, 0},
                           {0, 2, -1, -2, 1, 0},     {0, 1, 1.5, -2, -1.5, 1}};
constexpr double kThird = 1 / 3., kFifteenth = 1 / 15.;
constexpr Row kFilter5[] = {
    {1, 0, 0, 0, 0},
    {-kThird, -kThird, -kThird, -kThird, -kThird},
    {kThird, -kThird, kThird, -kThird, kThird},
    {kFifteenth, 2 * kFifteenth, 4 * kFifteenth, 8 * kFifteenth, 16 * kFifteenth},
    {-16 * kFifteenth, 8 * kFifteenth, -4 * kFifteenth, 2 * kFifteenth, -kFifteenth},
    {0, 0, 0, 0, 1}};
constexpr Row kResult5[] = {{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -.5, 1}};
constexpr Row kResultGradient5[] = {{1, 0}, {1, 1}, {1, -1}, {1, 2}, {1, -.5}, {0, 1}};
constexpr Row kFilterGradient5[] = {{1, -kThird, kThird, kFifteenth, -16 * kFifteenth, 0},
                                    {0, -kThird, -kThird, 2 * kFifteenth, 8 * kFifteenth, 0},
                                    {0, -kThird, kThird, 4 * kFifteenth, -4 * kFifteenth, 0},
                                    {0, -kThird, -kThird, 8 * kFifteenth, 2 * kFifteenth, 0},
                                    {0, -kThird, kThird, 16 * kFifteenth, -kFifteenth, 1}};

const Transforms &transformsFor(int64_t taps) {
  static const Transforms kThree = {kImage3,          kFilter3, kResult3, kResultGradient3,
                                    kFilterGradient3, 28,       18};
  static const Transforms kFive = {kImage5,          kFilter5, kResult5, kResultGradient5,
                                   kFilterGradient5, 150,      45};
  assert((taps == 3 || taps == 5) && "there are no others");
  return taps == 3 ? kThree : kFive;
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
  for (int64_t i = 0; i < results[0]; ++i)
    for (int64_t j = 0; j < inputs[1]; ++j) {
      SmallVector<Value> column;
      for (int64_t row = 0; row < inputs[0]; ++row)
        column.push_back(block->getArgument(row * inputs[1] + j));
      half[i].push_back(combine(matrix[i], column));
    }
  SmallVector<Value> all;
  for (int64_t i = 0; i < results[0]; ++i)
    for (int64_t j = 0; j < results[1]; ++j)
      all.push_back(combine(matrix[j], half[i]));
  linalg::YieldOp::create(b, all);
  return block;
}

Block *Bodies::spread(Matrix matrix, int64_t width, int64_t groups, int64_t apart) {
  int64_t forms = matrix.size();
  SmallVector<Value> sums((groups - 1) * apart + width);
  Block *block = begin(groups * forms + sums.size(), b.getF32Type());
  for (int64_t group = 0; group < groups; ++group)
    for (int64_t i = 0; i < width; ++i) {
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
