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

using Formula = Value (*)(Builder &b, ValueRange x, Type result);

const std::pair<StringRef, Formula> kFormulas[] = {
    {"abs", [](Builder &b, ValueRange x, Type) -> Value { return math::AbsFOp::create(b, x[0]); }},
    {"add",
     [](Builder &b, ValueRange x, Type) -> Value { return arith::AddFOp::create(b, x[0], x[1]); }},
    {"cast",
     [](Builder &b, ValueRange x, Type to) -> Value {
       if (x[0].getType() == to)
         return x[0];
       return to.isF64() ? arith::ExtFOp::create(b, to, x[0]).getResult()
                         : arith::TruncFOp::create(b, to, x[0]).getResult();
     }},
    {"cos", [](Builder &b, ValueRange x, Type) -> Value { return math::CosOp::create(b, x[0]); }},
    {"div",
     [](Builder &b, ValueRange x, Type) -> Value { return arith::DivFOp::create(b, x[0], x[1]); }},
    {"erf", [](Builder &b, ValueRange x, Type) -> Value { return math::ErfOp::create(b, x[0]); }},
    {"exp", [](Builder &b, ValueRange x, Type) -> Value { return math::ExpOp::create(b, x[0]); }},
    {"floor",
     [](Builder &b, ValueRange x, Type) -> Value { return math::FloorOp::create(b, x[0]); }},
    {"less", [](Builder &b, ValueRange x,
                Type) { return stored(b, compare(b, CmpFPredicate::OLT, x[0], x[1])); }},
    {"less_equal", [](Builder &b, ValueRange x,
                      Type) { return stored(b, compare(b, CmpFPredicate::OLE, x[0], x[1])); }},
    {"log", [](Builder &b, ValueRange x, Type) -> Value { return math::LogOp::create(b, x[0]); }},
    // The comparison stands so that a NaN in `a` stays: max(x, 0) must not hide it.
    {"max", [](Builder &b, ValueRange x,
               Type) { return select(b, compare(b, CmpFPredicate::OGT, x[1], x[0]), x[1], x[0]); }},
    {"min", [](Builder &b, ValueRange x,
               Type) { return select(b, compare(b, CmpFPredicate::OLT, x[1], x[0]), x[1], x[0]); }},
    {"mul",
     [](Builder &b, ValueRange x, Type) -> Value { return arith::MulFOp::create(b, x[0], x[1]); }},
    {"neg", [](Builder &b, ValueRange x, Type) -> Value { return arith::NegFOp::create(b, x[0]); }},
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
    {"sub",
     [](Builder &b, ValueRange x, Type) -> Value { return arith::SubFOp::create(b, x[0], x[1]); }},
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
