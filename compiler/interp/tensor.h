// Tensors of the reference evaluator: a shape and its numbers, row by row.
#pragma once

#include <cstdint>
#include <vector>

namespace dlc::interp {

/// Integers and booleans are held as doubles too, which have room for them.
struct Tensor {
  std::vector<int64_t> shape;
  std::vector<double> numbers;

  explicit Tensor(std::vector<int64_t> shape = {}, double fill = 0) : shape(std::move(shape)) {
    numbers.assign(countOf(this->shape), fill);
  }

  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
  int64_t size() const { return static_cast<int64_t>(numbers.size()); }

  static int64_t countOf(const std::vector<int64_t> &shape) {
    int64_t count = 1;
    for (int64_t size : shape)
      count *= size;
    return count;
  }
};

} // namespace dlc::interp
