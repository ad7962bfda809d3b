// NumPy's array files: one array a file.
#pragma once

#include "runtime/status.h"

#include <cstdint>
#include <string>
#include <vector>

namespace dlc::runtime {

// An array's numbers in row-major order. Integers up to 2^53 are exact.
struct Array {
  std::vector<int64_t> shape;
  std::vector<double> values;
};

// Reads little-endian f4, f8, i1, i2, i4, i8, u1, u2, u4 and bool arrays, C or Fortran order,
// format versions 1 to 3; says clearly what it does not read (objects, strings, complex,
// big-endian, numbers that are not finite).
Status readNpy(const std::string &path, Array *array);

// Writes row-major data of a dlc_dtype.
Status writeNpy(const std::string &path, int32_t dtype, const std::vector<int64_t> &shape,
                const void *data);

} // namespace dlc::runtime
