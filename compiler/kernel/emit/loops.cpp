// A kernel from outside in: the function, the loop over items, the blocks of its sums, and the
// loops over an item's tiles. Tiles are static: remainders are tiles of their own, with a constant
// mask on the last vector.
#include "compiler/kernel/emit/emit.h"
#include "compiler/kernel/emit/pieces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace dlc::kernel {

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

// The loops over an item's tiles from `level` inward.
static void emitTiles(const Cursor &at, unsigned level) {
  if (level == at.schedule.parallelOrder.size())
    return emitTile(at);
  unsigned d = at.schedule.parallelOrder[level];
  at.over(d, at.schedule.tile[d], [&](Value iv, int64_t points) {
    Cursor inside = at;
    inside.ivs[d] = iv;
    inside.extents[d] = points;
    inside.advance(d, iv);
    emitTiles(inside, level + 1);
  });
}

// Loops from `level` inward over the blocks of the sums: in them stand packing and the tiles.
static void emitBlocks(Cursor at, unsigned level) {
  if (level == at.schedule.reductionOrder.size()) {
    for (auto [input, memory] : at.frame.panels)
      pack(at, input);
    at.positions.clear();
    for (const Stream &stream : at.streams)
      at.positions.push_back(stream.along < 0 ? stream.start : Value());
    return emitTiles(at, 0);
  }
  unsigned d = at.schedule.reductionOrder[level];
  int64_t size = at.nest.sizes[d], block = at.schedule.block[d];
  if (block >= size)
    return emitBlocks(at, level + 1);
  at.loop(at.index(0), at.index(size), block, [&](Value begin) {
    Cursor inside = at;
    inside.ranges[d] = {begin, block};
    auto isInBoth = [&](int64_t where, Value outer) {
      Value isThere = arith::CmpIOp::create(at.b, arith::CmpIPredicate::eq, begin, at.index(where));
      return outer ? arith::AndIOp::create(at.b, outer, isThere).getResult() : isThere;
    };
    inside.isFirst = isInBoth(0, at.isFirst);
    inside.isLast = isInBoth((size - 1) / block * block, at.isLast);
    emitBlocks(inside, level + 1);
  });
}

static void emitItem(Cursor at, Value item) {
  auto counts = llvm::map_to_vector(
      at.schedule.parallelOrder, [&](unsigned d) { return blockCount(at.nest, at.schedule, d); });
  for (auto [d, turn] : llvm::zip(at.schedule.parallelOrder, turnsOf(at.b, item, counts)))
    if (turn)
      at.ranges[d] = {at.times(turn, at.schedule.block[d]), at.schedule.block[d]};
  emitBlocks(at, 0);
}

// Accesses to one buffer with the same strides, as a tile's pixels are, stand where the first one
// does, but for a constant.
static void joinStreams(Cursor &at) {
  const Nest &nest = at.nest;
  auto accessOf = [&](unsigned n) -> const Access & {
    return n < nest.inputs.size() ? nest.inputs[n] : nest.outputs[n - nest.inputs.size()];
  };
  for (unsigned n = 0; n < at.streams.size(); ++n)
    for (unsigned first = 0; first < n && at.streams[n].along < 0; ++first)
      if (at.streams[first].along < 0 && accessOf(first).buffer == accessOf(n).buffer &&
          accessOf(first).strides == accessOf(n).strides) {
        at.streams[n].along = first;
        at.streams[n].beyond = accessOf(n).offset - accessOf(first).offset;
      }
}

// The cursor at the entry of the kernel, whose arguments are the nest's buffers.
static Cursor atEntry(ImplicitLocOpBuilder &b, const Nest &nest, const Schedule &schedule,
                      Frame &frame) {
  Cursor at(b, nest, schedule, frame);
  for (auto *accesses : {&nest.inputs, &nest.outputs, &nest.epilogueInputs, &nest.epilogueOutputs})
    for (const Access &access : *accesses)
      at.streams.push_back({frame.function.getArgument(access.buffer), at.index(access.offset),
                            access.element, access.strides, access.strides});
  if (!at.isContraction() && !nest.epilogue && !llvm::is_contained(schedule.packed, true))
    joinStreams(at);
  return at;
}

func::FuncOp openKernel(ImplicitLocOpBuilder &b, StringRef name, ArrayRef<MemRefType> buffers) {
  SmallVector<Type> types(buffers.begin(), buffers.end());
  types.append(2, b.getIndexType());
  auto function = func::FuncOp::create(b, name, b.getFunctionType(types, {}));
  function.setPrivate();
  for (unsigned i = 0; i < buffers.size(); ++i)
    function.setArgAttr(i, "llvm.noalias", b.getUnitAttr());
  b.setInsertionPointToStart(function.addEntryBlock());
  return function;
}

func::FuncOp emitKernel(OpBuilder &builder, Location loc, StringRef name, const Nest &nest,
                        const Schedule &schedule) {
  ImplicitLocOpBuilder b(loc, builder);
  func::FuncOp function = openKernel(b, name, nest.buffers);

  Frame frame;
  frame.function = function;
  Cursor at = atEntry(b, nest, schedule, frame);
  if (schedule.prefetched >= 0) {
    frame.prefetch = prefetchOf(nest, schedule, schedule.prefetched);
    frame.prefetched = at.streams[schedule.prefetched];
  }
  allocatePanels(at);
  Value begin = function.getArgument(nest.buffers.size()),
        end = function.getArgument(nest.buffers.size() + 1);
  at.loop(begin, end, 1, [&](Value item) { emitItem(at, item); });
  func::ReturnOp::create(b);
  return function;
}

} // namespace dlc::kernel
