// Calls: functions, layers and their instances, operations, schedules.
#pragma once

#include "lang/check/argument.h"

namespace dlc::lang {

/// `callee(given)`, with `piped` as its first tensor if it is not null. A layer or an operation
/// with a configuration takes `given` as that; without a piped value the result is the instance.
Value call(const Value &callee, const std::vector<GivenArgument> &given, Environment &caller,
           Range site, const Operand *piped);

/// The body of a `schedule` with its parameters bound in `callee`.
Value callSchedule(const ast::Item &item, Environment &callee, Range site);

} // namespace dlc::lang
