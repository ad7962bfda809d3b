// The straight-line code of a function: its own block, and the body of each of its loops.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace dlc::fuse {

/// A loop's block comes after the one that the loop stands in.
inline llvm::SmallVector<mlir::Block *> blocksOf(mlir::func::FuncOp function) {
  llvm::SmallVector<mlir::Block *> blocks = {&function.front()};
  function.walk<mlir::WalkOrder::PreOrder>(
      [&](mlir::scf::ForOp loop) { blocks.push_back(loop.getBody()); });
  return blocks;
}

/// Whether something, perhaps in a loop, uses `op` before `other` does, which is of its block.
inline bool isUsedBefore(mlir::Operation *op, mlir::Operation *other) {
  return llvm::any_of(op->getUsers(), [&](mlir::Operation *user) {
    mlir::Operation *at = op->getBlock()->findAncestorOpInBlock(*user);
    return at != other && at->isBeforeInBlock(other);
  });
}

} // namespace dlc::fuse
