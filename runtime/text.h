// Formatting and strict parsing of the short texts a command line deals with.
#pragma once

#include <cstdarg>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dlc::runtime {

// As snprintf, into a string.
std::string format(const char *format, ...) __attribute__((format(printf, 1, 2)));
std::string formatList(const char *format, va_list arguments);

// The whole text must be one number (no spaces, no rest); false otherwise.
bool parseInteger(std::string_view text, int64_t *value);
bool parseUnsigned(std::string_view text, uint64_t *value);
// Finite numbers only: "nan" and "inf" are refused.
bool parseNumber(std::string_view text, double *value);

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string> &parts, const char *separator);
std::string_view trim(std::string_view text);

// The bytes of the first character of a UTF-8 text; 0 where it is empty or does not begin with one.
size_t utf8Length(std::string_view text);
// A UTF-8 text for a message: of a long one only what it begins with, in whole characters.
std::string shortened(std::string_view text);
// A number that depends on the text alone, the same on every machine.
uint64_t hashText(std::string_view text);
// Where a text stops being UTF-8, or npos.
size_t findInvalidUtf8(std::string_view text);

// "; did you mean `x`?" where one candidate is near enough to be likely, else "".
std::string didYouMean(std::string_view name, const std::vector<std::string> &candidates);

// The shortest decimal text that reads back as the same float (or double): 0.1, not 0.10000000149.
std::string shortest(double value, bool asFloat);

// 12345678 as "12,345,678".
std::string grouped(int64_t value);
// Seconds as "0.4 ms", "3.2 s", "4 min 10 s" or "2 h 5 min".
std::string duration(double seconds);

} // namespace dlc::runtime
