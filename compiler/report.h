// What `dlc explain` tells of a network: its layers, the memory of a step, its derivative.
#pragma once

#include "compiler/nn/from_net.h"
#include "lang/net/net.h"

#include <cstdint>
#include <string>

namespace dlc {

/// What a training step holds at once, in bytes; the compiled program asks for exactly this much.
struct StepMemory {
  int64_t weights = 0, gradients = 0, slots = 0, state = 0, arena = 0;

  int64_t total() const { return weights + gradients + slots + state + arena; }
};

/// `slots` are the optimizer's; `arena` as the compiled step says.
StepMemory stepMemory(const lang::Network &network, const Specialization &specialization,
                      int64_t arena);

/// The report as text for people; `derivative` is its last part.
std::string reportText(const lang::Network &network, const Specialization &specialization,
                       const StepMemory &memory, const std::string &derivative);

/// The same as one JSON object.
std::string reportJson(const lang::Network &network, const Specialization &specialization,
                       const StepMemory &memory, const std::string &derivative);

} // namespace dlc
