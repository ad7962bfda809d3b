// The lowering of nn to linalg, operation by operation.
#pragma once
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

namespace dlc::lower {

/// The operations of nn that have a lowering.
llvm::SmallVector<llvm::StringRef> loweredOperations();

} // namespace dlc::lower
