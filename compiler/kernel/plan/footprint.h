// What of a cache the accesses of a nest touch.
#pragma once
#include "compiler/kernel/nest/nest.h"

namespace dlc::kernel {

/// The memory that an access touches.
struct Footprint {
  double bytes = 0;    // of the lines touched
  double run = 0;      // bytes that follow one another
  double occupied = 0; // of the cache: strides that are powers of two reach only a part of it
  double perSet = 0;   // lines in each set that it reaches

  /// How many times as long its bytes take from afar, since each run of neighbours has to begin.
  double scatter() const;
};

/// A memory access as loops walk over it.
struct Traversal {
  /// So far apart lie the points of a dimension, or those of a panel's width, or the panels.
  struct Step {
    int64_t stride;
    unsigned dim;
    enum { Points, Across, Panels } of = Points;
  };
  llvm::SmallVector<Step, 8> steps; // the smallest stride first
  int64_t elementBytes = 0;
  int64_t width = 1; // of a panel

  Traversal(llvm::ArrayRef<int64_t> strides, mlir::Type element);
  /// Cuts a dimension into panels.
  void cut(unsigned across, int64_t panelWidth);
  int64_t extent(const Step &step, llvm::ArrayRef<int64_t> extents) const;
};

/// What it touches over `extents` points of each dimension, in a cache of so many sets.
Footprint footprint(const Traversal &traversal, llvm::ArrayRef<int64_t> extents, int64_t sets);

} // namespace dlc::kernel
