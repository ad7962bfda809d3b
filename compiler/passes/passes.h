// The passes of the compiler, as passes.td declares them: a function `create…Pass` for each.
#pragma once
#include "compiler/target/processor.h"
#include "mlir/Pass/Pass.h"

namespace dlc {

/// Which nests `dlc-group` takes together.
struct GroupLimits {
  int64_t leastBytes = 4 << 20; // that they hand on: fewer stay in a cache
  int64_t fewestParts = 8;      // even work for 2, 4 and 8 threads
};

#define GEN_PASS_DECL
#include "compiler/passes/passes.h.inc"

} // namespace dlc
