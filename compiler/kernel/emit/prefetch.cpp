// Prefetches: of the next part of an input, spread over what is done with the one at hand; of a
// tile's outputs; and of what accesses ask for.
#include "compiler/kernel/emit/access.h"
#include "compiler/kernel/emit/pieces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include <set>

using namespace mlir;

namespace dlc::kernel {

constexpr int32_t kL1 = 3, kL2 = 2; // where memref.prefetch brings it

// Outputs that fit a first cache are there, and what comes before a few steps are over need not be
// prefetched.
constexpr int64_t kFewestFetchedBytes = 32 << 10, kFewestFetchedSteps = 16;

// --- the next part of an input -------------------------------------------------------------------

// A line of a part that begins there.
static void prefetchLine(const Cursor &at, Value part, Value line, int32_t where) {
  const Prefetch &prefetch = *at.frame.prefetch;
  const Stream &from = at.frame.prefetched;
  int64_t lineElements = kCacheLine * 8 / from.element.getIntOrFloatBitWidth();
  int64_t last = cast<MemRefType>(from.buffer.getType()).getNumElements() - 1;
  Value position = part;
  if (prefetch.rows > 1) {
    Value row = arith::DivUIOp::create(at.b, line, at.index(prefetch.lines));
    position = at.plus(position, at.times(row, prefetch.rowStride));
    line = arith::RemUIOp::create(at.b, line, at.index(prefetch.lines));
  }
  position = at.plus(position, at.times(line, lineElements));
  position = arith::MinUIOp::create(at.b, position, at.index(last));
  memref::PrefetchOp::create(at.b, from.buffer, ValueRange{position}, /*isWrite=*/false, where,
                             /*isDataCache=*/true);
}

void prefetchPart(const Cursor &at) {
  const Prefetch &prefetch = *at.frame.prefetch;
  const Stream &from = at.frame.prefetched;
  auto since = [&](unsigned d) { return at.minus(at.ivs[d], at.ranges[d].begin); };
  Value turn = at.index(0);
  for (unsigned d : prefetch.tiles)
    turn =
        at.plus(at.times(turn, tileCount(at.nest, at.schedule, d)),
                arith::DivUIOp::create(at.b, since(d), at.index(at.schedule.tile[d])).getResult());
  Value part = at.plus(from.start, prefetch.distance);
  for (unsigned d = 0; d < at.nest.rank(); ++d) {
    bool isInside = at.nest.reduces[d] || llvm::is_contained(prefetch.tiles, d);
    Value origin = isInside ? at.ranges[d].begin : at.ivs[d];
    if (origin && from.across[d] != 0)
      part = at.plus(part, at.times(origin, from.across[d]));
  }
  int64_t lines = prefetch.rows * prefetch.lines;
  if (prefetch.isByTile) {
    Value first = at.times(turn, prefetch.each);
    Value end = arith::MinUIOp::create(at.b, at.plus(first, prefetch.each), at.index(lines));
    return at.loop(first, end, 1, [&](Value line) { prefetchLine(at, part, line, kL2); });
  }
  // Lines are spread evenly over the steps.
  unsigned sum = at.schedule.reductionOrder.front();
  turn = at.plus(at.times(turn, at.nest.sizes[sum]), at.ivs[sum]);
  for (int64_t i = 0; i < prefetch.each; ++i) {
    Value number = at.times(at.plus(at.times(turn, prefetch.each), i), lines);
    int64_t all = prefetch.turns * prefetch.each;
    prefetchLine(at, part, arith::DivUIOp::create(at.b, number, at.index(all)), kL1);
  }
}

// --- what a tile is about to touch ---------------------------------------------------------------

// The lines that lie `beyond` elements behind a tile's points, each line once.
static void prefetchLines(const Cursor &at, unsigned n, int64_t beyond, bool isWrite) {
  int64_t bytes = at.streams[n].element.getIntOrFloatBitWidth() / 8;
  std::set<int64_t> lines;
  for (const Point &point : at.points)
    if (lines.insert(distance(at, n, point) * bytes / kCacheLine).second)
      memref::PrefetchOp::create(at.b, at.streams[n].buffer,
                                 ValueRange{at.plus(positionOf(at, n, point), beyond)}, isWrite,
                                 kL1, /*isDataCache=*/true);
}

void prefetchOutputs(const Cursor &at) {
  const Nest &nest = at.nest;
  if (!at.hasParallelVector())
    return;
  int64_t steps = 1;
  for (unsigned d : at.schedule.reductionOrder)
    steps *= std::min(at.schedule.block[d], nest.sizes[d]);
  auto fetch = [&](ArrayRef<Access> accesses, unsigned first) {
    for (auto [i, access] : llvm::enumerate(accesses)) {
      bool isWorthIt = nest.bytes(access) >= kFewestFetchedBytes && steps >= kFewestFetchedSteps;
      if (isWorthIt && at.streams[first + i].within[at.schedule.vectorDim] == 1)
        prefetchLines(at, first + i, 0, /*isWrite=*/true);
    }
  };
  bool isOverwritten = llvm::any_of(nest.epilogueOutputs, [&](const Access &access) {
    return access.buffer == nest.outputs[0].buffer;
  });
  if (!isOverwritten && (nest.keepsSums || at.isLast))
    fetch(nest.outputs, nest.inputs.size());
  fetch(nest.epilogueOutputs, at.streams.size() - nest.epilogueOutputs.size());
}

void prefetchAccesses(const Cursor &at) {
  const Nest &nest = at.nest;
  for (unsigned n = 0; n < nest.inputs.size() + nest.outputs.size(); ++n) {
    bool isOutput = n >= nest.inputs.size();
    const Access &access = isOutput ? nest.outputs[n - nest.inputs.size()] : nest.inputs[n];
    if (access.prefetchDistance != 0)
      prefetchLines(at, n, access.prefetchDistance, isOutput);
  }
}

} // namespace dlc::kernel
