// Text files.
#pragma once

#include "runtime/format/gzip.h"
#include "runtime/status.h"

#include <string>
#include <string_view>

namespace dlc::runtime::data {

// A text file, plain or gzip, in memory.
struct TextFile {
  Bytes bytes;
  std::string_view text; // UTF-8, without a byte order mark; not empty

  // Fails where the file cannot be read, is empty, or is no UTF-8 text; says what it seems to be.
  Status read(const std::string &path);
};

// Takes the first line off a text that is not empty: what stands before its end, LF or CR LF.
std::string_view takeLine(std::string_view *text);

} // namespace dlc::runtime::data
