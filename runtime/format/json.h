// Writing and reading JSON: log lines, --json outputs, and the header of a safetensors file.
#pragma once

#include "runtime/status.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dlc::runtime {

// Builds one JSON text front to back; commas are its own business.
class JsonWriter {
public:
  JsonWriter &beginObject() { return open('{'); }
  JsonWriter &endObject() { return close('}'); }
  JsonWriter &beginArray() { return open('['); }
  JsonWriter &endArray() { return close(']'); }
  JsonWriter &key(std::string_view name);
  JsonWriter &string(std::string_view value);
  JsonWriter &integer(int64_t value);
  // The shortest text that reads back as the same double, or float; null where not finite.
  JsonWriter &number(double value, bool asFloat = false);
  JsonWriter &boolean(bool value);
  const std::string &text() const { return text_; }

private:
  JsonWriter &open(char bracket);
  JsonWriter &close(char bracket);
  void separate();

  std::string text_;
  bool first_ = true;
};

struct JsonMember;

struct JsonValue {
  enum Kind { kNull, kBoolean, kNumber, kString, kArray, kObject };
  Kind kind = kNull;
  bool boolean = false;
  double number = 0;
  std::string string; // also a number's own digits, for integers above 2^53
  std::vector<JsonValue> items;
  std::vector<JsonMember> members; // in the order of the text

  const JsonValue *find(std::string_view name) const;
};

struct JsonMember {
  std::string name;
  JsonValue value;
};

// Fails with the byte position where the text stops being JSON. Nesting is limited to 64.
Status parseJson(std::string_view text, JsonValue *value);

} // namespace dlc::runtime
