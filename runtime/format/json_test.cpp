// JSON: what is written reads back, and what is not JSON is refused.
#include "runtime/format/json.h"

#include <cmath>
#include <gtest/gtest.h>

namespace dlc::runtime {

TEST(Json, WritesNestedValues) {
  JsonWriter json;
  json.beginObject()
      .key("a")
      .integer(-3)
      .key("b")
      .beginArray()
      .number(0.1)
      .boolean(true)
      .endArray();
  json.key("c \"quoted\"\n")
      .string("\x01")
      .key("d")
      .number(NAN)
      .key("e")
      .beginObject()
      .endObject()
      .endObject();
  EXPECT_EQ(json.text(),
            "{\"a\":-3,\"b\":[0.1,true],\"c \\\"quoted\\\"\\n\":\"\\u0001\",\"d\":null,\"e\":{}}");
}

TEST(Json, NumbersReadBackTheSame) {
  for (double value : {0.1, 1.0 / 3, 1e-300, 123456789012345.6, -0.0}) {
    JsonWriter json;
    json.number(value);
    JsonValue back;
    ASSERT_FALSE(parseJson(json.text(), &back).failed());
    EXPECT_EQ(back.number, value);
  }
  JsonWriter json;
  json.number(0.1f, true);
  EXPECT_EQ(json.text(), "0.1");
}

TEST(Json, ParsesStrings) {
  JsonValue value;
  ASSERT_FALSE(
      parseJson(" {\"x\" : [\"\\u00e9\\ud83d\\ude00\\n\", null, false]} ", &value).failed());
  ASSERT_NE(value.find("x"), nullptr);
  EXPECT_EQ(value.find("x")->items[0].string, "\xC3\xA9\xF0\x9F\x98\x80\n");
  EXPECT_EQ(value.find("y"), nullptr);
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const char *text : {"", "{", "[1,]", "{\"a\"}", "{\"a\":1,}", "nul", "01x", "\"a", "\"\\q\"",
                           "\"\\ud800\"", "1 2", "{a:1}", "[1", "+-1", "\"\n\""}) {
    JsonValue value;
    EXPECT_TRUE(parseJson(text, &value).failed()) << text;
  }
  JsonValue value;
  EXPECT_TRUE(parseJson(std::string(100000, '['), &value).failed());
}

} // namespace dlc::runtime
