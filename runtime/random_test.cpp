// Philox against its published answers, and what is drawn from it.
#include "runtime/random.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <set>

namespace dlc::runtime {

using Words = std::array<uint32_t, 4>;

// Random123's known-answer vectors.
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox({ones, ones, ones, ones}, {ones, ones}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, PurposesSeedsAndPlacesDiffer) {
  double base = Random(7, Purpose::Init).uniform(1, 2, 3);
  EXPECT_EQ(base, Random(7, Purpose::Init).uniform(1, 2, 3));
  EXPECT_NE(base, Random(8, Purpose::Init).uniform(1, 2, 3));
  EXPECT_NE(base, Random(7, Purpose::Shuffle).uniform(1, 2, 3));
  EXPECT_NE(base, Random(7, Purpose::Init).uniform(2, 2, 3));
  EXPECT_NE(base, Random(7, Purpose::Init).uniform(1, 3, 3));
  EXPECT_NE(base, Random(7, Purpose::Init).uniform(1, 2, 4));
}

TEST(Random, MomentsAreRight) {
  constexpr int kCount = 100000;
  Random random(1, Purpose::Init);
  double uniform = 0, normal = 0, square = 0;
  for (int i = 0; i < kCount; ++i) {
    double u = random.uniform(uint64_t(i), 0, 0), z = random.normal(uint64_t(i), 1, 0);
    ASSERT_TRUE(u >= 0 && u < 1);
    uniform += u / kCount;
    normal += z / kCount;
    square += z * z / kCount;
  }
  // Five standard errors.
  EXPECT_NEAR(uniform, 0.5, 5 * 0.289 / std::sqrt(kCount));
  EXPECT_NEAR(normal, 0, 5 / std::sqrt(kCount));
  EXPECT_NEAR(square, 1, 5 * std::sqrt(2.0 / kCount));
}

TEST(Permutation, HoldsEveryIndexOnceAndChangesByEpoch) {
  std::vector<int64_t> first = permutation(1000, 1, 0), again = permutation(1000, 1, 0);
  EXPECT_EQ(first, again);
  EXPECT_NE(first, permutation(1000, 1, 1));
  EXPECT_NE(first, permutation(1000, 2, 0));
  std::sort(again.begin(), again.end());
  for (int64_t i = 0; i < 1000; ++i)
    EXPECT_EQ(again[size_t(i)], i);
  EXPECT_EQ(permutation(1, 1, 0), std::vector<int64_t>{0});
}

TEST(Permutation, EveryOrderOccurs) {
  std::set<std::vector<int64_t>> orders;
  for (int64_t epoch = 0; epoch < 100; ++epoch)
    orders.insert(permutation(3, 1, epoch));
  EXPECT_EQ(orders.size(), 6u);
}

} // namespace dlc::runtime
