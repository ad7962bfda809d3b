// What follows from a schedule.
#include "compiler/kernel/plan/schedule.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc::kernel {

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

Operation *combiner(const Nest &nest, unsigned output) {
  Operation *op = nest.body->getTerminator()->getOperand(output).getDefiningOp();
  if (!op ||
      !isa<arith::AddFOp, arith::MaximumFOp, arith::MaxNumFOp, arith::AddIOp, arith::MaxSIOp>(op))
    return nullptr;
  BlockArgument previous = nest.body->getArgument(nest.inputs.size() + output);
  bool folds = previous.hasOneUse() && *previous.user_begin() == op;
  return folds ? op : nullptr;
}

} // namespace dlc::kernel
