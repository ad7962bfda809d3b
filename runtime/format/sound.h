// Sounds, one moment after the other.
#pragma once

#include "runtime/status.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace dlc::runtime {

struct SoundFormat {
  int64_t rate = 0;   // moments a second
  int64_t frames = 0; // moments; -1: not known before the end
  int channels = 0;
  int bits = 0; // of a number that is an integer; 0: of floats
};

// Takes the means over a sound's channels, in the order of time.
class SoundFrames {
public:
  virtual ~SoundFrames() = default;
  virtual Status begin(const SoundFormat &format) = 0;
  // In [-1, 1], if a file of floats keeps to it. What fails ends the reading.
  virtual Status add(double mean) = 0;
};

// The highest rate that is believed, in moments a second.
constexpr int64_t kMostSoundRate = 1000000;

// Read a file's bytes. `path` is for messages. What a file's header claims is believed only as far
// as the file's length can bear it.
//   WAV: PCM of 8, 16, 24 and 32 bits and floats of 32 and 64, plain or extensible.
Status readWav(const std::string &path, std::string_view file, SoundFrames *frames);
Status readFlac(const std::string &path, std::string_view file, SoundFrames *frames);

} // namespace dlc::runtime
