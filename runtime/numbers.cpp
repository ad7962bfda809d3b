// Many numbers, each as small as it came: images stay bytes.
#include "runtime/numbers.h"

#include "runtime/tensor.h"

namespace dlc::runtime {

template <class T> static void widen(const Bytes &bytes, int64_t i, int64_t count, double *values) {
  const T *source = reinterpret_cast<const T *>(bytes.data()) + i;
  for (int64_t j = 0; j < count; ++j)
    values[j] = double(source[j]);
}

int64_t Numbers::count() const {
  bool isByte = cell == Cell::U8 || cell == Cell::I8;
  return int64_t(bytes.size()) / (isByte ? 1 : cell == Cell::F64 ? 8 : 4);
}

void Numbers::read(int64_t i, int64_t count, double *values) const {
  switch (cell) {
  case Cell::U8:
    return widen<uint8_t>(bytes, i, count, values);
  case Cell::I8:
    return widen<int8_t>(bytes, i, count, values);
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
  int32_t dtype = cell == Cell::F32 ? DLC_F32 : cell == Cell::F64 ? DLC_F64 : DLC_I32;
  return runtime::firstNotFinite(bytes.data(), dtype, count());
}

} // namespace dlc::runtime
