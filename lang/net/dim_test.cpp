// Symbolic dimensions: canonical form, exact division, what a user sees.
#include "lang/net/dim.h"

#include <gtest/gtest.h>

namespace dlc::lang {
namespace {

const Dim kB = Dim::symbol("B"), kH = Dim::symbol("H");

TEST(Dim, EqualExpressionsCompareEqual) {
  EXPECT_EQ(kB * 2 + kB, Dim(3) * kB);
  EXPECT_EQ(kB - kB, Dim(0));
  EXPECT_EQ((kB + 1) * (kB - 1), kB * kB - 1);
  EXPECT_NE(kB, kH);
}

TEST(Dim, DividesExactlyWhatDivides) {
  EXPECT_EQ(floorDiv(kB * 784, kB), Dim(784));
  EXPECT_EQ(floorDiv(kB * kH * 6, kH * 2), kB * 3);
  EXPECT_EQ(floorDiv(kB * 4 + 7, 2), kB * 2 + 3);
  EXPECT_EQ(floorDiv(Dim(-1), 2), Dim(-1));
  EXPECT_EQ(floorDiv(kB + kH, kB + kH), Dim(1));
}

TEST(Dim, KeepsAQuotientThatDoesNot) {
  Dim half = floorDiv(kB, 2);
  EXPECT_FALSE(half.isConstant());
  EXPECT_EQ(half, floorDiv(kB, 2));
  EXPECT_EQ(half.substitute({{"B", 7}}), Dim(3));
  EXPECT_EQ(mod(kB, 2).substitute({{"B", 7}}), Dim(1));
  EXPECT_EQ(floorDiv(kB + 5, 2), floorDiv(kB + 1, 2) + 2);
}

TEST(Dim, ReadsAsItIsWritten) {
  EXPECT_EQ((kB * 2 + 1).str(), "2*B + 1");
  EXPECT_EQ(floorDiv(kB, 2).str(), "B/2");
  EXPECT_EQ((floorDiv(kB + 1, 2) * 3).str(), "3*((B + 1)/2)");
  EXPECT_EQ((Dim(1) - kB).str(), "-B + 1");
  EXPECT_EQ(Dim().str(), "0");
  EXPECT_EQ(str(Shape{kB, 1, 28}), "[B, 1, 28]");
}

TEST(Dim, OverflowIsNoticedAndNotUndefined) {
  Dim large = int64_t(1) << 62;
  EXPECT_TRUE((large * large).overflowed());
  EXPECT_TRUE((large + large).overflowed());
  EXPECT_TRUE((Dim(-1) * large * 4).overflowed());
  EXPECT_FALSE((kB * 1000000).overflowed());
}

} // namespace
} // namespace dlc::lang
