// What a schedule takes in all: issue slots (issue.cpp), packing, and what the caches fetch
// (traffic.cpp) behind them.
#include "compiler/kernel/plan/cost.h"
#include "compiler/kernel/plan/panels.h"
#include "compiler/kernel/plan/prefetch.h"
#include "compiler/kernel/plan/traffic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using llvm::divideCeil;

namespace dlc::kernel {

constexpr double kItemCost = 60;       // cycles: entering an item
constexpr int64_t kSharedWork = 16384; // less is not worth a second thread

// Packing a vector of elements: a load and a store, and the shuffles of a transposition.
constexpr double kCopyRate = 16; // bytes a cycle
constexpr double kTransposeCost = 8.0;
constexpr double kStraddleCost = 2;  // times either, where rows do not begin at whole vectors
constexpr double kPanelShare = 1.25; // of the L2 may be copies; they lie on the stack

// Fetching from the L2 hides behind arithmetic while it takes far less time: the two add
// up as the sides of a triangle, but with this power.
constexpr double kHiding = 2.5;
// Of a run's first line, which nobody has foreseen; more beside the stores of an epilogue.
constexpr double kRunCost = 1.0, kRunCostBesideEpilogue = 3.0;
constexpr double kFarShare = 0.8,
                 kPrefetchUnhidden = 0.3; // what of fetching from afar is not hidden
constexpr double kPrefetchShare = 0.5;    // of L2 holds what was prefetched, and copies
constexpr double kStreamUnhidden =
    0.3; // the same where a member of the fused nests reads on and on

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
      far = kFarShare * source.bytes * source.scatter() / kFarRate;
    }
    int64_t width = s.tile[panels->across];
    double vectors = double(panels->elements) / width * divideCeil(width, s.lanes);
    if (panels->contiguous >= 0) // by squares, the last of which may be partly empty
      vectors *=
          double(llvm::alignTo(extents[panels->contiguous], s.lanes)) / extents[panels->contiguous];
    if (width % s.lanes != 0)
      vectors *= kStraddleCost;
    bytes += panels->elements * elementBytes;
    cost += blocks * (vectors * (panels->contiguous < 0 ? copyCost : kTransposeCost) + far);
  }
  return cost;
}

double idleness(int64_t items) {
  auto of = [&](int64_t threads) { return double(divideCeil(items, threads) * threads) / items; };
  return 0.6 * of(2) + 0.3 * of(4) + 0.1 * of(8);
}

Estimate CostModel::estimate(const Schedule &s, double bound) const {
  Estimate e;
  auto never = [&](double total = kNever) {
    e.total = total;
    return e;
  };
  if (s.prefetched >= 0 && !prefetchOf(nest, s, s.prefetched))
    return never();
  int64_t panelBytes = 0, prefetchedBytes = 0;
  e.packing = packing(s, panelBytes), e.issue = issue(s);
  if (e.packing >= kNever || e.issue >= kNever)
    return never();
  // Worse the larger they are, so that a search finds its way out.
  if (panelBytes > kPanelShare * processor.l2.bytes)
    return never(kNever * panelBytes);
  int64_t items = itemCount(nest, s);
  e.items = items * kItemCost;
  e.unevenness = nest.isShared && nest.work() >= kSharedWork ? idleness(items) : 1;
  double cost = e.issue + e.packing + e.items;
  e.total = cost * e.unevenness;
  if (e.total >= bound)
    return e;
  Traffic traffic(nest, processor, s);
  Traffic::Sum toL1 = traffic.toL1();
  e.fromL2 = toL1.bytes / kL2Rate;
  if (!nest.isShared && !nest.hasReduction()) {
    e.fromAfar = traffic.toL2() / kFarRate;
    e.total = std::max(cost, e.fromL2) + kStreamUnhidden * e.fromAfar;
    return e;
  }
  cost = std::pow(std::pow(cost, kHiding) + std::pow(e.fromL2, kHiding), 1 / kHiding);
  e.total = cost * e.unevenness;
  if (e.total >= bound)
    return e;
  e.fromAfar = traffic.toL2() / kFarRate;
  e.prefetched = traffic.prefetched(prefetchedBytes) / kFarRate;
  if (prefetchedBytes > 0 && prefetchedBytes + panelBytes > kPrefetchShare * processor.l2.bytes)
    return never();
  e.runs = (nest.epilogue ? kRunCostBesideEpilogue : kRunCost) * toL1.runs;
  cost = std::max(cost, e.prefetched) + kPrefetchUnhidden * std::min(cost, e.prefetched) +
         kFarShare * e.fromAfar + e.runs;
  e.total = cost * e.unevenness;
  return e;
}

} // namespace dlc::kernel
