// The cost model: tries vector dimensions and register tiles, and counts issue slots.
#include "compiler/kernel/schedule.h"
#include "compiler/kernel/strided.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc::kernel {

// Costs in cycles of one vector instruction, as a core with two load ports and one full-width
// multiply-add a cycle has them.
constexpr double kLoadCost = 0.5;
constexpr double kStoreCost = 1.0;
constexpr double kBroadcastCost = 0.5;
constexpr double kGatherCostPerLane = 2.0; // each lane is a load, often of its own cache line
constexpr double kShuffleCost = 1.0;
constexpr double kArithmeticCost = 0.25;   // so a product that is added costs half a cycle
constexpr double kMathCallCost = 20;       // exp and its kin as a polynomial
constexpr double kLoopCost = 1.0;     // of one pass of the innermost loop: its counter and branch
constexpr double kHorizontalCost = 9; // adding up the lanes of one vector
constexpr double kTileCost = 4;       // entering a tile: addresses, outer loops
constexpr double kLatency = 4;        // of a multiply-add: fewer accumulators wait for it

// Enough items that any number of threads is kept evenly busy.
constexpr int64_t kItems = 64;
constexpr int64_t kMaxTile = 14;

int64_t tileCount(const Nest &nest, const Schedule &schedule, unsigned dim) {
  return llvm::divideCeil(nest.sizes[dim], schedule.tile[dim]);
}

int64_t itemCount(const Nest &nest, const Schedule &schedule) {
  int64_t count = 1;
  for (unsigned i = 0; i < schedule.itemDims; ++i)
    count *= tileCount(nest, schedule, schedule.parallelOrder[i]);
  return count;
}

std::string describe(const Nest &nest, const Schedule &schedule) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (unsigned d : llvm::concat<const unsigned>(schedule.parallelOrder, schedule.reductionOrder)) {
    os << d << (nest.reduces[d] ? "r:" : "p:") << nest.sizes[d];
    if (schedule.tile[d] > 1)
      os << "/" << schedule.tile[d];
    os << " ";
  }
  if (schedule.vectorDim >= 0)
    os << "lanes " << schedule.lanes << " of " << schedule.vectorDim << " ";
  os << "items " << itemCount(nest, schedule);
  return text;
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

// What one operation of the body costs on a vector. Products that are added cost nothing of their
// own.
double bodyCost(const Nest &nest) {
  double cost = 0;
  for (Operation &op : nest.body->without_terminator()) {
    if (isa<arith::ConstantOp, linalg::IndexOp>(op))
      continue;
    if (isa<arith::MulFOp>(op) && op.hasOneUse() && isa<arith::AddFOp>(*op.user_begin()))
      cost += kArithmeticCost;
    else if (op.getDialect()->getNamespace() == "math" &&
             !isa<math::AbsFOp, math::SqrtOp, math::FloorOp>(op))
      cost += kMathCallCost;
    else
      cost += kArithmeticCost;
  }
  return std::max(cost, 0.1);
}

unsigned widestElementBytes(const Nest &nest) {
  unsigned bits = 8;
  for (auto *accesses : {&nest.inputs, &nest.outputs})
    for (const Access &access : *accesses)
      // What is the same for all points does not decide the lanes.
      if (llvm::any_of(access.strides, [](int64_t s) { return s != 0; }))
        bits = std::max(bits, access.element.getIntOrFloatBitWidth());
  return std::max(bits / 8, 4u);
}

class Search {
public:
  Search(const Nest &nest, const Processor &processor)
      : nest(nest), processor(processor), operationCost(bodyCost(nest)) {}

  Schedule run() {
    Schedule schedule;
    schedule.tile.assign(nest.rank(), 1);
    best = schedule;
    bestCost = cost(schedule);
    for (unsigned d = 0; d < nest.rank(); ++d) {
      if (nest.reduces[d] && (nest.outputs.size() != 1 || !combiner(nest, 0)))
        continue;
      schedule.vectorDim = d;
      schedule.lanes = processor.lanes(widestElementBytes(nest));
      tryTiles(schedule);
    }
    return best;
  }

private:
  const Nest &nest;
  const Processor &processor;
  double operationCost;
  Schedule best;
  double bestCost;

  int64_t vectorsAlong(const Schedule &s) const {
    return s.vectorDim >= 0 && !nest.reduces[s.vectorDim] ? s.tile[s.vectorDim] / s.lanes : 1;
  }

  void keepIfCheaper(const Schedule &s) {
    double c = cost(s);
    if (c < bestCost)
      best = s, bestCost = c;
  }

  // Register tiles of up to two parallel dimensions beside the vector dimension.
  void tryTiles(Schedule schedule) {
    unsigned v = schedule.vectorDim;
    int64_t most = llvm::divideCeil(nest.sizes[v], schedule.lanes);
    for (int64_t vectors = 1; vectors <= (nest.reduces[v] ? 1 : std::min<int64_t>(4, most));
         ++vectors) {
      schedule.tile.assign(nest.rank(), 1);
      schedule.tile[v] = vectors * schedule.lanes;
      keepIfCheaper(schedule);
      if (!nest.hasReduction())
        continue;
      for (unsigned a = 0; a < nest.rank(); ++a) {
        if (a == v || nest.reduces[a])
          continue;
        for (int64_t i = 2; i <= std::min(kMaxTile, nest.sizes[a]); ++i) {
          if (i * vectors + 1 > processor.registers)
            break;
          schedule.tile[a] = i;
          keepIfCheaper(schedule);
          for (unsigned b = a + 1; b < nest.rank(); ++b) {
            if (b == v || nest.reduces[b])
              continue;
            for (int64_t j = 2; j <= std::min(kMaxTile, nest.sizes[b]); ++j) {
              if (i * j * vectors + 1 > processor.registers)
                break;
              schedule.tile[b] = j;
              keepIfCheaper(schedule);
            }
            schedule.tile[b] = 1;
          }
        }
        schedule.tile[a] = 1;
      }
    }
  }

  // Instructions to fetch one tile of an operand.
  double accessCost(const Access &access, const Schedule &s, double unitCost,
                    int64_t &registers) const {
    int64_t distinct = 1;
    for (unsigned d = 0; d < nest.rank(); ++d)
      if (int(d) != s.vectorDim && access.stride(d) != 0)
        distinct *= s.tile[d];
    if (s.vectorDim < 0)
      return distinct * unitCost;
    int64_t stride = access.stride(s.vectorDim);
    if (stride != 0)
      distinct *= vectorsAlong(s);
    if (stride == 1)
      registers = std::max(registers, distinct);
    return distinct * (stride == 0   ? kBroadcastCost
                       : stride == 1 ? unitCost
                       : stride > 1 && stride <= kLargestShuffledStride && unitCost == kLoadCost
                           ? stride * (kLoadCost + kShuffleCost)
                                     : kGatherCostPerLane * s.lanes);
  }

  double cost(const Schedule &s) const {
    bool vectorReduces = s.vectorReduces(nest);
    int64_t points = vectorsAlong(s), tiles = 1, passes = 1;
    for (unsigned d = 0; d < nest.rank(); ++d) {
      if (nest.reduces[d]) {
        passes *= int(d) == s.vectorDim ? llvm::divideCeil(nest.sizes[d], s.lanes) : nest.sizes[d];
        continue;
      }
      if (int(d) != s.vectorDim)
        points *= s.tile[d];
      tiles *= llvm::divideCeil(nest.sizes[d], s.tile[d]);
    }
    double loads = 0, stores = 0;
    int64_t registers = 0, none = 0;
    for (const Access &access : nest.inputs)
      loads += accessCost(access, s, kLoadCost, registers);
    for (const Access &access : nest.outputs)
      stores += vectorReduces ? points * kStoreCost : accessCost(access, s, kStoreCost, none);
    // The smaller operand of a tile is kept in registers, the other goes through one.
    int64_t accumulators = nest.hasReduction() ? points * nest.outputs.size() : 0;
    if (accumulators > 1 && accumulators + registers + 1 > processor.registers)
      return std::numeric_limits<double>::max();
    double arithmetic = points * operationCost;
    double pass = std::max(arithmetic, loads) + 0.3 * std::min(arithmetic, loads) + kLoopCost;
    if (nest.hasReduction())
      pass = std::max(pass, kLatency);
    double finish = stores + kTileCost + (vectorReduces ? points * kHorizontalCost : 0);
    return tiles * (passes * pass + finish);
  }
};

// Elements of the nest that an access touches: what it weighs in the caches.
int64_t footprint(const Nest &nest, const Access &access) {
  int64_t n = 1;
  for (unsigned d = 0; d < nest.rank(); ++d)
    if (access.stride(d) != 0)
      n *= nest.sizes[d];
  return n;
}

// The dimensions that walk the largest input stand outside, so that it is read once and the smaller
// ones stay in the cache.
void orderLoops(const Nest &nest, Schedule &schedule) {
  const Access *largest = nullptr;
  if (nest.hasReduction())
    for (const Access &access : nest.inputs)
      if (!largest || footprint(nest, access) > footprint(nest, *largest))
        largest = &access;
  for (unsigned d = 0; d < nest.rank(); ++d)
    (nest.reduces[d] ? schedule.reductionOrder : schedule.parallelOrder).push_back(d);
  llvm::stable_sort(schedule.parallelOrder, [&](unsigned a, unsigned b) {
    return largest && (largest->stride(a) != 0) > (largest->stride(b) != 0);
  });
  // Innermost what lies closest together.
  auto farthest = [&](unsigned d) {
    int64_t most = 0;
    for (const Access &access : nest.inputs)
      most = std::max(most, std::abs(access.stride(d)));
    return most;
  };
  llvm::stable_sort(schedule.reductionOrder, [&](unsigned a, unsigned b) { return farthest(a) > farthest(b); });
  if (schedule.vectorReduces(nest)) {
    llvm::erase(schedule.reductionOrder, unsigned(schedule.vectorDim));
    schedule.reductionOrder.push_back(schedule.vectorDim);
  }
}

} // namespace

Schedule chooseSchedule(const Nest &nest, const Processor &processor) {
  Schedule schedule = Search(nest, processor).run();
  orderLoops(nest, schedule);
  while (schedule.itemDims < schedule.parallelOrder.size() && itemCount(nest, schedule) < kItems)
    ++schedule.itemDims;
  return schedule;
}

} // namespace dlc::kernel
