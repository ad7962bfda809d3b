// Reading UTF-8: decoding with all checks of RFC 3629.
#include "lang/utf8.h"

namespace dlc::lang::utf8 {

Char decode(std::string_view text, size_t offset) {
  constexpr Char kBroken = {0xFFFD, 1, false};
  auto byte = [&](size_t i) -> uint32_t {
    return offset + i < text.size() ? static_cast<unsigned char>(text[offset + i]) : 0;
  };
  uint32_t first = byte(0);
  if (first < 0x80)
    return {first, 1, true};
  uint32_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4)
    return kBroken;
  uint32_t point = first & (0x7F >> size);
  for (uint32_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80)
      return kBroken;
    point = point << 6 | (byte(i) & 0x3F);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000}; // by size; less is overlong
  bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (point < kSmallest[size] || point > 0x10FFFF || surrogate)
    return kBroken;
  return {point, size, true};
}

size_t width(uint32_t point) {
  auto in = [&](uint32_t low, uint32_t high) { return point >= low && point <= high; };
  if (in(0x300, 0x36F) || in(0x200B, 0x200F) || in(0x20D0, 0x20FF) || in(0xFE00, 0xFE0F) ||
      point == 0xFEFF)
    return 0;
  if (in(0x1100, 0x115F) || in(0x2E80, 0xA4CF) || in(0xAC00, 0xD7A3) || in(0xF900, 0xFAFF) ||
      in(0xFE30, 0xFE6F) || in(0xFF00, 0xFF60) || in(0xFFE0, 0xFFE6) || in(0x1F300, 0x1FAFF) ||
      in(0x20000, 0x3FFFD))
    return 2;
  return 1;
}

} // namespace dlc::lang::utf8
