// Rewrites of the dialect that are always worth while.
//
// `x`, `a`, `b` are values; numbers stand for constants that hold the number in every element.
#include "compiler/nn/loops.h"
#include "compiler/nn/nn.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace dlc::nn {

namespace {

/// A pattern from a function that gives what an operation may be replaced by, or null.
template <typename OpT> struct Simplification : OpRewritePattern<OpT> {
  using Rule = Value (*)(OpT, PatternRewriter &);

  Simplification(MLIRContext *context, Rule rule) : OpRewritePattern<OpT>(context), rule(rule) {}

  LogicalResult matchAndRewrite(OpT op, PatternRewriter &rewriter) const override {
    Value value = rule(op, rewriter);
    if (!value)
      return failure();
    // What stands for a value that has a name has the name.
    StringRef name = nameIn(op.getLoc());
    if (!name.empty() && value.getDefiningOp() && nameOf(value).empty())
      addName(value, name);
    rewriter.replaceOp(op, value);
    return success();
  }

  Rule rule;
};

/// The number that fills a constant.
std::optional<double> numberIn(Value value) {
  SplatElementsAttr numbers;
  if (!matchPattern(value, m_Constant(&numbers)) || !isa<FloatType>(numbers.getElementType()))
    return std::nullopt;
  return numbers.getSplatValue<APFloat>().convertToDouble();
}

/// Of a value inside a rewrite: it is not what the user named.
Location nameless(Location location) { return withName(location, ""); }

bool is(Value value, double number) { return numberIn(value) == number; }

// --- constants ---------------------------------------------------------------------------------

std::optional<double> compute(Operation *op, ArrayRef<double> x) {
  return llvm::TypeSwitch<Operation *, std::optional<double>>(op)
      .Case([&](NegOp) { return -x[0]; })
      .Case([&](AbsOp) { return std::fabs(x[0]); })
      .Case([&](ErfOp) { return std::erf(x[0]); })
      .Case([&](ExpOp) { return std::exp(x[0]); })
      .Case([&](LogOp) { return std::log(x[0]); })
      .Case([&](SqrtOp) { return std::sqrt(x[0]); })
      .Case([&](FloorOp) { return std::floor(x[0]); })
      .Case([&](CastOp cast) {
        return isa<FloatType>(getElementTypeOrSelf(cast.getType())) ? std::optional(x[0])
                                                                    : std::nullopt;
      })
      .Case([&](AddOp) { return x[0] + x[1]; })
      .Case([&](SubOp) { return x[0] - x[1]; })
      .Case([&](MulOp) { return x[0] * x[1]; })
      .Case([&](DivOp) { return x[0] / x[1]; })
      .Case([&](PowOp) { return std::pow(x[0], x[1]); })
      .Case<ReshapeOp, TransposeOp, FlipOp, BroadcastOp>([&](auto) { return x[0]; })
      .Default([](Operation *) { return std::nullopt; });
}

/// An operation on constants that each hold one number is such a constant.
struct FoldNumbers : RewritePattern {
  explicit FoldNumbers(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa_and_nonnull<NnDialect>(op->getDialect()) || op->getNumOperands() == 0)
      return failure();
    SmallVector<double> numbers;
    for (Value operand : op->getOperands()) {
      std::optional<double> number = numberIn(operand);
      if (!number)
        return failure();
      numbers.push_back(*number);
    }
    std::optional<double> result = compute(op, numbers);
    if (!result)
      return failure();
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    rewriter.replaceOp(op, constant(rewriter, op->getLoc(), type, *result));
    return success();
  }
};

// --- one function an operation -----------------------------------------------------------------

// x + 0 -> x. That turns -0 into 0 and no other number into another.
// x + x -> x * 2
Value simplifyAdd(AddOp op, PatternRewriter &rewriter) {
  if (is(op.getB(), 0))
    return op.getA();
  if (is(op.getA(), 0))
    return op.getB();
  if (op.getA() == op.getB() && isa<FloatType>(getElementTypeOrSelf(op.getType())))
    return MulOp::create(rewriter, op.getLoc(), op.getA(),
                         constant(rewriter, op.getLoc(), op.getType(), 2));
  return nullptr;
}

// x - 0 -> x
Value simplifySub(SubOp op, PatternRewriter &) { return is(op.getB(), 0) ? op.getA() : Value(); }

/// A product with a number that nothing else reads; numbers stand on the right.
MulOp scaled(Value value) {
  auto product = value.getDefiningOp<MulOp>();
  return product && product->hasOneUse() && numberIn(product.getB()) ? product : nullptr;
}

// Numbers move out of a product, to where they meet others:
// x * 1 -> x;  (x * c) * d -> x * (c * d);  (x * c) * y -> (x * y) * c
Value simplifyMul(MulOp op, PatternRewriter &rewriter) {
  if (is(op.getB(), 1))
    return op.getA();
  if (numberIn(op.getA()) && !numberIn(op.getB()))
    return MulOp::create(rewriter, op.getLoc(), op.getB(), op.getA());
  auto times = [&](Value a, Value b) {
    return MulOp::create(rewriter, nameless(op.getLoc()), a, b);
  };
  if (MulOp a = scaled(op.getA())) {
    if (std::optional<double> d = numberIn(op.getB()))
      return MulOp::create(
          rewriter, op.getLoc(), a.getA(),
          constant(rewriter, nameless(op.getLoc()), op.getType(), *numberIn(a.getB()) * *d));
    return MulOp::create(rewriter, op.getLoc(), times(a.getA(), op.getB()), a.getB());
  }
  if (MulOp b = scaled(op.getB()))
    return MulOp::create(rewriter, op.getLoc(), times(op.getA(), b.getA()), b.getB());
  return nullptr;
}

// x / 1 -> x
Value simplifyDiv(DivOp op, PatternRewriter &) { return is(op.getB(), 1) ? op.getA() : Value(); }

// x ** 1 -> x;  x ** 2 -> x * x
Value simplifyPow(PowOp op, PatternRewriter &rewriter) {
  if (is(op.getB(), 1))
    return op.getA();
  if (is(op.getB(), 2))
    return MulOp::create(rewriter, op.getLoc(), op.getA(), op.getA());
  return nullptr;
}

// -(-x) -> x
Value simplifyNeg(NegOp op, PatternRewriter &) {
  auto inner = op.getX().getDefiningOp<NegOp>();
  return inner ? inner.getX() : Value();
}

// A cast to the type that x has -> x
Value simplifyCast(CastOp op, PatternRewriter &) {
  return op.getType() == op.getX().getType() ? op.getX() : Value();
}

// A reshape to the shape that x has -> x;  reshape(reshape(x)) -> reshape(x)
Value simplifyReshape(ReshapeOp op, PatternRewriter &rewriter) {
  if (op.getType() == op.getX().getType())
    return op.getX();
  if (auto inner = op.getX().getDefiningOp<ReshapeOp>())
    return ReshapeOp::create(rewriter, op.getLoc(), inner.getX(), op.getShape());
  return nullptr;
}

// A transposition that moves nothing -> x;  transpose(transpose(x, p), q) -> transpose(x, p[q])
Value simplifyTranspose(TransposeOp op, PatternRewriter &rewriter) {
  ArrayRef<int64_t> permutation = op.getPermutation();
  if (llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size())))
    return op.getX();
  auto inner = op.getX().getDefiningOp<TransposeOp>();
  if (!inner)
    return nullptr;
  SmallVector<int64_t> both;
  for (int64_t axis : permutation)
    both.push_back(inner.getPermutation()[axis]);
  return TransposeOp::create(rewriter, op.getLoc(), inner.getX(), both);
}

/// The axes of a rank that are in one of the lists and not in the other.
SmallVector<int64_t> inOneOf(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  SmallVector<int64_t> axes;
  std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(axes));
  return axes;
}

// Along axes of size 1, or along none -> x;  flip(flip(x, a), b) -> flip(x, a without b and b
// without a)
Value simplifyFlip(FlipOp op, PatternRewriter &rewriter) {
  SmallVector<int64_t> axes = llvm::filter_to_vector(
      op.getAxes(), [&](int64_t axis) { return op.getType().getDimSize(axis) > 1; });
  if (axes.empty())
    return op.getX();
  if (axes.size() < op.getAxes().size())
    return FlipOp::create(rewriter, op.getLoc(), op.getX(), axes);
  auto inner = op.getX().getDefiningOp<FlipOp>();
  if (!inner)
    return nullptr;
  return FlipOp::create(rewriter, op.getLoc(), inner.getX(), inOneOf(inner.getAxes(), axes));
}

// Along no axes -> x;  broadcast(x * c) -> broadcast(x) * c
Value simplifyBroadcast(BroadcastOp op, PatternRewriter &rewriter) {
  if (op.getAxes().empty())
    return op.getX();
  MulOp product = scaled(op.getX());
  if (!product)
    return nullptr;
  Value wide = BroadcastOp::create(rewriter, nameless(op.getLoc()), product.getA(), op.getAxes(),
                                   op.getSizes());
  Value number = constant(rewriter, nameless(op.getLoc()), op.getType(), *numberIn(product.getB()));
  return MulOp::create(rewriter, op.getLoc(), wide, number);
}

// The axes of a sum of sums, in the numbers of the inner one's operand.
SmallVector<int64_t> joinedAxes(ArrayRef<int64_t> inner, ArrayRef<int64_t> outer) {
  SmallVector<int64_t> axes(inner), kept;
  for (int64_t axis = 0; kept.size() <= size_t(outer.back()); ++axis)
    if (!llvm::is_contained(inner, axis))
      kept.push_back(axis);
  for (int64_t axis : outer)
    axes.push_back(kept[axis]);
  llvm::sort(axes);
  return axes;
}

// Along no axes -> x;  reduce(reduce(x, a), b) -> reduce(x, a and b);
// reduce(transpose(x)) -> reduce(x) where the kept axes stay in order;
// reduce(flip(x, a), r) -> reduce(flip(x, a without r), r)
template <typename ReductionOp> Value simplifyReduction(ReductionOp op, PatternRewriter &rewriter) {
  if (op.getAxes().empty())
    return op.getX();
  if (auto sum = op.getX().template getDefiningOp<ReductionOp>(); sum && sum->hasOneUse())
    return ReductionOp::create(rewriter, op.getLoc(), sum.getX(),
                               joinedAxes(sum.getAxes(), op.getAxes()));
  if (auto transpose = op.getX().template getDefiningOp<TransposeOp>()) {
    SmallVector<int64_t> axes, kept;
    for (auto [axis, from] : llvm::enumerate(transpose.getPermutation()))
      (llvm::is_contained(op.getAxes(), int64_t(axis)) ? axes : kept).push_back(from);
    llvm::sort(axes);
    if (llvm::is_sorted(kept))
      return ReductionOp::create(rewriter, op.getLoc(), transpose.getX(), axes);
  }
  auto inner = op.getX().template getDefiningOp<FlipOp>();
  if (!inner)
    return nullptr;
  auto isKept = [&](int64_t axis) { return !llvm::is_contained(op.getAxes(), axis); };
  SmallVector<int64_t> kept = llvm::filter_to_vector(inner.getAxes(), isKept);
  if (kept.size() == inner.getAxes().size())
    return nullptr;
  Value x = FlipOp::create(rewriter, inner.getLoc(), inner.getX(), kept);
  return ReductionOp::create(rewriter, op.getLoc(), x, op.getAxes());
}

// --- loops -------------------------------------------------------------------------------------

/// What is the same in every turn of a loop is computed before it.
struct HoistFromLoop : OpRewritePattern<LoopOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LoopOp loop, PatternRewriter &rewriter) const override {
    SmallVector<Operation *> same = loop.getInvariants();
    for (Operation *op : same)
      rewriter.moveOpBefore(op, loop);
    return success(!same.empty());
  }
};

} // namespace

void NnDialect::getCanonicalizationPatterns(RewritePatternSet &patterns) const {
  MLIRContext *context = getContext();
  auto add = [&]<typename OpT>(Value (*rule)(OpT, PatternRewriter &)) {
    patterns.add<Simplification<OpT>>(context, rule);
  };
  patterns.add<FoldNumbers, HoistFromLoop>(context);
  addLoopPatterns(patterns);
  add(simplifyAdd);
  add(simplifySub);
  add(simplifyMul);
  add(simplifyDiv);
  add(simplifyPow);
  add(simplifyNeg);
  add(simplifyCast);
  add(simplifyReshape);
  add(simplifyTranspose);
  add(simplifyFlip);
  add(simplifyBroadcast);
  add(simplifyReduction<ReduceSumOp>);
  add(simplifyReduction<ReduceMaxOp>);
}

} // namespace dlc::nn
