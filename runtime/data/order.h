// In which order an epoch has the samples.
#pragma once

#include "runtime/data/dataset.h"

namespace dlc::runtime::data {

// How long each sample is: the place of its last number that is not 0; of a file, its bytes.
std::vector<int64_t> lengthsOf(const Column &column, int64_t count);

// All samples in an order that chance decides, another one in each epoch. With `lengths`, samples
// of like length make a step of `samplesPerStep`: of 32 steps' samples, drawn by chance, the
// shortest ones are one step, and so on; then the steps are put in an order that chance decides.
// The samples that fill no step stay the last.
std::vector<int64_t> orderOfEpoch(int64_t count, uint64_t seed, int64_t epoch,
                                  int64_t samplesPerStep, const std::vector<int64_t> &lengths);

} // namespace dlc::runtime::data
