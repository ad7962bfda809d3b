// The reference evaluator of `nn`.
#include "compiler/interp/evaluate.h"

#include "compiler/interp/operations.h"

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

bool canEvaluate(StringRef op) { return op == "constant" || evaluationOf(op); }

FailureOr<std::vector<Tensor>> evaluate(func::FuncOp function, ArrayRef<Tensor> arguments) {
  DenseMap<Value, Tensor> values;
  for (auto [argument, tensor] : llvm::zip_equal(function.getArguments(), arguments))
    values[argument] = tensor;

  for (Operation &op : function.getBody().front()) {
    if (auto results = dyn_cast<func::ReturnOp>(op)) {
      std::vector<Tensor> tensors;
      for (Value result : results.getOperands())
        tensors.push_back(values.at(result));
      return tensors;
    }
    if (auto numbers = op.getAttrOfType<DenseElementsAttr>("value")) {
      values[op.getResult(0)] = toTensor(numbers);
      continue;
    }
    Evaluation evaluation = evaluationOf(op.getName().stripDialect());
    if (!evaluation)
      return op.emitError() << "the evaluator does not know `" << op.getName() << "`", failure();
    SmallVector<const Tensor *> operands;
    for (Value operand : op.getOperands())
      operands.push_back(&values.at(operand));
    auto type = cast<RankedTensorType>(op.getResult(0).getType());
    Tensor result = evaluation({&op, operands, type.getShape().vec()});
    values[op.getResult(0)] = std::move(result);
  }
  return function.emitError("has no return"), failure();
}

} // namespace dlc::interp
