// Which bytes each tensor of a function gets.
#pragma once
#include "compiler/memory/aliasing.h"
#include "compiler/memory/buffers.h"

namespace dlc::memory {

struct Assignment {
  llvm::DenseMap<mlir::Value, Allocation> allocations; // by root
  /// Of what cannot be written where it is wanted: before the operation.
  struct Copy {
    mlir::Value from;
    Allocation to;
  };
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<Copy>> copies;
  llvm::SmallVector<char> constants; // their bytes
  int64_t arenaBytes = 0;

  /// Null for a tensor without memory, which only gives a nest its shape.
  const Allocation *allocationOf(mlir::Value value) const {
    auto allocation = allocations.find(rootOf(value));
    return allocation == allocations.end() ? nullptr : &allocation->second;
  }
};

/// Assigns memory to every tensor:
///   - an argument lies in its buffer, a result is written where it is wanted, if that holds no
///     argument that is still to be read;
///   - a reshaped value, or a part of one without gaps, shares the memory of its source;
///   - a value that a loop carries has one memory for all turns: that of the value it starts from,
///     if nobody else needs that; what it becomes is written there in the turn, if what it was is
///     not needed any more, and is copied there at the end of the turn otherwise;
///   - an elementwise result takes over the memory of an operand that is not needed any more;
///   - what is a part of a larger tensor is written there straight away (aliasing.h);
///   - all else gets an interval of the arena.
/// The epilogue of a sum (linalg/epilogue.h) may write while the sum still reads. A linalg.fill
/// costs nothing where it only starts a reduction. Fails, with an error, at an op of an unknown
/// kind.
mlir::FailureOr<Assignment> assignMemory(mlir::func::FuncOp function, const Layouts &layouts,
                                         const Aliasing &aliasing);

} // namespace dlc::memory
