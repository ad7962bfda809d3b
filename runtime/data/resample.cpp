// Sounds at another rate, by libspeexdsp.
#include "runtime/data/resample.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <speex/speex_resampler.h>

namespace dlc::runtime::data {

namespace {

struct Destroy {
  void operator()(SpeexResamplerState *state) const { speex_resampler_destroy(state); }
};
using Resampler = std::unique_ptr<SpeexResamplerState, Destroy>;

// Making a filter takes longer than using it on a second of sound, and the files of a data set
// mostly have one rate: each thread keeps its last.
SpeexResamplerState *resampler(int64_t from, int64_t to, Resampling quality) {
  thread_local struct {
    int64_t from = 0, to = 0;
    Resampling quality = Resampling::Best;
    Resampler state;
  } last;
  if (!last.state || last.from != from || last.to != to || last.quality != quality) {
    int error = 0;
    last.state.reset(speex_resampler_init(
        1, spx_uint32_t(from), spx_uint32_t(to),
        quality == Resampling::Best ? SPEEX_RESAMPLER_QUALITY_MAX : SPEEX_RESAMPLER_QUALITY_DESKTOP,
        &error));
    last.quality = quality;
    last.from = from;
    last.to = to;
    if (!last.state)
      abort(); // no memory
  }
  speex_resampler_reset_mem(last.state.get());
  speex_resampler_skip_zeros(last.state.get()); // no delay
  return last.state.get();
}

} // namespace

std::vector<float> resample(const std::vector<float> &sound, int64_t from, int64_t to,
                            int64_t count, Resampling quality) {
  std::vector<float> result(size_t(count), 0.0f);
  if (from == to) {
    std::copy_n(sound.begin(), std::min(sound.size(), result.size()), result.begin());
    return result;
  }
  SpeexResamplerState *state = resampler(from, to, quality);
  constexpr size_t kChunk = 4096;
  const std::vector<float> silence(kChunk, 0.0f);
  size_t taken = 0, made = 0;
  while (made < result.size()) {
    bool isSound = taken < sound.size();
    const float *in = isSound ? &sound[taken] : silence.data();
    auto offered = spx_uint32_t(isSound ? std::min(kChunk, sound.size() - taken) : kChunk);
    auto room = spx_uint32_t(std::min(kChunk, result.size() - made));
    speex_resampler_process_float(state, 0, in, &offered, &result[made], &room);
    taken += offered;
    made += room;
  }
  return result;
}

extern "C" void dlc_resample(const std::vector<float> &sound, int64_t from, int64_t to,
                             int64_t count, Resampling quality, std::vector<float> *result) {
  *result = resample(sound, from, to, count, quality);
}

} // namespace dlc::runtime::data
