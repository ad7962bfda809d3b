// Sums of products with constant factors, of which most are 1 and -1.
#include "compiler/kernel/bodies.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace dlc::kernel {

Bodies::Bodies(MLIRContext *context)
    : region(std::make_shared<Region>()), b(UnknownLoc::get(context), context) {}

Block *Bodies::begin(unsigned arguments) {
  Block *block = new Block;
  region->push_back(block);
  for (unsigned i = 0; i < arguments; ++i)
    block->addArgument(b.getF32Type(), b.getLoc());
  b.setInsertionPointToEnd(block);
  return block;
}

Block *Bodies::zero() {
  Block *block = begin(1);
  linalg::YieldOp::create(b, number(0));
  return block;
}

Block *Bodies::multiplyAdd() {
  Block *block = begin(3);
  Value product = arith::MulFOp::create(b, block->getArgument(0), block->getArgument(1));
  linalg::YieldOp::create(b, arith::AddFOp::create(b, block->getArgument(2), product).getResult());
  return block;
}

Block *Bodies::transform(Matrix matrix, std::array<int64_t, 2> inputs,
                         std::array<int64_t, 2> results) {
  Block *block = begin(inputs[0] * inputs[1] + results[0] * results[1]);
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

Value Bodies::number(double value) {
  return arith::ConstantOp::create(b, b.getFloatAttr(b.getF32Type(), value));
}

Value Bodies::combine(ArrayRef<double> factors, ArrayRef<Value> values) {
  Value sum;
  for (auto [factor, value] : llvm::zip(factors, values)) {
    if (factor == 0 || !value)
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
