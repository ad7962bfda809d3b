// Sounds at another rate.
#pragma once

#include <cstdint>
#include <vector>

namespace dlc::runtime::data {

// `Best` takes a millisecond to prepare for a rate, `Good` a tenth of that.
enum class Resampling { Best, Good };

// What `from` numbers a second are at `to` numbers a second, without what the lower of both rates
// cannot hold: `count` numbers from the beginning on, with silence behind the end. By Speex's
// resampler, a windowed sinc.
std::vector<float> resample(const std::vector<float> &sound, int64_t from, int64_t to,
                            int64_t count, Resampling quality);

// The same under a name that the linker is told where a data block needs it.
extern "C" void dlc_resample(const std::vector<float> &sound, int64_t from, int64_t to,
                             int64_t count, Resampling quality, std::vector<float> *result);

} // namespace dlc::runtime::data
