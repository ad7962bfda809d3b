// The values weights and states start from.
#include "runtime/state/init.h"

#include "runtime/random.h"
#include "runtime/tensor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace dlc::runtime {

// Rows that are orthonormal (columns, where there are more rows than columns): a normal matrix,
// orthogonalised by modified Gram-Schmidt, twice, which is orthogonal to rounding. Saxe et al.
// 2013.
static std::vector<double> orthogonal(int64_t rows, int64_t columns, const Random &random,
                                      uint32_t number) {
  bool tall = rows > columns;
  int64_t vectors = tall ? columns : rows, length = tall ? rows : columns;
  std::vector<double> q(size_t(vectors * length));
  for (int64_t i = 0; i < vectors * length; ++i)
    q[i] = random.normal(uint64_t(i), number, 0);
  for (int64_t i = 0; i < vectors; ++i) {
    double *v = &q[i * length];
    for (int pass = 0; pass < 2; ++pass)
      for (int64_t j = 0; j < i; ++j) {
        const double *u = &q[j * length];
        double dot = 0;
        for (int64_t k = 0; k < length; ++k)
          dot += u[k] * v[k];
        for (int64_t k = 0; k < length; ++k)
          v[k] -= dot * u[k];
      }
    double square = 0;
    for (int64_t k = 0; k < length; ++k)
      square += v[k] * v[k];
    for (int64_t k = 0; k < length; ++k)
      v[k] /= std::sqrt(square);
  }
  if (!tall)
    return q;
  std::vector<double> transposed(q.size());
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      transposed[i * columns + j] = q[j * length + i];
  return transposed;
}

void initialize(const dlc_variable &variable, uint64_t seed, uint32_t number, void *buffer) {
  const dlc_tensor &tensor = variable.tensor;
  void *data = static_cast<char *>(buffer) + tensor.offset;
  int64_t count = elementCount(tensor);
  Random random(seed, Purpose::Init);
  std::vector<double> q;
  if (variable.init == DLC_INIT_ORTHOGONAL) {
    // A tensor of more axes counts as the matrix of its first axis and all others.
    int64_t rows = tensor.rank > 0 ? tensor.shape[0] : 1;
    q = orthogonal(rows, rows > 0 ? count / rows : 0, random, number);
  }
  for (int64_t i = 0; i < count; ++i) {
    double value = 0;
    switch (dlc_init_kind(variable.init)) {
    case DLC_INIT_CONSTANT:
      value = variable.a;
      break;
    case DLC_INIT_UNIFORM:
      value = variable.a + (variable.b - variable.a) * random.uniform(uint64_t(i), number, 0);
      break;
    case DLC_INIT_NORMAL:
      value = variable.a + variable.b * random.normal(uint64_t(i), number, 0);
      break;
    case DLC_INIT_ORTHOGONAL:
      value = variable.a * q[i];
      break;
    case DLC_INIT_VALUES:
      value = variable.values[i];
      break;
    }
    writeElement(data, tensor.dtype, i, value);
  }
}

void initializeAll(const dlc_model &model, uint64_t seed, void *weights, void *states) {
  constexpr uint32_t kFirstState = 1u << 30;
  memset(weights, 0, size_t(model.weight_bytes));
  memset(states, 0, size_t(model.state_bytes));
  for (int32_t i = 0; i < model.weight_count; ++i)
    initialize(model.weights[i], seed, uint32_t(i), weights);
  for (int32_t i = 0; i < model.state_count; ++i)
    initialize(model.states[i], seed, kFirstState + uint32_t(i), states);
}

} // namespace dlc::runtime
