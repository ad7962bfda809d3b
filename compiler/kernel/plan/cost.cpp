// Counts issue slots of the innermost loop, and the bytes that each cache has to fetch.
#include "compiler/kernel/plan/cost.h"
#include "compiler/kernel/plan/prefetch.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <numeric>

using namespace mlir;
using llvm::divideCeil;

namespace dlc::kernel {

// Costs in cycles of one vector instruction, as a core with two load ports and two full-width
// multiply-adds a cycle has them.
constexpr double kLoadCost = 0.5;
constexpr double kStoreCost = 1.0;
constexpr double kBroadcastCost = 0.5;
constexpr double kGatherCostPerLane =
    5.0; // microcode: a load and its bookkeeping, and nothing else meanwhile
constexpr double kShuffleCost = 1.0;
constexpr double kArithmeticCost = 0.25; // so a product that is added costs half a cycle
constexpr double kMathCallCost = 20;     // of a polynomial
constexpr double kLoopCost = 1.0;      // of one pass of the innermost loop: its counter and branch
constexpr double kHorizontalCost = 20; // adding up the lanes of one vector
constexpr double kTileCost = 4;        // entering a tile: addresses, outer loops, the first misses
constexpr double kFillCost = 20;  // a tile's first sums wait for operands, the last for results
constexpr double kResumeCost = 2; // a sum that goes on waits for its vector from the L2
constexpr double kLatency = 4;    // of a multiply-add: fewer accumulators wait for it
constexpr double kItemCost = 60;  // entering an item

// Packing a vector of elements: a load and a store, and the shuffles of a transposition.
constexpr double kCopyRate = 16; // bytes a cycle
constexpr double kTransposeCost = 8.0;
constexpr double kPanelShare = 1.25; // of the L2 may be copies; they lie on the stack

// Bytes a cycle from the L2 to the first, and from what lies behind the second.
constexpr double kL2Rate = 32, kL3Rate = 20, kFarRate = 8;
constexpr double kStreams = 40; // so many runs at a time are noticed and fetched before their time
constexpr double kRunBytes = 128;          // what could have come while a run of neighbours began
constexpr double kPrefetchRunBytes = 1024; // the same for what is prefetched, line by line
constexpr int64_t kLine = kCacheLine;

// Fetching from the L2 hides behind arithmetic while it takes far less time: the two add
// up as the sides of a triangle, but with this power.
constexpr double kHiding = 2.5;
constexpr int64_t kShortGap = 128; // bytes: where every second line is wanted, all of them come
constexpr double kRunCost = 1.0;   // of a run's first line, which nobody has foreseen
constexpr double kFarShare = 0.8,
                 kPrefetchUnhidden = 0.3; // what of fetching from afar is not hidden
constexpr double kPrefetchShare = 0.5;    // of L2 holds what was prefetched, and copies
constexpr double kStreamUnhidden =
    0.3;                              // the same where a member of the fused nests reads on and on
constexpr double kPrefetchCost = 1.0; // of a prefetch: its address and the request

constexpr int64_t kSharedWork = 16384; // less is not worth a second thread

constexpr double kNever = 1e30;

// Whether this is exp or one of its kin, which polynomials compute.
static bool isPolynomial(Operation &op) {
  return op.getDialect()->getNamespace() == "math" &&
         !isa<math::AbsFOp, math::SqrtOp, math::FloorOp>(op);
}

int64_t mostVectors(const Nest &nest, const Processor &processor) {
  constexpr int64_t kRegisters = 8; // for a vector, the constants included
  bool hasSome = llvm::any_of(*nest.body, isPolynomial);
  return processor.registers / (hasSome ? kRegisters : 1);
}

// What the operations of a body cost on a vector.
static double bodyCost(Block &body) {
  double cost = 0;
  for (Operation &op : body.without_terminator())
    if (!isa<arith::ConstantOp, linalg::IndexOp>(op))
      cost += isPolynomial(op) ? kMathCallCost : kArithmeticCost;
  return std::max(cost, 0.1);
}

CostModel::CostModel(const Nest &nest, const Processor &processor)
    : nest(nest), processor(processor), operationCost(bodyCost(*nest.body)),
      epilogueCost(nest.epilogue ? bodyCost(*nest.epilogue) : 0),
      vectorLimit(kernel::mostVectors(nest, processor)),
      isContraction(nest.contractionFlops() > 0) {}

// --- issue slots -----------------------------------------------------------------------------

// Instructions to fetch one tile of an operand.
double CostModel::accessCost(const Access &access, const Schedule &s, bool isPacked,
                             double unitCost) const {
  int64_t distinct = valuesOf(nest, s, access);
  if (s.vectorDim < 0)
    return distinct * unitCost;
  int64_t stride = access.stride(s.vectorDim);
  if (isPacked && stride != 0)
    stride = 1;
  if (unitCost == kLoadCost && squareDim(nest, s, access))
    return distinct * (kLoadCost + llvm::Log2_64_Ceil(s.lanes) * kShuffleCost);
  return distinct * (stride == 0   ? kBroadcastCost
                     : stride == 1 ? unitCost
                     : stride > 1 && stride <= kLargestShuffledStride && unitCost == kLoadCost
                         ? stride * (kLoadCost + kShuffleCost)
                         : kGatherCostPerLane * s.lanes);
}

// What of a sum's steps is left where tiles of this size leave out the padding.
double CostModel::shareOutsidePadding(const Schedule &s) const {
  if (nest.paddings.empty())
    return 1;
  double share = 1;
  std::optional<unsigned> collapsed = collapsedLevel(nest, s);
  for (const Padding &p : nest.paddings) {
    int64_t tile = s.tile[p.parallel], size = nest.sizes[p.parallel], taps = nest.sizes[p.reduced];
    size_t level = llvm::find(s.reductionOrder, p.reduced) - s.reductionOrder.begin();
    if (!isContraction || int(p.reduced) == s.vectorDim || (collapsed && level > *collapsed))
      continue;
    double steps = 0, all = 0;
    for (int64_t first = 0; first < size; first += tile) {
      int64_t last = std::min(first + tile, size) - 1;
      int64_t a =
          p.sign > 0 ? p.low - p.offset - p.step * last : p.step * first + p.offset - p.high + 1;
      int64_t b =
          p.sign > 0 ? p.high - p.offset - p.step * first : p.step * last + p.offset - p.low + 1;
      steps += std::max<int64_t>(0, std::min(b, taps) - std::max<int64_t>(a, 0));
      all += taps;
    }
    share *= steps / all;
  }
  return share;
}

double CostModel::issue(const Schedule &s) const {
  bool vectorReduces = s.vectorReduces(nest);
  int64_t points = s.vectors(nest), tiles = 1, passes = 1;
  for (unsigned d = 0; d < nest.rank(); ++d) {
    if (nest.reduces[d]) {
      passes *= int(d) == s.vectorDim ? divideCeil(nest.sizes[d], s.lanes) : nest.sizes[d];
      tiles *= blockCount(nest, s, d);
      continue;
    }
    if (int(d) != s.vectorDim)
      points *= s.tile[d];
    tiles *= divideCeil(nest.sizes[d], s.tile[d]);
  }
  double blocks = 1;
  for (unsigned d : s.reductionOrder)
    blocks *= blockCount(nest, s, d);
  double loads = 0, stores = 0;
  int64_t registers = processor.registers;
  for (auto [i, access] : llvm::enumerate(nest.inputs))
    if (!nest.body->getArgument(i).use_empty()) {
      loads += accessCost(access, s, s.packed[i], kLoadCost);
      registers = std::min(registers, valuesOf(nest, s, access));
    }
  for (const Access &access : nest.outputs)
    stores += vectorReduces ? points * kStoreCost : accessCost(access, s, false, kStoreCost);
  // The operand that has the fewest values is held in registers, the other goes through one.
  int64_t accumulators = nest.hasReduction() ? points * nest.outputs.size() : 0;
  if (accumulators > 1 && accumulators + registers + 1 > processor.registers)
    return kNever;
  if (accumulators > vectorLimit)
    return kNever;
  std::optional<Prefetch> prefetch =
      s.prefetched >= 0 ? prefetchOf(nest, s, s.prefetched) : std::nullopt;
  if (prefetch && !prefetch->isByTile)
    loads += kPrefetchCost * prefetch->each;
  double arithmetic = points * operationCost;
  double pass = std::max(arithmetic, loads) + 0.3 * std::min(arithmetic, loads) + kLoopCost;
  if (nest.hasReduction())
    pass = std::max(pass, kLatency);
  double finish =
      stores + kTileCost + (prefetch && prefetch->isByTile ? kPrefetchCost * prefetch->each : 0) +
      (nest.hasReduction() ? kFillCost : 0) + (vectorReduces ? points * kHorizontalCost : 0);
  if (blocks > 1) // what the block before has stored
    for (const Access &access : nest.outputs)
      finish += accessCost(access, s, false, kResumeCost);
  double epilogue = points * epilogueCost;
  for (const Access &access : nest.epilogueInputs)
    epilogue += access.element ? accessCost(access, s, false, kLoadCost) : 0;
  for (const Access &access : nest.epilogueOutputs)
    epilogue += accessCost(access, s, false, kStoreCost);
  return tiles *
         (shareOutsidePadding(s) * double(passes) / blocks * pass + finish + epilogue / blocks);
}

// --- caches ----------------------------------------------------------------------------------

namespace {

// The memory that an access touches over `extents` points of each dimension.
struct Footprint {
  double bytes = 0;    // of the lines touched
  double run = 0;      // bytes that follow one another
  double occupied = 0; // of the cache: strides that are powers of two reach only a part of it
  double perSet = 0;   // lines in each set that it reaches
};

// A memory access as loops walk over it.
struct Traversal {
  /// So far apart lie the points of a dimension, or those of a panel's width, or the panels.
  struct Step {
    int64_t stride;
    unsigned dim;
    enum { Points, Across, Panels } of = Points;
  };
  SmallVector<Step, 8> steps; // the smallest stride first
  int64_t elementBytes = 0;
  int64_t width = 1; // of a panel

  Traversal(ArrayRef<int64_t> strides, Type element)
      : elementBytes(element.getIntOrFloatBitWidth() / 8) {
    for (auto [d, stride] : llvm::enumerate(strides))
      if (stride != 0)
        steps.push_back({std::abs(stride), unsigned(d)});
    sort();
  }
  /// Cuts a dimension into panels.
  void cut(unsigned across, int64_t panelWidth) {
    width = panelWidth;
    for (Step &step : steps)
      if (step.dim == across) {
        Step panels{step.stride * width, across, Step::Panels};
        step = {1, across, Step::Across};
        steps.push_back(panels);
        return sort();
      }
  }
  int64_t extent(const Step &step, ArrayRef<int64_t> extents) const {
    int64_t points = extents[step.dim];
    return step.of == Step::Points   ? points
           : step.of == Step::Across ? std::min(width, points)
                                     : divideCeil(points, width);
  }

private:
  void sort() {
    llvm::sort(steps, [](const Step &a, const Step &b) { return a.stride < b.stride; });
  }
};

Footprint footprint(const Traversal &traversal, ArrayRef<int64_t> extents, int64_t sets) {
  int64_t elementBytes = traversal.elementBytes;
  // Runs of neighbours, repeated at larger and larger distances; steps that overlap or nearly meet
  // make one.
  SmallVector<std::pair<int64_t, int64_t>, 8> runs{{1, 1}};
  for (const Traversal::Step &step : traversal.steps) {
    int64_t stride = step.stride, extent = traversal.extent(step, extents);
    if (extent <= 1)
      continue;
    auto &[unit, count] = runs.back();
    if (stride <= unit * count || (unit == 1 && stride * elementBytes <= kShortGap))
      count += (extent - 1) * stride / unit;
    else
      runs.push_back({stride, extent});
  }
  double lines = divideCeil(runs[0].second * elementBytes, kLine);
  double reached = std::min<double>(lines, sets);
  for (auto [stride, count] : ArrayRef(runs).drop_front()) {
    lines *= count;
    int64_t apart = std::max<int64_t>(1, stride * elementBytes / kLine);
    int64_t places = stride * elementBytes % kLine ? sets : sets / std::gcd(apart, sets);
    reached = std::min<double>(sets, reached * std::min(count, places));
  }
  double unreached = std::min<double>(sets, lines) / reached;
  // Sets that are not reached are lost, but pages lie anywhere, and replacement is not strictly by
  // age: the power 3/4.
  double waste = unreached > 1 ? std::sqrt(unreached * std::sqrt(unreached)) : 1;
  double run = std::max<double>(kLine, runs[0].second * elementBytes);
  return {lines * kLine, run, lines * kLine * waste, lines / reached};
}

// How many times as long bytes from afar take, since each run of neighbours has to begin.
double scatter(const Footprint &print) { return 1 + kRunBytes / print.run; }

} // namespace

double CostModel::inRegisters(const Schedule &s) const {
  int64_t bytes = 0;
  return issue(s) + packing(s, bytes);
}

double CostModel::packing(const Schedule &s, int64_t &bytes) const {
  double cost = 0, copyCost = processor.vectorBytes / kCopyRate;
  for (unsigned i = 0; i < nest.inputs.size(); ++i) {
    if (!s.packed[i])
      continue;
    std::optional<Panels> panels = panelsOf(nest, s, i);
    if (!panels)
      return kNever;
    double blocks = itemCount(nest, s);
    for (unsigned d : s.reductionOrder)
      blocks *= blockCount(nest, s, d);
    const Access &access = nest.inputs[i];
    int64_t elementBytes = access.element.getIntOrFloatBitWidth() / 8;
    SmallVector<int64_t> extents;
    for (unsigned d = 0; d < nest.rank(); ++d)
      extents.push_back(std::min(s.block[d], nest.sizes[d]));
    double far = 0; // unless it was prefetched
    if (int(i) != s.prefetched && !access.isNear) {
      Footprint source = footprint(Traversal(access.strides, access.element), extents, 1);
      far = kFarShare * source.bytes * scatter(source) / kFarRate;
    }
    int64_t width = s.tile[panels->across];
    double vectors = double(panels->elements) / width * divideCeil(width, s.lanes);
    if (panels->contiguous >= 0) // by squares, the last of which may be partly empty
      vectors *=
          double(llvm::alignTo(extents[panels->contiguous], s.lanes)) / extents[panels->contiguous];
    bytes += panels->elements * elementBytes;
    cost += blocks * (vectors * (panels->contiguous < 0 ? copyCost : kTransposeCost) + far);
  }
  return cost;
}

// An operand as the loops inside the blocks read it.
struct CostModel::Operand {
  SmallVector<int64_t> strides;
  Traversal traversal;
  bool isInput = true, isPrefetched = false, isNear = false;
};

std::vector<CostModel::Operand> CostModel::operandsOf(const Schedule &s) const {
  std::vector<Operand> operands;
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
  return operands;
}

// How many times a step of the innermost loop has to fetch a line that the step before it has read
// too: a tile's rows that lie in one set of the first cache, more than its ways, drive each other
// out.
double CostModel::refetches(const Schedule &s, const Operand &operand) const {
  if (s.reductionOrder.empty())
    return 1;
  int64_t step = operand.strides[s.reductionOrder.back()] * operand.traversal.elementBytes;
  if (step <= 0 || step >= kLine)
    return 1;
  SmallVector<int64_t> rows = s.tile;
  if (s.vectorDim >= 0)
    rows[s.vectorDim] = s.vectors(nest);
  Footprint print =
      footprint(operand.traversal, rows, processor.l1.bytes / kLine / processor.l1.ways);
  return print.perSet + 1 > processor.l1.ways ? double(kLine) / step : 1;
}

// Bytes that come into a cache of this size, given the loops from the register tile outward: what
// the body of a loop touches stays for the next pass if all of it fits.
CostModel::Traffic CostModel::traffic(const Schedule &s, ArrayRef<Operand> operands,
                                      const Cache &cache) const {
  SmallVector<Loop> loops; // innermost first
  for (unsigned d : llvm::reverse(s.parallelOrder))
    loops.push_back({d, int64_t(divideCeil(std::min(s.block[d], nest.sizes[d]), s.tile[d]))});
  for (unsigned d : llvm::reverse(s.reductionOrder))
    loops.push_back({d, blockCount(nest, s, d)});
  for (unsigned d : llvm::reverse(s.parallelOrder))
    loops.push_back({d, blockCount(nest, s, d)});

  SmallVector<int64_t> extents(nest.rank());
  for (unsigned d = 0; d < nest.rank(); ++d)
    extents[d] = std::min(nest.reduces[d] ? s.block[d] : s.tile[d], nest.sizes[d]);
  bool isFar = &cache == &processor.l2;
  int64_t sets = cache.bytes / kLine / cache.ways;
  SmallVector<double> moved(operands.size(), 0);
  SmallVector<Footprint> prints;
  for (const Operand &operand : operands)
    prints.push_back(footprint(operand.traversal, extents, sets));
  auto occupied = [&] {
    double bytes = 0;
    for (const Footprint &print : prints) {
      bytes += print.occupied;
      // A way of the first cache is a page: lines that meet in a set meet wherever pages lie.
      if (!isFar && print.perSet > cache.ways)
        bytes += cache.bytes;
    }
    return bytes;
  };
  double inside = occupied(); // what the body of the next loop occupies
  SmallVector<Footprint> first = prints, streamed = prints; // what is read in one go
  SmallVector<bool> isFollowed(operands.size(), false);
  for (auto [bytes, print] : llvm::zip(moved, prints))
    bytes = print.bytes;
  for (auto [d, trips] : loops) {
    if (trips == 1)
      continue;
    extents[d] = std::min(extents[d] * trips, nest.sizes[d]);
    for (auto [operand, print] : llvm::zip(operands, prints))
      if (operand.strides[d] != 0)
        print = footprint(operand.traversal, extents, sets);
    bool stays = inside <= cache.bytes * 0.8;
    for (auto [i, operand] : llvm::enumerate(operands)) {
      if (stays && operand.strides[d] == 0)
        continue;
      moved[i] *= trips;
      if (stays)
        moved[i] = std::min(moved[i], std::max(prints[i].bytes, moved[i] / trips));
    }
    inside = occupied();
    // Runs that the next tiles go on with are followed as streams, if they are not too many.
    for (auto [i, operand] : llvm::enumerate(operands))
      if (isContraction && operand.strides[d] != 0 && !std::exchange(isFollowed[i], true) &&
          streamed[i].bytes <= kStreams * streamed[i].run)
        streamed[i] = prints[i];
  }
  Traffic sum;
  for (auto [i, bytes] : llvm::enumerate(moved)) {
    bool isInput = operands[i].isInput;
    if (!isFar) {
      double all = (isInput ? bytes : 2 * bytes) * refetches(s, operands[i]);
      sum.bytes += all;
      sum.runs += all / first[i].run;
    } else if (!operands[i].isPrefetched && !operands[i].isNear) { // see prefetchTraffic
      // What is fetched again may still be in the third cache.
      double whole = prints[i].bytes, again = std::max(0.0, bytes - whole);
      double far = whole > processor.l3Bytes ? bytes : bytes - again * (1 - kFarRate / kL3Rate);
      sum.bytes += (isInput ? far : 2 * far) * scatter(streamed[i]);
    }
  }
  return sum;
}

// What is fetched from afar behind the arithmetic; `occupied`: the L2 has to hold the
// part at hand and the next.
double CostModel::prefetchTraffic(const Schedule &s, int64_t &occupied) const {
  occupied = 0;
  if (s.prefetched < 0)
    return 0;
  Prefetch prefetch = *prefetchOf(nest, s, s.prefetched);
  double turns = 1;
  for (unsigned d = 0; d < nest.rank(); ++d)
    turns *= !nest.reduces[d]    ? divideCeil(nest.sizes[d], s.tile[d])
             : prefetch.isByTile ? blockCount(nest, s, d)
                                 : nest.sizes[d];
  double run = prefetch.lines * kLine, part = prefetch.rows * run;
  occupied = s.packed[s.prefetched] ? part : 2 * part; // the part at hand has been copied
  return turns / prefetch.turns * part * (1 + kPrefetchRunBytes / run);
}

double idleness(int64_t items) {
  auto of = [&](int64_t threads) { return double(divideCeil(items, threads) * threads) / items; };
  return 0.6 * of(2) + 0.3 * of(4) + 0.1 * of(8);
}

double CostModel::total(const Schedule &s, double bound) const {
  if (s.prefetched >= 0 && !prefetchOf(nest, s, s.prefetched))
    return kNever;
  int64_t panelBytes = 0, prefetchedBytes = 0;
  double pack = packing(s, panelBytes), slots = issue(s);
  if (pack >= kNever || slots >= kNever)
    return kNever;
  // Worse the larger they are, so that a search finds its way out.
  if (panelBytes > kPanelShare * processor.l2.bytes)
    return kNever * panelBytes;
  int64_t items = itemCount(nest, s);
  double uneven = nest.isShared && nest.work() >= kSharedWork ? idleness(items) : 1;
  double cost = slots + pack + items * kItemCost;
  if (cost * uneven >= bound)
    return cost * uneven;
  std::vector<Operand> operands = operandsOf(s);
  Traffic toFirst = traffic(s, operands, processor.l1);
  double near = toFirst.bytes / kL2Rate;
  if (!nest.isShared && !nest.hasReduction())
    return std::max(cost, near) +
           kStreamUnhidden * traffic(s, operands, processor.l2).bytes / kFarRate;
  cost = std::pow(std::pow(cost, kHiding) + std::pow(near, kHiding), 1 / kHiding);
  if (cost * uneven >= bound)
    return cost * uneven;
  double far = traffic(s, operands, processor.l2).bytes / kFarRate;
  double fetched = prefetchTraffic(s, prefetchedBytes) / kFarRate;
  if (prefetchedBytes > 0 && prefetchedBytes + panelBytes > kPrefetchShare * processor.l2.bytes)
    return kNever;
  cost = std::max(cost, fetched) + kPrefetchUnhidden * std::min(cost, fetched) + kFarShare * far +
         kRunCost * toFirst.runs;
  return cost * uneven;
}

} // namespace dlc::kernel
