// Philox4x32-10 and the distributions drawn from it.
#include "runtime/random.h"

#include <cmath>
#include <utility>

namespace dlc::runtime {

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  constexpr uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    uint64_t product0 = uint64_t(kMultiplier0) * counter[0];
    uint64_t product1 = uint64_t(kMultiplier1) * counter[2];
    counter = {uint32_t(product1 >> 32) ^ counter[1] ^ key[0], uint32_t(product1),
               uint32_t(product0 >> 32) ^ counter[3] ^ key[1], uint32_t(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

// 53 bits of two words as a number in [0, 1).
static double unit(uint32_t low, uint32_t high) {
  return double(((uint64_t(high) << 32) | low) >> 11) * 0x1p-53;
}

double Random::uniform(uint64_t a, uint32_t b, uint32_t c) const {
  auto word = philox({uint32_t(a), uint32_t(a >> 32), b, c}, key_);
  return unit(word[0], word[1]);
}

double Random::normal(uint64_t a, uint32_t b, uint32_t c) const {
  auto word = philox({uint32_t(a), uint32_t(a >> 32), b, c}, key_);
  double radius = std::sqrt(-2.0 * std::log(1.0 - unit(word[0], word[1])));
  return radius * std::cos(2.0 * 3.14159265358979323846 * unit(word[2], word[3]));
}

uint64_t Random::bits(uint64_t a, uint32_t b, uint32_t c) const {
  auto word = philox({uint32_t(a), uint32_t(a >> 32), b, c}, key_);
  return (uint64_t(word[1]) << 32) | word[0];
}

std::vector<int64_t> permutation(int64_t count, uint64_t seed, int64_t epoch, Purpose purpose) {
  Random random(seed, purpose);
  std::vector<int64_t> order(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i)
    order[i] = i;
  for (int64_t i = count - 1; i > 0; --i) {
    // The high half of a 64 x 64 bit product maps the random word to 0 … i.
    uint64_t word = random.bits(uint64_t(i), uint32_t(epoch), uint32_t(uint64_t(epoch) >> 32));
    auto j = int64_t((static_cast<unsigned __int128>(word) * uint64_t(i + 1)) >> 64);
    std::swap(order[i], order[j]);
  }
  return order;
}

} // namespace dlc::runtime
