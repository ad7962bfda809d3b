// Lanes and register tiles, blocks, orders, panels and prefetches that a schedule may have.
#include "compiler/kernel/plan/space.h"
#include "compiler/kernel/plan/cost.h"
#include "compiler/kernel/plan/panels.h"
#include "compiler/kernel/plan/prefetch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc::kernel {

constexpr int64_t kMaxTile = 14;
constexpr int64_t kMostOperations = 80; // written out for a tile: more is only more code
constexpr int64_t kMostVectors = 4;     // of a tile, along the lanes
constexpr int64_t kMostWhole = 6;       // where they are all there is: no tile is a remainder

static unsigned widestElementBytes(const Nest &nest) {
  unsigned bits = 8;
  for (auto *accesses : {&nest.inputs, &nest.outputs})
    for (const Access &access : *accesses)
      // What is the same for all points does not decide the lanes.
      if (llvm::any_of(access.strides, [](int64_t s) { return s != 0; }))
        bits = std::max(bits, access.element.getIntOrFloatBitWidth());
  return std::max(bits / 8, 4u);
}

// --- lanes and tiles ---------------------------------------------------------------------------

void Space::forEachTile(llvm::function_ref<void(const Schedule &)> body) const {
  Schedule scalar;
  scalar.tile.assign(nest.rank(), 1);
  body(scalar);
  for (unsigned d = 0; d < nest.rank(); ++d) {
    if (nest.reduces[d] && (nest.outputs.size() != 1 || !combiner(nest, 0) || nest.epilogue))
      continue;
    Schedule schedule;
    schedule.vectorDim = d;
    schedule.lanes = processor.lanes(widestElementBytes(nest));
    forEachTile(schedule, body);
  }
}

// Register tiles of up to two parallel dimensions beside the vector dimension.
void Space::forEachTile(Schedule schedule, llvm::function_ref<void(const Schedule &)> body) const {
  unsigned v = schedule.vectorDim;
  int64_t most = nest.reduces[v] ? 1 : llvm::divideCeil(nest.sizes[v], schedule.lanes);
  int64_t operations = std::max<int64_t>(1, llvm::range_size(nest.body->without_terminator()));
  if (!nest.hasReduction())
    most = std::min({most, std::max<int64_t>(1, kMostOperations / operations),
                     mostVectors(nest, processor), kMostVectors});
  else if (most > kMostWhole)
    most = kMostVectors;
  for (int64_t vectors = 1; vectors <= most; ++vectors) {
    schedule.tile.assign(nest.rank(), 1);
    schedule.tile[v] = vectors * schedule.lanes;
    body(schedule);
    if (!nest.hasReduction()) {
      if (vectors == 1)
        forEachSquare(schedule, body);
      continue;
    }
    for (unsigned a = 0; a < nest.rank(); ++a) {
      if (a == v || nest.reduces[a])
        continue;
      for (int64_t i = 2; i <= std::min(kMaxTile, nest.sizes[a]); ++i) {
        if (i * vectors + 1 > processor.registers)
          break;
        schedule.tile[a] = i;
        body(schedule);
        for (unsigned b = a + 1; b < nest.rank(); ++b) {
          if (b == v || nest.reduces[b])
            continue;
          for (int64_t j = 2; j <= std::min(kMaxTile, nest.sizes[b]); ++j) {
            if (i * j * vectors + 1 > processor.registers)
              break;
            schedule.tile[b] = j;
            body(schedule);
          }
          schedule.tile[b] = 1;
        }
      }
      schedule.tile[a] = 1;
    }
  }
}

// Tiles that read an input along another dimension than the lanes'.
void Space::forEachSquare(const Schedule &schedule,
                          llvm::function_ref<void(const Schedule &)> body) const {
  for (const Access &access : nest.inputs)
    for (unsigned d = 0; d < nest.rank() && access.element; ++d) {
      if (access.stride(d) != 1 || int(d) == schedule.vectorDim)
        continue;
      Schedule square = schedule;
      square.tile[d] = schedule.lanes;
      if (squareDim(nest, square, access))
        body(square);
    }
}

// --- everything else -----------------------------------------------------------------------------

void Space::complete(Schedule &schedule) const {
  schedule.block = nest.sizes;
  for (unsigned d = 0; d < nest.rank(); ++d)
    (nest.reduces[d] ? schedule.reductionOrder : schedule.parallelOrder).push_back(d);
  // Innermost what lies closest together.
  auto farthest = [&](unsigned d) {
    int64_t most = 0;
    for (const Access &access : nest.inputs)
      most = std::max(most, std::abs(access.stride(d)));
    return most;
  };
  llvm::stable_sort(schedule.reductionOrder,
                    [&](unsigned a, unsigned b) { return farthest(a) > farthest(b); });
  // Outermost the few steps that padding makes fewer: what is inside them counts to a known
  // number.
  auto isShortened = [&](unsigned d) {
    return llvm::any_of(nest.paddings, [&](const Padding &p) { return p.reduced == d; });
  };
  int64_t longest = 0;
  for (unsigned d : schedule.reductionOrder)
    longest = std::max(longest, isShortened(d) ? 0 : nest.sizes[d]);
  std::stable_partition(schedule.reductionOrder.begin(), schedule.reductionOrder.end(),
                        [&](unsigned d) { return isShortened(d) && nest.sizes[d] < longest; });
  if (schedule.vectorReduces(nest)) {
    llvm::erase(schedule.reductionOrder, unsigned(schedule.vectorDim));
    schedule.reductionOrder.push_back(schedule.vectorDim);
  }
  // The output is written forward.
  llvm::stable_sort(schedule.parallelOrder, [&](unsigned a, unsigned b) {
    return nest.outputs[0].stride(a) > nest.outputs[0].stride(b);
  });
  schedule.packed.assign(nest.inputs.size(), false);
  for (unsigned i = 0; i < nest.inputs.size() && schedule.vectorDim >= 0; ++i)
    schedule.packed[i] =
        nest.inputs[i].stride(schedule.vectorDim) > 1 && panelsOf(nest, schedule, i).has_value();
}

void Space::blockReduction(Schedule &s, unsigned level, int64_t block) const {
  for (auto [i, d] : llvm::enumerate(s.reductionOrder)) {
    if (int(d) == s.vectorDim)
      return;
    s.block[d] = i < level ? 1 : i > level ? nest.sizes[d] : std::min(block, nest.sizes[d]);
  }
}

SmallVector<int64_t> Space::blocksOf(const Schedule &s, unsigned d) const {
  SmallVector<int64_t> blocks;
  if (int(d) == s.vectorDim && nest.reduces[d])
    return blocks;
  bool isTiled = !nest.reduces[d];
  int64_t unit = isTiled ? s.tile[d] : nest.sizes[d] >= 128 ? 16 : 1;
  int64_t units = llvm::divideCeil(nest.sizes[d], unit);
  for (int64_t parts = 1; parts <= units; parts += std::max<int64_t>(1, parts / 4)) {
    int64_t block = std::min(llvm::divideCeil(units, parts) * unit, uint64_t(nest.sizes[d]));
    if (blocks.empty() || blocks.back() != block)
      blocks.push_back(block);
  }
  if (blocks.back() > unit)
    blocks.push_back(unit);
  return blocks;
}

Schedule Space::draw(llvm::function_ref<uint64_t(uint64_t)> below) const {
  std::vector<std::vector<Schedule>> byLanes; // a choice of lanes first: some have many more tiles
  forEachTile([&](const Schedule &schedule) {
    if (byLanes.empty() || byLanes.back().front().vectorDim != schedule.vectorDim)
      byLanes.emplace_back();
    byLanes.back().push_back(schedule);
  });
  ArrayRef<Schedule> tiles = byLanes[below(byLanes.size())];
  Schedule s = tiles[below(tiles.size())];
  complete(s);
  if (hasBlocks()) {
    for (unsigned d : s.parallelOrder)
      if (SmallVector<int64_t> blocks = blocksOf(s, d); below(2))
        s.block[d] = blocks[below(blocks.size())];
    if (!s.reductionOrder.empty() && below(3) > 0) {
      unsigned level = below(s.reductionOrder.size());
      if (SmallVector<int64_t> blocks = blocksOf(s, s.reductionOrder[level]); !blocks.empty())
        blockReduction(s, level, blocks[below(blocks.size())]);
    }
    for (size_t i = s.parallelOrder.size(); i-- > 1 && below(2);)
      std::swap(s.parallelOrder[i], s.parallelOrder[below(i + 1)]);
    for (unsigned i = 0; i < nest.inputs.size(); ++i)
      s.packed[i] = nest.inputs[i].element && below(2) && panelsOf(nest, s, i);
    unsigned fetched = below(2 * nest.inputs.size() + 1);
    if (fetched < nest.inputs.size() && nest.inputs[fetched].element &&
        prefetchOf(nest, s, fetched))
      s.prefetched = fetched;
  }
  return s;
}

} // namespace dlc::kernel
