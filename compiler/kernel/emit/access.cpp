// How the lanes of a point are read and written: whole vectors, masked ones, shuffled, gathered.
#include "compiler/kernel/emit/access.h"
#include "compiler/kernel/emit/strided.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace dlc::kernel {

// --- values --------------------------------------------------------------------------------------

Type vectorType(const Cursor &at, Type element) {
  return at.schedule.vectorDim < 0 ? element
                                   : VectorType::get({int64_t(at.schedule.lanes)}, element);
}

Value constant(const Cursor &at, TypedAttr value) {
  Type type = vectorType(at, value.getType());
  if (auto vector = dyn_cast<VectorType>(type))
    return arith::ConstantOp::create(at.b, DenseElementsAttr::get(vector, value));
  return arith::ConstantOp::create(at.b, value);
}

Value lanesTimes(const Cursor &at, int64_t stride) {
  SmallVector<APInt> steps;
  for (unsigned i = 0; i < at.schedule.lanes; ++i)
    steps.emplace_back(64, uint64_t(i * stride), /*isSigned=*/true);
  auto type = cast<VectorType>(vectorType(at, at.b.getIndexType()));
  return arith::ConstantOp::create(at.b, DenseElementsAttr::get(type, steps));
}

Value mask(const Cursor &at, int64_t active) {
  return vector::ConstantMaskOp::create(at.b, vectorType(at, at.b.getI1Type()),
                                        ArrayRef<int64_t>{active});
}

// --- positions -----------------------------------------------------------------------------------

int64_t distance(const Cursor &at, unsigned stream, const Point &point) {
  int64_t sum = 0;
  for (unsigned d = 0; d < at.nest.rank(); ++d)
    sum += at.streams[stream].within[d] * point.offset[d];
  return sum;
}

Value positionOf(const Cursor &at, unsigned stream, const Point &point) {
  const Stream &s = at.streams[stream];
  int64_t apart = distance(at, stream, point);
  return s.along < 0 ? at.plus(at.positions[stream], apart)
                     : at.plus(at.positions[s.along], s.beyond + apart);
}

// --- loads ---------------------------------------------------------------------------------------

Value load(const Cursor &at, unsigned n, const Point &point) {
  ImplicitLocOpBuilder &b = at.b;
  const Stream &stream = at.streams[n];
  Value buffer = stream.buffer, position = positionOf(at, n, point);
  if (at.schedule.vectorDim < 0)
    return memref::LoadOp::create(b, buffer, position);
  auto type = cast<VectorType>(vectorType(at, stream.element));
  int64_t stride = stream.within[at.schedule.vectorDim];
  if (stride == 0) {
    Value scalar = memref::LoadOp::create(b, buffer, position);
    return vector::BroadcastOp::create(b, type, scalar);
  }
  bool isFull = point.active == at.schedule.lanes || stream.isWhole;
  if (stride == 1 && isFull)
    return vector::LoadOp::create(b, type, buffer, ValueRange{position});
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
  if (stride == 1)
    return vector::MaskedLoadOp::create(b, type, buffer, ValueRange{position},
                                        mask(at, point.active), zero);
  if (std::abs(stride) <= kLargestShuffledStride)
    return loadStrided(b, type, buffer, position, stride, point.active);
  return vector::GatherOp::create(b, type, buffer, ValueRange{position}, lanesTimes(at, stride),
                                  mask(at, point.active), zero);
}

Value loadPart(const Cursor &at, const Stream &from, Value position, int64_t active) {
  auto type = cast<VectorType>(vectorType(at, from.element));
  if (active == at.schedule.lanes)
    return vector::LoadOp::create(at.b, type, from.buffer, ValueRange{position});
  Value zero = arith::ConstantOp::create(at.b, at.b.getZeroAttr(type));
  return vector::MaskedLoadOp::create(at.b, type, from.buffer, ValueRange{position},
                                      mask(at, active), zero);
}

Values loadSquare(const Cursor &at, unsigned input, unsigned dim, const Point &point) {
  const Stream &stream = at.streams[input];
  Point first = point;
  first.offset[dim] = 0;
  Value position = positionOf(at, input, first);
  Values rows;
  for (int64_t i = 0; i < at.schedule.lanes; ++i)
    rows.push_back(i < point.active
                       ? loadPart(at, stream,
                                  at.plus(position, i * stream.within[at.schedule.vectorDim]),
                                  at.extents[dim])
                       : constant(at, at.b.getZeroAttr(stream.element)));
  Values columns = transposed(at.b, std::move(rows));
  columns.resize(at.extents[dim]);
  return columns;
}

// --- stores --------------------------------------------------------------------------------------

// Before AVX-512 a masked store is microcode or does not exist.
static bool isSlowMasked(Value vector) {
  constexpr int64_t kMaskedStoreBits = 512;
  auto type = cast<VectorType>(vector.getType());
  return type.getNumElements() * type.getElementTypeBitWidth() < kMaskedStoreBits;
}

// The first `active` lanes, by vectors of 4, 2 and 1 lanes.
static void storeInPieces(const Cursor &at, Value buffer, Value position, Value value,
                          int64_t active) {
  int64_t size = at.schedule.lanes;
  for (int64_t first = 0; first < active; first += size) {
    while (size > active - first)
      size /= 2;
    Value piece = vector::ExtractStridedSliceOp::create(at.b, value, ArrayRef{first},
                                                        ArrayRef{size}, ArrayRef<int64_t>{1});
    vector::StoreOp::create(at.b, piece, buffer, ValueRange{at.plus(position, first)});
  }
}

void store(const Cursor &at, unsigned n, const Point &point, Value value) {
  ImplicitLocOpBuilder &b = at.b;
  Value buffer = at.streams[n].buffer, position = positionOf(at, n, point);
  if (!at.hasParallelVector()) {
    memref::StoreOp::create(b, value, buffer, position);
    return;
  }
  int64_t stride = at.streams[n].within[at.schedule.vectorDim];
  if (stride != 1)
    vector::ScatterOp::create(b, Type(), buffer, ValueRange{position}, lanesTimes(at, stride),
                              mask(at, point.active), value);
  else if (point.active < at.schedule.lanes && isSlowMasked(value))
    storeInPieces(at, buffer, position, value, point.active);
  else if (point.active < at.schedule.lanes)
    vector::MaskedStoreOp::create(b, buffer, ValueRange{position}, mask(at, point.active), value);
  else
    vector::StoreOp::create(b, value, buffer, ValueRange{position});
}

} // namespace dlc::kernel
