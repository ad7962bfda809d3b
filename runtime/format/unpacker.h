// libdeflate's unpacker, and how much room to give it.
#pragma once

#include <cstddef>
#include <libdeflate.h>
#include <memory>

namespace dlc::runtime {

struct FreeUnpacker {
  void operator()(libdeflate_decompressor *unpacker) const {
    libdeflate_free_decompressor(unpacker);
  }
};
using Unpacker = std::unique_ptr<libdeflate_decompressor, FreeUnpacker>;

// Deflate makes nothing smaller than this.
constexpr size_t kMostRatio = 1032;
// No data set is packed as well as this: with so much room at first, a damaged size costs no more
// memory.
constexpr size_t kUsualRatio = 16;

} // namespace dlc::runtime
