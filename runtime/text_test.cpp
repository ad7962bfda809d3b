// Strict parsing and short formatting.
#include "runtime/text.h"

#include <gtest/gtest.h>

namespace dlc::runtime {

TEST(Text, NumbersAreParsedWhole) {
  double number = 0;
  int64_t integer = 0;
  uint64_t large = 0;
  EXPECT_TRUE(parseNumber("-1.5e-3", &number));
  EXPECT_EQ(number, -1.5e-3);
  for (const char *text : {"", " 1", "1 ", "1x", "nan", "inf", "0x10", "1e999", "--1", "."})
    EXPECT_FALSE(parseNumber(text, &number)) << text;
  EXPECT_TRUE(parseInteger("-42", &integer));
  EXPECT_EQ(integer, -42);
  for (const char *text : {"", "-", "1.0", "9223372036854775808", "1e3"})
    EXPECT_FALSE(parseInteger(text, &integer)) << text;
  EXPECT_TRUE(parseUnsigned("18446744073709551615", &large));
  EXPECT_FALSE(parseUnsigned("-1", &large));
}

TEST(Text, SuggestsOnlyWhatIsNear) {
  std::vector<std::string> names = {"epochs", "steps", "batch"};
  EXPECT_EQ(didYouMean("epohs", names), "; did you mean `epochs`?");
  EXPECT_EQ(didYouMean("wibble", names), "");
}

TEST(Text, GroupsAndDurations) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(-1234567), "-1,234,567");
  EXPECT_EQ(duration(0.0000123), "12.3 us");
  EXPECT_EQ(duration(0.0123), "12.3 ms");
  EXPECT_EQ(duration(3.21), "3.2 s");
  EXPECT_EQ(duration(59.7), "1 min 0 s");
  EXPECT_EQ(duration(7500), "2 h 5 min");
}

} // namespace dlc::runtime
