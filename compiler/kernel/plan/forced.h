// Schedules that somebody gave.
#pragma once
#include "compiler/kernel/plan/schedule.h"
#include <atomic>
#include <string>
#include <vector>

namespace dlc::kernel {

/// Takes schedules as kernels carry them, each for all nests that it fits, where they cost nothing;
/// what fits none of them goes by cost.
class ForcedChooser : public Chooser {
public:
  explicit ForcedChooser(llvm::ArrayRef<std::string> texts) : texts(texts), isUsed(texts.size()) {}

  std::pair<Schedule, double> schedule(const Nest &nest, const Processor &processor) const override;

  /// Those that no nest had so far.
  std::vector<std::string> unused() const;

private:
  std::vector<std::string> texts;
  mutable std::vector<std::atomic<bool>> isUsed; // nests are scheduled on several threads
};

} // namespace dlc::kernel
