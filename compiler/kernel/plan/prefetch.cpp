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

std::optional<Prefetch> prefetchOf(const Nest &nest, const Schedule &schedule, unsigned input) {
  const Access &access = nest.inputs[input];
  if (schedule.vectorDim < 0 || schedule.vectorReduces(nest) || schedule.reductionOrder.empty())
    return std::nullopt;

  Prefetch prefetch;
  bool isBlock = false;
  auto &order = schedule.parallelOrder;
  auto first = order.begin();                     // of the dimensions whose tiles are inside
  unsigned next = schedule.reductionOrder.back(); // along it lies the next part
  for (unsigned d : schedule.reductionOrder)
    if (schedule.block[d] < nest.sizes[d])
      isBlock = true, next = d;
  if (access.stride(next) <= 0)
    return std::nullopt;
  if (!isBlock) {
    auto moves = llvm::find_if(llvm::reverse(order), [&](unsigned d) { return access.stride(d); });
    if (moves == order.rend() || schedule.reductionOrder.size() != 1)
      return std::nullopt;
    next = *moves;
    first = moves.base();
  }
  prefetch.tiles.assign(first, order.end());
  prefetch.distance = access.stride(next) * (isBlock ? schedule.block[next] : schedule.tile[next]);

  // The part's extent: all there is inside, and the tile of what moves outside.
  int64_t tiles = 1, steps = 1;
  llvm::SmallVector<std::pair<int64_t, int64_t>> runs; // stride and extent
  for (unsigned d = 0; d < nest.rank(); ++d) {
    bool isInside = nest.reduces[d] || llvm::is_contained(prefetch.tiles, d);
    int64_t extent = std::min(isInside ? schedule.block[d] : schedule.tile[d], nest.sizes[d]);
    if (access.stride(d) != 0 && extent > 1)
      runs.push_back({access.stride(d), extent});
    if (nest.reduces[d])
      steps *= extent;
    else if (isInside)
      tiles *= tileCount(nest, schedule, d);
  }
  join(runs);
  if (runs.empty() || runs.size() > 2 || runs[0].first != 1)
    return std::nullopt;
  int64_t bytes = access.element.getIntOrFloatBitWidth() / 8;
  prefetch.lines = divideCeil(runs[0].second * bytes, kCacheLine);
  prefetch.rows = runs.size() > 1 ? runs[1].second : 1;
  prefetch.rowStride = runs.size() > 1 ? runs[1].first : 0;
  int64_t lines = prefetch.rows * prefetch.lines;
  prefetch.isByTile = lines <= tiles * kMostPerTile;
  prefetch.turns = prefetch.isByTile ? tiles : tiles * steps;
  prefetch.each = divideCeil(lines, prefetch.turns);
  if (!prefetch.isByTile && (isBlock || prefetch.each > kMostPerStep))
    return std::nullopt;
  return prefetch;
}

} // namespace dlc::kernel
