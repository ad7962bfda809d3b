// The chain rule for every operation, in alphabetical order.
//
// A rule gives one gradient an operand, from the gradient dy of the result. In a rule x, a, b, w
// are the operands and y is the result. An operation without a rule here does not link; that of
// `loop` is in sweep.cpp.
#include "compiler/nn/nn.h"

#include <cmath>

using namespace mlir;
using dlc::grad::Formula;
using dlc::grad::Gradient;
using dlc::grad::Gradients;

namespace dlc::nn {

static const Gradient kNone = Gradient::none();

Gradients AbsOp::gradients(Formula &f, Value dy) { return {f.mul(dy, f.sign(getX()))}; }

Gradients AddOp::gradients(Formula &f, Value dy) { return {dy, dy}; }

// A position is no real number.
Gradients ArgmaxOp::gradients(Formula &f, Value dy) { return {kNone}; }

Gradients AvgPool2dOp::gradients(Formula &f, Value dy) {
  return {
      f.make<AvgPool2dGradOp>(dy, getX().getType().getShape(), getKernel(), getStride(), getPad())};
}

Gradients AvgPool2dGradOp::gradients(Formula &f, Value ddx) {
  return {f.make<AvgPool2dOp>(ddx, getKernel(), getStride(), getPad())};
}

Gradients BroadcastOp::gradients(Formula &f, Value dy) { return {f.reduceSum(dy, getAxes())}; }

Gradients CastOp::gradients(Formula &f, Value dy) { return {f.castLike(dy, getX())}; }

Gradients ConcatOp::gradients(Formula &f, Value dy) {
  SmallVector<int64_t> sizes;
  for (Value x : getX())
    sizes.push_back(cast<RankedTensorType>(x.getType()).getDimSize(getAxis()));
  ValueRange parts = f.makeSeveral<SplitOp>(dy, getAxis(), sizes);
  return Gradients(parts.begin(), parts.end());
}

Gradients ConstantOp::gradients(Formula &f, ValueRange dy) { return {}; }

// conv2d is linear in x and in w. So are its two derivatives in their operands, and all three are
// the same sum over (x, w, dy), once without each of them.
Gradients Conv2dOp::gradients(Formula &f, Value dy) {
  return {f.make<Conv2dGradInputOp>(dy, getW(), getX().getType().getShape(), getStride(), getPad(),
                                    getDilation(), getGroups()),
          f.make<Conv2dGradWeightOp>(getX(), dy, getW().getType().getShape(), getStride(), getPad(),
                                     getDilation(), getGroups())};
}

Gradients Conv2dGradInputOp::gradients(Formula &f, Value ddx) {
  return {f.make<Conv2dOp>(ddx, getW(), getStride(), getPad(), getDilation(), getGroups()),
          f.make<Conv2dGradWeightOp>(ddx, getDy(), getW().getType().getShape(), getStride(),
                                     getPad(), getDilation(), getGroups())};
}

Gradients Conv2dGradWeightOp::gradients(Formula &f, Value ddw) {
  return {f.make<Conv2dGradInputOp>(getDy(), ddw, getX().getType().getShape(), getStride(),
                                    getPad(), getDilation(), getGroups()),
          f.make<Conv2dOp>(getX(), ddw, getStride(), getPad(), getDilation(), getGroups())};
}

Gradients CosOp::gradients(Formula &f, Value dy) { return {f.neg(f.mul(dy, f.sin(getX())))}; }

Gradients DivOp::gradients(Formula &f, Value dy) {
  Value da = f.div(dy, getB());
  return {da, f.neg(f.mul(da, getY()))};
}

// dx = dy * 2 / sqrt(pi) * exp(-x^2)
Gradients ErfOp::gradients(Formula &f, Value dy) {
  Value slope = f.mul(f.constant(2 / std::sqrt(M_PI), dy), f.exp(f.neg(f.mul(getX(), getX()))));
  return {f.mul(dy, slope)};
}

Gradients ExpOp::gradients(Formula &f, Value dy) { return {f.mul(dy, getY())}; }

// To reverse is its own transposition.
Gradients FlipOp::gradients(Formula &f, Value dy) { return {f.make<FlipOp>(dy, getAxes())}; }

// Zero wherever there is a derivative.
Gradients FloorOp::gradients(Formula &f, Value dy) { return {kNone}; }

// An index is no real number.
Gradients GatherOp::gradients(Formula &f, Value dy) {
  return {f.make<ScatterAddOp>(dy, getIndex(), getTable().getType().getDimSize(0)), kNone};
}

Gradients LessOp::gradients(Formula &f, Value dy) { return {kNone, kNone}; }

Gradients LessEqualOp::gradients(Formula &f, Value dy) { return {kNone, kNone}; }

Gradients LogOp::gradients(Formula &f, Value dy) { return {f.div(dy, getX())}; }

Gradients MatmulOp::gradients(Formula &f, Value dy) {
  return {f.matmul(dy, f.swapLastAxes(getB())), f.matmul(f.swapLastAxes(getA()), dy)};
}

Gradients MaxOp::gradients(Formula &f, Value dy) {
  Value zero = f.constant(0, dy), toA = f.less(getB(), getA());
  return {f.select(toA, dy, zero), f.select(toA, zero, dy)};
}

Gradients MaxPool2dOp::gradients(Formula &f, Value dy) {
  return {f.make<MaxPool2dGradOp>(getX(), dy, getKernel(), getStride(), getPad())};
}

// By x it is zero wherever there is a derivative: x only says where the maxima are.
Gradients MaxPool2dGradOp::gradients(Formula &f, Value ddx) {
  return {kNone, Gradient::refused("the second derivative of max_pool2d is not implemented")};
}

Gradients MinOp::gradients(Formula &f, Value dy) {
  Value zero = f.constant(0, dy), toA = f.less(getA(), getB());
  return {f.select(toA, dy, zero), f.select(toA, zero, dy)};
}

Gradients MulOp::gradients(Formula &f, Value dy) { return {f.mul(dy, getB()), f.mul(dy, getA())}; }

Gradients NegOp::gradients(Formula &f, Value dy) { return {f.neg(dy)}; }

Gradients OneHotOp::gradients(Formula &f, Value dy) { return {kNone}; }

// da = dy * b * a^(b-1); db = dy * y * log(a), and 0 where a <= 0, as in PyTorch for a = 0.
Gradients PowOp::gradients(Formula &f, Value dy) {
  Value a = getA(), b = getB(), zero = f.constant(0, a), one = f.constant(1, a);
  Value logA = f.log(f.select(f.less(zero, a), a, one));
  return {f.mul(dy, f.mul(b, f.pow(a, f.sub(b, one)))), f.mul(dy, f.mul(getY(), logA))};
}

Gradients RandomUniformOp::gradients(Formula &f, Value dy) { return {kNone}; }

// Equal maxima share the gradient equally, as in PyTorch's amax.
Gradients ReduceMaxOp::gradients(Formula &f, Value dy) {
  Value x = getX(), largest = f.broadcastLike(getY(), getAxes(), x);
  Value isLargest = f.select(f.less(x, largest), f.constant(0, x), f.constant(1, x));
  Value share = f.div(dy, f.reduceSum(isLargest, getAxes()));
  return {f.mul(isLargest, f.broadcastLike(share, getAxes(), x))};
}

Gradients ReduceSumOp::gradients(Formula &f, Value dy) {
  return {f.broadcastLike(dy, getAxes(), getX())};
}

Gradients ReshapeOp::gradients(Formula &f, Value dy) { return {f.reshapeLike(dy, getX())}; }

Gradients SameOp::gradients(Formula &f, Value dy) { return {kNone, kNone}; }

Gradients ScatterAddOp::gradients(Formula &f, Value dy) {
  return {f.make<GatherOp>(dy, getIndex()), kNone};
}

Gradients SelectOp::gradients(Formula &f, Value dy) {
  Value zero = f.constant(0, dy);
  return {kNone, f.select(getCondition(), dy, zero), f.select(getCondition(), zero, dy)};
}

Gradients SigmoidOp::gradients(Formula &f, Value dy) {
  return {f.mul(dy, f.mul(getY(), f.sub(f.constant(1, dy), getY())))};
}

// Zero wherever there is a derivative.
Gradients SignOp::gradients(Formula &f, Value dy) { return {kNone}; }

Gradients SinOp::gradients(Formula &f, Value dy) { return {f.mul(dy, f.cos(getX()))}; }

Gradients SplitOp::gradients(Formula &f, ValueRange dy) {
  SmallVector<Value> parts(dy);
  for (auto [part, gradient] : llvm::zip(getParts(), parts))
    if (!gradient)
      gradient = f.constant(0, part);
  return {f.make<ConcatOp>(parts, getAxis())};
}

Gradients SqrtOp::gradients(Formula &f, Value dy) {
  return {f.div(dy, f.mul(f.constant(2, dy), getY()))};
}

// Zero by definition.
Gradients StopGradientOp::gradients(Formula &f, Value dy) { return {kNone}; }

Gradients SubOp::gradients(Formula &f, Value dy) { return {dy, f.neg(dy)}; }

Gradients TanhOp::gradients(Formula &f, Value dy) {
  return {f.mul(dy, f.sub(f.constant(1, dy), f.mul(getY(), getY())))};
}

Gradients TransposeOp::gradients(Formula &f, Value dy) {
  SmallVector<int64_t> inverse(getPermutation().size());
  for (auto [i, axis] : llvm::enumerate(getPermutation()))
    inverse[axis] = i;
  return {f.transpose(dy, inverse)};
}

} // namespace dlc::nn
