// The reference evaluator of `nn`.
#include "compiler/interp/evaluate.h"

#include "compiler/interp/operations.h"
#include "compiler/nn/nn.h"

using namespace mlir;

namespace dlc::interp {

Tensor toTensor(DenseElementsAttr numbers) {
  Tensor tensor(numbers.getType().getShape().vec());
  if (isa<FloatType>(numbers.getElementType())) {
    for (auto [i, number] : llvm::enumerate(numbers.getValues<APFloat>()))
      tensor.numbers[i] = number.convertToDouble();
  } else {
    bool isBool = numbers.getElementType().isInteger(1);
    for (auto [i, number] : llvm::enumerate(numbers.getValues<APInt>()))
      tensor.numbers[i] = isBool ? double(number.getZExtValue()) : double(number.getSExtValue());
  }
  return tensor;
}

bool canEvaluate(StringRef op) {
  return op == "constant" || op == "loop" || op == "guard" || evaluationOf(op);
}

namespace {

/// One run of a function.
class Run {
public:
  std::vector<Tensor> valuesOf(ValueRange list) const {
    std::vector<Tensor> tensors;
    for (Value value : list)
      tensors.push_back(values.at(value));
    return tensors;
  }
  void set(ValueRange list, ArrayRef<Tensor> tensors) {
    for (auto [value, tensor] : llvm::zip_equal(list, tensors))
      values[value] = tensor;
  }

  /// Whether it came to the block's end: a guard may end a turn before.
  FailureOr<bool> run(Block &block) {
    for (Operation &op : block.without_terminator())
      if (auto guard = dyn_cast<nn::GuardOp>(op)) {
        if (llvm::none_of(values.at(guard.getMask()).numbers, [](double n) { return n != 0; }))
          return false;
      } else if (failed(run(op))) {
        return failure();
      }
    return true;
  }

private:
  LogicalResult run(Operation &op) {
    if (auto loop = dyn_cast<nn::LoopOp>(op))
      return run(loop);
    if (auto numbers = op.getAttrOfType<DenseElementsAttr>("value")) {
      values[op.getResult(0)] = toTensor(numbers);
      return success();
    }
    Evaluation evaluation = evaluationOf(op.getName().stripDialect());
    if (!evaluation)
      return op.emitError() << "the evaluator does not know `" << op.getName() << "`";
    for (OpResult result : op.getResults()) {
      SmallVector<const Tensor *> operands;
      for (Value operand : op.getOperands())
        operands.push_back(&values.at(operand));
      auto type = cast<RankedTensorType>(result.getType());
      Tensor tensor = evaluation({&op, operands, type.getShape().vec(), result.getResultNumber()});
      values[result] = std::move(tensor);
    }
    return success();
  }

  LogicalResult run(nn::LoopOp loop) {
    set(loop.getCarriedArguments(), valuesOf(loop.getInits()));
    std::vector<Tensor> stacked;
    for (Value value : loop.getStacked())
      stacked.emplace_back(cast<RankedTensorType>(value.getType()).getShape().vec());
    int64_t count = loop.getCount();
    for (int64_t turn = 0; turn < count; ++turn) {
      int64_t place = loop.getReversed() ? count - 1 - turn : turn;
      for (auto [slices, slice] : llvm::zip(loop.getSlices(), loop.getSliceArguments())) {
        Tensor part(cast<RankedTensorType>(slice.getType()).getShape().vec());
        auto begin = values.at(slices).numbers.begin() + place * part.size();
        part.numbers.assign(begin, begin + part.size());
        values[slice] = std::move(part);
      }
      FailureOr<bool> isWhole = run(loop.getBlock());
      if (failed(isWhole))
        return failure();
      if (!*isWhole)
        continue;
      for (auto [whole, value] : llvm::zip(stacked, loop.getStackedOperands()))
        llvm::copy(values.at(value).numbers,
                   whole.numbers.begin() + place * values.at(value).size());
      set(loop.getCarriedArguments(), valuesOf(loop.getNext()));
    }
    set(loop.getFinal(), valuesOf(loop.getCarriedArguments()));
    set(loop.getStacked(), stacked);
    return success();
  }

  DenseMap<Value, Tensor> values;
};

} // namespace

FailureOr<std::vector<Tensor>> evaluate(func::FuncOp function, ArrayRef<Tensor> arguments) {
  Run run;
  Block &block = function.getBody().front();
  run.set(block.getArguments(), arguments);
  if (failed(run.run(block)))
    return failure();
  return run.valuesOf(block.getTerminator()->getOperands());
}

} // namespace dlc::interp
