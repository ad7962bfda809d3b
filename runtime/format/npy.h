// NumPy's arrays: one a file (.npy), or by name in an archive (.npz).
#pragma once

#include "runtime/numbers.h"
#include "runtime/status.h"

#include <cstdint>
#include <string>
#include <vector>

namespace dlc::runtime {

// How an array is named on a command line or in a data block: `x.npy`, or `data.npz:images` (or
// `data.npz` alone, if it holds one array).
struct ArrayName {
  explicit ArrayName(const std::string &text);

  std::string file;
  std::string inside; // "images", or ""
  bool isInArchive;
};

// An array's numbers in row-major order. Integers up to 2^53 are exact.
struct Array : Numbers {
  std::vector<int64_t> shape;
};

// Reads what an ArrayName names: bools, integers and floats (f2, f4, f8) of either byte order, in C
// or Fortran order, format versions 1 to 3; in an archive stored or deflated. Says clearly what it
// does not read (objects, strings, complex, numbers that are not finite).
Status readNpy(const std::string &name, Array *array);

// Writes row-major data of a dlc_dtype.
Status writeNpy(const std::string &path, int32_t dtype, const std::vector<int64_t> &shape,
                const void *data);

} // namespace dlc::runtime
