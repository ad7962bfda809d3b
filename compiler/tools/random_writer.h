// What random functions are made of: sizes, arguments, and operations with what they suit.
#pragma once
#include "compiler/tools/function_writer.h"

#include <algorithm>
#include <numeric>
#include <random>

namespace dlc::tools {

/// Of a nest: each is interpreted, and evaluated, many times.
inline constexpr int64_t kMostPoints = 12000;

class RandomWriter : public FunctionWriter {
public:
  explicit RandomWriter(uint64_t seed) : random(seed) { element = below(2) ? "f32" : "f64"; }

protected:
  std::mt19937_64 random;

  int64_t below(int64_t n) { return int64_t(random() % uint64_t(n)); }
  int64_t between(int64_t low, int64_t high) { return low + below(high - low + 1); }
  template <typename T> T among(std::initializer_list<T> values) {
    return values.begin()[below(values.size())];
  }
  // 1, primes, and what lies around lanes and tiles.
  int64_t size() {
    return among<int64_t>({1, 2, 3, 3, 4, 5, 6, 7, 8, 9, 11, 13, 15, 16, 17, 24, 31, 32, 33});
  }
  int64_t smallSize() { return among<int64_t>({1, 2, 3, 4, 5, 7}); }
  Sizes permutation(size_t rank) {
    Sizes order(rank);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    return order;
  }
  // Sizes of a nest that is not too large.
  template <typename Draw> Sizes drawSizes(Draw draw) {
    for (;;)
      if (Sizes sizes = draw(); product(sizes) <= kMostPoints)
        return sizes;
  }

  Tensor unary(const std::string &name, const Tensor &x);
  Tensor binary(const std::string &name, const Tensor &a, const Tensor &b);
  Tensor zeros(const Sizes &shape);
  Tensor transpose(const Tensor &x, const Sizes &order);
  /// Read from the end along some axes.
  Tensor flipped(const Tensor &x);
  /// An argument of this shape, which lies in memory in another order.
  Tensor permuted(const Sizes &shape);
  /// One part of an argument, or an argument and something made of another, one after the other.
  Tensor ofParts(const Sizes &shape);
  /// An argument of some axes of the shape, repeated along the others.
  Tensor repeated(const Sizes &shape);
  Tensor reshape(const Tensor &x, const Sizes &shape);
  Tensor reduced(const Tensor &x);
  /// The place of the largest of the last axis.
  Tensor argmax(const Tensor &x);
  /// 1 at one place of the last axis, which the index of a loop decides.
  Tensor oneHot(const Sizes &shape);
  /// What is not defined everywhere, or grows fast, of a value that suits it.
  Tensor steep(const Tensor &x);
  /// What jumps, of arguments: what is computed is rounded to either side.
  Tensor jumping(const Tensor &x);
  /// By way of f64.
  Tensor widened(const Tensor &x);
  /// What may follow a sum: biases, activations, residuals, masks.
  Tensor followed(Tensor x);
  /// The result, or several.
  void finish(const Tensor &x);
};

} // namespace dlc::tools
