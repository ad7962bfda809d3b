// One tile: its points, the sums of the current block, and what is stored of them.
#include "compiler/kernel/emit/access.h"
#include "compiler/kernel/emit/pieces.h"

using namespace mlir;

namespace dlc::kernel {

// The dimensions of a tile, outermost first: those of the input that has more values, so that
// each goes through one register while the fewer ones of the other are held.
static SmallVector<unsigned> tileOrder(const Cursor &at) {
  const Nest &nest = at.nest;
  SmallVector<unsigned> order(at.schedule.parallelOrder);
  if (at.hasParallelVector()) {
    llvm::erase(order, unsigned(at.schedule.vectorDim));
    order.push_back(at.schedule.vectorDim);
  }
  if (!at.isContraction())
    return order;
  const Access *most = nullptr;
  for (auto [i, access] : llvm::enumerate(nest.inputs))
    if (!nest.body->getArgument(i).use_empty() &&
        (!most || valuesOf(nest, at.schedule, access) > valuesOf(nest, at.schedule, *most)))
      most = &access;
  std::stable_partition(order.begin(), order.end(),
                        [&](unsigned d) { return most->stride(d) != 0; });
  return order;
}

static SmallVector<Point> pointsOf(const Cursor &at) {
  int64_t lanes = at.schedule.vectorDim < 0 ? 1 : int64_t(at.schedule.lanes);
  SmallVector<Point> points{{SmallVector<int64_t>(at.nest.rank(), 0), lanes}};
  for (unsigned d : tileOrder(at)) {
    int64_t step = int(d) == at.schedule.vectorDim ? lanes : 1;
    SmallVector<Point> next;
    for (const Point &point : points)
      for (int64_t i = 0; i < at.extents[d]; i += step) {
        next.push_back(point);
        next.back().offset[d] = i;
        if (step > 1)
          next.back().active = std::min(step, at.extents[d] - i);
      }
    points = std::move(next);
  }
  return points;
}

static bool readsOutputs(const Nest &nest) {
  return llvm::any_of(nest.body->getArguments().drop_front(nest.inputs.size()),
                      [](Value v) { return !v.use_empty(); });
}

void emitTile(Cursor at) {
  const Nest &nest = at.nest;
  SmallVector<Point> points = pointsOf(at);
  at.points = points;
  if (at.frame.prefetch && at.frame.prefetch->isByTile)
    prefetchPart(at);
  prefetchOutputs(at);
  SmallVector<Type> types;
  if (nest.hasReduction() || readsOutputs(nest))
    for (unsigned n = 0; n < points.size() * nest.outputs.size(); ++n)
      types.push_back(vectorType(at, nest.outputs[n % nest.outputs.size()].element));
  Values results = emitReduction(at, starts(at, types));
  if (!nest.epilogue)
    return finish(at, results);
  auto finishAll = [&] {
    if (nest.keepsSums)
      finish(at, results);
    emitEpilogue(at, results);
    return Values();
  };
  if (!at.isLast) {
    finishAll();
    return;
  }
  at.either(at.isLast, TypeRange(), finishAll, [&] {
    finish(at, results);
    return Values();
  });
}

} // namespace dlc::kernel
