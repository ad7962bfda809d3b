// Memory that single calls of kernels need beside their buffers.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc::memory {

/// Behind all else in the arenas of bufferized functions. No two calls run at the same time: they
/// share it.
class Workspaces {
public:
  /// A view of it, where `b` stands in a bufferized function; its arena grows if need be.
  mlir::Value create(mlir::OpBuilder &b, mlir::Location loc, mlir::MemRefType type);

private:
  llvm::DenseMap<mlir::Operation *, int64_t> planned; // bytes of the arenas without workspaces
};

} // namespace dlc::memory
