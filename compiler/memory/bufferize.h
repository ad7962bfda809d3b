// Writes a function once more, over buffers.
#pragma once
#include "compiler/memory/assign.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace dlc::memory {

/// Replaces the function by one whose arguments are the buffers of a call, and whose tensors are
/// views of them.
void bufferize(mlir::func::FuncOp function, const Assignment &assignment, const Aliasing &aliasing);

} // namespace dlc::memory
