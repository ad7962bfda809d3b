// The issue slots of a schedule: what its instructions take if all operands are at hand.
#include "compiler/kernel/plan/cost.h"
#include "compiler/kernel/plan/prefetch.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/MathExtras.h"

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
constexpr double kFillCost = 20;      // a tile's first sums wait for operands, the last for results
constexpr double kResumeCost = 2;     // a sum that goes on waits for its vector from the L2
constexpr double kLatency = 4;        // of a multiply-add: fewer accumulators wait for it
constexpr double kPrefetchCost = 1.0; // of a prefetch: its address and the request

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
                     : std::abs(stride) <= kLargestShuffledStride && unitCost == kLoadCost
                         ? std::abs(stride) * (kLoadCost + kShuffleCost)
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

// How often a schedule does what.
struct CostModel::Counts {
  int64_t points; // vectors of a tile
  int64_t tiles = 1, passes = 1;
  double blocks = 1; // of the sum
};

CostModel::Counts CostModel::countsOf(const Schedule &s) const {
  Counts counts{s.vectors(nest)};
  for (unsigned d = 0; d < nest.rank(); ++d) {
    if (nest.reduces[d]) {
      counts.passes *= int(d) == s.vectorDim ? divideCeil(nest.sizes[d], s.lanes) : nest.sizes[d];
      counts.tiles *= blockCount(nest, s, d);
      continue;
    }
    if (int(d) != s.vectorDim)
      counts.points *= s.tile[d];
    counts.tiles *= divideCeil(nest.sizes[d], s.tile[d]);
  }
  for (unsigned d : s.reductionOrder)
    counts.blocks *= blockCount(nest, s, d);
  return counts;
}

// Whether the tile's accumulators fit the registers. The operand that has the fewest values is held
// in registers, too, the other goes through one.
bool CostModel::fitsRegisters(const Schedule &s, int64_t points) const {
  int64_t held = processor.registers;
  for (auto [i, access] : llvm::enumerate(nest.inputs))
    if (!nest.body->getArgument(i).use_empty())
      held = std::min(held, valuesOf(nest, s, access));
  int64_t accumulators = nest.hasReduction() ? points * nest.outputs.size() : 0;
  return (accumulators <= 1 || accumulators + held + 1 <= processor.registers) &&
         accumulators <= vectorLimit;
}

// One pass of the innermost loop.
double CostModel::passCost(const Schedule &s, int64_t points, int64_t prefetches) const {
  double loads = 0;
  for (auto [i, access] : llvm::enumerate(nest.inputs))
    if (!nest.body->getArgument(i).use_empty())
      loads += accessCost(access, s, s.packed[i], kLoadCost);
  loads += kPrefetchCost * prefetches;
  double arithmetic = points * operationCost;
  double pass = std::max(arithmetic, loads) + 0.3 * std::min(arithmetic, loads) + kLoopCost;
  return nest.hasReduction() ? std::max(pass, kLatency) : pass;
}

// Entering and leaving a tile once for each block of the sum.
double CostModel::tileCost(const Schedule &s, const Counts &counts, int64_t prefetches) const {
  bool vectorReduces = s.vectorReduces(nest);
  double stores = 0;
  for (const Access &access : nest.outputs)
    stores += vectorReduces ? counts.points * kStoreCost : accessCost(access, s, false, kStoreCost);
  double cost = stores + kTileCost + kPrefetchCost * prefetches +
                (nest.hasReduction() ? kFillCost : 0) +
                (vectorReduces ? counts.points * kHorizontalCost : 0);
  if (counts.blocks > 1) // what the block before has stored
    for (const Access &access : nest.outputs)
      cost += accessCost(access, s, false, kResumeCost);
  return cost;
}

double CostModel::issue(const Schedule &s) const {
  Counts counts = countsOf(s);
  if (!fitsRegisters(s, counts.points))
    return kNever;
  std::optional<Prefetch> prefetch =
      s.prefetched >= 0 ? prefetchOf(nest, s, s.prefetched) : std::nullopt;
  int64_t perTile = prefetch && prefetch->isByTile ? prefetch->each : 0;
  int64_t perPass = prefetch && !prefetch->isByTile ? prefetch->each : 0;
  double pass = passCost(s, counts.points, perPass);
  double finish = tileCost(s, counts, perTile);
  double epilogue = counts.points * epilogueCost;
  for (const Access &access : nest.epilogueInputs)
    epilogue += access.element ? accessCost(access, s, false, kLoadCost) : 0;
  for (const Access &access : nest.epilogueOutputs)
    epilogue += accessCost(access, s, false, kStoreCost);
  return counts.tiles * (shareOutsidePadding(s) * double(counts.passes) / counts.blocks * pass +
                         finish + epilogue / counts.blocks);
}

} // namespace dlc::kernel
