// The passes of the compiler, as passes.td declares them: a function `create…Pass` for each.
#pragma once
#include "compiler/target/processor.h"
#include "mlir/Pass/Pass.h"

namespace dlc {

#define GEN_PASS_DECL
#include "compiler/passes/passes.h.inc"

} // namespace dlc
