// Pictures of whatever size, row by row, so that none is ever whole in memory.
#pragma once

#include "runtime/status.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace dlc::runtime {

// Takes the rows of a picture from top to bottom: bytes, of each pixel `channels` (1 is grey, 3 are
// red, green and blue).
class PictureRows {
public:
  virtual ~PictureRows() = default;
  virtual void begin(int64_t width, int64_t height, int64_t channels) = 0;
  virtual void add(const unsigned char *row) = 0;
};

// Read a file's bytes. `path` is for messages. Of a damaged file some rows may have been handed out
// before the damage is told. What a file's header claims is believed only as far as the file's
// length can bear it, so that a damaged one takes less than 64 MB and four times its length.
Status readPng(const std::string &path, std::string_view file, PictureRows *rows);
Status readJpeg(const std::string &path, std::string_view file, PictureRows *rows);

} // namespace dlc::runtime
