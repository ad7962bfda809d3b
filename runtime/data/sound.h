// Sound files as numbers: the transform `sound`.
#pragma once

#include "runtime/numbers.h"
#include "runtime/status.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace dlc::runtime::data {

// What a field f32[count] with `sound(rate)` takes.
struct SoundSize {
  int64_t rate, count;
  const char *field; // its name, for messages
};

// The mean of a sound's channels at `rate` numbers a second, in [-1, 1]; at most `count` of them.
// Sounds of at most 16 bits at that rate keep them (Cell::Q15), others are Cell::F32.
Status readSound(const std::string &path, std::string_view file, const SoundSize &size,
                 Numbers *numbers);

// The same under a name that the linker is told where a data block has the transform; programs
// without it hold no decoders.
extern "C" void dlc_sound(const std::string &path, std::string_view file, const SoundSize &size,
                          Numbers *numbers, Status *status);

} // namespace dlc::runtime::data
