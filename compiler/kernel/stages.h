// What the builders of chains share.
#pragma once
#include "compiler/kernel/bodies.h"
#include "compiler/kernel/chain.h"
#include "compiler/kernel/convolution.h"

namespace dlc::kernel {

/// A chain of stages on f32 numbers in the making. Its loops are set first.
class Stages {
protected:
  /// The chain's first buffers are the nest's.
  explicit Stages(const Nest &nest);

  Chain chain;
  Bodies bodies;
  mlir::Type f32;

  /// From a form's block of so many numbers to the next form's: an odd number of cache lines, so
  /// that the places that a transform writes to lie in sets of their own.
  static int64_t apart(int64_t elements);

  unsigned addScratch(int64_t elements);
  Chain::Operand scratchOperand(unsigned buffer) const;
  Access access(unsigned buffer, int64_t offset, llvm::ArrayRef<int64_t> strides,
                bool isNear) const;
  /// Completes a stage: the buffers reach as far as the nest goes.
  Chain::Stage finish(Nest nest, llvm::ArrayRef<Chain::Operand> operands, double calls,
                      Chain::When when = {}) const;
  void addZeros(unsigned buffer, int64_t elements);

  using Strides = std::array<int64_t, Convolution::Loops>;
  /// Where result `i` of a stage lies in a buffer that the convolution's loops walk so.
  using PlaceOf = llvm::function_ref<Access(unsigned buffer, const Strides &, unsigned i)>;
  /// Where the blocks of such a buffer begin.
  using BlocksOf =
      llvm::function_ref<Chain::Operand(unsigned buffer, int64_t offset, const Strides &)>;
  /// Completes a stage's nest, whose body makes `count` results of its inputs, and its operands:
  /// the results are stored, or what the convolution's tail makes of them.
  void addResults(Nest &nest, llvm::SmallVectorImpl<Chain::Operand> &operands, const Nest &whole,
                  const Convolution &conv, unsigned count, PlaceOf place, BlocksOf blocks);
};

} // namespace dlc::kernel
