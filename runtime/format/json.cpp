// Writing and reading JSON (RFC 8259).
#include "runtime/format/json.h"

#include "runtime/text.h"

#include <cmath>
#include <cstdlib>

namespace dlc::runtime {

void JsonWriter::separate() {
  if (!first_)
    text_ += ',';
  first_ = false;
}

JsonWriter &JsonWriter::open(char bracket) {
  separate();
  text_ += bracket;
  first_ = true;
  return *this;
}

JsonWriter &JsonWriter::close(char bracket) {
  text_ += bracket;
  first_ = false;
  return *this;
}

static void appendQuoted(std::string &text, std::string_view value) {
  text += '"';
  for (char c : value) {
    if (c == '"' || c == '\\')
      (text += '\\') += c;
    else if (c == '\n')
      text += "\\n";
    else if (static_cast<unsigned char>(c) < 0x20)
      text += format("\\u%04x", c);
    else
      text += c;
  }
  text += '"';
}

JsonWriter &JsonWriter::key(std::string_view name) {
  separate();
  appendQuoted(text_, name);
  text_ += ':';
  first_ = true;
  return *this;
}

JsonWriter &JsonWriter::string(std::string_view value) {
  separate();
  appendQuoted(text_, value);
  return *this;
}

JsonWriter &JsonWriter::integer(int64_t value) {
  separate();
  text_ += format("%lld", static_cast<long long>(value));
  return *this;
}

JsonWriter &JsonWriter::number(double value, bool asFloat) {
  separate();
  text_ += std::isfinite(value) ? shortest(value, asFloat) : "null";
  return *this;
}

JsonWriter &JsonWriter::boolean(bool value) {
  separate();
  text_ += value ? "true" : "false";
  return *this;
}

const JsonValue *JsonValue::find(std::string_view name) const {
  for (const auto &[key, value] : members)
    if (key == name)
      return &value;
  return nullptr;
}

namespace {

constexpr int kDeepest =
    64; // no file of ours needs more, and a hostile one cannot overflow the stack

class Parser {
public:
  explicit Parser(std::string_view text) : text_(text) {}

  Status parse(JsonValue *value) {
    DLC_TRY(parseValue(value, 0));
    skipSpace();
    return at_ == text_.size() ? Status() : wrong("the end of the text");
  }

private:
  Status wrong(const char *expected) const {
    return inputError("not JSON at byte %zu: expected %s", at_, expected);
  }
  void skipSpace() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  bool take(char c) {
    skipSpace();
    if (at_ >= text_.size() || text_[at_] != c)
      return false;
    ++at_;
    return true;
  }
  bool takeWord(std::string_view word) {
    if (text_.substr(at_, word.size()) != word)
      return false;
    at_ += word.size();
    return true;
  }

  Status parseValue(JsonValue *value, int depth) {
    if (depth > kDeepest)
      return wrong("less nesting");
    skipSpace();
    if (at_ >= text_.size())
      return wrong("a value");
    switch (text_[at_]) {
    case '{':
      return parseObject(value, depth);
    case '[':
      return parseArray(value, depth);
    case '"':
      value->kind = JsonValue::kString;
      return parseString(&value->string);
    default:
      return parseWord(value);
    }
  }

  Status parseWord(JsonValue *value) {
    if (takeWord("null"))
      return Status();
    if (bool isTrue = takeWord("true"); isTrue || takeWord("false")) {
      value->kind = JsonValue::kBoolean;
      value->boolean = isTrue;
      return Status();
    }
    return parseNumberValue(value);
  }

  Status parseObject(JsonValue *value, int depth) {
    value->kind = JsonValue::kObject;
    ++at_;
    if (take('}'))
      return Status();
    do {
      skipSpace();
      std::string name;
      if (at_ >= text_.size() || text_[at_] != '"')
        return wrong("a member's name");
      DLC_TRY(parseString(&name));
      if (!take(':'))
        return wrong("`:`");
      value->members.push_back({std::move(name), {}});
      DLC_TRY(parseValue(&value->members.back().value, depth + 1));
    } while (take(','));
    return take('}') ? Status() : wrong("`,` or `}`");
  }

  Status parseArray(JsonValue *value, int depth) {
    value->kind = JsonValue::kArray;
    ++at_;
    if (take(']'))
      return Status();
    do {
      value->items.emplace_back();
      DLC_TRY(parseValue(&value->items.back(), depth + 1));
    } while (take(','));
    return take(']') ? Status() : wrong("`,` or `]`");
  }

  Status parseNumberValue(JsonValue *value) {
    size_t end = text_.find_first_not_of("0123456789+-.eE", at_);
    std::string_view digits = text_.substr(at_, end == text_.npos ? text_.npos : end - at_);
    if (digits.empty() || !parseNumber(digits, &value->number))
      return wrong("a value");
    value->kind = JsonValue::kNumber;
    value->string = digits;
    at_ += digits.size();
    return Status();
  }

  Status parseString(std::string *value) {
    for (++at_; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == '"') {
        ++at_;
        return Status();
      }
      if (static_cast<unsigned char>(c) < 0x20)
        return wrong("no control character in a string");
      if (c != '\\') {
        *value += c;
        continue;
      }
      DLC_TRY(parseEscape(value));
    }
    return wrong("the string's closing quote");
  }

  // Called at the backslash; leaves at_ on the escape's last character.
  Status parseEscape(std::string *value) {
    static constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    if (++at_ >= text_.size())
      return wrong("an escape");
    if (size_t which = kLetters.find(text_[at_]); which != kLetters.npos) {
      *value += kMeanings[which];
      return Status();
    }
    uint32_t code = 0;
    if (text_[at_] != 'u' || !parseHex(&code))
      return wrong("an escape");
    if (code >= 0xD800 && code < 0xDC00) {
      uint32_t low = 0;
      if (text_.substr(at_ + 1, 2) != "\\u")
        return wrong("the second half of a surrogate pair");
      at_ += 2;
      if (!parseHex(&low) || low < 0xDC00 || low > 0xDFFF)
        return wrong("the second half of a surrogate pair");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    appendUtf8(value, code);
    return Status();
  }

  bool parseHex(uint32_t *code) {
    std::string digits(text_.substr(at_ + 1, 4));
    if (digits.size() != 4 || digits.find_first_not_of("0123456789abcdefABCDEF") != digits.npos)
      return false;
    *code = uint32_t(strtoul(digits.c_str(), nullptr, 16));
    at_ += 4;
    return true;
  }

  static void appendUtf8(std::string *text, uint32_t code) {
    if (code < 0x80) {
      *text += char(code);
    } else if (code < 0x800) {
      *text += char(0xC0 | code >> 6);
      *text += char(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      *text += char(0xE0 | code >> 12);
      *text += char(0x80 | (code >> 6 & 0x3F));
      *text += char(0x80 | (code & 0x3F));
    } else {
      *text += char(0xF0 | code >> 18);
      *text += char(0x80 | (code >> 12 & 0x3F));
      *text += char(0x80 | (code >> 6 & 0x3F));
      *text += char(0x80 | (code & 0x3F));
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

} // namespace

Status parseJson(std::string_view text, JsonValue *value) { return Parser(text).parse(value); }

} // namespace dlc::runtime
