// What accumulators begin with, and how they come back to memory: a sum in blocks goes on from what
// the block before has stored.
#include "compiler/kernel/emit/access.h"
#include "compiler/kernel/emit/pieces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace dlc::kernel {

static Value start(const Cursor &at, unsigned output, const Point &point, bool resumes) {
  const Nest &nest = at.nest;
  if (at.schedule.vectorReduces(nest))
    return constant(at, arith::getNeutralElement(combiner(nest, output)).value());
  if (TypedAttr value = nest.starts[output]; value && !resumes)
    return constant(at, value);
  return load(at, nest.inputs.size() + output, point);
}

Values starts(const Cursor &at, ArrayRef<Type> types) {
  auto all = [&](bool resumes) {
    Values values;
    for (const Point &point : at.points)
      for (unsigned i = 0; i < at.nest.outputs.size() && !types.empty(); ++i)
        values.push_back(start(at, i, point, resumes));
    return values;
  };
  if (!at.isFirst)
    return all(false);
  return at.either(at.isFirst, types, [&] { return all(false); }, [&] { return all(true); });
}

static Value overLanes(const Cursor &at, unsigned output, Value value) {
  Operation *combine = combiner(at.nest, output);
  auto kind = isa<arith::MaxSIOp>(combine)      ? vector::CombiningKind::MAXSI
              : isa<arith::MaximumFOp>(combine) ? vector::CombiningKind::MAXIMUMF
              : isa<arith::MaxNumFOp>(combine)  ? vector::CombiningKind::MAXNUMF
                                                : vector::CombiningKind::ADD;
  return vector::ReductionOp::create(at.b, kind, value, arith::FastMathFlags::reassoc);
}

// The lanes of a sum began at the neutral element: what it starts from, or what the blocks before
// have stored, comes in now.
static Value resumed(const Cursor &at, unsigned output, const Point &point, Value value) {
  Operation *combine = combiner(at.nest, output);
  TypedAttr from = at.nest.starts[output];
  auto after = [&](Value previous) -> Value {
    Operation *op = at.b.clone(*combine);
    op->setOperands({previous, value});
    return op->getResult(0);
  };
  auto afterStored = [&] {
    unsigned n = at.nest.inputs.size() + output;
    return after(memref::LoadOp::create(at.b, at.streams[n].buffer, positionOf(at, n, point)));
  };
  auto afterStart = [&] {
    bool isNeutral = from == arith::getNeutralElement(combine).value();
    return isNeutral ? value : after(arith::ConstantOp::create(at.b, from));
  };
  if (!from)
    return afterStored();
  if (!at.isFirst)
    return afterStart();
  return at.either(
      at.isFirst, value.getType(), [&] { return Values{afterStart()}; },
      [&] { return Values{afterStored()}; })[0];
}

void finish(const Cursor &at, const Values &results) {
  unsigned outputs = at.nest.outputs.size();
  for (auto [n, point] : llvm::enumerate(at.points))
    for (unsigned i = 0; i < outputs; ++i) {
      Value value = results[n * outputs + i];
      if (at.schedule.vectorReduces(at.nest))
        value = resumed(at, i, point, overLanes(at, i, value));
      store(at, at.nest.inputs.size() + i, point, value);
    }
}

} // namespace dlc::kernel
