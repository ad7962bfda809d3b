// Reports the checker's errors: once each, and in the user's files.
#pragma once

#include "lang/diagnostic.h"

#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace dlc::lang {

/// An error inside the standard library is the fault of the call that led there: it is shown at the
/// innermost call in the user's files, and the library's place becomes a note.
class Report {
public:
  Report(const Sources &sources, Diagnostics &diagnostics)
      : sources(sources), diagnostics(diagnostics) {}

  /// As Diagnostics::error. A repetition of an error (in a loop's next turn, say) is dropped.
  Diagnostic &error(const std::string &id, Range range, const std::string &message,
                    const std::string &label = "");

  /// The place in the user's files that led to `range`.
  Range userPlace(Range range) const;
  bool inStandardLibrary(Range range) const;
  std::string text(Range range) const; // the source text of a range
  bool hasErrors() const { return diagnostics.hasErrors(); }
  int count() const { return reported; } // errors so far, repetitions included

  void enter(const std::string &callee, Range call) { calls.push_back({callee, call}); }
  void leave() { calls.pop_back(); }
  /// The callee that stands most often among the calls under way.
  std::string mostCalled() const;
  size_t depth() const { return calls.size(); }

private:
  struct Call {
    std::string callee;
    Range range;
  };
  const Sources &sources;
  Diagnostics &diagnostics;
  std::vector<Call> calls;
  std::set<std::tuple<std::string, int32_t, uint32_t, uint32_t>> seen;
  Diagnostic dropped;
  int reported = 0;
};

} // namespace dlc::lang
