// What is done to each sum of products before it is stored.
#include "compiler/kernel/emit/access.h"
#include "compiler/kernel/emit/pieces.h"

using namespace mlir;

namespace dlc::kernel {

void emitEpilogue(const Cursor &at, const Values &sums) {
  const Nest &nest = at.nest;
  unsigned inputs = nest.inputs.size() + nest.outputs.size(),
           outputs = inputs + nest.epilogueInputs.size();
  std::map<std::tuple<unsigned, int64_t, int64_t>, Value> loaded; // each element is fetched once
  for (auto [point, sum] : llvm::zip_equal(at.points, sums)) {
    IRMapping values;
    for (auto [i, argument] : llvm::enumerate(nest.epilogue->getArguments())) {
      if (argument.use_empty())
        continue;
      if (i == nest.epilogueSum) {
        values.map(argument, sum);
        continue;
      }
      Value &value = loaded[{unsigned(i), distance(at, inputs + i, point), point.active}];
      if (!value)
        value = load(at, inputs + i, point);
      values.map(argument, value);
    }
    for (Operation &op : nest.epilogue->without_terminator())
      emitOperation(at, op, point, values);
    for (auto [i, result] : llvm::enumerate(nest.epilogue->getTerminator()->getOperands()))
      store(at, outputs + i, point, values.lookup(result));
  }
}

} // namespace dlc::kernel
