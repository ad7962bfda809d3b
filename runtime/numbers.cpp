// Many numbers, each as small as it came: images stay bytes.
#include "runtime/numbers.h"

#include "runtime/tensor.h"

namespace dlc::runtime {

template <class T> static void widen(const Bytes &bytes, int64_t i, int64_t count, double *values) {
  const T *source = reinterpret_cast<const T *>(bytes.data()) + i;
  for (int64_t j = 0; j < count; ++j)
    values[j] = double(source[j]);
}

static int64_t sizeOf(Cell cell) {
  switch (cell) {
  case Cell::U8:
  case Cell::I8:
    return 1;
  case Cell::Q15:
    return 2;
  case Cell::I32:
  case Cell::F32:
    return 4;
  case Cell::F64:
    return 8;
  }
  return 8;
}

int64_t Numbers::count() const { return int64_t(bytes.size()) / sizeOf(cell); }

void Numbers::read(int64_t i, int64_t count, double *values) const {
  switch (cell) {
  case Cell::U8:
    return widen<uint8_t>(bytes, i, count, values);
  case Cell::I8:
    return widen<int8_t>(bytes, i, count, values);
  case Cell::Q15:
    widen<int16_t>(bytes, i, count, values);
    for (int64_t j = 0; j < count; ++j)
      values[j] *= 0x1p-15;
    return;
  case Cell::I32:
    return widen<int32_t>(bytes, i, count, values);
  case Cell::F32:
    return widen<float>(bytes, i, count, values);
  case Cell::F64:
    return widen<double>(bytes, i, count, values);
  }
}

double Numbers::at(int64_t i) const {
  double value = 0;
  read(i, 1, &value);
  return value;
}

int64_t Numbers::firstNotFinite() const {
  if (cell != Cell::F32 && cell != Cell::F64)
    return -1;
  return runtime::firstNotFinite(bytes.data(), cell == Cell::F32 ? DLC_F32 : DLC_F64, count());
}

} // namespace dlc::runtime
