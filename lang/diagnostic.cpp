// Collecting diagnostics, and writing them as text with the line they are about and a caret.
#include "lang/diagnostic.h"

#include "lang/utf8.h"

#include <algorithm>

namespace dlc::lang {
namespace {

constexpr int kMaxErrors = 20;       // more say little that the first ones do not
constexpr int kTabWidth = 4;         // columns a tab is shown as
constexpr size_t kWindowWidth = 160; // columns of a long line that are shown
constexpr size_t kWindowLead = 60;   // of them, how many at least stand before the caret

/// One character of a line as it is shown.
struct Cell {
  std::string text;
  uint32_t byte; // where it begins in the line
  size_t width;  // columns
};

/// The line in printable characters: tabs spread, control characters and broken bytes replaced.
std::vector<Cell> cells(std::string_view line) {
  std::vector<Cell> result;
  for (size_t i = 0; i < line.size();) {
    utf8::Char c = utf8::decode(line, i);
    Cell cell{std::string(line.substr(i, c.size)), static_cast<uint32_t>(i), utf8::width(c.point)};
    if (c.point == '\t')
      cell.text = std::string(kTabWidth, ' '), cell.width = kTabWidth;
    else if (!c.valid || c.point < 0x20 || (c.point >= 0x7f && c.point < 0xa0))
      cell.text = "\xEF\xBF\xBD", cell.width = 1; // U+FFFD
    result.push_back(std::move(cell));
    i += c.size;
  }
  return result;
}

struct Window {
  std::string line;
  std::string carets;
};

/// The line and, under the bytes from `begin` to `end` of it, the caret.
Window window(std::string_view line, uint32_t begin, uint32_t end) {
  // Only the neighbourhood of the caret can be seen: a line may be as long as the file.
  constexpr uint32_t kMaxBytes = 4 * kWindowWidth; // UTF-8 has at most 4 in a character
  uint32_t skipped = begin > kMaxBytes ? begin - kMaxBytes : 0;
  while (skipped > 0 && (line[skipped] & 0xC0) == 0x80)
    --skipped;
  line = line.substr(skipped, size_t(2) * kMaxBytes);
  begin -= skipped;
  end -= skipped;

  std::vector<Cell> shown = cells(line);
  size_t column = 0, caretColumn = 0, caretWidth = 0;
  for (const Cell &cell : shown) {
    if (cell.byte < begin)
      caretColumn = column + cell.width;
    else if (cell.byte < end)
      caretWidth += cell.width;
    column += cell.width;
  }

  // Of a very long line only the part around the caret.
  size_t from = 0;
  if (column > kWindowWidth && caretColumn > kWindowLead)
    from = caretColumn - kWindowLead;
  Window result;
  size_t at = 0;
  bool cut = false;
  for (const Cell &cell : shown) {
    bool inside = at >= from && at + cell.width <= from + kWindowWidth;
    if (inside)
      result.line += cell.text;
    else if (at < from)
      caretColumn -= cell.width;
    else
      cut = true;
    at += cell.width;
  }
  if (from > 0) {
    result.line = "..." + result.line;
    caretColumn += 3;
  }
  if (cut)
    result.line += "...";
  size_t room = kWindowWidth + 3 - std::min(kWindowWidth, caretColumn);
  caretWidth = std::clamp<size_t>(caretWidth, 1, room);
  result.carets = std::string(caretColumn, ' ') + "^" + std::string(caretWidth - 1, '~');
  return result;
}

std::string arrow(const Sources &sources, Range range, size_t gutter) {
  Sources::Place place = sources.place(range.file, range.begin);
  return std::string(gutter, ' ') + "--> " + std::string(sources.name(range.file)) + ":" +
         std::to_string(place.line) + ":" + std::to_string(place.column) + "\n";
}

void render(const Sources &sources, const Diagnostic &diagnostic, std::string &out) {
  out += diagnostic.severity == Diagnostic::Severity::Error ? "error: " : "warning: ";
  out += diagnostic.message + " [" + diagnostic.id + "]\n";
  size_t gutter = 1;
  if (Range range = diagnostic.primary.range; range.valid()) {
    Sources::Place place = sources.place(range.file, range.begin);
    std::string number = std::to_string(place.line);
    gutter = number.size();
    out += arrow(sources, range, gutter);
    uint32_t begin = place.column - 1;
    uint32_t end = begin + (std::max(range.end, range.begin) - range.begin);
    Window shown = window(sources.line(range.file, place.line), begin, end);
    std::string margin(gutter + 2, ' ');
    out += margin + "|\n";
    out += " " + number + " |" + (shown.line.empty() ? "" : " " + shown.line) + "\n";
    out += margin + "| " + shown.carets;
    if (!diagnostic.primary.text.empty())
      out += " " + diagnostic.primary.text;
    out += "\n";
  }
  for (const Label &note : diagnostic.notes) {
    out += "note: " + note.text + "\n";
    if (note.range.valid())
      out += arrow(sources, note.range, gutter);
  }
  for (const std::string &help : diagnostic.help)
    out += "help: " + help + "\n";
}

/// Levenshtein's distance with swaps of neighbours counted once.
int editDistance(const std::string &a, const std::string &b) {
  std::vector<std::vector<int>> d(a.size() + 1, std::vector<int>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i)
    d[i][0] = static_cast<int>(i);
  for (size_t j = 0; j <= b.size(); ++j)
    d[0][j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i)
    for (size_t j = 1; j <= b.size(); ++j) {
      d[i][j] =
          std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

} // namespace

Diagnostic &Diagnostics::report(Diagnostic diagnostic) {
  auto same = [&](const Diagnostic &other) {
    Range a = diagnostic.primary.range, b = other.primary.range;
    return other.id == diagnostic.id && other.message == diagnostic.message && a.file == b.file &&
           a.begin == b.begin && a.end == b.end;
  };
  bool isError = diagnostic.severity == Diagnostic::Severity::Error;
  bool known = std::any_of(list.begin(), list.end(), same);
  bool full = isError ? errorCount >= kMaxErrors : list.size() >= size_t(2) * kMaxErrors;
  if (known || full) {
    unseenErrors += isError && !known;
    dropped = std::move(diagnostic);
    return dropped;
  }
  errorCount += isError;
  list.push_back(std::move(diagnostic));
  return list.back();
}

Diagnostic &Diagnostics::error(std::string id, Range range, std::string message,
                               std::string label) {
  return report({Diagnostic::Severity::Error,
                 std::move(id),
                 std::move(message),
                 {range, std::move(label)},
                 {},
                 {}});
}

Diagnostic &Diagnostics::warning(std::string id, Range range, std::string message,
                                 std::string label) {
  return report({Diagnostic::Severity::Warning,
                 std::move(id),
                 std::move(message),
                 {range, std::move(label)},
                 {},
                 {}});
}

std::string Diagnostics::render() const {
  std::string out;
  for (const Diagnostic &diagnostic : list) {
    lang::render(sources, diagnostic, out);
    out += "\n";
  }
  if (unseenErrors > 0)
    out += "and " + std::to_string(unseenErrors) + " more error" + (unseenErrors > 1 ? "s" : "") +
           "\n\n";
  return out;
}

std::string quoted(const std::string &name) { return "`" + name + "`"; }

std::string didYouMean(const std::string &word, const std::vector<std::string> &candidates) {
  constexpr size_t kLongestName = 64; // beyond it a name is no typing mistake
  std::string nearest;
  if (word.empty() || word.size() > kLongestName)
    return nearest;
  // A third of the letters may be wrong; of a very short word one.
  int best = std::max(1, static_cast<int>(word.size()) / 3) + 1;
  for (const std::string &candidate : candidates) {
    if (candidate == word || candidate.size() > kLongestName)
      continue;
    int distance = editDistance(word, candidate);
    bool shares = distance < static_cast<int>(std::max(word.size(), candidate.size()));
    if (shares && distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

bool suggest(Diagnostic &error, const std::string &word,
             const std::vector<std::string> &candidates) {
  std::string near = didYouMean(word, candidates);
  if (!near.empty())
    error.help.push_back("did you mean " + quoted(near) + "?");
  return !near.empty();
}

} // namespace dlc::lang
