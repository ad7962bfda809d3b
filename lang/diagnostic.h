// Diagnostics: what is wrong, where, which other places matter, and what may help.
#pragma once

#include "lang/source.h"

#include <string>
#include <vector>

namespace dlc::lang {

/// A place with words of its own. A diagnostic's primary place is shown with its line of text and a
/// caret, other places as `file:line:column`.
struct Label {
  Range range;
  std::string text; // may be empty
};

struct Diagnostic {
  enum class Severity { Error, Warning };
  Severity severity = Severity::Error;
  std::string id;      // "rank-mismatch"; every id has a test
  std::string message; // one line, in the user's words
  Label primary;
  std::vector<Label> notes;      // other places: "note: ..."
  std::vector<std::string> help; // "help: ..."; only when nearly sure
};

/// Collects the diagnostics of a run, at most 20 errors.
class Diagnostics {
public:
  explicit Diagnostics(const Sources &sources) : sources(sources) {}

  /// The new diagnostic, to which notes and help may be added until the next report. One that says
  /// the same of the same place as an earlier one is dropped, as are errors after the 20th.
  Diagnostic &error(std::string id, Range range, std::string message, std::string label = "");
  Diagnostic &warning(std::string id, Range range, std::string message, std::string label = "");

  Diagnostic &report(Diagnostic diagnostic);

  bool hasErrors() const { return errorCount > 0; }
  const std::vector<Diagnostic> &all() const { return list; }

  /// All of them as text, in the order of report, each followed by an empty line. A place is shown
  /// by its first line only; tabs are shown as four spaces, so that carets stand where they should.
  std::string render() const;

private:
  const Sources &sources;
  std::vector<Diagnostic> list;
  int errorCount = 0;
  int unseenErrors = 0; // beyond the limit
  Diagnostic dropped;   // what a caller may still add notes to
};

/// "`name`": how a message shows what stands in the program.
std::string quoted(const std::string &name);

/// The candidate nearest to `word` by edit distance, if it is near enough to be meant; else "".
std::string didYouMean(const std::string &word, const std::vector<std::string> &candidates);

/// Adds "did you mean `…`?" if a candidate is near enough; returns whether one was.
bool suggest(Diagnostic &error, const std::string &word,
             const std::vector<std::string> &candidates);

} // namespace dlc::lang
