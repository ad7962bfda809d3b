// The reverse sweep over a block of `nn` operations, and over the blocks of its loops.
#include "compiler/grad/sweep.h"
#include "compiler/grad/saved.h"

#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace dlc::grad {

// --- what depends on the targets -------------------------------------------------------------

namespace {

bool isReal(Value value) { return isa<FloatType>(getElementTypeOrSelf(value.getType())); }

/// Whether `to` becomes active, because `from` is.
bool pass(Value from, Value to, DenseSet<Value> &active) {
  return isReal(to) && active.contains(from) && active.insert(to).second;
}

void activateLoop(nn::LoopOp loop, DenseSet<Value> &active) {
  for (auto [init, carried] : llvm::zip(loop.getInits(), loop.getCarriedArguments()))
    pass(init, carried, active);
  for (auto [slices, slice] : llvm::zip(loop.getSlices(), loop.getSliceArguments()))
    pass(slices, slice, active);
  bool grows = true;
  while (grows) {
    activate(loop.getBlock(), active);
    grows = false;
    for (auto [next, carried] : llvm::zip(loop.getNext(), loop.getCarriedArguments()))
      grows |= pass(next, carried, active);
  }
  for (auto [carried, result] : llvm::zip(loop.getCarriedArguments(), loop.getFinal()))
    pass(carried, result, active);
  for (auto [value, stacked] : llvm::zip(loop.getStackedOperands(), loop.getStacked()))
    pass(value, stacked, active);
}

} // namespace

void activate(Block &block, DenseSet<Value> &active) {
  for (Operation &op : block) {
    if (auto loop = dyn_cast<nn::LoopOp>(op)) {
      activateLoop(loop, active);
      continue;
    }
    if (isa<nn::StopGradientOp>(op))
      continue;
    for (Value operand : op.getOperands())
      for (Value result : op.getResults())
        pass(operand, result, active);
  }
}

void eraseUnused(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

// --- the sweep -------------------------------------------------------------------------------

void Sweep::add(Value value, Value gradient) {
  Value &sum = gradients[value];
  sum =
      sum ? nn::AddOp::create(builder, nn::withName(value.getLoc(), ""), sum, gradient) : gradient;
}

LogicalResult Sweep::backwards(Operation *last) {
  for (Operation *op = last, *before = nullptr; op; op = before) {
    before = op->getPrevNode(); // a loop that saves values is replaced
    if (failed(apply(op)))
      return failure();
  }
  return success();
}

Value Sweep::finished(Value value) {
  Value gradient = gradients.lookup(value);
  StringRef name = nn::nameOf(value);
  if (gradient && !name.empty())
    nn::addName(gradient, ("d(" + name + ")").str());
  return gradient;
}

Value Sweep::zero(OpBuilder &place, Value like) const {
  return nn::constant(place, nn::withName(like.getLoc(), ""),
                      cast<RankedTensorType>(like.getType()), 0);
}

LogicalResult Sweep::apply(Operation *op) {
  SmallVector<Value> dy;
  for (Value y : op->getResults())
    dy.push_back(active.contains(y) ? finished(y) : Value());
  if (llvm::none_of(dy, [](Value gradient) { return bool(gradient); }))
    return success();
  if (auto loop = dyn_cast<nn::LoopOp>(op))
    return apply(loop, dy);
  auto differentiable = dyn_cast<Differentiable>(op);
  if (!differentiable)
    return op->emitError() << "`" << op->getName() << "` has no gradient rule";
  Formula formula(builder, nn::withName(op->getLoc(), ""));
  Gradients all = differentiable.gradients(formula, dy);
  for (auto [x, dx] : llvm::zip_equal(op->getOperands(), all)) {
    if (!active.contains(x))
      continue;
    if (dx.isRefused())
      return op->emitError() << "`" << op->getName()
                             << "` cannot be differentiated here: " << dx.refusal();
    if (dx.get())
      add(x, dx.get());
  }
  return success();
}

// --- loops -----------------------------------------------------------------------------------

// The gradient of a loop is a loop that runs the other way. It carries the gradients of the carried
// values, and of each value from around the loop the sum over the turns so far. Its slices are the
// gradients of what was stacked, and what of each turn it needs to know (saved.h); it stacks the
// gradients of the slices.
LogicalResult Sweep::apply(nn::LoopOp loop, ArrayRef<Value> dy) {
  Location location = nn::withName(loop.getLoc(), "");
  size_t carriedCount = loop.getInits().size();
  // What it carries and takes is known when its block stands, which is made within another loop.
  auto scaffold = nn::LoopOp::create(builder, location, TypeRange(), ValueRange(), ValueRange(),
                                     loop.getCount(), !loop.getReversed());
  Block *block = &scaffold.getBody().emplaceBlock();
  auto inside = OpBuilder::atBlockEnd(block);
  Sweep sweep(inside, active);

  SmallVector<Value> inits, slices;
  SmallVector<unsigned> carried;
  for (auto [i, argument] : llvm::enumerate(loop.getCarriedArguments())) {
    if (!active.contains(argument))
      continue;
    carried.push_back(i);
    inits.push_back(dy[i] ? dy[i] : zero(builder, argument));
    Value gradient = block->addArgument(argument.getType(), location);
    if (active.contains(loop.getNext()[i]))
      sweep.add(loop.getNext()[i], gradient);
  }
  for (auto [value, gradients] : llvm::zip(loop.getStackedOperands(), dy.drop_front(carriedCount)))
    if (gradients) {
      slices.push_back(gradients);
      sweep.add(value, block->addArgument(value.getType(), location));
    }
  if (failed(sweep.backwards(loop.getBlock().getTerminator()->getPrevNode())))
    return failure();

  SmallVector<Value> next;
  for (unsigned i : carried) {
    Value argument = loop.getCarriedArguments()[i], gradient = sweep.finished(argument);
    next.push_back(gradient ? gradient : zero(inside, argument));
  }
  SetVector<Value> around;
  getUsedValuesDefinedAbove(loop.getBody(), around);
  SmallVector<Value> captured;
  for (Value value : around) {
    Value gradient = sweep.reached(value);
    if (!gradient)
      continue;
    captured.push_back(value);
    inits.push_back(zero(builder, value));
    Value sum = block->insertArgument(next.size(), value.getType(), location);
    next.push_back(nn::AddOp::create(inside, location, sum, gradient));
  }
  SmallVector<Value> yielded = next, differentiated;
  for (auto [whole, slice] : llvm::zip(loop.getSlices(), loop.getSliceArguments()))
    if (Value gradient = sweep.finished(slice)) {
      differentiated.push_back(whole);
      yielded.push_back(gradient);
    }
  nn::YieldOp::create(inside, location, yielded);
  eraseUnused(*block);
  // Where the turn changed nothing, gradients do not either.
  if (nn::GuardOp guard = loop.getGuard()) {
    inside.setInsertionPointToStart(block);
    nn::GuardOp::create(inside, location, guard.getMask());
  }
  loop = saveFor(*block, loop, slices, active);

  SmallVector<Type> types;
  for (Value value : inits)
    types.push_back(value.getType());
  for (Value value : differentiated)
    types.push_back(value.getType());
  auto backward = nn::LoopOp::create(builder, location, types, inits, slices, loop.getCount(),
                                     !loop.getReversed());
  backward.getBody().takeBody(scaffold.getBody());
  scaffold.erase();
  for (auto [i, gradient] : llvm::zip(carried, backward.getFinal()))
    if (active.contains(loop.getInits()[i]))
      add(loop.getInits()[i], gradient);
  for (auto [value, gradient] :
       llvm::zip_equal(captured, backward.getFinal().drop_front(carried.size())))
    add(value, gradient);
  for (auto [value, gradient] : llvm::zip_equal(differentiated, backward.getStacked()))
    add(value, gradient);
  return success();
}

} // namespace dlc::grad
