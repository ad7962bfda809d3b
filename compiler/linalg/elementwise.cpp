// Elementwise operations: each is its scalar formula.
#include "compiler/linalg/rules.h"

using namespace mlir;

namespace dlc::lower {
namespace {

using arith::CmpFPredicate;

Value compare(Builder &b, CmpFPredicate predicate, Value x, Value y) {
  return arith::CmpFOp::create(b, predicate, x, y);
}
Value select(Builder &b, Value condition, Value x, Value y) {
  return arith::SelectOp::create(b, condition, x, y);
}
// Truth in memory is a byte.
Value stored(Builder &b, Value condition) {
  return arith::ExtUIOp::create(b, b.getI8Type(), condition);
}
Value loaded(Builder &b, Value byte) { return arith::TruncIOp::create(b, b.getI1Type(), byte); }

bool isInt(Value x) { return x.getType().isInteger(32); }

// The operation on ints, or that on floating numbers.
template <typename OfInts, typename OfReals> Value either(Builder &b, ValueRange x, Type) {
  return isInt(x[0]) ? OfInts::create(b, x[0], x[1]).getResult()
                     : OfReals::create(b, x[0], x[1]).getResult();
}
Value compare(Builder &b, arith::CmpIPredicate ofInts, CmpFPredicate ofReals, Value x, Value y) {
  return isInt(x) ? arith::CmpIOp::create(b, ofInts, x, y).getResult() : compare(b, ofReals, x, y);
}
Value isLess(Builder &b, Value x, Value y) {
  return compare(b, arith::CmpIPredicate::slt, CmpFPredicate::OLT, x, y);
}
Value negated(Builder &b, Value x) {
  return isInt(x) ? arith::SubIOp::create(b, b.integer(0), x).getResult()
                  : arith::NegFOp::create(b, x).getResult();
}

// Of ints it rounds down; n / 0 is 0 and -2^31 / -1 wraps around, neither of which the processor's
// division knows.
Value quotient(Builder &b, Value x, Value y) {
  auto is = [&](Value a, arith::CmpIPredicate predicate, int64_t number) -> Value {
    return arith::CmpIOp::create(b, predicate, a, b.integer(number));
  };
  Value zero = b.integer(0), isZero = is(y, arith::CmpIPredicate::eq, 0);
  Value isMinusOne = is(y, arith::CmpIPredicate::eq, -1);
  Value divisor = select(b, arith::OrIOp::create(b, isZero, isMinusOne), b.integer(1), y);
  Value cut = arith::DivSIOp::create(b, x, divisor);
  Value rest = arith::SubIOp::create(b, x, arith::MulIOp::create(b, cut, divisor));
  Value signsDiffer = is(arith::XOrIOp::create(b, rest, divisor), arith::CmpIPredicate::slt, 0);
  Value isAbove = arith::AndIOp::create(b, is(rest, arith::CmpIPredicate::ne, 0), signsDiffer);
  Value floor = select(b, isAbove, arith::SubIOp::create(b, cut, b.integer(1)), cut);
  return select(b, isZero, zero, select(b, isMinusOne, negated(b, x), floor));
}

// What lies beyond the ints becomes the nearest one, NaN becomes 0.
Value toInt(Builder &b, Value x) {
  Type real = x.getType();
  // The processor converts what lies between.
  Value low = b.number(real, -0x1p31),
        high = b.number(real, real.isF32() ? 0x1.fffffep30 : 0x1p31 - 1);
  Value isAbove = compare(b, CmpFPredicate::OGT, x, high);
  Value isInside = arith::AndIOp::create(b, compare(b, CmpFPredicate::OGE, x, low),
                                         compare(b, CmpFPredicate::OLE, x, high));
  Value isBelow = compare(b, CmpFPredicate::OLT, x, low);
  Value number =
      arith::FPToSIOp::create(b, b.getI32Type(), select(b, isInside, x, b.number(real, 0)));
  Value ofLow = select(b, isBelow, b.integer(INT32_MIN), number);
  return select(b, isAbove, b.integer(INT32_MAX), ofLow);
}

Value converted(Builder &b, Value x, Type to) {
  Type from = x.getType();
  if (from == to)
    return x;
  if (from.isInteger(8)) // a bool
    return converted(b, arith::ExtUIOp::create(b, b.getI32Type(), x), to);
  if (to.isInteger(32))
    return toInt(b, x);
  if (from.isInteger(32))
    return arith::SIToFPOp::create(b, to, x);
  return to.isF64() ? arith::ExtFOp::create(b, to, x).getResult()
                    : arith::TruncFOp::create(b, to, x).getResult();
}

using Formula = Value (*)(Builder &b, ValueRange x, Type result);

const std::pair<StringRef, Formula> kFormulas[] = {
    {"abs",
     [](Builder &b, ValueRange x, Type) -> Value {
       if (isInt(x[0]))
         return select(b, isLess(b, x[0], b.integer(0)), negated(b, x[0]), x[0]);
       return math::AbsFOp::create(b, x[0]);
     }},
    {"add", either<arith::AddIOp, arith::AddFOp>},
    {"cast", [](Builder &b, ValueRange x, Type to) { return converted(b, x[0], to); }},
    {"cos", [](Builder &b, ValueRange x, Type) -> Value { return math::CosOp::create(b, x[0]); }},
    {"div",
     [](Builder &b, ValueRange x, Type) -> Value {
       return isInt(x[0]) ? quotient(b, x[0], x[1])
                          : arith::DivFOp::create(b, x[0], x[1]).getResult();
     }},
    {"erf", [](Builder &b, ValueRange x, Type) -> Value { return math::ErfOp::create(b, x[0]); }},
    {"exp", [](Builder &b, ValueRange x, Type) -> Value { return math::ExpOp::create(b, x[0]); }},
    {"floor",
     [](Builder &b, ValueRange x, Type) -> Value { return math::FloorOp::create(b, x[0]); }},
    {"less", [](Builder &b, ValueRange x, Type) { return stored(b, isLess(b, x[0], x[1])); }},
    {"less_equal",
     [](Builder &b, ValueRange x, Type) {
       return stored(b, compare(b, arith::CmpIPredicate::sle, CmpFPredicate::OLE, x[0], x[1]));
     }},
    {"log", [](Builder &b, ValueRange x, Type) -> Value { return math::LogOp::create(b, x[0]); }},
    // The comparison stands so that a NaN in `a` stays: max(x, 0) must not hide it.
    {"max",
     [](Builder &b, ValueRange x, Type) {
       Value isLarger = compare(b, arith::CmpIPredicate::sgt, CmpFPredicate::OGT, x[1], x[0]);
       return select(b, isLarger, x[1], x[0]);
     }},
    {"min",
     [](Builder &b, ValueRange x, Type) { return select(b, isLess(b, x[1], x[0]), x[1], x[0]); }},
    {"mul", either<arith::MulIOp, arith::MulFOp>},
    {"neg", [](Builder &b, ValueRange x, Type) { return negated(b, x[0]); }},
    {"pow",
     [](Builder &b, ValueRange x, Type) -> Value { return math::PowFOp::create(b, x[0], x[1]); }},
    {"same",
     [](Builder &b, ValueRange x, Type) {
       return stored(b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, x[0], x[1]));
     }},
    {"select",
     [](Builder &b, ValueRange x, Type) { return select(b, loaded(b, x[0]), x[1], x[2]); }},
    {"sigmoid", [](Builder &b, ValueRange x, Type) { return emitSigmoid(b, x[0]); }},
    {"sign",
     [](Builder &b, ValueRange x, Type real) {
       Value zero = b.number(real, 0);
       Value negative =
           select(b, compare(b, CmpFPredicate::OLT, x[0], zero), b.number(real, -1), zero);
       return select(b, compare(b, CmpFPredicate::OGT, x[0], zero), b.number(real, 1), negative);
     }},
    {"sin", [](Builder &b, ValueRange x, Type) -> Value { return math::SinOp::create(b, x[0]); }},
    {"sqrt", [](Builder &b, ValueRange x, Type) -> Value { return math::SqrtOp::create(b, x[0]); }},
    {"stop_gradient", [](Builder &b, ValueRange x, Type) -> Value { return x[0]; }},
    {"sub", either<arith::SubIOp, arith::SubFOp>},
    {"tanh", [](Builder &b, ValueRange x, Type) -> Value { return math::TanhOp::create(b, x[0]); }},
};

Formula formulaOf(StringRef name) {
  return llvm::find_if(kFormulas, [&](auto &entry) { return entry.first == name; })->second;
}

Value lowerElementwise(Builder &b, Operation *op, ValueRange operands) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  bool isTruth = type.getElementType().isInteger(1);
  Type element = isTruth ? b.getI8Type() : type.getElementType();

  // A constant that is one number everywhere stands in the formula.
  SmallVector<Value> inputs;
  SmallVector<TypedAttr> constants;
  for (Value operand : operands) {
    constants.push_back(splat(operand));
    if (!constants.back())
      inputs.push_back(operand);
  }
  SmallVector<AffineMap> maps(inputs.size() + 1, b.identity(type.getRank()));
  return b.generic(inputs, b.empty(type.getShape(), element), maps, 0,
                   [&](Builder &b, ValueRange arguments) {
                     SmallVector<Value> x;
                     unsigned next = 0;
                     for (TypedAttr constant : constants)
                       x.push_back(constant ? arith::ConstantOp::create(b, constant).getResult()
                                            : arguments[next++]);
                     return formulaOf(op->getName().stripDialect())(b, x, element);
                   });
}

} // namespace

void addElementwiseRules(Rules &rules) {
  for (auto &[name, formula] : kFormulas)
    rules[name] = lowerElementwise;
}

// With z = exp(-|x|): 1 / (1 + z), and for x < 0 z / (1 + z) = z - z (z / (1 + z)), where the
// rounding of the sum matters less.
Value emitSigmoid(ImplicitLocOpBuilder &b, Value x) {
  auto number = [&](double c) -> Value {
    TypedAttr constant = b.getFloatAttr(getElementTypeOrSelf(x), c);
    if (auto vector = dyn_cast<VectorType>(x.getType()))
      constant = DenseElementsAttr::get(vector, Attribute(constant));
    return arith::ConstantOp::create(b, constant);
  };
  Value one = number(1);
  Value z = math::ExpOp::create(b, arith::NegFOp::create(b, math::AbsFOp::create(b, x)));
  Value isNegative = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, number(0));
  Value numerator = arith::SelectOp::create(b, isNegative, z, one);
  Value quotient = arith::DivFOp::create(b, numerator, arith::AddFOp::create(b, one, z));
  Value product = arith::MulFOp::create(b, z, quotient, arith::FastMathFlags::contract);
  Value difference = arith::SubFOp::create(b, z, product, arith::FastMathFlags::contract);
  return arith::SelectOp::create(b, isNegative, difference, quotient);
}

} // namespace dlc::lower
