// The kernel generator: items, blocks, tiles, reduction loops with their accumulators as loop
// arguments, and the body on vectors. Tiles are static: remainders are tiles of their own, with a
// constant mask on the last vector.
#include "compiler/kernel/emit/emit.h"
#include "compiler/kernel/emit/strided.h"
#include "compiler/kernel/plan/prefetch.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include <map>
#include <set>

using namespace mlir;

namespace dlc::kernel {
namespace {

using Values = SmallVector<Value>;

// What is no contraction has loops of up to so many points in all steps written out.
constexpr int64_t kMostUnrolled = 36;

constexpr int64_t kMaskedStoreBits = 512;

// Outputs that fit a first cache are there, and what comes before a few steps are over need not be
// asked for.
constexpr int64_t kFewestFetchedBytes = 32 << 10, kFewestFetchedSteps = 16;

// One accumulator's place in a tile.
struct Point {
  SmallVector<int64_t> offset; // from the tile's first point, of each dimension
  int64_t active = 1;          // lanes in use: all, but in the last vector of a remainder
};

// Where the accesses stand: the linear index of each, in the order of the streams; null for one
// that goes along with another.
using Positions = Values;

// An access as the loops see it: to the kernel's buffer, or to the packed copy of a block.
struct Stream {
  Value buffer, start;
  Type element;
  SmallVector<int64_t> across; // from a step of a dimension's loop to the next, a point each
  SmallVector<int64_t> within; // between the points of a tile
  bool isWhole = false;        // a vector may be read where not all of its lanes are wanted
  // An earlier stream that walks as this one does, `beyond` elements before it; -1: none.
  int along = -1;
  int64_t beyond = 0;
};

// The part of a dimension that the loops at hand run over: [begin, begin + extent) below its size.
struct Range {
  Value begin; // null: 0
  int64_t extent = 0;
};

class Emitter {
public:
  Emitter(OpBuilder &builder, Location loc, const Nest &nest, const Schedule &schedule)
      : b(loc, builder), nest(nest), schedule(schedule),
        parallelVector(schedule.vectorDim >= 0 && !nest.reduces[schedule.vectorDim]),
        isContraction(nest.contractionFlops() > 0) {
    if (schedule.prefetched >= 0)
      prefetch = prefetchOf(nest, schedule, schedule.prefetched);
  }

  func::FuncOp run(StringRef name) {
    SmallVector<Type> types(nest.buffers.begin(), nest.buffers.end());
    types.append(2, b.getIndexType());
    function = func::FuncOp::create(b, name, b.getFunctionType(types, {}));
    function.setPrivate();
    for (unsigned i = 0; i < nest.buffers.size(); ++i)
      function.setArgAttr(i, "llvm.noalias", b.getUnitAttr());
    Block *entry = function.addEntryBlock();
    b.setInsertionPointToStart(entry);
    for (auto *accesses :
         {&nest.inputs, &nest.outputs, &nest.epilogueInputs, &nest.epilogueOutputs})
      for (const Access &access : *accesses)
        streams.push_back({entry->getArgument(access.buffer), index(access.offset), access.element,
                           access.strides, access.strides});
    if (!isContraction && !nest.epilogue && !llvm::is_contained(schedule.packed, true))
      joinStreams();
    if (prefetch)
      fetched = streams[schedule.prefetched];
    allocatePanels();
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
  const bool parallelVector, isContraction;
  func::FuncOp function;
  std::map<std::vector<int32_t>, Value>
      offsetTables;                 // tables of where streams stand (emitCollapsed)
  SmallVector<Stream> streams;      // inputs, outputs; the epilogue's inputs and outputs
  std::map<unsigned, Value> panels; // the memory for packed inputs
  std::optional<Prefetch> prefetch; // what is fetched prefetch, and
  Stream fetched;                   // from where
  SmallVector<Range> ranges;        // the current block of each dimension
  Value isFirst, isLast; // whether no block was summed up before, will be after; null: always
  Values ivs;            // the current first point of each dimension, and
  SmallVector<int64_t> extents; // how many points of it the current tile has

  // --- index arithmetic ---------------------------------------------------------------------
  Value index(int64_t i) { return arith::ConstantIndexOp::create(b, i); }
  Value plus(Value a, Value c) {
    return a ? (c ? arith::AddIOp::create(b, a, c).getResult() : a) : c;
  }
  Value plus(Value a, int64_t i) { return i == 0 && a ? a : plus(a, index(i)); }
  Value times(Value a, int64_t i) {
    return i == 1 ? a : arith::MulIOp::create(b, a, index(i)).getResult();
  }

  Value minus(Value a, Value c) { return c ? arith::SubIOp::create(b, a, c).getResult() : a; }
  Value isBelow(Value a, int64_t limit) {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, a, index(limit));
  }

  // Accesses to one buffer with the same strides, as a tile's pixels are, stand where the first one
  // does, but for a constant.
  void joinStreams() {
    auto accessOf = [&](unsigned n) -> const Access & {
      return n < nest.inputs.size() ? nest.inputs[n] : nest.outputs[n - nest.inputs.size()];
    };
    for (unsigned n = 0; n < streams.size(); ++n)
      for (unsigned first = 0; first < n && streams[n].along < 0; ++first)
        if (streams[first].along < 0 && accessOf(first).buffer == accessOf(n).buffer &&
            accessOf(first).strides == accessOf(n).strides) {
          streams[n].along = first;
          streams[n].beyond = accessOf(n).offset - accessOf(first).offset;
        }
  }

  Positions advance(const Positions &positions, unsigned dim, Value steps) {
    Positions result;
    for (auto [stream, position] : llvm::zip(streams, positions))
      result.push_back(stream.across[dim] == 0 || stream.along >= 0
                           ? position
                           : plus(position, times(steps, stream.across[dim])));
    return result;
  }

  template <typename Body> void loop(Value begin, Value end, int64_t step, Body body) {
    auto forOp = scf::ForOp::create(b, begin, end, index(step));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    body(forOp.getInductionVar());
  }

  // Calls `body(iv, points)` for steps of `step` points over the current range of a dimension; the
  // last may have fewer.
  template <typename Body> void over(unsigned dim, int64_t step, Body body) {
    int64_t size = nest.sizes[dim], full = size / step * step, rest = size - full;
    Range range = ranges[dim];
    if (!range.begin) {
      if (full == step)
        body(index(0), step);
      else if (full > step)
        loop(index(0), index(full), step, [&](Value iv) { body(iv, step); });
      if (rest > 0)
        body(index(full), rest);
      return;
    }
    Value end = plus(range.begin, range.extent);
    if (size % range.extent == 0 && range.extent % step == 0) {
      if (range.extent == step)
        return body(range.begin, step);
      return loop(range.begin, end, step, [&](Value iv) { body(iv, step); });
    }
    if (full > 0)
      loop(range.begin, arith::MinUIOp::create(b, end, index(full)), step,
           [&](Value iv) { body(iv, step); });
    if (rest == 0)
      return;
    Value isLast = arith::CmpIOp::create(b, arith::CmpIPredicate::ugt, end, index(full));
    auto branch = scf::IfOp::create(b, isLast, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    body(index(full), rest);
  }

  // --- items, blocks and tiles ----------------------------------------------------------------
  void emitItem(Value item) {
    ivs.assign(nest.rank(), Value());
    ranges.clear();
    for (int64_t size : nest.sizes)
      ranges.push_back({Value(), size});
    auto counts = llvm::map_to_vector(schedule.parallelOrder,
                                      [&](unsigned d) { return blockCount(nest, schedule, d); });
    for (auto [d, turn] : llvm::zip(schedule.parallelOrder, turnsOf(b, item, counts)))
      if (turn)
        ranges[d] = {times(turn, schedule.block[d]), schedule.block[d]};
    isFirst = isLast = Value();
    emitReductionBlocks(0);
  }

  // Loops over the blocks of reductions: in them stand packing and the tiles.
  void emitReductionBlocks(unsigned level) {
    if (level == schedule.reductionOrder.size()) {
      SmallVector<Stream> unpacked = streams;
      for (auto [input, memory] : panels)
        emitPacking(input, memory);
      Positions positions;
      for (const Stream &stream : streams)
        positions.push_back(stream.along < 0 ? stream.start : Value());
      emitParallel(0, positions, SmallVector<int64_t>(nest.rank(), 1));
      streams = std::move(unpacked);
      return;
    }
    unsigned d = schedule.reductionOrder[level];
    int64_t block = schedule.block[d];
    if (block >= nest.sizes[d])
      return emitReductionBlocks(level + 1);
    loop(index(0), index(nest.sizes[d]), block, [&](Value begin) {
      Value outerFirst = isFirst, outerLast = isLast;
      ranges[d] = {begin, block};
      auto isInBoth = [&](int64_t where, Value outer) {
        Value isThere = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, begin, index(where));
        return outer ? arith::AndIOp::create(b, outer, isThere).getResult() : isThere;
      };
      isFirst = isInBoth(0, outerFirst);
      isLast = isInBoth((nest.sizes[d] - 1) / block * block, outerLast);
      emitReductionBlocks(level + 1);
      isFirst = outerFirst, isLast = outerLast;
      ranges[d] = {Value(), nest.sizes[d]};
    });
  }

  // `extent`: points of each dimension in the tile at hand.
  void emitParallel(unsigned level, const Positions &positions, SmallVector<int64_t> extent) {
    if (level == schedule.parallelOrder.size())
      return emitTile(positions, extent);
    unsigned d = schedule.parallelOrder[level];
    over(d, schedule.tile[d], [&](Value iv, int64_t points) {
      ivs[d] = iv;
      extent[d] = points;
      emitParallel(level + 1, advance(positions, d, iv), extent);
    });
  }

  // The dimensions of a tile, outermost first: those of the input that has more values, so that
  // each goes through one register while the fewer ones of the other are held.
  SmallVector<unsigned> tileOrder() {
    SmallVector<unsigned> order(schedule.parallelOrder);
    if (parallelVector) {
      llvm::erase(order, unsigned(schedule.vectorDim));
      order.push_back(schedule.vectorDim);
    }
    if (!isContraction)
      return order;
    const Access *most = nullptr;
    for (auto [i, access] : llvm::enumerate(nest.inputs))
      if (!nest.body->getArgument(i).use_empty() &&
          (!most || valuesOf(nest, schedule, access) > valuesOf(nest, schedule, *most)))
        most = &access;
    std::stable_partition(order.begin(), order.end(),
                          [&](unsigned d) { return most->stride(d) != 0; });
    return order;
  }

  SmallVector<Point> pointsOf(ArrayRef<int64_t> extent) {
    SmallVector<Point> points{{SmallVector<int64_t>(nest.rank(), 0),
                               schedule.vectorDim < 0 ? 1 : int64_t(schedule.lanes)}};
    for (unsigned d : tileOrder()) {
      int64_t step = int(d) == schedule.vectorDim ? schedule.lanes : 1;
      SmallVector<Point> next;
      for (const Point &point : points)
        for (int64_t i = 0; i < extent[d]; i += step) {
          next.push_back(point);
          next.back().offset[d] = i;
          if (step > 1)
            next.back().active = std::min(step, extent[d] - i);
        }
      points = std::move(next);
    }
    return points;
  }

  void emitTile(const Positions &positions, ArrayRef<int64_t> extent) {
    extents.assign(extent.begin(), extent.end());
    SmallVector<Point> points = pointsOf(extent);
    if (prefetch && prefetch->isByTile)
      emitPrefetch();
    fetchOutputs(points, positions);
    SmallVector<Type> types;
    if (nest.hasReduction() || readsOutputs())
      for (unsigned n = 0; n < points.size() * nest.outputs.size(); ++n)
        types.push_back(vectorType(nest.outputs[n % nest.outputs.size()].element));
    Values accumulators = starts(types, points, positions);
    Values results = emitReduction(0, points, positions, accumulators, schedule.lanes);
    auto finishSums = [&] {
      for (auto [n, point] : llvm::enumerate(points))
        for (unsigned i = 0; i < nest.outputs.size(); ++i)
          finish(i, point, positions, results[n * nest.outputs.size() + i]);
    };
    if (!nest.epilogue)
      return finishSums();
    auto finishAll = [&] {
      if (nest.keepsSums)
        finishSums();
      emitEpilogue(points, positions, results);
    };
    if (!isLast)
      return finishAll();
    auto branch = scf::IfOp::create(b, isLast, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    finishAll();
    b.setInsertionPointToStart(branch.elseBlock());
    finishSums();
  }

  // What is done to the sums of a tile when they stand.
  void emitEpilogue(ArrayRef<Point> points, const Positions &positions, const Values &sums) {
    unsigned inputs = nest.inputs.size() + nest.outputs.size(),
             outputs = inputs + nest.epilogueInputs.size();
    std::map<std::tuple<unsigned, int64_t, int64_t>, Value> loaded; // each element is fetched once
    for (auto [point, sum] : llvm::zip_equal(points, sums)) {
      IRMapping values;
      for (auto [i, argument] : llvm::enumerate(nest.epilogue->getArguments())) {
        if (argument.use_empty())
          continue;
        if (i == nest.epilogueSum) {
          values.map(argument, sum);
          continue;
        }
        Value &value = loaded[{unsigned(i), distance(streams[inputs + i], point), point.active}];
        if (!value)
          value = load(inputs + i, point, positions);
        values.map(argument, value);
      }
      for (Operation &op : nest.epilogue->without_terminator())
        emitOperation(op, point, values);
      for (auto [i, result] : llvm::enumerate(nest.epilogue->getTerminator()->getOperands()))
        store(outputs + i, point, positions, values.lookup(result));
    }
  }

  // Asks for the lines of a tile's outputs while its sums are made: a store, too, needs its line.
  void fetchOutputs(ArrayRef<Point> points, const Positions &positions) {
    int64_t steps = 1;
    for (unsigned d : schedule.reductionOrder)
      steps *= std::min(schedule.block[d], nest.sizes[d]);
    auto fetch = [&](ArrayRef<Access> accesses, unsigned first) {
      for (auto [i, access] : llvm::enumerate(accesses)) {
        const Stream &stream = streams[first + i];
        if (nest.bytes(access) < kFewestFetchedBytes || steps < kFewestFetchedSteps ||
            stream.within[schedule.vectorDim] != 1)
          continue;
        prefetchLines(first + i, points, positions, 0, /*isWrite=*/true);
      }
    };
    if (!parallelVector)
      return;
    bool isOverwritten = llvm::any_of(nest.epilogueOutputs, [&](const Access &access) {
      return access.buffer == nest.outputs[0].buffer;
    });
    if (!isOverwritten && (nest.keepsSums || isLast))
      fetch(nest.outputs, nest.inputs.size());
    fetch(nest.epilogueOutputs, streams.size() - nest.epilogueOutputs.size());
  }

  // Asks for what is needed soon.
  void prefetchAccesses(ArrayRef<Point> points, const Positions &positions) {
    for (unsigned n = 0; n < nest.inputs.size() + nest.outputs.size(); ++n) {
      bool isOutput = n >= nest.inputs.size();
      const Access &access = isOutput ? nest.outputs[n - nest.inputs.size()] : nest.inputs[n];
      if (access.prefetchDistance == 0)
        continue;
      prefetchLines(n, points, positions, access.prefetchDistance, isOutput);
    }
  }

  // Asks for the lines that lie `beyond` elements behind a tile's points, each line once.
  void prefetchLines(unsigned n, ArrayRef<Point> points, const Positions &positions, int64_t beyond,
                     bool isWrite) {
    int64_t bytes = streams[n].element.getIntOrFloatBitWidth() / 8;
    std::set<int64_t> lines;
    for (const Point &point : points)
      if (lines.insert(distance(streams[n], point) * bytes / kCacheLine).second)
        memref::PrefetchOp::create(b, streams[n].buffer,
                                   ValueRange{plus(at(n, point, positions), beyond)}, isWrite, kL1,
                                   /*isDataCache=*/true);
  }

  bool readsOutputs() {
    return llvm::any_of(nest.body->getArguments().drop_front(nest.inputs.size()),
                        [](Value v) { return !v.use_empty(); });
  }

  // --- accumulators -------------------------------------------------------------------------
  // What the accumulators of a tile are before the current block: of `types`, none if that is
  // empty.
  Values starts(ArrayRef<Type> types, ArrayRef<Point> points, const Positions &positions) {
    auto all = [&](bool resumes) {
      Values values;
      for (const Point &point : points)
        for (unsigned i = 0; i < nest.outputs.size() && !types.empty(); ++i)
          values.push_back(start(i, point, positions, resumes));
      return values;
    };
    if (!isFirst)
      return all(false);
    auto branch = scf::IfOp::create(b, types, isFirst, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    scf::YieldOp::create(b, all(false));
    b.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(b, all(true));
    return Values(branch->result_begin(), branch->result_end());
  }

  Value start(unsigned output, const Point &point, const Positions &positions, bool resumes) {
    if (schedule.vectorReduces(nest))
      return constant(arith::getNeutralElement(combiner(nest, output)).value());
    if (TypedAttr value = nest.starts[output]; value && !resumes)
      return constant(value);
    return load(nest.inputs.size() + output, point, positions);
  }

  void finish(unsigned output, const Point &point, const Positions &positions, Value value) {
    if (schedule.vectorReduces(nest))
      value = resumed(output, point, positions, overLanes(output, value));
    store(nest.inputs.size() + output, point, positions, value);
  }

  Value overLanes(unsigned output, Value value) {
    Operation *combine = combiner(nest, output);
    auto kind = isa<arith::MaximumFOp>(combine)  ? vector::CombiningKind::MAXIMUMF
                : isa<arith::MaxNumFOp>(combine) ? vector::CombiningKind::MAXNUMF
                                                 : vector::CombiningKind::ADD;
    return vector::ReductionOp::create(b, kind, value, arith::FastMathFlags::reassoc);
  }

  // The lanes of a sum began at the neutral element: what it starts from, or what the blocks before
  // have stored, comes in now.
  Value resumed(unsigned output, const Point &point, const Positions &positions, Value value) {
    Operation *combine = combiner(nest, output);
    TypedAttr from = nest.starts[output];
    auto after = [&](Value previous) -> Value {
      Operation *op = b.clone(*combine);
      op->setOperands({previous, value});
      return op->getResult(0);
    };
    auto afterStored = [&] {
      unsigned n = nest.inputs.size() + output;
      return after(memref::LoadOp::create(b, streams[n].buffer, at(n, point, positions)));
    };
    auto afterStart = [&] {
      bool isNeutral = from == arith::getNeutralElement(combine).value();
      return isNeutral ? value : after(arith::ConstantOp::create(b, from));
    };
    if (!from)
      return afterStored();
    if (!isFirst)
      return afterStart();
    auto branch = scf::IfOp::create(b, value.getType(), isFirst, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    scf::YieldOp::create(b, afterStart());
    b.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(b, afterStored());
    return branch.getResult(0);
  }

  // Runs the reduction loops from `level` inward over all accumulators; `active` lanes of a reduced
  // vector count.
  Values emitReduction(unsigned level, ArrayRef<Point> points, const Positions &positions,
                       Values accumulators, int64_t active) {
    if (level == schedule.reductionOrder.size())
      return emitBody(points, positions, accumulators, active);
    if (level == collapsedLevel(nest, schedule))
      return emitCollapsed(level, points, positions, accumulators);
    unsigned d = schedule.reductionOrder[level];
    int64_t step = int(d) == schedule.vectorDim ? schedule.lanes : 1;
    int64_t full = nest.sizes[d] / step, rest = nest.sizes[d] % step;
    Value begin = index(0), end = index(full * step);
    if (Range range = ranges[d]; range.begin) { // a block of single points
      full = range.extent, rest = 0;
      begin = range.begin, end = plus(begin, range.extent);
      if (nest.sizes[d] % range.extent != 0)
        end = arith::MinUIOp::create(b, end, index(nest.sizes[d]));
    }
    bool isPadded = narrow(d, begin, end);
    auto emit = [&](Value iv, Values values, int64_t lanes) {
      ivs[d] = iv;
      return emitReduction(level + 1, points, advance(positions, d, iv), std::move(values), lanes);
    };
    if ((full == 1 && !isPadded) ||
        (!isContraction && stepsFrom(level) * int64_t(points.size()) <= kMostUnrolled))
      for (int64_t i = 0; i < full; ++i)
        accumulators = emit(plus(begin, i * step), accumulators, active);
    else if (full > 0) {
      auto forOp = scf::ForOp::create(b, begin, end, index(step), accumulators);
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

  // Leaves out of [begin, end), steps of a reduced dimension, what all points of the tile find to
  // be padding. Whether there is any.
  bool narrow(unsigned dim, Value &begin, Value &end) {
    bool isPadded = false;
    for (const Padding &p : nest.paddings) {
      if (!isContraction || p.reduced != dim || int(dim) == schedule.vectorDim)
        continue;
      Value first = times(ivs[p.parallel], p.step);
      Value last = plus(first, (extents[p.parallel] - 1) * p.step);
      auto from = [&](int64_t bound, Value row) {
        return arith::SubIOp::create(b, index(bound - p.offset), row).getResult();
      };
      Value least = p.sign > 0 ? from(p.low, last) : plus(first, p.offset - p.high + 1);
      Value most = p.sign > 0 ? from(p.high, first) : plus(last, p.offset - p.low + 1);
      begin = arith::MaxSIOp::create(b, begin, least);
      end = arith::MinSIOp::create(b, end, most);
      isPadded = true;
    }
    return isPadded;
  }

  // --- one loop over several dimensions of a sum --------------------------------------------
  Values emitCollapsed(unsigned level, ArrayRef<Point> points, const Positions &positions,
                       const Values &accumulators) {
    ArrayRef<unsigned> dims = ArrayRef(schedule.reductionOrder).drop_front(level);
    unsigned outermost = dims.front();
    int64_t inside = 1;
    for (unsigned d : dims.drop_front())
      inside *= nest.sizes[d];
    Range range = ranges[outermost];
    int64_t steps = range.extent * inside;
    Value first = range.begin ? range.begin : index(0), last = plus(first, range.extent);
    if (range.begin && nest.sizes[outermost] % range.extent != 0)
      last = arith::MinUIOp::create(b, last, index(nest.sizes[outermost]));
    narrow(outermost, first, last);
    // The collapsed loop's steps are counted from the block's first.
    Positions start = range.begin ? advance(positions, outermost, range.begin) : positions;
    Value begin = times(minus(first, range.begin), inside);
    Value end = times(minus(last, range.begin), inside);
    SmallVector<Value> tables;
    SmallVector<int64_t> strides;
    for (const Stream &stream : streams) {
      std::vector<int32_t> offsets = collapsedOffsets(stream, dims, steps);
      strides.push_back(steps > 1 ? offsets[1] : 0);
      bool isLinear = true;
      for (int64_t i = 0; i < steps; ++i)
        isLinear &= offsets[i] == i * strides.back();
      tables.push_back(isLinear ? Value() : tableOf(std::move(offsets)));
    }
    auto forOp = scf::ForOp::create(b, begin, end, index(1), accumulators);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    Value iv = forOp.getInductionVar();
    Positions here;
    for (auto [position, table, stride] : llvm::zip(start, tables, strides)) {
      if (!table && stride == 0) {
        here.push_back(position);
        continue;
      }
      Value offset = table ? arith::IndexCastOp::create(b, b.getIndexType(),
                                                        memref::LoadOp::create(b, table, iv))
                                 .getResult()
                           : times(iv, stride);
      here.push_back(plus(position, offset));
    }
    Values carried(forOp.getRegionIterArgs());
    scf::YieldOp::create(b, emitBody(points, here, carried, schedule.lanes));
    return Values(forOp->result_begin(), forOp->result_end());
  }

  // Where a stream stands in each step of a collapsed loop over `dims`, the last fastest.
  std::vector<int32_t> collapsedOffsets(const Stream &stream, ArrayRef<unsigned> dims,
                                        int64_t steps) {
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
  Value tableOf(std::vector<int32_t> numbers) {
    auto [entry, isNew] = offsetTables.try_emplace(numbers);
    if (isNew) {
      OpBuilder::InsertionGuard guard(b);
      auto type = MemRefType::get({int64_t(numbers.size())}, b.getI32Type());
      auto data = DenseElementsAttr::get(RankedTensorType::get(type.getShape(), b.getI32Type()),
                                         ArrayRef(numbers));
      std::string name = (function.getName() + "_offsets" + Twine(offsetTables.size() - 1)).str();
      b.setInsertionPoint(function);
      memref::GlobalOp::create(b, name, b.getStringAttr("private"), type, data, /*constant=*/true,
                               /*alignment=*/IntegerAttr());
      b.setInsertionPointToStart(&function.getBody().front());
      entry->second = memref::GetGlobalOp::create(b, type, name);
    }
    return entry->second;
  }

  // Steps of the reduction loops from `level` inward: as many as there are loop bodies if these are
  // unrolled, which needs a number that is known.
  int64_t stepsFrom(unsigned level) {
    int64_t steps = 1;
    for (unsigned d : ArrayRef(schedule.reductionOrder).drop_front(level)) {
      if (ranges[d].begin && nest.sizes[d] % ranges[d].extent != 0)
        return kMostUnrolled + 1;
      steps *=
          llvm::divideCeil(ranges[d].extent, int(d) == schedule.vectorDim ? schedule.lanes : 1);
    }
    return steps;
  }

  // --- packing ------------------------------------------------------------------------------
  void allocatePanels() {
    for (unsigned i = 0; i < nest.inputs.size(); ++i)
      if (schedule.packed[i]) {
        auto type =
            MemRefType::get({panelsOf(nest, schedule, i)->elements}, nest.inputs[i].element);
        panels[i] = memref::AllocaOp::create(b, type, b.getI64IntegerAttr(64));
      }
  }

  // Copies the current block of an input and lets the loops inside read the copy.
  void emitPacking(unsigned input, Value memory) {
    Panels layout = *panelsOf(nest, schedule, input);
    Value start = index(0);
    for (unsigned d = 0; d < nest.rank(); ++d)
      if (ranges[d].begin && layout.strides[d] != 0)
        start = minus(start, times(ranges[d].begin, layout.strides[d]));
    Stream from = streams[input];
    Stream to{memory, start, from.element, layout.strides, layout.strides};
    to.within[layout.across] = 1;
    to.isWhole = int(layout.across) == schedule.vectorDim;
    emitPackingLoops(from, to, layout, 0, from.start, to.start);
    streams[input] = to;
  }

  // Calls `body` with each place of an axis that the current block reaches.
  template <typename Body> void alongAxis(const Panels::Axis &axis, Body body) {
    if (axis.dims.size() == 1)
      return over(axis.dims[0], 1, [&](Value iv, int64_t) { body(iv); });
    Value begin = index(0), end = index(1);
    for (auto [d, step] : llvm::zip(axis.dims, axis.steps)) {
      Range range = ranges[d];
      Value last = index(range.extent - 1);
      if (range.begin) {
        begin = plus(begin, times(range.begin, step));
        last = plus(range.begin, last);
        if (nest.sizes[d] % range.extent != 0)
          last = arith::MinUIOp::create(b, last, index(nest.sizes[d] - 1));
      }
      end = plus(end, times(last, step));
    }
    loop(begin, end, 1, body);
  }

  void emitPackingLoops(const Stream &from, const Stream &to, const Panels &layout, unsigned level,
                        Value source, Value target) {
    if (level < layout.axes.size()) {
      const Panels::Axis &axis = layout.axes[level];
      return alongAxis(axis, [&](Value place) {
        emitPackingLoops(from, to, layout, level + 1, plus(source, times(place, axis.unit)),
                         plus(target, times(place, axis.stride)));
      });
    }
    unsigned d = layout.across;
    over(d, schedule.tile[d], [&](Value iv, int64_t width) {
      Value s = plus(source, times(iv, from.across[d])), t = plus(target, times(iv, to.across[d]));
      if (layout.contiguous < 0)
        return copyRow(from, to, s, t, width);
      over(layout.contiguous, schedule.lanes, [&](Value first, int64_t rows) {
        Value begin = plus(s, times(first, from.across[layout.contiguous]));
        transpose(from, to, begin, plus(t, times(first, to.across[layout.contiguous])), width, rows,
                  to.across[layout.contiguous]);
      });
    });
  }

  // `width` neighbours.
  void copyRow(const Stream &from, const Stream &to, Value source, Value target, int64_t width) {
    for (int64_t i = 0; i < width; i += schedule.lanes)
      storeWhole(to, plus(target, i),
                 loadPart(from, plus(source, i), std::min<int64_t>(schedule.lanes, width - i)));
  }

  // `width` columns of `rows` neighbours to `rows` rows, `stride` apart, of `width` neighbours.
  void transpose(const Stream &from, const Stream &to, Value source, Value target, int64_t width,
                 int64_t rows, int64_t stride) {
    int64_t lanes = schedule.lanes;
    for (int64_t first = 0; first < width; first += lanes) {
      Values square;
      for (int64_t i = first; i < first + lanes; ++i) {
        Value position = plus(source, i * from.within[schedule.vectorDim]);
        square.push_back(i < width ? loadPart(from, position, rows)
                                   : constant(b.getZeroAttr(from.element)));
      }
      square = transposed(b, std::move(square));
      for (int64_t i = 0; i < rows; ++i)
        storeWhole(to, plus(target, i * stride + first), square[i]);
    }
  }

  Value loadPart(const Stream &from, Value position, int64_t active) {
    auto type = cast<VectorType>(vectorType(from.element));
    if (active == schedule.lanes)
      return vector::LoadOp::create(b, type, from.buffer, ValueRange{position});
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
    return vector::MaskedLoadOp::create(b, type, from.buffer, ValueRange{position}, mask(active),
                                        zero);
  }
  void storeWhole(const Stream &to, Value position, Value value) {
    vector::StoreOp::create(b, value, to.buffer, ValueRange{position});
  }

  // --- prefetch -----------------------------------------------------------------------------
  // Asks for the lines of the next part whose turn it is.
  void emitPrefetch() {
    auto since = [&](unsigned d) { return minus(ivs[d], ranges[d].begin); };
    Value turn = index(0);
    for (unsigned d : prefetch->tiles)
      turn = plus(times(turn, tileCount(nest, schedule, d)),
                  arith::DivUIOp::create(b, since(d), index(schedule.tile[d])).getResult());
    Value part = plus(fetched.start, prefetch->distance);
    for (unsigned d = 0; d < nest.rank(); ++d) {
      bool isInside = nest.reduces[d] || llvm::is_contained(prefetch->tiles, d);
      Value origin = isInside ? ranges[d].begin : ivs[d];
      if (origin && fetched.across[d] != 0)
        part = plus(part, times(origin, fetched.across[d]));
    }
    int64_t lines = prefetch->rows * prefetch->lines;
    if (prefetch->isByTile) {
      Value first = times(turn, prefetch->each);
      Value end = arith::MinUIOp::create(b, plus(first, prefetch->each), index(lines));
      return loop(first, end, 1, [&](Value line) { prefetchLine(part, line, kL2); });
    }
    // Lines are spread evenly over the steps.
    unsigned sum = schedule.reductionOrder.front();
    turn = plus(times(turn, nest.sizes[sum]), ivs[sum]);
    for (int64_t i = 0; i < prefetch->each; ++i) {
      Value number = times(plus(times(turn, prefetch->each), i), lines);
      int64_t all = prefetch->turns * prefetch->each;
      prefetchLine(part, arith::DivUIOp::create(b, number, index(all)), kL1);
    }
  }

  static constexpr int32_t kL1 = 3, kL2 = 2; // where memref.prefetch brings it

  // Asks for a line of a part that begins there.
  void prefetchLine(Value part, Value line, int32_t where) {
    int64_t lineElements = kCacheLine * 8 / fetched.element.getIntOrFloatBitWidth();
    int64_t last = cast<MemRefType>(fetched.buffer.getType()).getNumElements() - 1;
    Value position = part;
    if (prefetch->rows > 1) {
      Value row = arith::DivUIOp::create(b, line, index(prefetch->lines));
      position = plus(position, times(row, prefetch->rowStride));
      line = arith::RemUIOp::create(b, line, index(prefetch->lines));
    }
    position = plus(position, times(line, lineElements));
    position = arith::MinUIOp::create(b, position, index(last));
    memref::PrefetchOp::create(b, fetched.buffer, ValueRange{position}, /*isWrite=*/false, where,
                               /*isDataCache=*/true);
  }

  // --- the body -----------------------------------------------------------------------------
  Values emitBody(ArrayRef<Point> points, const Positions &positions, const Values &accumulators,
                  int64_t active) {
    if (prefetch && !prefetch->isByTile)
      emitPrefetch();
    prefetchAccesses(points, positions);
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
        auto valueAt = [&](const Point &at) -> Value & {
          return loaded[{unsigned(i), distance(streams[i], at), at.active}];
        };
        std::optional<unsigned> rows = squareDim(nest, schedule, nest.inputs[i]);
        if (Value &value = valueAt(point); !value && !rows)
          value = load(i, point, positions);
        else if (!value)
          for (auto [row, column] : llvm::enumerate(loadSquare(i, *rows, point, positions))) {
            Point at = point;
            at.offset[*rows] = row;
            valueAt(at) = column;
          }
        values.map(argument, valueAt(point));
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
  int64_t distance(const Stream &stream, const Point &point) {
    int64_t sum = 0;
    for (unsigned d = 0; d < nest.rank(); ++d)
      sum += stream.within[d] * point.offset[d];
    return sum;
  }
  Value at(unsigned stream, const Point &point, const Positions &positions) {
    const Stream &s = streams[stream];
    return s.along < 0 ? plus(positions[stream], distance(s, point))
                       : plus(positions[s.along], s.beyond + distance(s, point));
  }

  Value load(unsigned n, const Point &point, const Positions &positions) {
    const Stream &stream = streams[n];
    Value buffer = stream.buffer, position = at(n, point, positions);
    if (schedule.vectorDim < 0)
      return memref::LoadOp::create(b, buffer, position);
    auto type = cast<VectorType>(vectorType(stream.element));
    int64_t stride = stream.within[schedule.vectorDim];
    if (stride == 0) {
      Value scalar = memref::LoadOp::create(b, buffer, position);
      return vector::BroadcastOp::create(b, type, scalar);
    }
    bool isFull = point.active == schedule.lanes || stream.isWhole;
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

  // The vectors of an input for all points of a tile along `dim`, which are its neighbours: read
  // the other way and transposed.
  Values loadSquare(unsigned input, unsigned dim, const Point &point, const Positions &positions) {
    Point first = point;
    first.offset[dim] = 0;
    Value position = at(input, first, positions);
    Values rows;
    for (int64_t i = 0; i < schedule.lanes; ++i)
      rows.push_back(i < point.active
                         ? loadPart(streams[input],
                                    plus(position, i * streams[input].within[schedule.vectorDim]),
                                    extents[dim])
                         : constant(b.getZeroAttr(streams[input].element)));
    Values columns = transposed(b, std::move(rows));
    columns.resize(extents[dim]);
    return columns;
  }

  // Before AVX-512 a masked store is microcode or does not exist.
  static bool isSlowMasked(Value vector) {
    auto type = cast<VectorType>(vector.getType());
    return type.getNumElements() * type.getElementTypeBitWidth() < kMaskedStoreBits;
  }

  // The first `active` lanes, by vectors of 4, 2 and 1 lanes.
  void storeInPieces(Value buffer, Value position, Value value, int64_t active) {
    int64_t size = schedule.lanes;
    for (int64_t first = 0; first < active; first += size) {
      while (size > active - first)
        size /= 2;
      Value piece = vector::ExtractStridedSliceOp::create(b, value, ArrayRef{first}, ArrayRef{size},
                                                          ArrayRef<int64_t>{1});
      vector::StoreOp::create(b, piece, buffer, ValueRange{plus(position, first)});
    }
  }

  void store(unsigned n, const Point &point, const Positions &positions, Value value) {
    Value buffer = streams[n].buffer, position = at(n, point, positions);
    if (!parallelVector) {
      memref::StoreOp::create(b, value, buffer, position);
      return;
    }
    int64_t stride = streams[n].within[schedule.vectorDim];
    if (stride != 1)
      vector::ScatterOp::create(b, Type(), buffer, ValueRange{position}, lanesTimes(stride),
                                mask(point.active), value);
    else if (point.active < schedule.lanes && isSlowMasked(value))
      storeInPieces(buffer, position, value, point.active);
    else if (point.active < schedule.lanes)
      vector::MaskedStoreOp::create(b, buffer, ValueRange{position}, mask(point.active), value);
    else
      vector::StoreOp::create(b, value, buffer, ValueRange{position});
  }
};

} // namespace

SmallVector<Value> turnsOf(ImplicitLocOpBuilder &b, Value item, ArrayRef<int64_t> counts) {
  SmallVector<Value> turns(counts.size());
  int64_t slower = 1;
  for (int64_t count : counts)
    slower *= count;
  for (size_t l = counts.size(); l-- > 0;) {
    if (counts[l] == 1)
      continue;
    slower /= counts[l];
    Value count = arith::ConstantIndexOp::create(b, counts[l]);
    turns[l] = slower == 1 ? item : arith::RemUIOp::create(b, item, count).getResult();
    if (slower > 1)
      item = arith::DivUIOp::create(b, item, count);
  }
  return turns;
}

func::FuncOp emitKernel(OpBuilder &builder, Location loc, StringRef name, const Nest &nest,
                        const Schedule &schedule) {
  return Emitter(builder, loc, nest, schedule).run(name);
}

} // namespace dlc::kernel
