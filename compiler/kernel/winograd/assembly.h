// What is shared by those who assemble a convolution's fused nests.
#pragma once
#include "compiler/kernel/plan/fused_nests.h"
#include "compiler/kernel/winograd/convolution.h"
#include "compiler/kernel/winograd/transforms.h"

namespace dlc::kernel {

/// The fused nests of members on f32 numbers in the making. Its loops are set first.
class Assembly {
protected:
  using Strides = Convolution::Strides;

  /// The fused nests's first buffers are the nest's.
  Assembly(const Nest &nest, const Convolution &conv);

  const Nest &whole; // what the fused nests compute
  const Convolution &conv;
  FusedNests fused;
  Bodies bodies;
  mlir::Type f32;

  /// From a component's block of so many numbers to the next component's: an odd number of cache
  /// lines, so that the addresses that a transform writes to lie in sets of their own.
  static int64_t apart(int64_t elements);

  /// A loop over blocks: `count` of them, `step` turns of the convolution's loop each.
  struct BlockLoop {
    Convolution::Loop along;
    int64_t count, step;
  };
  llvm::SmallVector<BlockLoop> loops; // of the fused nests: items, then steps
  void setLoops(llvm::ArrayRef<BlockLoop> items, llvm::ArrayRef<BlockLoop> steps);
  /// Where the blocks of an argument begin, and of any buffer that the convolution's loops walk so.
  FusedNests::Operand operandOf(Convolution::Role role) const;
  FusedNests::Operand operandOf(unsigned buffer, int64_t offset, const Strides &strides) const;

  unsigned addScratch(int64_t elements);
  FusedNests::Operand scratchOperand(unsigned buffer) const;
  Access access(unsigned buffer, int64_t offset, llvm::ArrayRef<int64_t> strides,
                bool isNear) const;
  /// Completes a member: the buffers reach as far as the nest goes.
  FusedNests::Member finish(Nest nest, llvm::ArrayRef<FusedNests::Operand> operands, double calls,
                            FusedNests::When when = {}) const;
  /// Fills `count` blocks of scratch memory, each of so many elements and `stride` from the one
  /// before.
  FusedNests::Member zeros(unsigned buffer, int64_t offset, int64_t elements, int64_t count = 1,
                           int64_t stride = 0, double calls = 1);

  /// Where result `i` of a member lies in a buffer that the convolution's loops walk so.
  using AccessOf = llvm::function_ref<Access(unsigned buffer, const Strides &, unsigned i)>;
  /// Completes a member's nest, whose body makes `count` results of its inputs, and its operands:
  /// the results are stored, or what the convolution's epilogue makes of them.
  void addResults(Nest &nest, llvm::SmallVectorImpl<FusedNests::Operand> &operands, unsigned count,
                  AccessOf accessOf);
};

} // namespace dlc::kernel
