// Drives the compiled update rule: its slots, settings and step count, and the accumulation of
// gradients over several calls.
#pragma once

#include "runtime/buffer.h"
#include "runtime/state/network.h"
#include "runtime/status.h"

#include <string>
#include <vector>

namespace dlc::runtime {

class Optimizer {
public:
  // Slots are zero; settings are the compiled ones.
  explicit Optimizer(const dlc_model &model);

  // Overrides a setting by --set; an unknown name is a usage error.
  Status set(const std::string &name, double value);

  // Takes the network's gradients of one call of an optimizer step.
  void accumulate(const Network &network, bool startsStep, bool endsStep);
  // Updates the network's weights by the gradients accumulated since the step's start; `step` is 1
  // at the first update.
  void update(Network &network, int64_t step, int64_t totalSteps);
  // The learning rate of the last update.
  double rate() const { return rate_; }

  const dlc_model &model;
  std::vector<Buffer> slots;
  std::vector<double> settings; // one for each of dlc_model.settings

private:
  Buffer sum_;          // of gradients; allocated by the first step that takes several calls
  bool summed_ = false; // the step took several calls: its gradients are in sum_
  Buffer arena_;
  double rate_ = 0;
};

} // namespace dlc::runtime
