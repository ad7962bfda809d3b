// Which part of an input follows the one at hand, and how its lines are spread over the steps.
#include "compiler/kernel/ahead.h"
#include "llvm/Support/MathExtras.h"

using llvm::divideCeil;

namespace dlc::kernel {

constexpr int64_t kMostPerStep = 4; // more would crowd out the loads themselves

int64_t tileCount(const Nest &nest, const Schedule &schedule, unsigned dim) {
  return divideCeil(std::min(schedule.block[dim], nest.sizes[dim]), schedule.tile[dim]);
}

std::optional<Ahead> aheadOf(const Nest &nest, const Schedule &schedule, unsigned input) {
  const Access &access = nest.inputs[input];
  if (schedule.vectorDim < 0 || nest.reduces[schedule.vectorDim] ||
      schedule.reductionOrder.size() != 1)
    return std::nullopt;
  unsigned sum = schedule.reductionOrder.front();
  if (access.stride(sum) <= 0)
    return std::nullopt;

  Ahead ahead;
  ahead.isBlock = schedule.block[sum] < nest.sizes[sum];
  auto &order = schedule.parallelOrder;
  auto first = order.begin(); // of the dimensions whose tiles are inside
  unsigned next = sum;        // along it lies the next part
  if (!ahead.isBlock) {
    auto moves = llvm::find_if(llvm::reverse(order), [&](unsigned d) { return access.stride(d); });
    if (moves == order.rend())
      return std::nullopt;
    next = *moves;
    first = moves.base();
  }
  ahead.tiles.assign(first, order.end());
  ahead.distance =
      access.stride(next) * (ahead.isBlock ? schedule.block[sum] : schedule.tile[next]);

  // The part's extent: all there is inside, and the tile of what moves outside.
  ahead.steps = std::min(schedule.block[sum], nest.sizes[sum]);
  for (unsigned d : ahead.tiles)
    ahead.steps *= tileCount(nest, schedule, d);
  llvm::SmallVector<std::pair<unsigned, int64_t>> walks;
  for (unsigned d = 0; d < nest.rank(); ++d) {
    bool isInside = d == sum || llvm::is_contained(ahead.tiles, d);
    int64_t extent = std::min(isInside ? schedule.block[d] : schedule.tile[d], nest.sizes[d]);
    if (access.stride(d) != 0 && extent > 1)
      walks.push_back({d, extent});
  }
  if (walks.size() != 2)
    return std::nullopt;
  if (access.stride(walks[0].first) == 1)
    std::swap(walks[0], walks[1]);
  auto [row, rows] = walks[0];
  auto [run, length] = walks[1];
  int64_t bytes = access.element.getIntOrFloatBitWidth() / 8;
  if (access.stride(run) != 1 || access.stride(row) <= 0)
    return std::nullopt;
  ahead.rowDim = row, ahead.runDim = run;
  ahead.rows = rows, ahead.lines = divideCeil(length * bytes, kCacheLine);
  ahead.perStep = divideCeil(ahead.rows * ahead.lines, ahead.steps);
  if (ahead.perStep > kMostPerStep)
    return std::nullopt;
  return ahead;
}

} // namespace dlc::kernel
