// The values weights and states start from.
#pragma once

#include "runtime/include/dlc/model.h"

#include <cstdint>

namespace dlc::runtime {

// Fills the variable's elements inside `buffer`. `number` tells the random numbers of one tensor
// from another's: weights count from 0, states from 1 << 30.
void initialize(const dlc_variable &variable, uint64_t seed, uint32_t number, void *buffer);

// All weights and states of a model; the gaps of both buffers become zero.
void initializeAll(const dlc_model &model, uint64_t seed, void *weights, void *states);

} // namespace dlc::runtime
