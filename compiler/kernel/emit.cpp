// The kernel generator: items, tiles, reduction loops with their accumulators as loop arguments,
// and the body on vectors. Everything is static but the work items: remainders are tiles of their
// own, with a constant mask on the last vector.
#include "compiler/kernel/emit.h"
#include "compiler/kernel/strided.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include <map>

using namespace mlir;

namespace dlc::kernel {
namespace {

using Values = SmallVector<Value>;

// One accumulator's place in a tile.
struct Point {
  SmallVector<int64_t> offset; // from the tile's first point, of each dimension
  int64_t active = 1;          // lanes in use: all, but in the last vector of a remainder
};

// Where the accesses stand: the linear index of each, inputs first.
using Positions = Values;

class Emitter {
public:
  Emitter(OpBuilder &builder, Location loc, const Nest &nest, const Schedule &schedule)
      : b(loc, builder), nest(nest), schedule(schedule),
        parallelVector(schedule.vectorDim >= 0 && !nest.reduces[schedule.vectorDim]) {
    for (const Access &access : nest.inputs)
      accesses.push_back(&access);
    for (const Access &access : nest.outputs)
      accesses.push_back(&access);
  }

  func::FuncOp run(StringRef name) {
    SmallVector<Type> types(nest.buffers.begin(), nest.buffers.end());
    types.append(2, b.getIndexType());
    auto function = func::FuncOp::create(b, name, b.getFunctionType(types, {}));
    function.setPrivate();
    for (unsigned i = 0; i < nest.buffers.size(); ++i)
      function.setArgAttr(i, "llvm.noalias", b.getUnitAttr());
    Block *entry = function.addEntryBlock();
    b.setInsertionPointToStart(entry);
    buffers.assign(entry->args_begin(), entry->args_begin() + nest.buffers.size());
    Value begin = entry->getArgument(nest.buffers.size()),
          end = entry->getArgument(nest.buffers.size() + 1);
    loop(begin, end, 1, [&](Value item) { emitItem(item); });
    func::ReturnOp::create(b);
    return function;
  }

private:
  ImplicitLocOpBuilder b;
  const Nest &nest;
  const Schedule &schedule;
  const bool parallelVector;
  SmallVector<const Access *> accesses;
  Values buffers;
  Values ivs; // the current first point of each dimension

  // --- index arithmetic ---------------------------------------------------------------------
  Value index(int64_t i) { return arith::ConstantIndexOp::create(b, i); }
  Value plus(Value a, Value c) {
    return a ? (c ? arith::AddIOp::create(b, a, c).getResult() : a) : c;
  }
  Value plus(Value a, int64_t i) { return i == 0 && a ? a : plus(a, index(i)); }
  Value times(Value a, int64_t i) {
    return i == 1 ? a : arith::MulIOp::create(b, a, index(i)).getResult();
  }

  Positions advance(const Positions &positions, unsigned dim, Value steps) {
    Positions result;
    for (auto [access, position] : llvm::zip(accesses, positions))
      result.push_back(
          access->stride(dim) == 0 ? position : plus(position, times(steps, access->stride(dim))));
    return result;
  }

  template <typename Body> void loop(Value begin, Value end, int64_t step, Body body) {
    auto forOp = scf::ForOp::create(b, begin, end, index(step));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    body(forOp.getInductionVar());
  }

  // --- items and tiles ----------------------------------------------------------------------
  void emitItem(Value item) {
    // The item's number in the mixed radix of tile counts, the last item dimension fastest.
    Values tiles(schedule.itemDims);
    for (unsigned i = schedule.itemDims; i-- > 0;) {
      int64_t count = tileCount(nest, schedule, schedule.parallelOrder[i]);
      tiles[i] = i == 0 ? item : arith::RemUIOp::create(b, item, index(count)).getResult();
      if (i > 0)
        item = arith::DivUIOp::create(b, item, index(count));
    }
    ivs.assign(nest.rank(), Value());
    Positions positions;
    for (const Access *access : accesses)
      positions.push_back(index(access->offset));
    emitParallel(0, tiles, positions, SmallVector<int64_t>(nest.rank(), 1));
  }

  // `extent`: points of each dimension in the tile at hand.
  void emitParallel(unsigned level, const Values &tiles, const Positions &positions,
                    SmallVector<int64_t> extent) {
    if (level == schedule.parallelOrder.size())
      return emitTile(positions, extent);
    unsigned d = schedule.parallelOrder[level];
    int64_t tile = schedule.tile[d], full = nest.sizes[d] / tile, rest = nest.sizes[d] % tile;
    auto emit = [&](Value iv, int64_t points) {
      ivs[d] = iv;
      extent[d] = points;
      emitParallel(level + 1, tiles, advance(positions, d, iv), extent);
    };
    if (level < schedule.itemDims) {
      Value iv = times(tiles[level], tile);
      if (rest == 0 || full == 0)
        return emit(iv, full == 0 ? rest : tile);
      Value isFull = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, tiles[level], index(full));
      auto branch = scf::IfOp::create(b, isFull, /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(branch.thenBlock());
      emit(iv, tile);
      b.setInsertionPointToStart(branch.elseBlock());
      emit(iv, rest);
      return;
    }
    if (full == 1)
      emit(index(0), tile);
    else if (full > 1)
      loop(index(0), index(full * tile), tile, [&](Value iv) { emit(iv, tile); });
    if (rest > 0)
      emit(index(full * tile), rest);
  }

  SmallVector<Point> pointsOf(ArrayRef<int64_t> extent) {
    int64_t all = schedule.lanes;
    SmallVector<Point> points{
        {SmallVector<int64_t>(nest.rank(), 0), schedule.vectorDim < 0 ? 1 : all}};
    auto spread = [&](unsigned d, int64_t step) {
      SmallVector<Point> next;
      for (const Point &point : points)
        for (int64_t i = 0; i < extent[d]; i += step) {
          next.push_back(point);
          next.back().offset[d] = i;
          if (step > 1)
            next.back().active = std::min(step, extent[d] - i);
        }
      points = std::move(next);
    };
    for (unsigned d : schedule.parallelOrder)
      if (int(d) != schedule.vectorDim)
        spread(d, 1);
    if (parallelVector)
      spread(schedule.vectorDim, schedule.lanes);
    return points;
  }

  void emitTile(const Positions &positions, ArrayRef<int64_t> extent) {
    SmallVector<Point> points = pointsOf(extent);
    Values accumulators;
    if (nest.hasReduction() || readsOutputs())
      for (const Point &point : points)
        for (unsigned i = 0; i < nest.outputs.size(); ++i)
          accumulators.push_back(start(i, point, positions));
    Values results = emitReduction(0, points, positions, accumulators, schedule.lanes);
    for (auto [n, point] : llvm::enumerate(points))
      for (unsigned i = 0; i < nest.outputs.size(); ++i)
        finish(i, point, positions, results[n * nest.outputs.size() + i]);
  }

  bool readsOutputs() {
    return llvm::any_of(nest.body->getArguments().drop_front(nest.inputs.size()),
                        [](Value v) { return !v.use_empty(); });
  }

  // --- accumulators -------------------------------------------------------------------------
  Value start(unsigned output, const Point &point, const Positions &positions) {
    Type element = nest.outputs[output].element;
    if (schedule.vectorReduces(nest))
      return constant(arith::getNeutralElement(combiner(nest, output)).value());
    if (TypedAttr value = nest.starts[output])
      return constant(value);
    assert(element && "an output has elements");
    return load(nest.inputs.size() + output, point, positions);
  }

  void finish(unsigned output, const Point &point, const Positions &positions, Value value) {
    if (schedule.vectorReduces(nest)) {
      Operation *combine = combiner(nest, output);
      bool isMax = isa<arith::MaximumFOp>(combine), isMaxNum = isa<arith::MaxNumFOp>(combine);
      auto kind = isMax      ? vector::CombiningKind::MAXIMUMF
                  : isMaxNum ? vector::CombiningKind::MAXNUMF
                             : vector::CombiningKind::ADD;
      value = vector::ReductionOp::create(b, kind, value, arith::FastMathFlags::reassoc);
      TypedAttr from = nest.starts[output];
      if (from != arith::getNeutralElement(combine).value()) {
        Value previous = from ? arith::ConstantOp::create(b, from).getResult()
                              : memref::LoadOp::create(
                                    b, buffers[nest.outputs[output].buffer],
                                    ValueRange{at(nest.inputs.size() + output, point, positions)})
                                    .getResult();
        Operation *op = b.clone(*combine);
        op->setOperands({previous, value});
        value = op->getResult(0);
      }
    }
    store(output, point, positions, value);
  }

  // Runs the reduction loops from `level` inward over all accumulators; `active` lanes of a reduced
  // vector count.
  Values emitReduction(unsigned level, ArrayRef<Point> points, const Positions &positions,
                       Values accumulators, int64_t active) {
    if (level == schedule.reductionOrder.size())
      return emitBody(points, positions, accumulators, active);
    unsigned d = schedule.reductionOrder[level];
    int64_t step = int(d) == schedule.vectorDim ? schedule.lanes : 1;
    int64_t full = nest.sizes[d] / step, rest = nest.sizes[d] % step;
    auto emit = [&](Value iv, Values values, int64_t lanes) {
      ivs[d] = iv;
      return emitReduction(level + 1, points, advance(positions, d, iv), std::move(values), lanes);
    };
    if (full == 1)
      accumulators = emit(index(0), accumulators, active);
    if (full > 1) {
      auto forOp = scf::ForOp::create(b, index(0), index(full * step), index(step), accumulators);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(forOp.getBody());
      Values carried(forOp.getRegionIterArgs());
      scf::YieldOp::create(b, emit(forOp.getInductionVar(), carried, active));
      accumulators.assign(forOp->result_begin(), forOp->result_end());
    }
    if (rest > 0)
      accumulators = emit(index(full * step), accumulators, rest);
    return accumulators;
  }

  // --- the body -----------------------------------------------------------------------------
  Values emitBody(ArrayRef<Point> points, const Positions &positions, const Values &accumulators,
                  int64_t active) {
    std::map<std::tuple<unsigned, int64_t, int64_t>, Value> loaded; // each element is fetched once
    Values results;
    unsigned outputs = nest.outputs.size();
    for (auto [n, reference] : llvm::enumerate(points)) {
      Point point = reference;
      if (schedule.vectorReduces(nest))
        point.active = active;
      IRMapping values;
      for (auto [i, argument] : llvm::enumerate(nest.body->getArguments())) {
        if (argument.use_empty())
          continue;
        if (i >= nest.inputs.size()) {
          values.map(argument, accumulators[n * outputs + i - nest.inputs.size()]);
          continue;
        }
        Value &value = loaded[{unsigned(i), distance(*accesses[i], point), point.active}];
        if (!value)
          value = load(i, point, positions);
        values.map(argument, value);
      }
      for (Operation &op : nest.body->without_terminator())
        emitOperation(op, point, values);
      for (unsigned i = 0; i < outputs; ++i) {
        Value value = values.lookup(nest.body->getTerminator()->getOperand(i));
        if (schedule.vectorReduces(nest) && active < schedule.lanes)
          value = arith::SelectOp::create(b, mask(active), value, accumulators[n * outputs + i]);
        results.push_back(value);
      }
    }
    return results;
  }

  void emitOperation(Operation &op, const Point &point, IRMapping &values) {
    if (auto literal = dyn_cast<arith::ConstantOp>(op)) {
      values.map(literal.getResult(), constant(literal.getValue()));
      return;
    }
    if (auto position = dyn_cast<linalg::IndexOp>(op)) {
      values.map(position.getResult(), indexValue(position.getDim(), point));
      return;
    }
    Operation *copy = b.clone(op, values);
    for (auto [result, original] : llvm::zip(copy->getResults(), op.getResults())) {
      result.setType(vectorType(original.getType()));
      values.map(original, result);
    }
    // Products and sums may become one multiply-add.
    if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(copy))
      copy->setAttr("fastmath",
                    arith::FastMathFlagsAttr::get(b.getContext(), arith::FastMathFlags::contract));
  }

  Value indexValue(unsigned dim, const Point &point) {
    Value first = plus(ivs[dim], point.offset[dim]);
    if (schedule.vectorDim < 0)
      return first;
    Value all = vector::BroadcastOp::create(b, vectorType(b.getIndexType()), first);
    if (int(dim) != schedule.vectorDim)
      return all;
    return arith::AddIOp::create(b, all, lanesTimes(1));
  }

  // --- values -------------------------------------------------------------------------------
  Type vectorType(Type element) {
    return schedule.vectorDim < 0 ? element : VectorType::get({int64_t(schedule.lanes)}, element);
  }
  Value constant(TypedAttr value) {
    Type type = vectorType(value.getType());
    if (auto vector = dyn_cast<VectorType>(type))
      return arith::ConstantOp::create(b, DenseElementsAttr::get(vector, value));
    return arith::ConstantOp::create(b, value);
  }
  // (0, stride, 2*stride, …)
  Value lanesTimes(int64_t stride) {
    SmallVector<APInt> steps;
    for (unsigned i = 0; i < schedule.lanes; ++i)
      steps.emplace_back(64, uint64_t(i * stride), /*isSigned=*/true);
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(cast<VectorType>(vectorType(b.getIndexType())), steps));
  }
  Value mask(int64_t active) {
    return vector::ConstantMaskOp::create(b, vectorType(b.getI1Type()), ArrayRef<int64_t>{active});
  }

  // --- memory -------------------------------------------------------------------------------
  int64_t distance(const Access &access, const Point &point) {
    int64_t sum = 0;
    for (unsigned d = 0; d < nest.rank(); ++d)
      sum += access.stride(d) * point.offset[d];
    return sum;
  }
  Value at(unsigned access, const Point &point, const Positions &positions) {
    return plus(positions[access], distance(*accesses[access], point));
  }

  Value load(unsigned n, const Point &point, const Positions &positions) {
    const Access &access = *accesses[n];
    Value buffer = buffers[access.buffer], position = at(n, point, positions);
    if (schedule.vectorDim < 0)
      return memref::LoadOp::create(b, buffer, position);
    auto type = cast<VectorType>(vectorType(access.element));
    int64_t stride = access.stride(schedule.vectorDim);
    if (stride == 0) {
      Value scalar = memref::LoadOp::create(b, buffer, position);
      return vector::BroadcastOp::create(b, type, scalar);
    }
    bool isFull = point.active == schedule.lanes;
    if (stride == 1 && isFull)
      return vector::LoadOp::create(b, type, buffer, ValueRange{position});
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
    if (stride == 1)
      return vector::MaskedLoadOp::create(b, type, buffer, ValueRange{position}, mask(point.active),
                                          zero);
    if (stride > 1 && stride <= kLargestShuffledStride)
      return loadStrided(b, type, buffer, position, stride, point.active);
    return vector::GatherOp::create(b, type, buffer, ValueRange{position}, lanesTimes(stride),
                                    mask(point.active), zero);
  }

  void store(unsigned output, const Point &point, const Positions &positions, Value value) {
    const Access &access = nest.outputs[output];
    unsigned n = nest.inputs.size() + output;
    Value buffer = buffers[access.buffer], position = at(n, point, positions);
    if (!parallelVector) {
      memref::StoreOp::create(b, value, buffer, position);
      return;
    }
    int64_t stride = access.stride(schedule.vectorDim);
    if (stride != 1)
      vector::ScatterOp::create(b, Type(), buffer, ValueRange{position}, lanesTimes(stride),
                                mask(point.active), value);
    else if (point.active < schedule.lanes)
      vector::MaskedStoreOp::create(b, buffer, ValueRange{position}, mask(point.active), value);
    else
      vector::StoreOp::create(b, value, buffer, ValueRange{position});
  }
};

} // namespace

func::FuncOp emitKernel(OpBuilder &builder, Location loc, StringRef name, const Nest &nest,
                        const Schedule &schedule) {
  return Emitter(builder, loc, nest, schedule).run(name);
}

} // namespace dlc::kernel
