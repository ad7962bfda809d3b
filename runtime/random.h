// Philox4x32-10: random numbers as a function of a key and a counter (Salmon et al. 2011).
//
// Nothing is drawn from a stream with a hidden position: every number is addressed, so a run can be
// repeated, resumed and divided over threads exactly.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace dlc::runtime {

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// What the runtime draws numbers for. The purpose changes the key, so that no two uses of one seed
// share numbers; the compiled model itself (dropout) uses the seed as the plain key.
enum class Purpose : uint32_t {
  Init = 1,
  Shuffle = 2,
  Augment = 3,
  Direction = 4,
  Input = 5,
  Buckets = 6
};

class Random {
public:
  Random(uint64_t seed, Purpose purpose)
      : key_{uint32_t(seed), uint32_t(seed >> 32) ^ (uint32_t(purpose) << 24)} {}

  // Uniform in [0, 1) with 53 bits; `a`, `b`, `c` address the number.
  double uniform(uint64_t a, uint32_t b, uint32_t c) const;
  // Mean 0, deviation 1 (Box and Muller).
  double normal(uint64_t a, uint32_t b, uint32_t c) const;
  uint64_t bits(uint64_t a, uint32_t b, uint32_t c) const;

private:
  std::array<uint32_t, 2> key_;
};

// A permutation of 0 … count-1 for one epoch (Fisher and Yates).
std::vector<int64_t> permutation(int64_t count, uint64_t seed, int64_t epoch,
                                 Purpose purpose = Purpose::Shuffle);

} // namespace dlc::runtime
