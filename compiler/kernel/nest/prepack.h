// What a kernel reads in another form than it lies in memory.
#pragma once
#include "compiler/kernel/nest/nest.h"

namespace dlc::kernel {

/// Made by a nest of its own, which runs once before the kernel, in memory of that call alone.
struct Prepacked {
  Nest nest;
  unsigned from = 0;                    // the kernel's buffer that it reads
  mlir::MemRefType type;                // of what it writes: the kernel's last buffer
  std::shared_ptr<mlir::Region> bodies; // of the nest
};

/// Completes a nest without sums, which reads the kernel's buffer `from`, of type `source`, and
/// writes all of `type`.
Prepacked prepacked(Nest nest, unsigned from, mlir::MemRefType source, mlir::MemRefType type,
                    std::shared_ptr<mlir::Region> bodies);

/// A sum of products, one input of which is pretransposed.
struct Pretransposed {
  Prepacked input;
  Nest nest;
};

/// The sum with this input in another order: the steps of the sum are neighbours in memory. A tile
/// then reads it as it is, row by row, where it would have to copy it block by block. Null if it is
/// so already, is read along windows, or each of its elements meets too few others to pay.
std::optional<Pretransposed> pretransposedOf(const Nest &nest, unsigned input);

} // namespace dlc::kernel
