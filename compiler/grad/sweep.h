// The reverse sweep over a block of `nn` operations, and over the blocks of its loops.
#pragma once

#include "compiler/nn/nn.h"

namespace dlc::grad {

/// Adds to `active` what in the block, and in those of its loops, depends on what is in it: only
/// there gradients are needed.
void activate(mlir::Block &block, llvm::DenseSet<mlir::Value> &active);

/// Rules also make gradients that nobody asked for.
void eraseUnused(mlir::Block &block);

/// One reverse sweep over a block. The gradients are made at the builder's place.
class Sweep {
public:
  Sweep(mlir::OpBuilder &builder, llvm::DenseSet<mlir::Value> &active)
      : builder(builder), active(active) {}

  /// What reaches a value by several ways adds up.
  void add(mlir::Value value, mlir::Value gradient);
  /// From the operation `last` to the first of its block. Operations come before their users, so at
  /// an operation all that reaches its results is there.
  llvm::LogicalResult backwards(mlir::Operation *last);
  /// The gradient that has reached a value; null if there is none.
  mlir::Value reached(mlir::Value value) const { return gradients.lookup(value); }
  /// The whole gradient of a value, with its name; null if there is none.
  mlir::Value finished(mlir::Value value);

private:
  llvm::LogicalResult apply(mlir::Operation *op);
  llvm::LogicalResult apply(nn::LoopOp loop, llvm::ArrayRef<mlir::Value> dy);
  mlir::Value zero(mlir::OpBuilder &place, mlir::Value like) const;

  mlir::OpBuilder &builder;
  llvm::DenseSet<mlir::Value> &active;
  llvm::DenseMap<mlir::Value, mlir::Value> gradients;
};

} // namespace dlc::grad
