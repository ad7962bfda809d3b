// What the caches have to fetch, given a schedule's blocks and loop orders.
#include "compiler/kernel/plan/traffic.h"
#include "compiler/kernel/plan/panels.h"
#include "compiler/kernel/plan/prefetch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using llvm::divideCeil;

namespace dlc::kernel {

constexpr double kStreams = 40;  // so many runs at a time are noticed and fetched before their time
constexpr double kL2Ways = 0.75; // of a set, so many may be one input's
constexpr double kPrefetchRunBytes = 1024; // what could have come while a prefetched run began

Traffic::Traffic(const Nest &nest, const Processor &processor, const Schedule &schedule)
    : nest(nest), processor(processor), s(schedule), isContraction(nest.contractionFlops() > 0) {
  operands.reserve(nest.inputs.size() + nest.outputs.size());
  for (auto [i, access] : llvm::enumerate(nest.inputs)) {
    if (!access.element)
      continue;
    std::optional<Panels> panels = s.packed[i] ? panelsOf(nest, s, i) : std::nullopt;
    const auto &strides = panels ? panels->strides : access.strides;
    operands.push_back(
        {strides, Traversal(strides, access.element), true, int(i) == s.prefetched, access.isNear});
    if (panels)
      operands.back().traversal.cut(panels->across, s.tile[panels->across]);
  }
  for (const Access &access : nest.outputs)
    operands.push_back(
        {access.strides, Traversal(access.strides, access.element), false, false, access.isNear});
}

// How many times a step of the innermost loop has to fetch a line that the step before it has read
// too: a tile's rows that lie in one set of the first cache, more than its ways, drive each other
// out.
double Traffic::refetches(const Operand &operand) const {
  if (s.reductionOrder.empty())
    return 1;
  int64_t step = operand.strides[s.reductionOrder.back()] * operand.traversal.elementBytes;
  if (step <= 0 || step >= kCacheLine)
    return 1;
  SmallVector<int64_t> rows = s.tile;
  if (s.vectorDim >= 0)
    rows[s.vectorDim] = s.vectors(nest);
  Footprint print =
      footprint(operand.traversal, rows, processor.l1.bytes / kCacheLine / processor.l1.ways);
  return print.perSet + 1 > processor.l1.ways ? double(kCacheLine) / step : 1;
}

// The loops from the register tile outward.
SmallVector<Traffic::Loop> Traffic::loops() const {
  SmallVector<Loop> all; // innermost first
  for (unsigned d : llvm::reverse(s.parallelOrder))
    all.push_back({d, int64_t(divideCeil(std::min(s.block[d], nest.sizes[d]), s.tile[d]))});
  for (unsigned d : llvm::reverse(s.reductionOrder))
    all.push_back({d, blockCount(nest, s, d)});
  for (unsigned d : llvm::reverse(s.parallelOrder))
    all.push_back({d, blockCount(nest, s, d)});
  return all;
}

// What comes into a cache, given the loops from the register tile outward: what the body of a loop
// touches stays for the next pass if all of it fits.
std::vector<Traffic::Fetched> Traffic::fetchedBy(const Cache &cache) const {
  SmallVector<int64_t> extents(nest.rank());
  for (unsigned d = 0; d < nest.rank(); ++d)
    extents[d] = std::min(nest.reduces[d] ? s.block[d] : s.tile[d], nest.sizes[d]);
  bool isL1 = &cache == &processor.l1;
  int64_t sets = cache.bytes / kCacheLine / cache.ways;
  std::vector<Fetched> fetched;
  fetched.reserve(operands.size());
  for (const Operand &operand : operands) {
    Footprint print = footprint(operand.traversal, extents, sets);
    fetched.push_back({print.bytes, print, print, print});
  }
  auto occupied = [&] {
    double bytes = 0;
    for (const Fetched &f : fetched) {
      bytes += f.whole.occupied;
      // A way of the first cache is a page: lines that meet in a set meet wherever pages lie. In
      // the L2 they do in huge pages, and there other things want ways, too.
      if (f.whole.perSet > (isL1 ? 1.0 : kL2Ways) * cache.ways)
        bytes += cache.bytes;
    }
    return bytes;
  };
  double inside = occupied(); // what the body of the next loop occupies
  for (auto [d, trips] : loops()) {
    if (trips == 1)
      continue;
    extents[d] = std::min(extents[d] * trips, nest.sizes[d]);
    bool stays = inside <= cache.bytes * 0.8;
    for (auto [operand, f] : llvm::zip(operands, fetched)) {
      bool isMoved = operand.strides[d] != 0;
      if (isMoved)
        f.whole = footprint(operand.traversal, extents, sets);
      if (stays && !isMoved)
        continue;
      f.bytes *= trips;
      if (stays)
        f.bytes = std::min(f.bytes, std::max(f.whole.bytes, f.bytes / trips));
    }
    inside = occupied();
    // Runs that the next tiles go on with are followed as streams, if they are not too many.
    for (auto [operand, f] : llvm::zip(operands, fetched))
      if (isContraction && operand.strides[d] != 0 && !std::exchange(f.isFollowed, true) &&
          f.streamed.bytes <= kStreams * f.streamed.run)
        f.streamed = f.whole;
  }
  return fetched;
}

Traffic::Sum Traffic::toL1() const {
  Sum sum;
  for (auto [operand, f] : llvm::zip(operands, fetchedBy(processor.l1))) {
    double all = (operand.isInput ? f.bytes : 2 * f.bytes) * refetches(operand);
    sum.bytes += all;
    sum.runs += all / f.first.run;
  }
  return sum;
}

double Traffic::toL2() const {
  double sum = 0;
  for (auto [operand, f] : llvm::zip(operands, fetchedBy(processor.l2))) {
    if (operand.isPrefetched || operand.isNear)
      continue;
    // What is fetched again may still be in the third cache.
    double scatter = f.streamed.scatter(), first = std::min(f.bytes, f.whole.bytes);
    double again = f.whole.bytes > processor.l3Bytes ? scatter : kFarRate / kL3Rate;
    double far = first * scatter + (f.bytes - first) * again;
    sum += operand.isInput ? far : 2 * far;
  }
  return sum;
}

double Traffic::prefetched(int64_t &occupied) const {
  occupied = 0;
  if (s.prefetched < 0)
    return 0;
  Prefetch prefetch = *prefetchOf(nest, s, s.prefetched);
  double turns = 1;
  for (unsigned d = 0; d < nest.rank(); ++d)
    turns *= !nest.reduces[d]    ? divideCeil(nest.sizes[d], s.tile[d])
             : prefetch.isByTile ? blockCount(nest, s, d)
                                 : nest.sizes[d];
  double run = prefetch.lines * kCacheLine, part = prefetch.rows * run;
  occupied = s.packed[s.prefetched] ? part : 2 * part; // the part at hand has been copied
  return turns / prefetch.turns * part * (1 + kPrefetchRunBytes / run);
}

} // namespace dlc::kernel
