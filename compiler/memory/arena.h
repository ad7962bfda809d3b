// The arena plan: values that live at different times share bytes.
#pragma once
#include "compiler/target/layout.h"
#include "llvm/ADT/ArrayRef.h"
#include <cstdint>

namespace dlc::memory {

/// What needs memory from the step that writes it first to the one that reads it last.
struct Interval {
  int64_t bytes = 0;
  int first = 0, last = 0;
  int64_t offset = 0; // the plan's answer
};

/// Gives every interval its offset and returns the bytes of the whole: the largest first, each at
/// the lowest offset that is free all its time.
int64_t planArena(llvm::MutableArrayRef<Interval> intervals);

} // namespace dlc::memory
