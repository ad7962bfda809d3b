// Whether compiled functions compute what the evaluator does.
#include "compiler/interp/evaluate.h"
#include "compiler/nn/nn.h"
#include "compiler/tools/compiled.h"
#include "compiler/tools/op_test.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using dlc::interp::Tensor;

namespace dlc::tools {

namespace {

int64_t countOf(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }
int64_t sizeOf(Value value, int64_t axis) {
  return cast<RankedTensorType>(value.getType()).getDimSize(axis);
}

/// How many terms the operation adds up for one element of its result.
int64_t reductionLength(Operation *op) {
  return llvm::TypeSwitch<Operation *, int64_t>(op)
      .Case([](nn::MatmulOp op) { return op.getA().getType().getShape().back(); })
      .Case([](nn::Conv2dOp op) { return countOf(op.getW()) / sizeOf(op.getW(), 0); })
      .Case([](nn::Conv2dGradInputOp op) { return countOf(op.getW()) / sizeOf(op.getW(), 1); })
      .Case([](nn::Conv2dGradWeightOp op) { return countOf(op.getDy()) / sizeOf(op.getDy(), 1); })
      .Case([](nn::ReduceSumOp op) { return countOf(op.getX()) / countOf(op.getY()); })
      .Case<nn::AvgPool2dOp, nn::AvgPool2dGradOp>(
          [](auto op) { return op.getKernel()[0] * op.getKernel()[1]; })
      .Default([](Operation *) { return 1; });
}

bool isSingle(Type type) { return getElementTypeOrSelf(type).isF32(); }

/// The relative (and, near zero, absolute) difference that rounding may make.
double toleranceOf(func::FuncOp compiled) {
  constexpr double kSingle = 1e-5, kDouble = 1e-12;
  bool single = llvm::any_of(compiled.getArgumentTypes(), isSingle) ||
                llvm::any_of(compiled.getResultTypes(), isSingle);
  int64_t terms = 1;
  compiled.walk([&](Operation *op) {
    int64_t turns = 1; // of the loops around it: what they carry adds up
    for (auto loop = op->getParentOfType<nn::LoopOp>(); loop;
         loop = loop->getParentOfType<nn::LoopOp>())
      turns *= loop.getCount();
    terms = std::max(terms, turns * reductionLength(op));
  });
  return (single ? kSingle : kDouble) * std::sqrt(double(terms));
}

bool isClose(double found, double want, double tolerance) {
  return found == want || (std::isnan(found) && std::isnan(want)) ||
         std::fabs(found - want) <= tolerance * (1 + std::fabs(want));
}

} // namespace

LogicalResult testCompiled(func::FuncOp function, Compiled &code, func::FuncOp compiled) {
  std::vector<std::vector<Tensor>> trials = {randomArguments(function)};
  if (hasValues(function))
    trials.push_back(statedArguments(function));

  double tolerance = toleranceOf(compiled);
  for (std::vector<Tensor> &arguments : trials) {
    for (auto [argument, type] : llvm::zip_equal(arguments, compiled.getArgumentTypes()))
      argument = rounded(std::move(argument), type);
    auto wanted = interp::evaluate(function, arguments);
    auto found = code.run(compiled, arguments);
    if (failed(wanted) || failed(found))
      return failure();
    for (auto [i, want] : llvm::enumerate(*wanted))
      for (int64_t k = 0; k < want.size(); ++k)
        if (!isClose((*found)[i].numbers[k], want.numbers[k], tolerance))
          return function.emitError()
                 << "compiled as " << compiled.getFunctionType() << ": result " << i << " at "
                 << describeElement(k, want) << " is " << describeNumber((*found)[i].numbers[k])
                 << ", the evaluator gives " << describeNumber(want.numbers[k]);
  }
  return success();
}

} // namespace dlc::tools
