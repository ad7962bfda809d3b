// Tries all blocks that divide a convolution evenly.
#include "compiler/kernel/winograd/tiling.h"
#include "compiler/kernel/plan/cost.h"

using namespace mlir;
using llvm::divideCeil;

namespace dlc::kernel {

constexpr double kRegisterTile = 5;             // steps' worth that entering and leaving one takes
constexpr double kNearRate = 24, kFarRate = 12; // bytes a cycle, within the L2
constexpr double kCallCost = 200;
constexpr double kMostScratch = 2; // L2s; it lies on the stack

// Cycles for a vector of tiles: from pixels to components, and from components to results.
struct TransformCost {
  double make, finish;
};
constexpr TransformCost kThreeTaps = {28, 18}, kFiveTaps = {150, 45};

Tiling::Tiling(const Convolution &conv, const Processor &processor)
    : conv(conv), processor(processor), lanes(processor.lanes(kElementBytes)) {
  rows = divideCeil(conv.sizes[Convolution::H], 2);
  columns = divideCeil(conv.sizes[Convolution::W], 2);
  components = (conv.taps() + 1) * (conv.taps() + 1);
  int64_t out = conv.sizes[Convolution::K];
  panel = out % (2 * lanes) == 0 ? 2 * lanes : out % lanes == 0 ? lanes : out;
}

SmallVector<int64_t> divisors(int64_t n, int64_t unit) {
  SmallVector<int64_t> result;
  for (int64_t d = 1; d <= n; ++d)
    if (n % d == 0 && (d % unit == 0 || d == n))
      result.push_back(d);
  return result;
}

std::optional<Blocks> Tiling::blocks(const Chooser &chooser) const {
  bool isEven = conv.sizes[Convolution::W] % 2 == 0; // else the last column ends in half tiles
  SmallVector<std::array<int64_t, 3>> tiles;
  for (int64_t n : divisors(conv.sizes[Convolution::N]))
    tiles.push_back({n, rows, columns});
  for (int64_t i : divisors(rows))
    if (i < rows)
      tiles.push_back({1, i, columns});
  for (int64_t j : divisors(columns))
    if (isEven && j < columns)
      tiles.push_back({1, 1, j});
  std::optional<Blocks> best;
  double least = 0;
  for (auto [n, i, j] : tiles)
    for (int64_t in : divisors(conv.sizes[Convolution::C], lanes))
      for (int64_t out : divisors(conv.sizes[Convolution::K], panel)) {
        Blocks candidate{n, i, j, in, out};
        if (scratchBytes(candidate) > kMostScratch * processor.l2.bytes)
          continue;
        double cost = chooser.judge(estimate(candidate));
        if (!best || cost < least)
          best = candidate, least = cost;
      }
  return best;
}

double Tiling::scratchBytes(const Blocks &at) const {
  double numbers = double(at.tiles()) * (at.in + at.out);
  if (conv.toFilter)
    numbers += double(at.in) * at.out;
  return numbers * components * kElementBytes;
}

double Tiling::estimate(const Blocks &at) const {
  const TransformCost &transforms = conv.taps() == 3 ? kThreeTaps : kFiveTaps;
  double t = at.tiles(), in = at.in, out = at.out;
  double inBlocks = double(conv.sizes[Convolution::C]) / in;
  double outBlocks = double(conv.sizes[Convolution::K]) / out;
  double tileBlocks = double(conv.sizes[Convolution::N]) * rows * columns / t;
  double summed = conv.toFilter ? t : in, kept = conv.toFilter ? in : t;
  double ofImage = t * in * components * kElementBytes,
         ofResult = t * out * components * kElementBytes,
         ofFilter = in * out * components * kElementBytes;
  double products = components * summed * out / lanes / 2 * divideCeil(kept, 6) * 6 *
                    (1 + kRegisterTile / summed);
  double rate = scratchBytes(at) < 0.8 * processor.l2.bytes ? kNearRate : kFarRate;
  // What is written and read again, beyond what the products hide.
  double moved = 2 * ofImage + 2 * ofResult;
  double cost = 0, items = 0;
  if (conv.toFilter) {
    moved += 2 * ofFilter;
    double step =
        products + (t * in + t * out) / lanes * transforms.make + moved / rate + kCallCost;
    double parts = conv.sizes[Convolution::Part];
    items = parts * inBlocks * outBlocks;
    cost = items * (tileBlocks * step + in * out / lanes * transforms.make);
  } else {
    bool isFilterNear = ofImage + ofResult + inBlocks * outBlocks * ofFilter < processor.l2.bytes;
    if (inBlocks > 1)
      moved += 2 * ofResult;
    double step = products + t * in / lanes * transforms.make + moved / rate +
                  ofFilter / (isFilterNear ? kNearRate : kFarRate) + kCallCost;
    items = tileBlocks * outBlocks;
    cost = items * (inBlocks * step + t * out / lanes * transforms.finish);
  }
  return cost * idleness(items);
}

} // namespace dlc::kernel
