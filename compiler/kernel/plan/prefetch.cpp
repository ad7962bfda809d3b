// Which part of an input follows the one at hand, and how its lines are spread over the steps.
#include "compiler/kernel/plan/prefetch.h"
#include "llvm/Support/MathExtras.h"

using llvm::divideCeil;

namespace dlc::kernel {

constexpr int64_t kMostPerStep = 4;  // more would crowd out the loads themselves
constexpr int64_t kMostPerTile = 64; // so many come while a tile is worked on

int64_t tileCount(const Nest &nest, const Schedule &schedule, unsigned dim) {
  return divideCeil(std::min(schedule.block[dim], nest.sizes[dim]), schedule.tile[dim]);
}

// Makes neighbouring runs one; they overlap where windows do.
static void join(llvm::SmallVectorImpl<std::pair<int64_t, int64_t>> &runs) {
  llvm::sort(runs);
  for (size_t i = 0; i + 1 < runs.size();) {
    auto &[stride, extent] = runs[i];
    auto [next, count] = runs[i + 1];
    if (next > stride * extent || next % stride != 0) {
      ++i;
      continue;
    }
    extent += (count - 1) * (next / stride);
    runs.erase(runs.begin() + i + 1);
  }
}

namespace {

// Where the next part of an input lies.
struct NextPart {
  unsigned along; // this dimension
  bool isBlock;   // its next block; else its next tile
  llvm::ArrayRef<unsigned> tiles;
};

// All that a part reads.
struct Extent {
  llvm::SmallVector<std::pair<int64_t, int64_t>> runs; // stride and extent
  int64_t tiles = 1, steps = 1;                        // while it is worked on
};

} // namespace

static std::optional<NextPart> nextPart(const Access &access, const Nest &nest,
                                        const Schedule &schedule) {
  llvm::ArrayRef<unsigned> order = schedule.parallelOrder;
  std::optional<unsigned> cut;
  for (unsigned d : schedule.reductionOrder)
    if (schedule.block[d] < nest.sizes[d])
      cut = d;
  if (access.stride(cut.value_or(schedule.reductionOrder.back())) <= 0)
    return std::nullopt;
  if (cut)
    return NextPart{*cut, true, order};
  auto moves = llvm::find_if(llvm::reverse(order), [&](unsigned d) { return access.stride(d); });
  if (moves == order.rend() || schedule.reductionOrder.size() != 1)
    return std::nullopt;
  return NextPart{*moves, false, order.take_back(moves - order.rbegin())};
}

// All there is inside, and the tile of what moves outside.
static Extent extentOf(const Access &access, const Nest &nest, const Schedule &schedule,
                       llvm::ArrayRef<unsigned> tiles) {
  Extent part;
  for (unsigned d = 0; d < nest.rank(); ++d) {
    bool isInside = nest.reduces[d] || llvm::is_contained(tiles, d);
    int64_t extent = std::min(isInside ? schedule.block[d] : schedule.tile[d], nest.sizes[d]);
    if (access.stride(d) != 0 && extent > 1)
      part.runs.push_back({access.stride(d), extent});
    if (nest.reduces[d])
      part.steps *= extent;
    else if (isInside)
      part.tiles *= tileCount(nest, schedule, d);
  }
  join(part.runs);
  return part;
}

std::optional<Prefetch> prefetchOf(const Nest &nest, const Schedule &schedule, unsigned input) {
  const Access &access = nest.inputs[input];
  if (schedule.vectorDim < 0 || schedule.vectorReduces(nest) || schedule.reductionOrder.empty())
    return std::nullopt;
  std::optional<NextPart> next = nextPart(access, nest, schedule);
  if (!next)
    return std::nullopt;
  auto [runs, tiles, steps] = extentOf(access, nest, schedule, next->tiles);
  if (runs.empty() || runs.size() > 2 || runs[0].first != 1)
    return std::nullopt;

  Prefetch prefetch;
  prefetch.tiles.assign(next->tiles.begin(), next->tiles.end());
  prefetch.distance = access.stride(next->along) *
                      (next->isBlock ? schedule.block[next->along] : schedule.tile[next->along]);
  int64_t bytes = access.element.getIntOrFloatBitWidth() / 8;
  prefetch.lines = divideCeil(runs[0].second * bytes, kCacheLine);
  prefetch.rows = runs.size() > 1 ? runs[1].second : 1;
  prefetch.rowStride = runs.size() > 1 ? runs[1].first : 0;
  int64_t lines = prefetch.rows * prefetch.lines;
  prefetch.isByTile = lines <= tiles * kMostPerTile;
  prefetch.turns = prefetch.isByTile ? tiles : tiles * steps;
  prefetch.each = divideCeil(lines, prefetch.turns);
  if (!prefetch.isByTile && (next->isBlock || prefetch.each > kMostPerStep))
    return std::nullopt;
  return prefetch;
}

} // namespace dlc::kernel
