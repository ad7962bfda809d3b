// The schedules that a nest might have had, for people who tune kernels.
#pragma once
#include "compiler/kernel/plan/schedule.h"

namespace dlc::kernel {

/// A table of the best `count` schedules that the search came to and of `chosen`, which is marked,
/// with what each takes in cycles, and of what (cost.h).
std::string rankingOf(const Nest &nest, const Processor &processor, const Schedule &chosen,
                      unsigned count);

} // namespace dlc::kernel
