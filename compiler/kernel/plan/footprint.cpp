// Runs of neighbouring lines, and the sets of a cache that they reach.
#include "compiler/kernel/plan/footprint.h"
#include "compiler/target/processor.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <numeric>

using namespace mlir;
using llvm::divideCeil;

namespace dlc::kernel {

constexpr int64_t kShortGap = 128; // bytes: where every second line is wanted, all of them come
constexpr double kRunBytes = 128;  // what could have come while a run of neighbours began

static void sortByStride(SmallVectorImpl<Traversal::Step> &steps) {
  llvm::sort(steps, [](const auto &a, const auto &b) { return a.stride < b.stride; });
}

Traversal::Traversal(ArrayRef<int64_t> strides, Type element)
    : elementBytes(element.getIntOrFloatBitWidth() / 8) {
  for (auto [d, stride] : llvm::enumerate(strides))
    if (stride != 0)
      steps.push_back({std::abs(stride), unsigned(d)});
  sortByStride(steps);
}

void Traversal::cut(unsigned across, int64_t panelWidth) {
  width = panelWidth;
  for (Step &step : steps)
    if (step.dim == across) {
      Step panels{step.stride * width, across, Step::Panels};
      step = {1, across, Step::Across};
      steps.push_back(panels);
      return sortByStride(steps);
    }
}

int64_t Traversal::extent(const Step &step, ArrayRef<int64_t> extents) const {
  int64_t points = extents[step.dim];
  return step.of == Step::Points   ? points
         : step.of == Step::Across ? std::min(width, points)
                                   : divideCeil(points, width);
}

Footprint footprint(const Traversal &traversal, ArrayRef<int64_t> extents, int64_t sets) {
  int64_t elementBytes = traversal.elementBytes;
  // Runs of neighbours, repeated at larger and larger distances; steps that overlap or nearly meet
  // make one.
  SmallVector<std::pair<int64_t, int64_t>, 8> runs{{1, 1}};
  for (const Traversal::Step &step : traversal.steps) {
    int64_t stride = step.stride, extent = traversal.extent(step, extents);
    if (extent <= 1)
      continue;
    auto &[unit, count] = runs.back();
    if (stride <= unit * count || (unit == 1 && stride * elementBytes <= kShortGap))
      count += (extent - 1) * stride / unit;
    else
      runs.push_back({stride, extent});
  }
  double lines = divideCeil(runs[0].second * elementBytes, kCacheLine);
  double reached = std::min<double>(lines, sets);
  for (auto [stride, count] : ArrayRef(runs).drop_front()) {
    lines *= count;
    int64_t apart = std::max<int64_t>(1, stride * elementBytes / kCacheLine);
    int64_t within = stride * elementBytes % kCacheLine ? sets : sets / std::gcd(apart, sets);
    reached = std::min<double>(sets, reached * std::min(count, within));
  }
  double unreached = std::min<double>(sets, lines) / reached;
  // Sets that are not reached are lost, but pages lie anywhere, and replacement is not strictly by
  // age: the power 3/4.
  double waste = unreached > 1 ? std::sqrt(unreached * std::sqrt(unreached)) : 1;
  double run = std::max<double>(kCacheLine, runs[0].second * elementBytes);
  return {lines * kCacheLine, run, lines * kCacheLine * waste, lines / reached};
}

double Footprint::scatter() const { return 1 + kRunBytes / run; }

} // namespace dlc::kernel
