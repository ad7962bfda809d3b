// One unfolding: what its steps share.
#include "lang/check/unfolding.h"

#include <utility>

namespace dlc::lang {

Unfolding::Unfolding(Context &context, Purpose purpose, bool training)
    : context(context), report(context.report), purpose(purpose), training(training), graph(report),
      operations(context.signatures,
                 purpose == Purpose::Optimizer ? Element::Double : Element::Real, graph, report) {}

bool Unfolding::enter(Range range) {
  // What the parser allows in one body, and room for the calls in it; the stack holds this much.
  constexpr int kDeepest = ast::kMaxDepth + 140;
  if (depth < kDeepest) {
    ++depth;
    return true;
  }
  if (!std::exchange(wasTooDeep, true)) // what is around it would say the same
    report.error("too-deep", range, "expressions, blocks and calls are nested too deeply here");
  return false;
}

bool Unfolding::nameVariables() {
  bool isRight = true;
  std::map<std::string, Range> names;
  for (Variables *variables : {&params, &states})
    for (size_t i = 0; i < variables->list.size(); ++i) {
      Variable &variable = variables->list[i];
      variable.layer = variables->places[i]->path();
      variable.name = joined(variable.layer, variable.name);
      auto [entry, isNew] = names.try_emplace(variable.name, variable.range);
      if (isNew)
        continue;
      isRight = false;
      report
          .error("duplicate-weight-name", variable.range,
                 "two weights would be called " + quoted(variable.name))
          .notes.push_back({entry->second, "the other one"});
    }
  return isRight;
}

} // namespace dlc::lang
