// Arithmetic of kernels, lane by lane, and what moves lanes about.
#include "compiler/tools/kernel_steps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <functional>

using namespace mlir;

namespace dlc::tools {

namespace {

class Numbers {
public:
  explicit Numbers(const Slots &slots) : slots(slots) {}

  // A case an operation.
  Step stepOf(Operation &op) const {
    return llvm::TypeSwitch<Operation *, Step>(&op)
        .Case<vector::ShuffleOp>([&](auto op) { return shuffle(op); })
        .Case<vector::ExtractStridedSliceOp>([&](auto op) { return slice(op); })
        .Case<vector::BroadcastOp>([&](auto op) { return broadcast(op); })
        .Case<vector::ReductionOp>([&](auto op) { return reduce(op); })
        .Case<vector::ConstantMaskOp>([&](auto op) { return mask(op); })
        .Case<arith::ConstantOp>([&](auto op) { return constant(op); })
        .Case<arith::CmpIOp>([&](auto op) { return compare(op); })
        .Case<arith::CmpFOp>([&](auto op) { return compare(op); })
        .Case<arith::AddIOp>([&](auto op) { return ofInts(*op, std::plus<uint64_t>()); })
        .Case<arith::SubIOp>([&](auto op) { return ofInts(*op, std::minus<uint64_t>()); })
        .Case<arith::MulIOp>([&](auto op) { return ofInts(*op, std::multiplies<uint64_t>()); })
        .Case<arith::AddFOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return x[0] + x[1]; }); })
        .Case<arith::SubFOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return x[0] - x[1]; }); })
        .Case<arith::MulFOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return x[0] * x[1]; }); })
        .Case<arith::XOrIOp>([&](auto op) {
          return lanewise(*op, [](X x) { return double(int64_t(x[0]) ^ int64_t(x[1])); });
        })
        .Case<arith::DivSIOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return std::trunc(x[0] / x[1]); }); })
        .Case<arith::FPToSIOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return std::trunc(x[0]); }); })
        .Case<arith::DivFOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return x[0] / x[1]; }); })
        .Case<arith::DivUIOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return std::floor(x[0] / x[1]); }); })
        .Case<arith::RemUIOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return std::fmod(x[0], x[1]); }); })
        .Case<arith::MinUIOp, arith::MinSIOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return std::min(x[0], x[1]); }); })
        .Case<arith::MaxUIOp, arith::MaxSIOp, arith::MaxNumFOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return std::fmax(x[0], x[1]); }); })
        .Case<arith::MaximumFOp>([&](auto op) {
          return lanewise(*op, [](X x) {
            return std::isnan(x[0]) || std::isnan(x[1]) ? NAN : std::max(x[0], x[1]);
          });
        })
        .Case<arith::AndIOp>([&](auto op) {
          return lanewise(*op, [](X x) { return double(int64_t(x[0]) & int64_t(x[1])); });
        })
        .Case<arith::OrIOp>([&](auto op) {
          return lanewise(*op, [](X x) { return double(int64_t(x[0]) | int64_t(x[1])); });
        })
        .Case<arith::SelectOp>([&](auto op) -> Step {
          bool isScalar = !isa<VectorType>(op.getCondition().getType());
          return [=, from = slots.all(op->getOperands()), to = slots.of(op)](Frame &frame) {
            Number result{};
            for (size_t lane = 0; lane < kMostLanes; ++lane) {
              bool isFirst = frame.numbers[from[0]][isScalar ? 0 : lane] != 0;
              result[lane] = frame.numbers[from[isFirst ? 1 : 2]][lane];
            }
            frame.numbers[to] = result;
          };
        })
        .Case<arith::NegFOp>([&](auto op) { return lanewise(*op, [](X x) { return -x[0]; }); })
        .Case<arith::IndexCastOp, arith::ExtFOp, arith::SIToFPOp, arith::ExtUIOp, arith::ExtSIOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return x[0]; }); })
        .Case<arith::TruncFOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return double(float(x[0])); }); })
        .Case<arith::TruncIOp>([&](auto op) -> Step {
          if (!getElementTypeOrSelf(op.getType()).isInteger(1))
            return nullptr;
          return lanewise(*op, [](X x) { return double(int64_t(x[0]) & 1); });
        })
        .Case<math::AbsFOp>([&](auto op) { return lanewise(*op, [](X x) { return fabs(x[0]); }); })
        .Case<math::ErfOp>([&](auto op) { return lanewise(*op, [](X x) { return erf(x[0]); }); })
        .Case<math::ExpOp>([&](auto op) { return lanewise(*op, [](X x) { return exp(x[0]); }); })
        .Case<math::LogOp>([&](auto op) { return lanewise(*op, [](X x) { return log(x[0]); }); })
        .Case<math::SqrtOp>([&](auto op) { return lanewise(*op, [](X x) { return sqrt(x[0]); }); })
        .Case<math::TanhOp>([&](auto op) { return lanewise(*op, [](X x) { return tanh(x[0]); }); })
        .Case<math::SinOp>([&](auto op) { return lanewise(*op, [](X x) { return sin(x[0]); }); })
        .Case<math::CosOp>([&](auto op) { return lanewise(*op, [](X x) { return cos(x[0]); }); })
        .Case<math::PowFOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return pow(x[0], x[1]); }); })
        .Case<math::FloorOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return floor(x[0]); }); })
        .Case<math::CopySignOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return copysign(x[0], x[1]); }); })
        .Default([](Operation *) { return Step(); });
  }

private:
  const Slots &slots;

  /// A function of each lane by itself.
  template <typename F> Step lanewise(Operation &op, F f) const {
    return [=, from = slots.all(op.getOperands()), to = slots.of(op.getResult(0)),
            lanes = lanesOf(op.getResult(0).getType())](Frame &frame) {
      Number result{};
      std::array<double, 3> x{};
      for (unsigned lane = 0; lane < lanes; ++lane) {
        for (auto [i, source] : llvm::enumerate(from))
          x[i] = frame.numbers[source][lane];
        result[lane] = f(x);
      }
      frame.numbers[to] = result;
    };
  }
  using X = const std::array<double, 3> &;

  /// A function of two ints, which wrap around: numbers at 32 bits, indices at 64.
  template <typename F> Step ofInts(Operation &op, F f) const {
    bool isNarrow = getElementTypeOrSelf(op.getResult(0).getType()).isInteger(32);
    return lanewise(op, [=](X x) {
      uint64_t result = f(uint64_t(int64_t(x[0])), uint64_t(int64_t(x[1])));
      return isNarrow ? double(int32_t(uint32_t(result))) : double(int64_t(result));
    });
  }

  Step constant(arith::ConstantOp op) const {
    Number value{};
    auto numberOf = [](Attribute attribute) {
      if (auto real = dyn_cast<FloatAttr>(attribute))
        return real.getValueAsDouble();
      const APInt &integer = cast<IntegerAttr>(attribute).getValue();
      return integer.getBitWidth() == 1 ? double(integer.getZExtValue())
                                        : double(integer.getSExtValue());
    };
    if (auto elements = dyn_cast<DenseElementsAttr>(op.getValue()))
      for (auto [lane, element] : llvm::enumerate(elements.getValues<Attribute>()))
        value[lane] = numberOf(element);
    else
      value[0] = numberOf(op.getValue());
    return [=, to = slots.of(op)](Frame &frame) { frame.numbers[to] = value; };
  }

  Step compare(arith::CmpIOp op) const {
    auto predicate = op.getPredicate();
    return lanewise(*op, [=](X x) -> double {
      auto a = int64_t(x[0]), b = int64_t(x[1]);
      auto ua = uint64_t(a), ub = uint64_t(b);
      switch (predicate) {
      case arith::CmpIPredicate::eq:
        return a == b;
      case arith::CmpIPredicate::ne:
        return a != b;
      case arith::CmpIPredicate::slt:
        return a < b;
      case arith::CmpIPredicate::sle:
        return a <= b;
      case arith::CmpIPredicate::sgt:
        return a > b;
      case arith::CmpIPredicate::sge:
        return a >= b;
      case arith::CmpIPredicate::ult:
        return ua < ub;
      case arith::CmpIPredicate::ule:
        return ua <= ub;
      case arith::CmpIPredicate::ugt:
        return ua > ub;
      case arith::CmpIPredicate::uge:
        return ua >= ub;
      }
      return NAN;
    });
  }

  Step compare(arith::CmpFOp op) const {
    auto predicate = op.getPredicate();
    switch (predicate) {
    case arith::CmpFPredicate::OEQ:
      return lanewise(*op, [](X x) { return x[0] == x[1]; });
    case arith::CmpFPredicate::OGT:
      return lanewise(*op, [](X x) { return x[0] > x[1]; });
    case arith::CmpFPredicate::OGE:
      return lanewise(*op, [](X x) { return x[0] >= x[1]; });
    case arith::CmpFPredicate::OLT:
      return lanewise(*op, [](X x) { return x[0] < x[1]; });
    case arith::CmpFPredicate::OLE:
      return lanewise(*op, [](X x) { return x[0] <= x[1]; });
    case arith::CmpFPredicate::UNE:
      return lanewise(*op, [](X x) { return x[0] != x[1]; });
    case arith::CmpFPredicate::UNO:
      return lanewise(*op, [](X x) { return std::isnan(x[0]) || std::isnan(x[1]); });
    default:
      return nullptr;
    }
  }

  Step shuffle(vector::ShuffleOp op) const {
    unsigned first = lanesOf(op.getV1().getType());
    return [=, a = slots.of(op.getV1()), b = slots.of(op.getV2()), to = slots.of(op),
            mask = SmallVector<int64_t>(op.getMask())](Frame &frame) {
      Number result{};
      for (auto [lane, from] : llvm::enumerate(mask))
        result[lane] = from < first ? frame.numbers[a][from] : frame.numbers[b][from - first];
      frame.numbers[to] = result;
    };
  }

  Step slice(vector::ExtractStridedSliceOp op) const {
    int64_t begin = cast<IntegerAttr>(op.getOffsets()[0]).getInt();
    return [=, from = slots.of(op.getSource()), to = slots.of(op),
            lanes = lanesOf(op.getType())](Frame &frame) {
      Number result{};
      std::copy_n(frame.numbers[from].begin() + begin, lanes, result.begin());
      frame.numbers[to] = result;
    };
  }

  Step broadcast(vector::BroadcastOp op) const {
    if (isa<VectorType>(op.getSource().getType()))
      return nullptr;
    return [from = slots.of(op.getSource()), to = slots.of(op)](Frame &frame) {
      double value = frame.numbers[from][0];
      frame.numbers[to].fill(value);
    };
  }

  Step reduce(vector::ReductionOp op) const {
    if (op.getAcc())
      return nullptr;
    bool isSum = op.getKind() == vector::CombiningKind::ADD;
    bool isNarrow = op.getType().isInteger(32);
    return [=, from = slots.of(op.getVector()), to = slots.of(op),
            lanes = lanesOf(op.getVector().getType())](Frame &frame) {
      double result = frame.numbers[from][0];
      for (unsigned lane = 1; lane < lanes; ++lane) {
        double x = frame.numbers[from][lane];
        result = isSum ? result + x : std::max(result, x);
      }
      if (isNarrow)
        result = double(int32_t(uint32_t(int64_t(result))));
      frame.numbers[to][0] = result;
    };
  }

  Step mask(vector::ConstantMaskOp op) const {
    int64_t active = op.getMaskDimSizes()[0];
    return [=, to = slots.of(op)](Frame &frame) {
      for (size_t lane = 0; lane < kMostLanes; ++lane)
        frame.numbers[to][lane] = int64_t(lane) < active;
    };
  }
};

} // namespace

Step numberStep(Operation &op, const Slots &slots) { return Numbers(slots).stepOf(op); }

} // namespace dlc::tools
