// Initial values: distributions, orthogonality, independence of tensors.
#include "runtime/state/init.h"
#include "runtime/tensor.h"

#include <cmath>
#include <gtest/gtest.h>
#include <vector>

namespace dlc::runtime {

static std::vector<double> initialized(std::vector<int64_t> shape, dlc_init_kind kind, double a,
                                       double b, uint32_t number = 0) {
  dlc_variable variable = {
      {"w", DLC_F64, int32_t(shape.size()), shape.data(), 0, 0, 0}, kind, a, b, nullptr};
  std::vector<double> values(size_t(elementCount(variable.tensor)));
  initialize(variable, 1, number, values.data());
  return values;
}

TEST(Init, UniformStaysInItsRange) {
  double low = 1, high = -1;
  for (double value : initialized({100, 100}, DLC_INIT_UNIFORM, -0.25, 0.5)) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  EXPECT_GE(low, -0.25);
  EXPECT_LT(low, -0.249);
  EXPECT_LT(high, 0.5);
  EXPECT_GT(high, 0.499);
}

TEST(Init, TensorsDiffer) {
  EXPECT_NE(initialized({4}, DLC_INIT_NORMAL, 0, 1, 0), initialized({4}, DLC_INIT_NORMAL, 0, 1, 1));
}

TEST(Init, OrthogonalRowsOrColumns) {
  for (auto [rows, columns] : {std::pair<size_t, size_t>{5, 17}, {17, 5}, {8, 8}}) {
    std::vector<double> q =
        initialized({int64_t(rows), int64_t(columns)}, DLC_INIT_ORTHOGONAL, 2, 0);
    bool tall = rows > columns;
    for (size_t i = 0; i < std::min(rows, columns); ++i)
      for (size_t j = 0; j <= i; ++j) {
        double dot = 0;
        for (size_t k = 0; k < std::max(rows, columns); ++k)
          dot += tall ? q[k * columns + i] * q[k * columns + j]
                      : q[i * columns + k] * q[j * columns + k];
        EXPECT_NEAR(dot, i == j ? 4 : 0, 1e-12) << rows << "x" << columns;
      }
  }
}

TEST(Init, ExplicitValuesAndConstants) {
  const double given[] = {1, 2, 3};
  const int64_t shape[] = {3};
  dlc_variable variable = {{"w", DLC_F32, 1, shape, 64, 0, 0}, DLC_INIT_VALUES, 0, 0, given};
  std::vector<float> buffer(19);
  initialize(variable, 1, 0, buffer.data());
  EXPECT_EQ(buffer[16], 1);
  EXPECT_EQ(buffer[18], 3);
  EXPECT_EQ(buffer[15], 0);
  EXPECT_EQ(initialized({2}, DLC_INIT_CONSTANT, 0.5, 0), (std::vector<double>{0.5, 0.5}));
}

} // namespace dlc::runtime
