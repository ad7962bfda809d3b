// The pass -dlc-bufferize: first what must be copied, then which bytes each tensor gets, at last
// the function over buffers.
#include "compiler/contract/contract.h"
#include "compiler/memory/assign.h"
#include "compiler/memory/bufferize.h"
#include "compiler/passes/passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_BUFFERIZEPASS
#include "compiler/passes/passes.h.inc"

} // namespace dlc

namespace dlc::memory {
namespace {

// An argument that is a result under another name is copied before anything is overwritten.
void copyReturnedArguments(func::FuncOp function, const Layouts &layouts) {
  ImplicitLocOpBuilder b(function.getLoc(), function);
  b.setInsertionPointToStart(&function.front());
  for (OpOperand &operand : function.front().getTerminator()->getOpOperands()) {
    auto argument = dyn_cast<BlockArgument>(rootOf(operand.get()));
    if (!argument)
      continue;
    unsigned number = operand.getOperandNumber();
    auto type = cast<RankedTensorType>(operand.get().getType());
    Allocation from =
        layouts.argument(function.getArgAttrDict(argument.getArgNumber()), argument.getArgNumber());
    if (isWhole(operand.get()) &&
        from == layouts.result(function.getResultAttrDict(number), type, number))
      continue;
    if (Operation *view = operand.get().getDefiningOp())
      b.setInsertionPointAfter(view);
    Value empty = tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
    operand.set(emitCopy(b, b.getLoc(), operand.get(), empty, type).getResult(0));
  }
}

struct BufferizePass : impl::BufferizePassBase<BufferizePass> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions) {
      separateInsertions(function);
      copyScattered(function);
      copyExchanged(function);
    }
    FailureOr<Layouts> layouts = Layouts::of(getOperation());
    if (failed(layouts))
      return signalPassFailure();
    for (func::FuncOp function : functions) {
      copyReturnedArguments(function, *layouts);
      Aliasing aliasing(function);
      FailureOr<Assignment> assignment = assignMemory(function, *layouts, aliasing);
      if (failed(assignment))
        return signalPassFailure();
      bufferize(function, *assignment, aliasing);
    }
  }
};

} // namespace

} // namespace dlc::memory
