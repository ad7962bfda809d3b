// The notation of the gradient rules.
#include "compiler/nn/nn.h"

using namespace mlir;

namespace dlc::grad {

static RankedTensorType typeOf(Value x) { return cast<RankedTensorType>(x.getType()); }

Value Formula::constant(double number, Value like) {
  return nn::constant(builder, location, typeOf(like), number);
}

Value Formula::neg(Value x) { return make<nn::NegOp>(x); }
Value Formula::sign(Value x) { return make<nn::SignOp>(x); }
Value Formula::exp(Value x) { return make<nn::ExpOp>(x); }
Value Formula::log(Value x) { return make<nn::LogOp>(x); }
Value Formula::sin(Value x) { return make<nn::SinOp>(x); }
Value Formula::cos(Value x) { return make<nn::CosOp>(x); }
Value Formula::add(Value a, Value b) { return make<nn::AddOp>(a, b); }
Value Formula::sub(Value a, Value b) { return make<nn::SubOp>(a, b); }
Value Formula::mul(Value a, Value b) { return make<nn::MulOp>(a, b); }
Value Formula::div(Value a, Value b) { return make<nn::DivOp>(a, b); }
Value Formula::pow(Value a, Value b) { return make<nn::PowOp>(a, b); }
Value Formula::less(Value a, Value b) { return make<nn::LessOp>(a, b); }
Value Formula::select(Value condition, Value a, Value b) {
  return make<nn::SelectOp>(condition, a, b);
}

Value Formula::castLike(Value x, Value like) {
  return make<nn::CastOp>(x, typeOf(like).getElementType());
}

Value Formula::reshapeLike(Value x, Value like) {
  return make<nn::ReshapeOp>(x, typeOf(like).getShape());
}

Value Formula::transpose(Value x, Numbers permutation) {
  return make<nn::TransposeOp>(x, permutation);
}

Value Formula::swapLastAxes(Value x) {
  auto permutation = llvm::to_vector(llvm::seq<int64_t>(0, typeOf(x).getRank()));
  std::swap(permutation[permutation.size() - 2], permutation.back());
  return transpose(x, permutation);
}

Value Formula::broadcastLike(Value x, Numbers axes, Value like) {
  SmallVector<int64_t> sizes;
  for (int64_t axis : axes)
    sizes.push_back(typeOf(like).getDimSize(axis));
  return make<nn::BroadcastOp>(x, axes, sizes);
}

Value Formula::reduceSum(Value x, Numbers axes) { return make<nn::ReduceSumOp>(x, axes); }
Value Formula::matmul(Value a, Value b) { return make<nn::MatmulOp>(a, b); }

} // namespace dlc::grad
