// Bodies of a few operations; those of transforms are sums of products with constant factors, of
// which most are 1 and -1.
#include "compiler/kernel/nest/bodies.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace dlc::kernel {

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

Block *Bodies::overlapAdd(Matrix matrix, int64_t groups, int64_t apart, int64_t count) {
  int64_t components = matrix.size();
  SmallVector<Value> sums(count);
  Block *block = begin(groups * components + sums.size(), b.getF32Type());
  for (int64_t group = 0; group < groups; ++group)
    for (int64_t i = 0; i < components && group * apart + i < count; ++i) {
      SmallVector<double> factors;
      SmallVector<Value> values;
      for (int64_t component = 0; component < components; ++component) {
        factors.push_back(matrix[component][i]);
        values.push_back(block->getArgument(group * components + component));
      }
      Value &sum = sums[group * apart + i];
      sum = combine(factors, values, sum);
    }
  linalg::YieldOp::create(b, sums);
  return block;
}

Block *Bodies::withEpilogue(Block *sums, unsigned inputs, const Nest &nest) {
  unsigned count = sums->getTerminator()->getNumOperands();
  Block *block = begin(inputs, b.getF32Type());
  IRMapping made;
  for (unsigned i = 0; i < inputs; ++i)
    made.map(sums->getArgument(i), block->getArgument(i));
  for (Operation &op : sums->without_terminator())
    b.clone(op, made);
  SmallVector<IRMapping> values(count); // of the epilogue, for each sum
  SmallVector<Value> yielded;
  for (unsigned i = 0; i < count; ++i) {
    Value sum = made.lookup(sums->getTerminator()->getOperand(i));
    values[i].map(nest.epilogue->getArgument(nest.epilogueSum), sum);
    if (nest.keepsSums)
      yielded.push_back(sum);
  }
  for (auto [access, argument] : llvm::zip(nest.epilogueInputs, nest.epilogue->getArguments()))
    if (access.element)
      for (IRMapping &value : values)
        value.map(argument, block->addArgument(access.element, b.getLoc()));
  for (IRMapping &value : values)
    for (Operation &op : nest.epilogue->without_terminator())
      b.clone(op, value);
  for (Value result : nest.epilogue->getTerminator()->getOperands())
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
