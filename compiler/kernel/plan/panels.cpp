// Which inputs can be packed, and how their panels lie.
#include "compiler/kernel/plan/panels.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;

namespace dlc::kernel {

// The dimension whose tile is a panel's width: the lanes', or one whose neighbours in a tile are
// neighbours in memory and are each read by all lanes.
static std::optional<unsigned> panelDim(const Nest &nest, const Schedule &schedule,
                                        const Access &access) {
  int v = schedule.vectorDim;
  if (v < 0 || nest.reduces[v] || !nest.hasReduction())
    return std::nullopt;
  if (access.stride(v) != 0)
    return v;
  for (unsigned d : schedule.parallelOrder)
    if (access.stride(d) == 1 && schedule.tile[d] > 1)
      return d;
  return std::nullopt;
}

// The axes of an input's dimensions, in the order of `dims`: two share one where they meet in
// memory.
static SmallVector<Panels::Axis> axesOf(const Nest &nest, const Access &access,
                                        ArrayRef<unsigned> dims) {
  SmallVector<Panels::Axis> axes;
  for (unsigned d : dims) {
    int64_t stride = access.stride(d);
    auto meets = [&](const Panels::Axis &axis) {
      return llvm::any_of(axis.dims, [&](unsigned other) {
        auto [less, more] =
            std::minmax({std::pair(stride, d), std::pair(access.stride(other), other)});
        return less.first > 0 && more.first % less.first == 0 &&
               more.first < less.first * nest.sizes[less.second];
      });
    };
    auto axis = llvm::find_if(axes, meets);
    if (axis == axes.end()) {
      axes.push_back({stride, 0, {d}, {}});
      continue;
    }
    axis->dims.push_back(d);
    axis->unit = std::gcd(axis->unit, stride);
  }
  for (Panels::Axis &axis : axes)
    for (unsigned d : axis.dims)
      axis.steps.push_back(access.stride(d) / axis.unit);
  return axes;
}

// Sets the strides of the copy, from its innermost axis outward.
static void setStrides(Panels &panels, const Nest &nest, const Schedule &schedule) {
  auto extent = [&](unsigned d) { return std::min(schedule.block[d], nest.sizes[d]); };
  int64_t width = schedule.tile[panels.across];
  panels.strides.assign(nest.rank(), 0);
  panels.elements = width;
  if (panels.contiguous >= 0) {
    panels.strides[panels.contiguous] = panels.elements;
    panels.elements *= extent(panels.contiguous);
  }
  auto extend = [&](Panels::Axis &axis) {
    axis.stride = panels.elements;
    int64_t positions = 1;
    for (auto [d, step] : llvm::zip(axis.dims, axis.steps)) {
      panels.strides[d] = axis.stride * step;
      positions += (extent(d) - 1) * step;
    }
    panels.elements *= positions;
  };
  // A panel is what the reductions walk over; what only parallel dimensions tell apart lies
  // outside.
  auto isReduced = [&](const Panels::Axis &axis) {
    return llvm::any_of(axis.dims, [&](unsigned d) { return nest.reduces[d]; });
  };
  auto outside = std::stable_partition(panels.axes.begin(), panels.axes.end(), isReduced);
  for (auto axis = panels.axes.begin(); axis != outside; ++axis)
    extend(*axis);
  // Rows are copied by whole vectors: the last one reaches beyond its panel.
  if (width % schedule.lanes != 0)
    panels.elements = llvm::alignTo(panels.elements + schedule.lanes, width);
  panels.strides[panels.across] = panels.elements / width;
  panels.elements *= llvm::divideCeil(extent(panels.across), width);
  for (auto axis = outside; axis != panels.axes.end(); ++axis)
    extend(*axis);
  std::reverse(panels.axes.begin(), panels.axes.end());
}

// Whether rows of squares of a reduced dimension do not straddle its blocks.
static bool hasWholeSquares(const Nest &nest, const Schedule &schedule, unsigned dim) {
  return schedule.block[dim] >= nest.sizes[dim] || schedule.block[dim] % schedule.lanes == 0;
}

std::optional<Panels> panelsOf(const Nest &nest, const Schedule &schedule, unsigned input) {
  const Access &access = nest.inputs[input];
  std::optional<unsigned> across = panelDim(nest, schedule, access);
  if (!across)
    return std::nullopt;
  Panels panels;
  panels.across = *across;
  if (access.stride(*across) != 1) {
    auto isContiguous = [&](unsigned d) { return access.stride(d) == 1; };
    auto contiguous = llvm::find_if(schedule.reductionOrder, isContiguous);
    if (contiguous == schedule.reductionOrder.end() ||
        !hasWholeSquares(nest, schedule, *contiguous))
      return std::nullopt;
    panels.contiguous = *contiguous;
  }
  SmallVector<unsigned> dims; // the innermost first
  for (unsigned d : llvm::concat<const unsigned>(schedule.parallelOrder, schedule.reductionOrder))
    if (d != *across && int(d) != panels.contiguous && access.stride(d) != 0)
      dims.insert(dims.begin(), d);
  panels.axes = axesOf(nest, access, dims);
  setStrides(panels, nest, schedule);
  return panels;
}

} // namespace dlc::kernel
