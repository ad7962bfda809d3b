// Places the checker's errors in the user's files.
#include "lang/check/report.h"

#include <map>

namespace dlc::lang {

constexpr size_t kCallsShown = 3; // "called from here" notes of one error

bool Report::inStandardLibrary(Range range) const {
  return range.valid() && sources.isStandardLibrary(range.file);
}

std::string Report::text(Range range) const {
  if (!range.valid())
    return "";
  return std::string(sources.text(range.file).substr(range.begin, range.end - range.begin));
}

Range Report::userPlace(Range range) const {
  for (auto call = calls.rbegin(); inStandardLibrary(range) && call != calls.rend(); ++call)
    range = call->range;
  return range;
}

std::string Report::mostCalled() const {
  std::map<std::string, int> counts;
  std::string most;
  for (const Call &call : calls)
    if (++counts[call.callee] > counts[most])
      most = call.callee;
  return most;
}

Diagnostic &Report::error(const std::string &id, Range range, const std::string &message,
                          const std::string &label) {
  ++reported;
  Range place = userPlace(range);
  if (!seen.insert({id, place.file, place.begin, place.end}).second)
    return dropped = Diagnostic();
  bool moved = inStandardLibrary(range) && !inStandardLibrary(place);
  Diagnostic &error = diagnostics.error(id, place, message, moved ? "" : label);
  if (moved)
    error.notes.push_back({range, label.empty() ? "in the standard library" : label});

  size_t shown = 0;
  for (auto call = calls.rbegin(); call != calls.rend() && shown < kCallsShown; ++call) {
    if (inStandardLibrary(call->range) || call->range.begin == place.begin)
      continue;
    error.notes.push_back({call->range, quoted(call->callee) + " was called here"});
    ++shown;
  }
  return error;
}

} // namespace dlc::lang
