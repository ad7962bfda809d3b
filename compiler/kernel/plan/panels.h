// Packing: the copies of blocks of an input that a kernel reads in its own order.
#pragma once
#include "compiler/kernel/plan/schedule.h"

namespace dlc::kernel {

/// How a block of a packed input lies in its copy: panels as wide as the register tile, in each of
/// which the reduction walks forward.
struct Panels {
  /// Dimensions that walk over the same elements of the input, as an image's rows and a window's
  /// do: what they reach is copied once.
  struct Axis {
    int64_t unit = 0;   // from one of its positions to the next, in the input
    int64_t stride = 0; // the same in the copy
    llvm::SmallVector<unsigned> dims;
    llvm::SmallVector<int64_t> steps; // positions from one point of each dimension to the next
  };

  unsigned across = 0;                // the dimension whose tile is a panel's width
  int contiguous = -1;                // the reduced dimension whose neighbours are neighbours in
                                      // memory, if a panel's are not: packing transposes
  int64_t elements = 1;               // of the copy
  llvm::SmallVector<int64_t> strides; // from one step of a dimension's loop to the next
  llvm::SmallVector<Axis> axes; // of the dimensions but `across` and `contiguous`, outermost first
};

/// Null if the input cannot be packed, or is read only once anyway.
std::optional<Panels> panelsOf(const Nest &nest, const Schedule &schedule, unsigned input);

} // namespace dlc::kernel
