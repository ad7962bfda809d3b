// Vectors of elements that lie a few places apart: every second column of a pool's window.
#include "compiler/kernel/strided.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace dlc::kernel {

Value loadStrided(ImplicitLocOpBuilder &b, VectorType type, Value buffer, Value position,
                  int64_t stride, int64_t active) {
  int64_t lanes = type.getNumElements(), span = (active - 1) * stride + 1;
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
  Value result;
  for (int64_t begin = 0; begin < span; begin += lanes) {
    Value at = arith::AddIOp::create(b, position, arith::ConstantIndexOp::create(b, begin));
    Value part;
    if (span - begin >= lanes) {
      part = vector::LoadOp::create(b, type, buffer, ValueRange{at});
    } else {
      auto bits = VectorType::get({lanes}, b.getI1Type());
      Value mask = vector::ConstantMaskOp::create(b, bits, ArrayRef<int64_t>{span - begin});
      part = vector::MaskedLoadOp::create(b, type, buffer, ValueRange{at}, mask, zero);
    }
    // The lanes whose elements are in this part come from it, the others stay.
    SmallVector<int64_t> from;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      int64_t element = std::min(lane, active - 1) * stride - begin;
      from.push_back(element >= 0 && element < lanes ? lanes + element : lane);
    }
    result = vector::ShuffleOp::create(b, result ? result : zero, part, from);
  }
  return result;
}

} // namespace dlc::kernel
