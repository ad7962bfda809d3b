// The search for a schedule: tries lanes and register tiles, then blocks, loop orders and packing.
#include "compiler/kernel/plan/cost.h"
#include "compiler/kernel/plan/space.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;

namespace dlc::kernel {

constexpr int64_t kFarAway = 8; // second caches: smaller inputs are found in the third

int64_t valuesOf(const Nest &nest, const Schedule &schedule, const Access &access) {
  int64_t values = 1;
  for (unsigned d = 0; d < nest.rank(); ++d)
    if (access.stride(d) != 0)
      values *= int(d) == schedule.vectorDim ? schedule.vectors(nest) : schedule.tile[d];
  return values;
}

std::optional<unsigned> squareDim(const Nest &nest, const Schedule &schedule,
                                  const Access &access) {
  int v = schedule.vectorDim;
  if (v < 0 || nest.hasReduction() || access.stride(v) <= kLargestShuffledStride)
    return std::nullopt;
  for (unsigned d = 0; d < nest.rank(); ++d)
    if (access.stride(d) == 1 && schedule.tile[d] == schedule.lanes)
      return d;
  return std::nullopt;
}

int64_t blockCount(const Nest &nest, const Schedule &schedule, unsigned dim) {
  return llvm::divideCeil(nest.sizes[dim], schedule.block[dim]);
}

int64_t itemCount(const Nest &nest, const Schedule &schedule) {
  int64_t count = 1;
  for (unsigned d : schedule.parallelOrder)
    count *= blockCount(nest, schedule, d);
  return count;
}

std::optional<unsigned> collapsedLevel(const Nest &nest, const Schedule &schedule) {
  // Loops join those inside which there are fewer steps than kLongLoop, up to kMostSteps in all.
  constexpr int64_t kLongLoop = 200, kMostSteps = 1024;
  ArrayRef<unsigned> order = schedule.reductionOrder;
  if (nest.contractionFlops() == 0 || schedule.vectorReduces(nest) || schedule.prefetched >= 0 ||
      order.size() < 2)
    return std::nullopt;
  unsigned level = order.size() - 1;
  SmallVector<bool> indexed = indexedDims(nest);
  if (indexed[order[level]])
    return std::nullopt;
  auto extent = [&](unsigned at) {
    return std::min(schedule.block[order[at]], nest.sizes[order[at]]);
  };
  int64_t steps = extent(level);
  while (level > 0 && !indexed[order[level - 1]] && steps < kLongLoop &&
         extent(level) == nest.sizes[order[level]]) {
    if (extent(level - 1) == 1 || steps * extent(level - 1) > kMostSteps)
      break;
    steps *= extent(--level);
  }
  return level + 1 < order.size() ? std::optional(level) : std::nullopt;
}

// The dimension whose tile is a panel's width: the lanes', or one whose neighbours in a tile are
// neighbours in memory and are each read by all lanes.
static std::optional<unsigned> panelDim(const Nest &nest, const Schedule &schedule,
                                        const Access &access) {
  int v = schedule.vectorDim;
  if (v < 0 || nest.reduces[v] || !nest.hasReduction())
    return std::nullopt;
  if (access.stride(v) != 0)
    return v;
  for (unsigned d : schedule.parallelOrder)
    if (access.stride(d) == 1 && schedule.tile[d] > 1)
      return d;
  return std::nullopt;
}

// The axes of an input's dimensions, in the order of `dims`: two share one where they meet in
// memory.
static SmallVector<Panels::Axis> axesOf(const Nest &nest, const Access &access,
                                        ArrayRef<unsigned> dims) {
  SmallVector<Panels::Axis> axes;
  for (unsigned d : dims) {
    int64_t stride = access.stride(d);
    auto meets = [&](const Panels::Axis &axis) {
      return llvm::any_of(axis.dims, [&](unsigned other) {
        auto [less, more] =
            std::minmax({std::pair(stride, d), std::pair(access.stride(other), other)});
        return less.first > 0 && more.first % less.first == 0 &&
               more.first < less.first * nest.sizes[less.second];
      });
    };
    auto axis = llvm::find_if(axes, meets);
    if (axis == axes.end()) {
      axes.push_back({stride, 0, {d}, {}});
      continue;
    }
    axis->dims.push_back(d);
    axis->unit = std::gcd(axis->unit, stride);
  }
  for (Panels::Axis &axis : axes)
    for (unsigned d : axis.dims)
      axis.steps.push_back(access.stride(d) / axis.unit);
  return axes;
}

std::optional<Panels> panelsOf(const Nest &nest, const Schedule &schedule, unsigned input) {
  const Access &access = nest.inputs[input];
  std::optional<unsigned> across = panelDim(nest, schedule, access);
  if (!across)
    return std::nullopt;
  Panels panels;
  panels.across = *across;
  if (access.stride(*across) != 1) {
    auto isContiguous = [&](unsigned d) { return access.stride(d) == 1; };
    auto contiguous = llvm::find_if(schedule.reductionOrder, isContiguous);
    if (contiguous == schedule.reductionOrder.end())
      return std::nullopt;
    panels.contiguous = *contiguous;
    if (schedule.block[*contiguous] < nest.sizes[*contiguous] &&
        schedule.block[*contiguous] % schedule.lanes != 0)
      return std::nullopt; // squares would straddle blocks
  }
  auto extent = [&](unsigned d) { return std::min(schedule.block[d], nest.sizes[d]); };
  SmallVector<unsigned> dims; // the innermost first
  for (unsigned d : llvm::concat<const unsigned>(schedule.parallelOrder, schedule.reductionOrder))
    if (d != *across && int(d) != panels.contiguous && access.stride(d) != 0)
      dims.insert(dims.begin(), d);
  panels.strides.assign(nest.rank(), 0);
  int64_t width = schedule.tile[*across];
  panels.elements = width;
  if (panels.contiguous >= 0) {
    panels.strides[panels.contiguous] = panels.elements;
    panels.elements *= extent(panels.contiguous);
  }
  auto isReduced = [&](const Panels::Axis &axis) {
    return llvm::any_of(axis.dims, [&](unsigned d) { return nest.reduces[d]; });
  };
  auto extend = [&](Panels::Axis &axis) {
    axis.stride = panels.elements;
    int64_t places = 1;
    for (auto [d, step] : llvm::zip(axis.dims, axis.steps)) {
      panels.strides[d] = axis.stride * step;
      places += (extent(d) - 1) * step;
    }
    panels.elements *= places;
  };
  panels.axes = axesOf(nest, access, dims);
  // A panel is what the reductions walk over; what only parallel dimensions tell apart lies
  // outside.
  auto outside = std::stable_partition(panels.axes.begin(), panels.axes.end(), isReduced);
  for (auto axis = panels.axes.begin(); axis != outside; ++axis)
    extend(*axis);
  // Rows are copied by whole vectors: the last one reaches beyond its panel.
  if (width % schedule.lanes != 0)
    panels.elements = llvm::alignTo(panels.elements + schedule.lanes, width);
  panels.strides[*across] = panels.elements / width;
  panels.elements *= llvm::divideCeil(extent(*across), width);
  for (auto axis = outside; axis != panels.axes.end(); ++axis)
    extend(*axis);
  std::reverse(panels.axes.begin(), panels.axes.end());
  return panels;
}

Operation *combiner(const Nest &nest, unsigned output) {
  Operation *op = nest.body->getTerminator()->getOperand(output).getDefiningOp();
  if (!op || !isa<arith::AddFOp, arith::MaximumFOp, arith::MaxNumFOp, arith::AddIOp>(op))
    return nullptr;
  BlockArgument previous = nest.body->getArgument(nest.inputs.size() + output);
  bool folds = previous.hasOneUse() && *previous.user_begin() == op;
  return folds ? op : nullptr;
}

namespace {

class Search {
public:
  Search(const Nest &nest, const Processor &processor)
      : nest(nest), processor(processor), space(nest, processor), model(nest, processor) {}

  std::pair<Schedule, double> run() {
    space.forEachTile([&](const Schedule &schedule) { keep(schedule); });
    if (!space.hasBlocks())
      return {tiles.front().second, model.total(tiles.front().second)};
    std::vector<Found> found;
    for (const auto &[issue, candidate] : tiles)
      for (Start start : {Start::Whole, Start::LongSum, Start::Small}) {
        if (issue > kWorstCandidate * tiles.front().first)
          continue;
        found.push_back(refined(candidate, start));
      }
    auto isCheaper = [](const Found &a, const Found &b) { return a.first < b.first; };
    llvm::stable_sort(found, isCheaper);
    found.resize(std::min<size_t>(found.size(), kFinalists));
    found.erase(std::unique(found.begin(), found.end()), found.end()); // several descents meet
    for (auto &[cost, schedule] : found)
      changePairs(schedule, cost);
    auto &[cost, schedule] = *llvm::min_element(found, isCheaper);
    return {schedule, cost};
  }

private:
  static constexpr unsigned kCandidates = 12;
  static constexpr double kWorstCandidate = 1.2; // times the cheapest
  static constexpr unsigned kRounds = 8;
  static constexpr double kClearly = 0.999; // a cost so many times another's is less
  static constexpr unsigned kFinalists = 4; // are tried with two changes at a time

  // Where a descent starts: several changes may pay only together, and one of these leads there.
  enum class Start {
    Whole,   // no blocks
    LongSum, // one item, whose sum is blocked
    Small,   // small items, whose sums are blocked
  };

  using Found = std::pair<double, Schedule>; // and what it costs

  const Nest &nest;
  const Processor &processor;
  Space space;
  CostModel model;
  std::vector<Found> tiles; // the cheapest, by issue slots

  // Enters a choice of lanes and tile, with everything else as simple as can be.
  void keep(Schedule schedule) {
    space.complete(schedule);
    double cost = model.inRegisters(schedule);
    if (tiles.size() == kCandidates && cost >= tiles.back().first)
      return;
    auto place =
        llvm::upper_bound(tiles, cost, [](double c, const auto &t) { return c < t.first; });
    tiles.insert(place, {cost, schedule});
    if (tiles.size() > kCandidates)
      tiles.pop_back();
  }

  // --- blocks, orders and packing: a descent, one change at a time ------------------------------

  // A sum that is blocked pays only if its outputs stay in the cache, and the other way round.
  void changePairs(Schedule &s, double &cost) {
    auto reductions = [&](Schedule &at, auto body) {
      for (unsigned level = 0; level < at.reductionOrder.size(); ++level)
        for (int64_t block : space.blocksOf(at, at.reductionOrder[level])) {
          Schedule changed = at;
          space.blockReduction(changed, level, block);
          body(changed);
        }
    };
    Schedule start = s;
    for (unsigned d : start.parallelOrder)
      for (int64_t block : space.blocksOf(start, d)) {
        Schedule changed = start;
        changed.block[d] = block;
        reductions(changed, [&](const Schedule &both) {
          double c = model.total(both, cost * kClearly);
          if (c < cost * kClearly)
            s = both, cost = c;
        });
      }
  }

  Found refined(Schedule s, Start start) {
    if (start == Start::Small)
      for (unsigned d : s.parallelOrder)
        s.block[d] = std::min(nest.sizes[d], 4 * s.tile[d]);
    if (start != Start::Whole && !s.reductionOrder.empty())
      space.blockReduction(s, 0, s.reductionOrder.size() > 1 ? 1 : 256);
    double cost = model.total(s);
    for (unsigned round = 0; round < kRounds; ++round) {
      double before = cost;
      auto consider = [&](const Schedule &changed) {
        double c = model.total(changed, cost * kClearly);
        if (c < cost * kClearly)
          s = changed, cost = c;
      };
      // Sums first: how often an operand is read again depends on what stays in the caches.
      for (unsigned level = 0; level < s.reductionOrder.size(); ++level)
        for (int64_t block : space.blocksOf(s, s.reductionOrder[level])) {
          Schedule changed = s;
          space.blockReduction(changed, level, block);
          consider(changed);
        }
      for (unsigned d = 0; d < nest.rank(); ++d)
        for (int64_t block : nest.reduces[d] ? SmallVector<int64_t>() : space.blocksOf(s, d)) {
          Schedule changed = s;
          changed.block[d] = block;
          consider(changed);
        }
      for (unsigned from = 0; from < s.parallelOrder.size(); ++from)
        for (unsigned to = 0; to < s.parallelOrder.size(); ++to) {
          if (to == from)
            continue;
          Schedule changed = s;
          unsigned d = changed.parallelOrder[from];
          changed.parallelOrder.erase(changed.parallelOrder.begin() + from);
          changed.parallelOrder.insert(changed.parallelOrder.begin() + to, d);
          consider(changed);
        }
      for (unsigned i = 0; i < nest.inputs.size(); ++i) {
        Schedule changed = s;
        changed.packed[i] = !changed.packed[i];
        consider(changed);
        if (nest.bytes(nest.inputs[i]) <= kFarAway * processor.l2.bytes)
          continue;
        changed = s;
        changed.prefetched = s.prefetched == int(i) ? -1 : i;
        consider(changed);
      }
      if (cost == before)
        break;
    }
    return {cost, s};
  }
};

} // namespace

std::pair<Schedule, double> chooseSchedule(const Nest &nest, const Processor &processor) {
  return Search(nest, processor).run();
}

} // namespace dlc::kernel
