// Sounds at another rate.
#pragma once

#include <cstdint>
#include <vector>

namespace dlc::runtime::data {

// What `from` numbers a second are at `to` numbers a second, without what the lower of both rates
// cannot hold: `count` numbers from the beginning on, with silence behind the end. By Speex's
// resampler (a windowed sinc of 256 numbers), at its best quality.
std::vector<float> resample(const std::vector<float> &sound, int64_t from, int64_t to,
                            int64_t count);

// The same under a name that the linker is told where a data block needs it.
extern "C" void dlc_resample(const std::vector<float> &sound, int64_t from, int64_t to,
                             int64_t count, std::vector<float> *result);

} // namespace dlc::runtime::data
