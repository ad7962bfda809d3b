// The reduction loops within a tile, with its accumulators as loop arguments; short ones become one
// loop over a table of offsets, the collapsed reduction loop.
#include "compiler/kernel/emit/pieces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace dlc::kernel {

// What is no contraction has loops of up to so many points in all steps written out.
constexpr int64_t kMostUnrolled = 36;

// The steps of a reduced dimension, or of a collapsed loop, that are run.
namespace {
struct Steps {
  Value begin, end;
};
} // namespace

// The steps of the current block of a dimension that go by single points.
static Steps stepsOfBlock(const Cursor &at, unsigned dim, Value begin) {
  Range range = at.ranges[dim];
  Value end = at.plus(begin, range.extent);
  if (range.begin && at.nest.sizes[dim] % range.extent != 0)
    end = arith::MinUIOp::create(at.b, end, at.index(at.nest.sizes[dim]));
  return {begin, end};
}

// Leaves out of the steps of a reduced dimension what all points of the tile find to be padding.
// Whether there is any.
static bool narrow(const Cursor &at, unsigned dim, Steps &steps) {
  bool isPadded = false;
  for (const Padding &p : at.nest.paddings) {
    if (!at.isContraction() || p.reduced != dim || int(dim) == at.schedule.vectorDim)
      continue;
    Value first = at.times(at.ivs[p.parallel], p.step);
    Value last = at.plus(first, (at.extents[p.parallel] - 1) * p.step);
    auto from = [&](int64_t bound, Value row) {
      return arith::SubIOp::create(at.b, at.index(bound - p.offset), row).getResult();
    };
    Value least = p.sign > 0 ? from(p.low, last) : at.plus(first, p.offset - p.high + 1);
    Value most = p.sign > 0 ? from(p.high, first) : at.plus(last, p.offset - p.low + 1);
    steps.begin = arith::MaxSIOp::create(at.b, steps.begin, least);
    steps.end = arith::MinSIOp::create(at.b, steps.end, most);
    isPadded = true;
  }
  return isPadded;
}

// --- one loop over several dimensions of a sum ---------------------------------------------------

// Where a stream stands in each step of a collapsed loop over `dims`, the last fastest.
static std::vector<int32_t> collapsedOffsets(const Nest &nest, const Stream &stream,
                                             ArrayRef<unsigned> dims, int64_t steps) {
  std::vector<int32_t> offsets(steps);
  for (int64_t i = 0; i < steps; ++i) {
    int64_t rest = i, offset = 0;
    for (unsigned d : llvm::reverse(dims.drop_front())) {
      offset += rest % nest.sizes[d] * stream.across[d];
      rest /= nest.sizes[d];
    }
    offsets[i] = offset + rest * stream.across[dims.front()];
  }
  return offsets;
}

// The address of a table; alike ones are one.
static Value tableOf(const Cursor &at, const std::vector<int32_t> &numbers) {
  auto &tables = at.frame.offsetTables;
  auto [entry, isNew] = tables.try_emplace(numbers);
  if (isNew) {
    ImplicitLocOpBuilder &b = at.b;
    func::FuncOp function = at.frame.function;
    OpBuilder::InsertionGuard guard(b);
    auto type = MemRefType::get({int64_t(numbers.size())}, b.getI32Type());
    auto data = DenseElementsAttr::get(RankedTensorType::get(type.getShape(), b.getI32Type()),
                                       ArrayRef(numbers));
    std::string name = (function.getName() + "_offsets" + Twine(tables.size() - 1)).str();
    b.setInsertionPoint(function);
    memref::GlobalOp::create(b, name, b.getStringAttr("private"), type, data, /*constant=*/true,
                             /*alignment=*/IntegerAttr());
    b.setInsertionPointToStart(&function.getBody().front());
    entry->second = memref::GetGlobalOp::create(b, type, name);
  }
  return entry->second;
}

namespace {

// From where a collapsed loop begins to where a stream stands in its steps: so many elements a
// step, or what a table says.
struct Course {
  int64_t stride = 0;
  Value table;
};

} // namespace

static Course courseOf(const Cursor &at, const Stream &stream, ArrayRef<unsigned> dims,
                       int64_t steps) {
  std::vector<int32_t> offsets = collapsedOffsets(at.nest, stream, dims, steps);
  int64_t stride = steps > 1 ? offsets[1] : 0;
  bool isLinear = llvm::all_of(llvm::enumerate(offsets), [&](auto step) {
    return step.value() == int64_t(step.index()) * stride;
  });
  return isLinear ? Course{stride, Value()} : Course{stride, tableOf(at, offsets)};
}

static Values emitCollapsed(Cursor at, unsigned level, const Values &accumulators) {
  ArrayRef<unsigned> dims = ArrayRef(at.schedule.reductionOrder).drop_front(level);
  unsigned outermost = dims.front();
  int64_t inside = 1;
  for (unsigned d : dims.drop_front())
    inside *= at.nest.sizes[d];
  Range range = at.ranges[outermost];
  Steps steps = stepsOfBlock(at, outermost, range.begin ? range.begin : at.index(0));
  narrow(at, outermost, steps);
  // The collapsed loop's steps are counted from the block's first.
  if (range.begin)
    at.advance(outermost, range.begin);
  Value begin = at.times(at.minus(steps.begin, range.begin), inside);
  Value end = at.times(at.minus(steps.end, range.begin), inside);
  SmallVector<Course> courses;
  for (const Stream &stream : at.streams)
    courses.push_back(courseOf(at, stream, dims, range.extent * inside));
  return at.loop(begin, end, 1, accumulators, [&](Value iv, const Values &carried) {
    Cursor here = at;
    for (auto [position, course] : llvm::zip(here.positions, courses)) {
      if (!course.table && course.stride == 0)
        continue;
      Value offset =
          course.table ? arith::IndexCastOp::create(at.b, at.b.getIndexType(),
                                                    memref::LoadOp::create(at.b, course.table, iv))
                             .getResult()
                       : at.times(iv, course.stride);
      position = at.plus(position, offset);
    }
    return emitBody(here, carried);
  });
}

// --- a loop for each dimension of a sum ----------------------------------------------------------

// Steps of the reduction loops from `level` inward: as many as there are loop bodies if these are
// unrolled, which needs a number that is known.
static int64_t stepsFrom(const Cursor &at, unsigned level) {
  int64_t steps = 1;
  for (unsigned d : ArrayRef(at.schedule.reductionOrder).drop_front(level)) {
    Range range = at.ranges[d];
    if (range.begin && at.nest.sizes[d] % range.extent != 0)
      return kMostUnrolled + 1;
    steps *=
        llvm::divideCeil(range.extent, int(d) == at.schedule.vectorDim ? at.schedule.lanes : 1);
  }
  return steps;
}

// The reduction loops from `level` inward.
static Values emitLoops(const Cursor &at, unsigned level, Values accumulators) {
  const Schedule &schedule = at.schedule;
  if (level == schedule.reductionOrder.size())
    return emitBody(at, accumulators);
  if (level == collapsedLevel(at.nest, schedule))
    return emitCollapsed(at, level, accumulators);
  unsigned d = schedule.reductionOrder[level];
  int64_t step = int(d) == schedule.vectorDim ? schedule.lanes : 1;
  int64_t full = at.nest.sizes[d] / step, rest = at.nest.sizes[d] % step;
  Steps steps = {at.index(0), at.index(full * step)};
  if (Range range = at.ranges[d]; range.begin) { // a block of single points
    full = range.extent, rest = 0;
    steps = stepsOfBlock(at, d, range.begin);
  }
  bool isPadded = narrow(at, d, steps);
  auto emit = [&](Value iv, Values values, int64_t lanes) {
    Cursor inside = at;
    inside.ivs[d] = iv;
    inside.active = lanes;
    inside.advance(d, iv);
    return emitLoops(inside, level + 1, std::move(values));
  };
  if ((full == 1 && !isPadded) ||
      (!at.isContraction() && stepsFrom(at, level) * int64_t(at.points.size()) <= kMostUnrolled))
    for (int64_t i = 0; i < full; ++i)
      accumulators = emit(at.plus(steps.begin, i * step), accumulators, at.active);
  else if (full > 0)
    accumulators =
        at.loop(steps.begin, steps.end, step, accumulators,
                [&](Value iv, Values carried) { return emit(iv, std::move(carried), at.active); });
  if (rest > 0)
    accumulators = emit(at.index(full * step), accumulators, rest);
  return accumulators;
}

Values emitReduction(const Cursor &at, const Values &accumulators) {
  return emitLoops(at, 0, accumulators);
}

} // namespace dlc::kernel
