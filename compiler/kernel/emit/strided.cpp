// Vectors of elements that lie apart or backward: every second column of a pool's window, a row
// from its end, or a column of a matrix.
#include "compiler/kernel/emit/strided.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace dlc::kernel {

Value loadStrided(ImplicitLocOpBuilder &b, VectorType type, Value buffer, Value position,
                  int64_t stride, int64_t active) {
  int64_t lanes = type.getNumElements(), step = std::abs(stride), span = (active - 1) * step + 1;
  bool isBackward = stride < 0;
  if (isBackward) // from the last active element on
    position = arith::AddIOp::create(b, position,
                                     arith::ConstantIndexOp::create(b, (active - 1) * stride));
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
      int64_t place = std::min(lane, active - 1);
      int64_t element = (isBackward ? active - 1 - place : place) * step - begin;
      from.push_back(element >= 0 && element < lanes ? lanes + element : lane);
    }
    result = vector::ShuffleOp::create(b, result ? result : zero, part, from);
  }
  return result;
}

SmallVector<Value> transposed(ImplicitLocOpBuilder &b, SmallVector<Value> rows) {
  // Processors shuffle best within so many bits.
  constexpr int64_t kGroupBits = 128;
  int64_t lanes = rows.size();
  int64_t bits = cast<VectorType>(rows[0].getType()).getElementTypeBitWidth();
  int64_t group = std::min(lanes, std::max<int64_t>(1, kGroupBits / bits));
  auto shuffle = [&](Value a, Value c, ArrayRef<int64_t> from) {
    return vector::ShuffleOp::create(b, a, c, from).getResult();
  };
  // Whole groups are exchanged with those on the other side of the diagonal,
  for (int64_t far = lanes / 2; far >= group; far /= 2) {
    SmallVector<int64_t> left, right;
    for (int64_t i = 0; i < lanes; ++i) {
      left.push_back(i & far ? lanes + i - far : i);
      right.push_back(i & far ? lanes + i : i + far);
    }
    for (int64_t i = 0; i < lanes; ++i)
      if (!(i & far)) {
        Value a = rows[i], c = rows[i + far];
        rows[i] = shuffle(a, c, left), rows[i + far] = shuffle(a, c, right);
      }
  }
  // and in the squares of groups each round interleaves the first half of the rows with the second.
  SmallVector<int64_t> lower, upper;
  for (int64_t i = 0; i < lanes; ++i) {
    int64_t from = i / group * group + i % group / 2, other = i % 2 ? lanes : 0;
    lower.push_back(other + from);
    upper.push_back(other + from + group / 2);
  }
  for (int64_t round = 1; round < group; round *= 2) {
    SmallVector<Value> next;
    for (int64_t first = 0; first < lanes; first += group)
      for (int64_t i = first; i < first + group / 2; ++i)
        for (ArrayRef<int64_t> half : {ArrayRef(lower), ArrayRef(upper)})
          next.push_back(shuffle(rows[i], rows[i + group / 2], half));
    rows = std::move(next);
  }
  return rows;
}

} // namespace dlc::kernel
