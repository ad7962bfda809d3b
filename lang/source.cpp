// Source files: finding the line and column of a byte.
#include "lang/source.h"

#include <algorithm>

namespace dlc::lang {

int32_t Sources::add(std::string name, std::string text, bool isStandardLibrary) {
  std::vector<uint32_t> lineStarts = {0};
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n')
      lineStarts.push_back(static_cast<uint32_t>(i + 1));
  files.push_back({std::move(name), std::move(text), isStandardLibrary, std::move(lineStarts)});
  return size() - 1;
}

Sources::Place Sources::place(int32_t file, uint32_t offset) const {
  const std::vector<uint32_t> &starts = files[file].lineStarts;
  offset = std::min<uint32_t>(offset, files[file].text.size());
  auto next = std::upper_bound(starts.begin(), starts.end(), offset);
  return {static_cast<int>(next - starts.begin()), static_cast<int>(offset - *(next - 1)) + 1};
}

std::string_view Sources::line(int32_t file, int line) const {
  const File &f = files[file];
  if (line < 1 || line > static_cast<int>(f.lineStarts.size()))
    return {};
  size_t begin = f.lineStarts[line - 1];
  std::string_view rest = std::string_view(f.text).substr(begin);
  std::string_view text = rest.substr(0, rest.find('\n'));
  if (text.ends_with('\r'))
    text.remove_suffix(1);
  return text;
}

} // namespace dlc::lang
