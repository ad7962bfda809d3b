// The search for a schedule.
#pragma once
#include "compiler/kernel/plan/schedule.h"

namespace dlc::kernel {

/// The schedules at which the search ended: the one that `chooseSchedule` takes, then the losers,
/// which other choices of lanes, register tile and first blocks came to, the cheapest first.
std::vector<Schedule> rankSchedules(const Nest &nest, const Processor &processor);

} // namespace dlc::kernel
