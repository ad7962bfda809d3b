// The search for a schedule: tries lanes and register tiles, then blocks, loop orders and packing.
#include "compiler/kernel/plan/search.h"
#include "compiler/kernel/plan/cost.h"
#include "compiler/kernel/plan/panels.h"
#include "compiler/kernel/plan/space.h"

using namespace mlir;

namespace dlc::kernel {

namespace {

using Found = std::pair<double, Schedule>; // and what it costs

class Search {
public:
  Search(const Nest &nest, const Processor &processor)
      : nest(nest), processor(processor), space(nest, processor), model(nest, processor) {}

  // What was found, the cheapest first.
  std::vector<Found> run() {
    space.forEachTile([&](const Schedule &schedule) { keep(schedule); });
    if (!space.hasBlocks()) {
      tiles.front().first = model.total(tiles.front().second);
      return std::move(tiles);
    }
    std::vector<Found> found;
    for (const auto &[issue, candidate] : tiles)
      for (Start start : {Start::Whole, Start::LongSum, Start::Small, Start::Packed}) {
        if (issue > kWorstCandidate * tiles.front().first)
          continue;
        found.push_back(refined(candidate, start));
      }
    auto isCheaper = [](const Found &a, const Found &b) { return a.first < b.first; };
    llvm::stable_sort(found, isCheaper);
    auto finalists = found.begin() + std::min<size_t>(found.size(), kFinalists);
    auto last = std::unique(found.begin(), finalists); // several descents meet
    for (auto at = found.begin(); at != last; ++at)
      changePairs(*at);
    found.erase(last, finalists);
    llvm::stable_sort(found, isCheaper);
    return found;
  }

private:
  static constexpr unsigned kCandidates = 12;
  static constexpr double kWorstCandidate = 1.2; // times the cheapest
  static constexpr unsigned kRounds = 8;
  static constexpr double kClearly = 0.999; // a cost so many times another's is less
  static constexpr unsigned kFinalists = 4; // are tried with two changes at a time
  static constexpr int64_t kFarAway = 8;    // L2s: smaller inputs are found in the third cache

  // Where a descent starts: several changes may pay only together, and one of these leads there.
  enum class Start {
    Whole,   // no blocks
    LongSum, // one item, whose sum is blocked
    Small,   // small items, whose sums are blocked
    Packed,  // items of few columns, packed for all rows
  };

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
    auto behind =
        llvm::upper_bound(tiles, cost, [](double c, const auto &t) { return c < t.first; });
    tiles.insert(behind, {cost, schedule});
    if (tiles.size() > kCandidates)
      tiles.pop_back();
  }

  // Items of a few tiles of the lanes' dimension and whole otherwise; what those tiles read is
  // packed.
  void packColumns(Schedule &s) const {
    if (s.vectorDim < 0 || nest.reduces[s.vectorDim])
      return;
    s.block[s.vectorDim] = std::min(nest.sizes[s.vectorDim], 4 * s.tile[s.vectorDim]);
    for (auto [i, access] : llvm::enumerate(nest.inputs))
      s.packed[i] = access.stride(s.vectorDim) != 0 && panelsOf(nest, s, i);
  }

  // Takes a change that is cheaper.
  void consider(Found &best, const Schedule &changed) const {
    auto &[cost, schedule] = best;
    double c = model.total(changed, cost * kClearly);
    if (c < cost * kClearly)
      schedule = changed, cost = c;
  }

  // --- a descent, one change at a time ----------------------------------------------------------

  Found refined(Schedule s, Start start) const {
    if (start == Start::Small)
      for (unsigned d : s.parallelOrder)
        s.block[d] = std::min(nest.sizes[d], 4 * s.tile[d]);
    if (start == Start::Packed)
      packColumns(s);
    else if (start != Start::Whole && !s.reductionOrder.empty())
      space.blockReduction(s, 0, s.reductionOrder.size() > 1 ? 1 : 256);
    Found best{model.total(s), s};
    SmallVector<unsigned> parallel(s.parallelOrder);
    llvm::sort(parallel);
    for (unsigned round = 0; round < kRounds; ++round) {
      double before = best.first;
      // Sums first: how often an operand is read again depends on what stays in the caches.
      changeSums(best, best.second);
      changeBlocks(best, best.second, parallel);
      changeOrder(best);
      changeInputs(best);
      if (best.first == before)
        break;
    }
    return best;
  }

  // From a schedule, that of `best` or another: what of a reduction is summed up at a time.
  void changeSums(Found &best, const Schedule &s) const {
    for (unsigned level = 0; level < s.reductionOrder.size(); ++level)
      for (int64_t block : space.blocksOf(s, s.reductionOrder[level])) {
        Schedule changed = s;
        space.blockReduction(changed, level, block);
        consider(best, changed);
      }
  }

  // The same: what an item has of some parallel dimensions.
  void changeBlocks(Found &best, const Schedule &s, ArrayRef<unsigned> dims) const {
    for (unsigned d : dims)
      for (int64_t block : space.blocksOf(s, d)) {
        Schedule changed = s;
        changed.block[d] = block;
        consider(best, changed);
      }
  }

  void changeOrder(Found &best) const {
    const Schedule &s = best.second;
    for (unsigned from = 0; from < s.parallelOrder.size(); ++from)
      for (unsigned to = 0; to < s.parallelOrder.size(); ++to) {
        if (to == from)
          continue;
        Schedule changed = s;
        unsigned d = changed.parallelOrder[from];
        changed.parallelOrder.erase(changed.parallelOrder.begin() + from);
        changed.parallelOrder.insert(changed.parallelOrder.begin() + to, d);
        consider(best, changed);
      }
  }

  // Which inputs are packed, and which is prefetched.
  void changeInputs(Found &best) const {
    const Schedule &s = best.second;
    for (unsigned i = 0; i < nest.inputs.size(); ++i) {
      Schedule changed = s;
      changed.packed[i] = !changed.packed[i];
      consider(best, changed);
      if (nest.bytes(nest.inputs[i]) <= kFarAway * processor.l2.bytes)
        continue;
      changed = s;
      changed.prefetched = s.prefetched == int(i) ? -1 : i;
      consider(best, changed);
    }
  }

  // --- two changes at a time --------------------------------------------------------------------

  // A sum that is blocked pays only if its outputs stay in the cache, and the other way round; and
  // of as many items, flat ones may copy less than square ones.
  void changePairs(Found &best) const {
    Schedule start = best.second;
    for (auto [n, d] : llvm::enumerate(start.parallelOrder))
      for (int64_t block : space.blocksOf(start, d)) {
        Schedule one = start;
        one.block[d] = block;
        changeSums(best, one);
        changeBlocks(best, one, ArrayRef(start.parallelOrder).drop_front(n + 1));
      }
  }
};

} // namespace

std::pair<Schedule, double> chooseSchedule(const Nest &nest, const Processor &processor) {
  auto [cost, schedule] = Search(nest, processor).run().front();
  return {schedule, cost};
}

std::vector<Schedule> rankSchedules(const Nest &nest, const Processor &processor) {
  std::vector<Schedule> schedules;
  for (auto &[cost, schedule] : Search(nest, processor).run())
    if (!llvm::is_contained(schedules, schedule))
      schedules.push_back(schedule);
  return schedules;
}

} // namespace dlc::kernel
