// The scalar body of a nest for all points of a tile, on vectors.
#include "compiler/kernel/emit/access.h"
#include "compiler/kernel/emit/pieces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace dlc::kernel {

namespace {

// The inputs' elements for the points of a tile; each is fetched once.
class Loaded {
public:
  explicit Loaded(const Cursor &at) : at(at) {}

  Value value(unsigned input, const Point &point) {
    if (Value known = slot(input, point))
      return known;
    if (std::optional<unsigned> rows = squareDim(at.nest, at.schedule, at.nest.inputs[input]))
      for (auto [row, column] : llvm::enumerate(loadSquare(at, input, *rows, point))) {
        Point other = point;
        other.offset[*rows] = row;
        slot(input, other) = column;
      }
    else
      slot(input, point) = load(at, input, point);
    return slot(input, point);
  }

private:
  const Cursor &at;
  std::map<std::tuple<unsigned, int64_t, int64_t>, Value> values;

  Value &slot(unsigned input, const Point &point) {
    return values[{input, distance(at, input, point), point.active}];
  }
};

} // namespace

static Value indexValue(const Cursor &at, unsigned dim, const Point &point) {
  Value first = at.plus(at.ivs[dim], point.offset[dim]);
  if (at.schedule.vectorDim < 0)
    return first;
  Value all = vector::BroadcastOp::create(at.b, vectorType(at, at.b.getIndexType()), first);
  if (int(dim) != at.schedule.vectorDim)
    return all;
  return arith::AddIOp::create(at.b, all, lanesTimes(at, 1));
}

void emitOperation(const Cursor &at, Operation &op, const Point &point, IRMapping &values) {
  if (auto literal = dyn_cast<arith::ConstantOp>(op)) {
    values.map(literal.getResult(), constant(at, literal.getValue()));
    return;
  }
  if (auto position = dyn_cast<linalg::IndexOp>(op)) {
    values.map(position.getResult(), indexValue(at, position.getDim(), point));
    return;
  }
  Operation *copy = at.b.clone(op, values);
  for (auto [result, original] : llvm::zip(copy->getResults(), op.getResults())) {
    result.setType(vectorType(at, original.getType()));
    values.map(original, result);
  }
  // Products and sums may become one multiply-add.
  if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(copy))
    copy->setAttr("fastmath",
                  arith::FastMathFlagsAttr::get(at.b.getContext(), arith::FastMathFlags::contract));
}

Values emitBody(const Cursor &at, const Values &accumulators) {
  const Nest &nest = at.nest;
  if (at.frame.prefetch && !at.frame.prefetch->isByTile)
    prefetchPart(at);
  prefetchAccesses(at);
  Loaded loaded(at);
  Values results;
  unsigned inputs = nest.inputs.size(), outputs = nest.outputs.size();
  bool vectorReduces = at.schedule.vectorReduces(nest);
  for (auto [n, reference] : llvm::enumerate(at.points)) {
    Point point = reference;
    if (vectorReduces)
      point.active = at.active;
    IRMapping values;
    for (auto [i, argument] : llvm::enumerate(nest.body->getArguments()))
      if (!argument.use_empty())
        values.map(argument,
                   i < inputs ? loaded.value(i, point) : accumulators[n * outputs + i - inputs]);
    for (Operation &op : nest.body->without_terminator())
      emitOperation(at, op, point, values);
    for (unsigned i = 0; i < outputs; ++i) {
      Value value = values.lookup(nest.body->getTerminator()->getOperand(i));
      if (vectorReduces && at.active < at.schedule.lanes)
        value = arith::SelectOp::create(at.b, mask(at, at.active), value,
                                        accumulators[n * outputs + i]);
      results.push_back(value);
    }
  }
  return results;
}

} // namespace dlc::kernel
