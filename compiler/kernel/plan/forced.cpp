// Finds the schedule given for a nest.
#include "compiler/kernel/plan/forced.h"

namespace dlc::kernel {

std::pair<Schedule, double> ForcedChooser::schedule(const Nest &nest,
                                                    const Processor &processor) const {
  for (auto [text, used] : llvm::zip_equal(texts, isUsed))
    if (std::optional<Schedule> schedule = parseSchedule(nest, text)) {
      used = true;
      return {*schedule, 0};
    }
  return chooseSchedule(nest, processor);
}

std::vector<std::string> ForcedChooser::unused() const {
  std::vector<std::string> left;
  for (auto [text, used] : llvm::zip_equal(texts, isUsed))
    if (!used)
      left.push_back(text);
  return left;
}

} // namespace dlc::kernel
