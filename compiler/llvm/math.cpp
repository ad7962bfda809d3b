// Elementary functions of f32: each is reduced to a small range, where a polynomial approximates
// it.
//
// The polynomials are minimax (Remez), weighted for the relative error of the function, with the
// coefficients rounded to f32. "Error" below is the polynomial's alone; 2^-24 is half an ulp of 1.
#include "compiler/llvm/math.h"
#include "compiler/passes/passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <limits>

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_MATHPASS
#include "compiler/passes/passes.h.inc"

} // namespace dlc

namespace dlc::lower {
namespace {

// --- formulas ---------------------------------------------------------------------------------
// Real, Word and Truth are f32, i32 and i1 of one shape; the operators on them emit operations.

// Where the operations go, and the shape of their values.
struct Site {
  ImplicitLocOpBuilder &b;
  Type real; // f32, or a vector of it

  Type like(Type element) const {
    auto vector = dyn_cast<VectorType>(real);
    return vector ? Type(vector.clone(element)) : element;
  }
  Value constant(TypedAttr number) const {
    if (auto vector = dyn_cast<VectorType>(like(number.getType())))
      number = DenseElementsAttr::get(vector, Attribute(number));
    return arith::ConstantOp::create(b, number);
  }
  Value constant(float number) const { return constant(b.getF32FloatAttr(number)); }
  Value constant(int32_t number) const { return constant(b.getI32IntegerAttr(number)); }
};

struct Truth {
  Value value;
};
struct Real {
  const Site *site;
  Value value;
  Real number(float c) const { return {site, site->constant(c)}; }
};
struct Word {
  const Site *site;
  Value value;
  Word number(int32_t c) const { return {site, site->constant(c)}; }
};

template <typename Op> Real emit(Real a, Real c) {
  return {a.site, Op::create(a.site->b, a.value, c.value)};
}
Real operator+(Real a, Real c) { return emit<arith::AddFOp>(a, c); }
Real operator-(Real a, Real c) { return emit<arith::SubFOp>(a, c); }
Real operator*(Real a, Real c) { return emit<arith::MulFOp>(a, c); }
Real operator/(Real a, Real c) { return emit<arith::DivFOp>(a, c); }
Real operator-(Real a) { return {a.site, arith::NegFOp::create(a.site->b, a.value)}; }
Real operator+(Real a, float c) { return a + a.number(c); }
Real operator-(Real a, float c) { return a - a.number(c); }
Real operator*(Real a, float c) { return a * a.number(c); }

template <typename Op> Word emit(Word a, Word c) {
  return {a.site, Op::create(a.site->b, a.value, c.value)};
}
Word operator+(Word a, Word c) { return emit<arith::AddIOp>(a, c); }
Word operator-(Word a, Word c) { return emit<arith::SubIOp>(a, c); }
Word operator<<(Word a, int32_t c) { return emit<arith::ShLIOp>(a, a.number(c)); }
Word operator|(Word a, Word c) { return emit<arith::OrIOp>(a, c); }
Word operator^(Word a, Word c) { return emit<arith::XOrIOp>(a, c); }
Word operator&(Word a, int32_t c) { return emit<arith::AndIOp>(a, a.number(c)); }
Word operator>>(Word a, int32_t c) { return emit<arith::ShRSIOp>(a, a.number(c)); }

// The comparisons are false on NaN.
Truth compare(arith::CmpFPredicate predicate, Real a, float c) {
  return {arith::CmpFOp::create(a.site->b, predicate, a.value, a.number(c).value)};
}
Truth operator<(Real a, float c) { return compare(arith::CmpFPredicate::OLT, a, c); }
Truth operator>(Real a, float c) { return compare(arith::CmpFPredicate::OGT, a, c); }
Truth operator==(Real a, float c) { return compare(arith::CmpFPredicate::OEQ, a, c); }

template <typename T> T select(Truth condition, T a, T c) {
  return {a.site, arith::SelectOp::create(a.site->b, condition.value, a.value, c.value)};
}

// a*c + d, in one step if the target has such a step. Each use is right either way.
constexpr auto kOneStep = arith::FastMathFlags::contract;
Real multiplyAdd(Real a, Real c, Real d) {
  Value product = arith::MulFOp::create(a.site->b, a.value, c.value, kOneStep);
  return {a.site, arith::AddFOp::create(a.site->b, product, d.value, kOneStep)};
}
Real multiplyAdd(Real a, float c, Real d) { return multiplyAdd(a, a.number(c), d); }

Real absolute(Real a) { return {a.site, math::AbsFOp::create(a.site->b, a.value)}; }
Real withSignOf(Real sign, Real a) {
  return {a.site, math::CopySignOp::create(a.site->b, a.value, sign.value)};
}
// The order of the operands keeps NaN.
Real atMost(float c, Real a) { return select(a > c, a.number(c), a); }
Real atLeast(float c, Real a) { return select(a < c, a.number(c), a); }
Real larger(Real a, Real c) {
  return select({arith::CmpFOp::create(a.site->b, arith::CmpFPredicate::OGT, a.value, c.value)}, a,
                c);
}

Word bitsOf(Real a) {
  const Site *site = a.site;
  Type words = site->like(site->b.getI32Type());
  return {site, arith::BitcastOp::create(site->b, words, a.value)};
}
Real realOf(Word bits) {
  const Site *site = bits.site;
  return {site, arith::BitcastOp::create(site->b, site->real, bits.value)};
}
Real converted(Word integer) {
  const Site *site = integer.site;
  return {site, arith::SIToFPOp::create(site->b, site->real, integer.value)};
}

// c[0] + c[1] x + c[2] x^2 + …
template <size_t n> Real polynomial(Real x, const float (&c)[n]) {
  Real sum = x.number(c[n - 1]);
  for (size_t i = n - 1; i-- > 0;)
    sum = multiplyAdd(sum, x, x.number(c[i]));
  return sum;
}

// --- constants -------------------------------------------------------------------------------

constexpr int kMantissaBits = 23;
constexpr int32_t kSignBit = std::numeric_limits<int32_t>::min();
constexpr int32_t exponentBits(int e) { return (e + 127) << kMantissaBits; } // those of 2^e
constexpr float kLog2E = 1.44269504f;
// ln 2 in two parts. The high one has 9 bits, so that its product with an exponent is exact.
constexpr float kLn2High = 0.693359375f;
constexpr float kLn2Low = -2.12194440e-4f;

// --- exp, tanh, erf --------------------------------------------------------------------------

// exp(x) = 2^n exp(r)
struct Reduced {
  Real r;   // |r| <= ln(2)/2
  Word n23; // n << 23: the number to add to an exponent
};

// For |x| < 2^20.
Reduced reduce(Real x) {
  // Added to 1.5 * 2^23, a number is rounded to an integer, which is in the lowest bits of the sum.
  constexpr float kRounder = 12582912.0f;
  Real sum = multiplyAdd(x, kLog2E, x.number(kRounder));
  Real n = sum - kRounder;
  Real r = multiplyAdd(n, -kLn2Low, multiplyAdd(n, -kLn2High, x));
  return {r, bitsOf(sum) << kMantissaBits};
}

// exp(r) - 1 for |r| <= ln(2)/2: r + r^2 Q(r), with a relative error of 2^-28.7.
Real expm1Reduced(Real r) {
  Real q = polynomial(
      r, {0.5f, 0.166666657f, 0.0416663587f, 8.33338965e-3f, 1.39406836e-3f, 1.98458627e-4f});
  return multiplyAdd(r * r, q, r);
}

// For |x| < 87, where neither the result nor 2^n is out of the normal range.
Real expNormal(Real x) {
  Reduced reduced = reduce(x);
  Real power = realOf(reduced.n23 + reduced.n23.number(exponentBits(0)));
  return (expm1Reduced(reduced.r) + 1.0f) * power;
}

Real exp(Real x) {
  // Beyond these bounds the result is infinity and 0; so it is at them.
  x = atLeast(-104.0f, atMost(89.0f, x));
  Reduced reduced = reduce(x);
  Real e = expm1Reduced(reduced.r) + 1.0f;
  // 2^n may be out of range where the result is denormal, or where exp(r) < 1 and n = 128: go there
  // in two steps, of which only the second rounds.
  Truth isNegative = x < 0.0f;
  constexpr int kStep = 32;
  Word bits = reduced.n23;
  Real first = realOf(bits + select(isNegative, bits.number(exponentBits(kStep)),
                                    bits.number(exponentBits(-kStep))));
  // A product that comes out denormal, or as 0 by rounding, takes a processor a hundred times as
  // long. Where all of it would be lost, as at each key that attention masks, the factor is 0.
  Real small = select(x > -104.0f, x.number(0x1p-32f), x.number(0.0f));
  Real second = select(isNegative, small, x.number(0x1p32f));
  return e * first * second;
}

// With tanh(x/2) = N / D, tanh(x) is 2 N D / (N^2 + D^2). Written as c (1 - q), where c is 1 for
// |x| >= 1 and else |x|, errors of N and D hardly matter:
//     q = (N^2 - D (2 N/c - D)) / (N^2 + D^2), which for c = 1 is (N - D)^2 / (N^2 + D^2).
Real tanh(Real x) {
  Word sign = bitsOf(x) & kSignBit;
  Real a = atMost(9.25f, realOf(bitsOf(x) ^ sign)); // tanh(9.25) is 1
  Real x2 = a * a;
  // N = |x| P(x^2) and D(x^2), with a relative error of tanh of 2^-26.9. D(0) is 2 P(0), and D ends
  // in 1 x^6.
  Real p = polynomial(x2, {408612.094f, 12161.2539f, 46.5829277f});
  Real d = multiplyAdd(multiplyAdd(x2 + 985.034485f, x2, x.number(92424.5f)), x2,
                       x.number(2 * 408612.094f));
  Real n = a * p;
  Real n2 = n * n;
  Real nByC = larger(p, n);
  Real q = multiplyAdd(-d, multiplyAdd(nByC, 2.0f, -d), n2) / multiplyAdd(d, d, n2);
  Real c = atMost(1.0f, a);
  return realOf(bitsOf(multiplyAdd(-c, q, c)) | sign); // nothing is negative before
}

Real erf(Real x) {
  Real a = absolute(x);
  // |x| < 1: x + x P(x^2), with a relative error of 2^-29.4.
  Real p = polynomial(x * x, {0.128379166f, -0.37612626f, 0.112835787f, -0.0268533472f,
                              5.1871622e-3f, -7.9978531e-4f, 7.80690316e-5f});
  Real small = multiplyAdd(x, p, x);
  // Else, for |x| <= 3.95: 1 - exp(Q(|x|)), with an error of 2^-33. erf(3.95) is 1.
  Real q = polynomial(atMost(3.95f, a),
                      {1.88466307e-4f, -1.12958026f, -0.63321656f, -0.108421892f, 0.0252102092f,
                       -4.20524413e-3f, 4.41467419e-4f, -2.16975786e-5f});
  Real large = x.number(1.0f) - expNormal(q);
  return select(a < 1.0f, small, withSignOf(x, large));
}

// --- log -------------------------------------------------------------------------------------

// x = 2^k (1 + f) with 2/3 <= 1 + f < 4/3; log(x) = k ln(2) + log(1 + f)
Real log(Real x) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Truth isDenormal = x < 0x1p-126f;
  Real scaled = select(isDenormal, x * 0x1p23f, x);
  Word bits = bitsOf(scaled);
  Word exponent = (bits - bits.number(0x3f2aaaab)) >> kMantissaBits; // subtracted: the bits of 2/3
  Real k = converted(exponent) - select(isDenormal, x.number(23.0f), x.number(0.0f));
  Real f = realOf(bits - (exponent << kMantissaBits)) - 1.0f;

  // log(1 + f) = f - f^2/2 + f^3 P(f), with a relative error of 2^-27.4.
  Real f2 = f * f;
  Real p = polynomial(f, {0.333332151f, -0.249997973f, 0.200104058f, -0.16680488f, 0.140058786f,
                          -0.121842645f, 0.139843866f, -0.128916591f});
  Real tail = multiplyAdd(f2, -0.5f, multiplyAdd(f2 * f, p, k * kLn2Low)); // the small terms first
  Real finite = multiplyAdd(k, kLn2High, f + tail);

  // log(0) is -infinity, of a negative number NaN; infinity and NaN stay.
  Real other = select(x == 0.0f, x.number(-kInfinity),
                      select(x < 0.0f, x.number(std::numeric_limits<float>::quiet_NaN()), x));
  return select(x > 0.0f, select(x < kInfinity, finite, other), other);
}

// --- patterns --------------------------------------------------------------------------------

template <typename Op> struct Expand : OpRewritePattern<Op> {
  Real (*formula)(Real);

  Expand(MLIRContext *context, Real (*formula)(Real))
      : OpRewritePattern<Op>(context), formula(formula) {}

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    Value x = op.getOperand();
    auto vector = dyn_cast<VectorType>(x.getType());
    bool isF32 =
        vector ? vector.getElementType().isF32() && !vector.isScalable() : x.getType().isF32();
    if (!isF32)
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Site site{b, x.getType()};
    rewriter.replaceOp(op, formula({&site, x}).value);
    return success();
  }
};

// a * b + c as two operations that may become one: only some processors have the one.
struct ExpandMultiplyAdd : OpRewritePattern<math::FmaOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::FmaOp op, PatternRewriter &rewriter) const override {
    auto contract = arith::FastMathFlagsAttr::get(getContext(), arith::FastMathFlags::contract);
    Value product = arith::MulFOp::create(rewriter, op.getLoc(), op.getA(), op.getB(), contract);
    rewriter.replaceOpWithNewOp<arith::AddFOp>(op, product, op.getC(), contract);
    return success();
  }
};

struct MathPass : impl::MathPassBase<MathPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateMathPatterns(patterns);
    patterns.add<ExpandMultiplyAdd>(&getContext());
    (void)applyPatternsGreedily(getOperation(), std::move(patterns));
  }
};

} // namespace

void populateMathPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<Expand<math::ExpOp>>(context, exp);
  patterns.add<Expand<math::LogOp>>(context, log);
  patterns.add<Expand<math::TanhOp>>(context, tanh);
  patterns.add<Expand<math::ErfOp>>(context, erf);
}

} // namespace dlc::lower
