// Many numbers, each as small as it came: images stay bytes.
#pragma once

#include "runtime/buffer.h"

#include <cstdint>

namespace dlc::runtime {

enum class Cell {
  U8,
  I8,
  Q15, // n / 32768 of 16 bits: the numbers of most sounds
  I32,
  F32,
  F64
};

struct Numbers {
  Cell cell = Cell::F64;
  Bytes bytes;

  int64_t count() const;
  double at(int64_t i) const;
  // Copies `count` numbers from the i-th on.
  void read(int64_t i, int64_t count, double *values) const;
  // The first that is NaN or infinite, or -1.
  int64_t firstNotFinite() const;
};

} // namespace dlc::runtime
