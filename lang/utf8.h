// Reading UTF-8: one character at a time, telling broken bytes from good ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dlc::lang::utf8 {

struct Char {
  uint32_t point; // U+FFFD if broken
  uint32_t size;  // bytes; 1 if broken
  bool valid;
};

/// The character that begins at `offset`, which must be inside the text.
Char decode(std::string_view text, size_t offset);

/// How many columns of a terminal it takes: 0 for combining marks, 2 for the wide scripts.
size_t width(uint32_t point);

} // namespace dlc::lang::utf8
