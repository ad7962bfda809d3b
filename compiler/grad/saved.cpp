// What a loop saves of its turns for the loop of its gradient.
#include "compiler/grad/saved.h"
#include "compiler/nn/loops.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace dlc::grad {
namespace {

/// Whether its result is quicker made again than stored.
bool isCheap(Operation *op) {
  return isa<nn::ConstantOp, nn::BroadcastOp, nn::ReshapeOp, nn::TransposeOp>(op);
}

class Saver {
public:
  Saver(Block &block, nn::LoopOp loop)
      : block(block), loop(loop), begin(OpBuilder::atBlockBegin(&block)) {}

  void run() {
    SmallVector<OpOperand *> uses;
    for (Operation &op : block)
      op.walk([&](Operation *inner) {
        for (OpOperand &operand : inner->getOpOperands())
          if (operand.get().getParentBlock() == &loop.getBlock())
            uses.push_back(&operand);
      });
    for (OpOperand *use : uses)
      use->set(here(use->get()));
  }

  SmallVector<Value> slices; // that the block takes now
  SmallVector<Value> saved;  // of the loop's block, to be stacked: the slices after those

private:
  /// The value of the turn, in the other block.
  Value here(Value value) {
    if (value.getParentBlock() != &loop.getBlock())
      return value;
    if (Value known = made.lookup(value))
      return known;
    Value result;
    if (Operation *op = value.getDefiningOp(); op && isCheap(op)) {
      IRMapping operands;
      for (Value operand : op->getOperands())
        operands.map(operand, here(operand));
      result = begin.clone(*op, operands)->getResult(0);
    } else if (!op && cast<BlockArgument>(value).getArgNumber() >= loop.getInits().size()) {
      unsigned number = cast<BlockArgument>(value).getArgNumber() - loop.getInits().size();
      result = block.addArgument(value.getType(), value.getLoc());
      slices.push_back(loop.getSlices()[number]);
    } else {
      result = block.addArgument(value.getType(), value.getLoc());
      slices.push_back(Value()); // of what is saved next
      saved.push_back(value);
    }
    made[value] = result;
    return result;
  }

  Block &block;
  nn::LoopOp loop;
  OpBuilder begin;
  DenseMap<Value, Value> made;
};

/// The loop, with `saved` stacked besides.
nn::LoopOp stacking(nn::LoopOp loop, ArrayRef<Value> saved, DenseSet<Value> &active) {
  SmallVector<bool> wasActive;
  for (Value result : loop.getResults())
    wasActive.push_back(active.erase(result));
  IRRewriter rewriter(loop.getContext());
  nn::LoopOp wide = nn::widened(loop, {}, saved, rewriter);
  for (auto [result, isActive] : llvm::zip(wide.getResults(), wasActive))
    if (isActive)
      active.insert(result);
  return wide;
}

} // namespace

nn::LoopOp saveFor(Block &block, nn::LoopOp loop, SmallVectorImpl<Value> &slices,
                   DenseSet<Value> &active) {
  Saver saver(block, loop);
  saver.run();
  size_t stacked = loop.getNumResults();
  if (!saver.saved.empty())
    loop = stacking(loop, saver.saved, active);
  for (Value slice : saver.slices)
    slices.push_back(slice ? slice : Value(loop.getResult(stacked++)));
  return loop;
}

} // namespace dlc::grad
