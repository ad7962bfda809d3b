// The arena plan: values that live at different times share bytes.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include <cstdint>

namespace dlc::memory {

constexpr int64_t kAlignment = 64; // of every tensor, in bytes: a cache line and the widest vector

inline int64_t aligned(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

/// What needs memory from the step that writes it first to the one that reads it last.
struct Interval {
  int64_t bytes = 0;
  int first = 0, last = 0;
  int64_t offset = 0; // the plan's answer
};

/// Gives every interval its offset and returns the bytes of the whole: the largest first, each at
/// the lowest place that is free all its time.
int64_t planArena(llvm::MutableArrayRef<Interval> intervals);

} // namespace dlc::memory
