// Sizes, texts and single elements of the tensors a model's table describes.
#pragma once

#include "runtime/include/dlc/model.h"

#include <cstdint>
#include <string>
#include <vector>

namespace dlc::runtime {

int64_t dtypeSize(int32_t dtype);
const char *dtypeName(int32_t dtype); // "f32"
int64_t elementCount(const dlc_tensor &tensor);
inline int64_t byteCount(const dlc_tensor &tensor) {
  return elementCount(tensor) * dtypeSize(tensor.dtype);
}
// Elements of one sample of a batched tensor, all elements of any other.
int64_t elementsPerSample(const dlc_tensor &tensor);

std::vector<int64_t> shapeOf(const dlc_tensor &tensor);
std::string shapeText(const std::vector<int64_t> &shape); // "[784, 10]"
inline std::string shapeText(const dlc_tensor &tensor) { return shapeText(shapeOf(tensor)); }

// The product of a shape, or -1 where a dimension is negative or the product overflows.
int64_t checkedProduct(const std::vector<int64_t> &shape);

// The first of `count` numbers that is NaN or infinite, or -1.
int64_t firstNotFinite(const void *data, int32_t dtype, int64_t count);
// What firstNotFinite found, for a message: "`dense.weight`[3, 0] is NaN".
std::string notFiniteText(const std::string &name, const std::vector<int64_t> &shape, int64_t i,
                          double value);

// IEEE half precision.
double fromHalf(uint16_t half);

// One element of a buffer of `dtype`.
inline double readElement(const void *data, int32_t dtype, int64_t i) {
  switch (dtype) {
  case DLC_F32:
    return static_cast<const float *>(data)[i];
  case DLC_F64:
    return static_cast<const double *>(data)[i];
  default:
    return static_cast<const int32_t *>(data)[i];
  }
}
inline void writeElement(void *data, int32_t dtype, int64_t i, double value) {
  switch (dtype) {
  case DLC_F32:
    static_cast<float *>(data)[i] = static_cast<float>(value);
    break;
  case DLC_F64:
    static_cast<double *>(data)[i] = value;
    break;
  default:
    static_cast<int32_t *>(data)[i] = static_cast<int32_t>(value);
  }
}

} // namespace dlc::runtime
