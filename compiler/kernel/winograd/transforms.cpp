// Matrices of transforms, from the points that polynomials go through.
#include "compiler/kernel/winograd/transforms.h"

using namespace mlir;

namespace dlc::kernel {

static std::vector<Row> transposed(const std::vector<Row> &matrix, size_t columns) {
  std::vector<Row> result(columns, Row{});
  for (auto [i, row] : llvm::enumerate(matrix))
    for (size_t j = 0; j < columns; ++j)
      result[j][i] = row[j];
  return result;
}

// The product of (x - p) over all points but one, by powers of x.
static Row polynomial(ArrayRef<double> points, size_t without) {
  Row product{1};
  size_t degree = 0;
  for (auto [i, point] : llvm::enumerate(points)) {
    if (i == without)
      continue;
    for (size_t power = ++degree; power > 0; --power)
      product[power] = product[power - 1] - point * product[power];
    product[0] *= -point;
  }
  return product;
}

// The product of two polynomials is known by its values at so many points, and at infinity.
static Transforms through(ArrayRef<double> points, int64_t taps) {
  Transforms t;
  size_t components = points.size() + 1, tile = components - taps + 1;
  t.result.resize(tile, Row{});
  for (auto [component, point] : llvm::enumerate(points)) {
    double scale = 1;
    for (double other : points)
      if (other != point)
        scale *= point - other;
    t.image.push_back(polynomial(points, component));
    if (scale < 0) // filters' components are sums of taps, then, at 0 and at positive points
      for (double &factor : t.image.back())
        factor = -factor;
    Row filter{};
    double power = 1;
    for (int64_t tap = 0; tap < taps; ++tap, power *= point)
      filter[tap] = power / std::abs(scale);
    t.filter.push_back(filter);
    power = 1;
    for (size_t result = 0; result < tile; ++result, power *= point)
      t.result[result][component] = power;
  }
  t.image.push_back(polynomial(points, components)); // at infinity
  t.filter.push_back(Row{});
  t.filter.back()[taps - 1] = 1;
  t.result.back()[components - 1] = 1;
  t.resultGradient = transposed(t.result, components);
  t.filterGradient = transposed(t.filter, taps);
  return t;
}

// With 2 and -1/2, results are nearly as exact as plain sums; with 2 and -2 alone they are not.
const Transforms &transformsFor(int64_t taps, int64_t tile) {
  static const Transforms kTwoByThree = through({0, 1, -1}, 3);
  static const Transforms kTwoByFive = through({0, 1, -1, 2, -.5}, 5);
  static const Transforms kFourByThree = through({0, 1, -1, 2, -.5}, 3);
  static const Transforms kFourByFive = through({0, 1, -1, 2, -2, .5, -.5}, 5);
  assert((taps == 3 || taps == 5) && (tile == 2 || tile == 4) && "there are no others");
  if (tile == 2)
    return taps == 3 ? kTwoByThree : kTwoByFive;
  return taps == 3 ? kFourByThree : kFourByFive;
}

} // namespace dlc::kernel
