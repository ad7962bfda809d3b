// Formatting and strict parsing of the short texts a command line deals with.
#include "runtime/text.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace dlc::runtime {

std::string formatList(const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(nullptr, 0, format, arguments);
  std::string text(length > 0 ? length : 0, '\0');
  if (length > 0)
    vsnprintf(text.data(), text.size() + 1, format, again);
  va_end(again);
  return text;
}

std::string format(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::string text = formatList(format, arguments);
  va_end(arguments);
  return text;
}

bool parseInteger(std::string_view text, int64_t *value) {
  std::string copy(text);
  size_t digits = copy.size() > 0 && copy[0] == '-' ? 1 : 0;
  if (copy.size() == digits || copy.find_first_not_of("0123456789", digits) != std::string::npos)
    return false;
  errno = 0;
  *value = strtoll(copy.c_str(), nullptr, 10);
  return errno == 0;
}

bool parseUnsigned(std::string_view text, uint64_t *value) {
  std::string copy(text);
  if (copy.empty() || copy.find_first_not_of("0123456789") != std::string::npos)
    return false;
  errno = 0;
  *value = strtoull(copy.c_str(), nullptr, 10);
  return errno == 0;
}

bool parseNumber(std::string_view text, double *value) {
  // Only decimal notation: strtod alone would also take spaces, hexadecimals, "nan" and "inf".
  if (text.empty() || text.find_first_not_of("0123456789+-.eE") != std::string_view::npos)
    return false;
  std::string copy(text);
  char *end = nullptr;
  *value = strtod(copy.c_str(), &end);
  return *end == '\0' && end != copy.c_str() && std::isfinite(*value);
}

size_t utf8Length(std::string_view text) {
  if (text.empty())
    return 0;
  auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  unsigned first = byte(0), second = byte(1);
  if (first < 0x80)
    return 1;
  size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  for (size_t i = 1; i < length; ++i)
    if (byte(i) < 0x80 || byte(i) > 0xBF)
      return 0;
  // Longer than need be, a surrogate, beyond U+10FFFF.
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
      (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
    return 0;
  return length;
}

std::string shortened(std::string_view text) {
  constexpr size_t kMostBytes = 60;
  if (text.size() <= kMostBytes)
    return std::string(text);
  size_t bytes = kMostBytes;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80)
    --bytes;
  return std::string(text.substr(0, bytes)) + "…";
}

uint64_t hashText(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325; // FNV-1a
  for (char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return hash;
}

size_t findInvalidUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    size_t length = utf8Length(text.substr(at));
    if (length == 0)
      return at;
    at += length;
  }
  return std::string_view::npos;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (size_t begin = 0;;) {
    size_t end = text.find(separator, begin);
    parts.emplace_back(text.substr(begin, end == text.npos ? text.npos : end - begin));
    if (end == text.npos)
      return parts;
    begin = end + 1;
  }
}

std::string join(const std::vector<std::string> &parts, const char *separator) {
  std::string text;
  for (const std::string &part : parts) {
    if (&part != &parts.front())
      text += separator;
    text += part;
  }
  return text;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

// Levenshtein's distance, row by row.
static size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string didYouMean(std::string_view name, const std::vector<std::string> &candidates) {
  const std::string *best = nullptr;
  size_t bestDistance = 0;
  for (const std::string &candidate : candidates) {
    size_t distance = editDistance(name, candidate);
    if (!best || distance < bestDistance) {
      best = &candidate;
      bestDistance = distance;
    }
  }
  if (!best || bestDistance > 1 + name.size() / 4 || bestDistance >= name.size())
    return "";
  return format("; did you mean `%s`?", best->c_str());
}

std::string shortest(double value, bool asFloat) {
  for (int digits = asFloat ? 6 : 15; digits < 17; ++digits) {
    std::string text = format("%.*g", digits, value);
    double back = strtod(text.c_str(), nullptr);
    if (asFloat ? float(back) == float(value) : back == value)
      return text;
  }
  return format("%.17g", value);
}

std::string grouped(int64_t value) {
  std::string digits = format("%lld", static_cast<long long>(value));
  for (size_t end = digits.size(), first = value < 0 ? 1 : 0; end > first + 3;) {
    end -= 3;
    digits.insert(end, 1, ',');
  }
  return digits;
}

std::string duration(double seconds) {
  if (seconds < 1e-4)
    return format("%.1f us", 1e6 * seconds);
  if (seconds < 0.1)
    return format("%.1f ms", 1e3 * seconds);
  if (seconds < 10)
    return format("%.1f s", seconds);
  auto whole = std::llround(seconds);
  if (whole < 60)
    return format("%lld s", whole);
  if (whole < 3600)
    return format("%lld min %lld s", whole / 60, whole % 60);
  return format("%lld h %lld min", whole / 3600, whole % 3600 / 60);
}

} // namespace dlc::runtime
