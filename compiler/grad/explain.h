// A training step as `step --explain` prints it: which values, by which formulas.
#pragma once

#include "mlir/IR/BuiltinOps.h"

#include <cstdint>
#include <string>
#include <vector>

namespace dlc {

/// A value of the step that is worth a line, as dlc_value in runtime/include/dlc/model.h.
struct TraceValue {
  std::string name;
  std::string formula;
  int kind;  // dlc_value_kind
  int dtype; // dlc_dtype
  std::vector<int64_t> shape;
  int64_t offset; // bytes into the trace
};

struct Trace {
  std::vector<TraceValue> values; // in the order in which they follow from each other
  int64_t bytes = 0;
};

/// Adds `@explain` beside `@step`: it returns every value that has a line, as results of the kind
/// "trace" whose `nn.index` is the value's number. Networks too large to read get none, and an
/// empty trace.
Trace addExplain(mlir::ModuleOp module);

/// The same of a network of any size as text: a line `name = formula` for each value, in the
/// order in which they follow from each other.
std::string describeStep(mlir::ModuleOp module);

} // namespace dlc
