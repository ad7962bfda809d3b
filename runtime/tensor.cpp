// Sizes and texts of the tensors a model's table describes.
#include "runtime/tensor.h"

#include "runtime/text.h"

#include <cmath>

namespace dlc::runtime {

int64_t dtypeSize(int32_t dtype) { return dtype == DLC_F64 ? 8 : 4; }

const char *dtypeName(int32_t dtype) {
  return dtype == DLC_F64 ? "f64" : dtype == DLC_F32 ? "f32" : "i32";
}

int64_t elementCount(const dlc_tensor &tensor) {
  int64_t count = 1;
  for (int32_t axis = 0; axis < tensor.rank; ++axis)
    count *= tensor.shape[axis];
  return count;
}

int64_t elementsPerSample(const dlc_tensor &tensor) {
  int64_t count = 1;
  for (int32_t axis = tensor.batched ? 1 : 0; axis < tensor.rank; ++axis)
    count *= tensor.shape[axis];
  return count;
}

std::vector<int64_t> shapeOf(const dlc_tensor &tensor) {
  return std::vector<int64_t>(tensor.shape, tensor.shape + tensor.rank);
}

std::string shapeText(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t axis = 0; axis < shape.size(); ++axis)
    text += format("%s%lld", axis ? ", " : "", static_cast<long long>(shape[axis]));
  return text + "]";
}

template <class T> static int64_t firstOf(const void *data, int64_t count) {
  auto *values = static_cast<const T *>(data);
  for (int64_t i = 0; i < count; ++i)
    if (!std::isfinite(values[i]))
      return i;
  return -1;
}

int64_t firstNotFinite(const void *data, int32_t dtype, int64_t count) {
  return dtype == DLC_F32   ? firstOf<float>(data, count)
         : dtype == DLC_F64 ? firstOf<double>(data, count)
                            : -1;
}

std::string notFiniteText(const std::string &name, const std::vector<int64_t> &shape, int64_t i,
                          double value) {
  std::vector<int64_t> place(shape.size());
  for (size_t axis = shape.size(); axis-- > 0; i /= shape[axis])
    place[axis] = axis > 0 ? i % shape[axis] : i; // a batch may be a part of more samples
  return format("`%s`%s is %s", name.c_str(), shape.empty() ? "" : shapeText(place).c_str(),
                std::isnan(value) ? "NaN"
                : value > 0       ? "infinite"
                                  : "minus infinity");
}

double fromHalf(uint16_t half) {
  int exponent = half >> 10 & 31, fraction = half & 1023;
  double magnitude = exponent == 31  ? (fraction ? NAN : INFINITY)
                     : exponent == 0 ? fraction * 0x1p-24
                                     : std::ldexp(1024 + fraction, exponent - 25);
  return half & 0x8000 ? -magnitude : magnitude;
}

int64_t checkedProduct(const std::vector<int64_t> &shape) {
  int64_t product = 1;
  for (int64_t size : shape)
    if (size < 0 || __builtin_mul_overflow(product, size, &product))
      return -1;
  return product;
}

} // namespace dlc::runtime
