// How tensors lie in a buffer of a call (runtime/include/dlc/model.h).
#pragma once
#include "runtime/include/dlc/model.h"

#include <cstdint>
#include <vector>

namespace dlc {

inline int64_t aligned(int64_t bytes) {
  return (bytes + DLC_ALIGNMENT - 1) / DLC_ALIGNMENT * DLC_ALIGNMENT;
}

/// A flat buffer of weights or of state: tensors in order, each at the next multiple of
/// DLC_ALIGNMENT.
struct FlatLayout {
  std::vector<int64_t> offsets; // bytes
  int64_t bytes = 0;            // a multiple of DLC_ALIGNMENT

  void add(int64_t tensorBytes) {
    offsets.push_back(bytes);
    bytes += aligned(tensorBytes);
  }
};

} // namespace dlc
