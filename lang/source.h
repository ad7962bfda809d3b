// Source files and places in them.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dlc::lang {

/// A half-open range of bytes in one file of a `Sources`. file -1: no place at all.
struct Range {
  int32_t file = -1;
  uint32_t begin = 0;
  uint32_t end = 0;

  bool valid() const { return file >= 0; }
};

/// The texts of one compilation, the standard library's among them. Owns them.
class Sources {
public:
  /// Adds a text under the name that diagnostics show. Returns its number.
  int32_t add(std::string name, std::string text, bool isStandardLibrary = false);

  std::string_view name(int32_t file) const { return files[file].name; }
  std::string_view text(int32_t file) const { return files[file].text; }
  bool isStandardLibrary(int32_t file) const { return files[file].standard; }
  int32_t size() const { return static_cast<int32_t>(files.size()); }

  struct Place {
    int line;   // from 1
    int column; // from 1, in bytes
  };
  Place place(int32_t file, uint32_t offset) const;

  /// The text of the line (from 1), without its end.
  std::string_view line(int32_t file, int line) const;

private:
  struct File {
    std::string name;
    std::string text;
    bool standard;
    std::vector<uint32_t> lineStarts; // byte offsets; the first is 0
  };
  std::deque<File> files;
};

} // namespace dlc::lang
