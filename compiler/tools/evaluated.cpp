// A function of `nn` operations by the evaluator, for programs in other languages.
#include "compiler/tools/evaluated.h"

#include "compiler/interp/evaluate.h"

#include <cstdio>

using namespace mlir;
using dlc::interp::Tensor;

namespace dlc::tools {

LogicalResult evaluateStandardInput(ModuleOp module, StringRef name) {
  auto function = module.lookupSymbol<func::FuncOp>(name);
  if (!function)
    return module.emitError() << "has no function `" << name << "`";
  std::vector<Tensor> arguments;
  for (Type type : function.getArgumentTypes()) {
    Tensor &tensor = arguments.emplace_back(cast<RankedTensorType>(type).getShape().vec());
    if (std::fread(tensor.numbers.data(), sizeof(double), tensor.numbers.size(), stdin) !=
        tensor.numbers.size())
      return function.emitError("needs more numbers than there are");
  }
  if (std::fgetc(stdin) != EOF)
    return function.emitError("needs fewer numbers than there are");
  auto results = interp::evaluate(function, arguments);
  if (failed(results))
    return failure();
  for (const Tensor &tensor : *results)
    std::fwrite(tensor.numbers.data(), sizeof(double), tensor.numbers.size(), stdout);
  return success(std::fflush(stdout) == 0);
}

} // namespace dlc::tools
