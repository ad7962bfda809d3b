// What the cost model knows of a processor.
#pragma once
#include <algorithm>
#include <cstdint>

namespace dlc {

/// Bytes that a cache holds or fetches at a time; the same on all processors we have levels for.
inline constexpr int64_t kCacheLine = 64;

struct Cache {
  int64_t bytes = 0;
  int64_t ways = 0; // lines that may lie in one set
};

struct Processor {
  unsigned vectorBytes = 64;
  unsigned registers = 32; // vector registers
  Cache l1{48 << 10, 12}, l2{1 << 20, 16};
  int64_t l3Bytes = 8 << 20;

  /// A usual processor with vectors of 128, 256 or 512 bits.
  static Processor withVectorBits(unsigned bits);
  /// The same with the caches of the machine we run on, as far as it tells them.
  static Processor ofHost(unsigned bits);
  /// Lanes for elements of this many bytes.
  unsigned lanes(unsigned elementBytes) const { return std::max(1u, vectorBytes / elementBytes); }
};

} // namespace dlc
