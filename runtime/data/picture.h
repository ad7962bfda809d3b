// Picture files as numbers: the transform `picture`.
#pragma once

#include "runtime/numbers.h"
#include "runtime/status.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace dlc::runtime::data {

// What a field f32[channels, height, width] takes: 1 channel is grey, 3 are red, green and blue.
struct PictureSize {
  int64_t channels, height, width;
};

// Bytes, channel after channel, of the picture scaled so that it covers the size, and cut at the
// centre. Scaling is bilinear, over all pixels that one pixel of the result stands for. Grey is
// 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601).
Status readPicture(const std::string &path, std::string_view file, const PictureSize &size,
                   Numbers *numbers);

// The same under a name that the linker is told where a data block has the transform; programs
// without it hold no decoders.
extern "C" void dlc_picture(const std::string &path, std::string_view file, const PictureSize &size,
                            Numbers *numbers, Status *status);

} // namespace dlc::runtime::data
