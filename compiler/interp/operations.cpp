// What each operation computes, as a table by its name.
#include "compiler/interp/operations.h"

#include "compiler/interp/philox.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace dlc::interp {
namespace {

using Numbers = llvm::ArrayRef<int64_t>;
using Index = std::vector<int64_t>;

// --- indices -----------------------------------------------------------------------------------

/// The place of the element `index` in row-major order.
int64_t offsetOf(Numbers index, const Index &shape) {
  int64_t offset = 0;
  for (size_t axis = 0; axis < shape.size(); ++axis)
    offset = offset * shape[axis] + index[axis];
  return offset;
}

Index indexOf(int64_t offset, const Index &shape) {
  Index index(shape.size());
  for (size_t axis = shape.size(); axis-- > 0; offset /= shape[axis])
    index[axis] = offset % shape[axis];
  return index;
}

bool contains(Numbers axes, int64_t axis) { return llvm::is_contained(axes, axis); }

/// `index` without the axes `axes`.
Index without(const Index &index, Numbers axes) {
  Index rest;
  for (size_t axis = 0; axis < index.size(); ++axis)
    if (!contains(axes, axis))
      rest.push_back(index[axis]);
  return rest;
}

// --- elementwise -------------------------------------------------------------------------------

template <auto F> Tensor unary(const Call &call) {
  Tensor y(call.resultShape);
  for (int64_t i = 0; i < y.size(); ++i)
    y.numbers[i] = F(call.operand(0).numbers[i]);
  return y;
}

template <auto F> Tensor binary(const Call &call) {
  Tensor y(call.resultShape);
  for (int64_t i = 0; i < y.size(); ++i)
    y.numbers[i] = F(call.operand(0).numbers[i], call.operand(1).numbers[i]);
  return y;
}

bool isOfInts(mlir::Value value) { return mlir::getElementTypeOrSelf(value).isInteger(32); }

/// An int of 32 bits wraps around.
double wrapped(int64_t number) { return double(int32_t(uint32_t(number))); }

/// The operation of the ints if that is what the operands are.
template <auto OfReals, auto OfInts> Tensor binaryOf(const Call &call) {
  if (!isOfInts(call.op->getOperand(0)))
    return binary<OfReals>(call);
  Tensor y(call.resultShape);
  for (int64_t i = 0; i < y.size(); ++i)
    y.numbers[i] =
        wrapped(OfInts(int64_t(call.operand(0).numbers[i]), int64_t(call.operand(1).numbers[i])));
  return y;
}

Tensor select(const Call &call) {
  Tensor y(call.resultShape);
  for (int64_t i = 0; i < y.size(); ++i)
    y.numbers[i] = call.operand(call.operand(0).numbers[i] != 0 ? 1 : 2).numbers[i];
  return y;
}

double identity(double x) { return x; }
double negative(double x) { return -x; }
double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double absolute(double x) { return std::fabs(x); }
double errorFunction(double x) { return std::erf(x); }
double exponential(double x) { return std::exp(x); }
double logarithm(double x) { return std::log(x); }
double squareRoot(double x) { return std::sqrt(x); }
double tangentH(double x) { return std::tanh(x); }
double sine(double x) { return std::sin(x); }
double cosine(double x) { return std::cos(x); }
double floorOf(double x) { return std::floor(x); }

double sum(double a, double b) { return a + b; }
double difference(double a, double b) { return a - b; }
double product(double a, double b) { return a * b; }
double quotient(double a, double b) { return a / b; }
double power(double a, double b) { return std::pow(a, b); }
// A NaN in `a` stays: max(x, 0) must not hide it.
double larger(double a, double b) { return b > a ? b : a; }
double smaller(double a, double b) { return b < a ? b : a; }
int64_t sumOfInts(int64_t a, int64_t b) { return a + b; }
int64_t differenceOfInts(int64_t a, int64_t b) { return a - b; }
int64_t productOfInts(int64_t a, int64_t b) { return a * b; }
int64_t quotientOfInts(int64_t a, int64_t b) {
  return b == 0 ? 0 : a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

double isLess(double a, double b) { return a < b; }
double isLessOrEqual(double a, double b) { return a <= b; }
double isSame(double a, double b) { return a == b; }

/// Ints of the result wrap around.
Tensor wrappedInts(const Call &call, Tensor y) {
  if (isOfInts(call.op->getResult(0)))
    for (double &number : y.numbers)
      number = wrapped(int64_t(number));
  return y;
}

/// Of ints, -(-2^31) is itself.
template <auto F> Tensor unaryOf(const Call &call) { return wrappedInts(call, unary<F>(call)); }

/// All is f64 here, but ints are whole and have a range.
Tensor convert(const Call &call) {
  Tensor y = unary<identity>(call);
  if (isOfInts(call.op->getResult(0)))
    for (double &number : y.numbers)
      number = std::isnan(number) ? 0 : std::trunc(std::clamp(number, -0x1p31, 0x1p31 - 1));
  return y;
}

// --- shape -------------------------------------------------------------------------------------

Tensor reshape(const Call &call) {
  Tensor y(call.resultShape);
  y.numbers = call.operand(0).numbers;
  return y;
}

Tensor transpose(const Call &call) {
  const Tensor &x = call.operand(0);
  Numbers permutation = call.numbers("permutation");
  Tensor y(call.resultShape);
  for (int64_t i = 0; i < y.size(); ++i) {
    Index at = indexOf(i, y.shape), from(at.size());
    for (size_t axis = 0; axis < at.size(); ++axis)
      from[permutation[axis]] = at[axis];
    y.numbers[i] = x.numbers[offsetOf(from, x.shape)];
  }
  return y;
}

Tensor flip(const Call &call) {
  const Tensor &x = call.operand(0);
  Tensor y(call.resultShape);
  for (int64_t i = 0; i < y.size(); ++i) {
    Index from = indexOf(i, y.shape);
    for (int64_t axis : call.numbers("axes"))
      from[axis] = x.shape[axis] - 1 - from[axis];
    y.numbers[i] = x.numbers[offsetOf(from, x.shape)];
  }
  return y;
}

Tensor broadcast(const Call &call) {
  const Tensor &x = call.operand(0);
  Tensor y(call.resultShape);
  for (int64_t i = 0; i < y.size(); ++i)
    y.numbers[i] = x.numbers[offsetOf(without(indexOf(i, y.shape), call.numbers("axes")), x.shape)];
  return y;
}

/// Calls f(i, j) for each element j of y and its place i in x, of which y is the part that begins
/// at `begin` along `axis`.
template <typename F>
void forEachInPart(const Index &x, const Index &y, int64_t axis, int64_t begin, F f) {
  for (int64_t i = 0; i < Tensor::countOf(y); ++i) {
    Index at = indexOf(i, y);
    at[axis] += begin;
    f(offsetOf(at, x), i);
  }
}

Tensor concat(const Call &call) {
  Tensor y(call.resultShape);
  int64_t axis = call.number("axis"), begin = 0;
  for (const Tensor *x : call.operands) {
    forEachInPart(y.shape, x->shape, axis, begin,
                  [&](int64_t to, int64_t from) { y.numbers[to] = x->numbers[from]; });
    begin += x->shape[axis];
  }
  return y;
}

Tensor split(const Call &call) {
  const Tensor &x = call.operand(0);
  Tensor y(call.resultShape);
  Numbers before = call.numbers("sizes").take_front(call.result);
  forEachInPart(x.shape, y.shape, call.number("axis"),
                std::accumulate(before.begin(), before.end(), int64_t(0)),
                [&](int64_t from, int64_t to) { y.numbers[to] = x.numbers[from]; });
  return y;
}

// --- reduction ---------------------------------------------------------------------------------

template <auto F> Tensor reduce(const Call &call, double start) {
  const Tensor &x = call.operand(0);
  Tensor y(call.resultShape, start);
  for (int64_t i = 0; i < x.size(); ++i) {
    double &into = y.numbers[offsetOf(without(indexOf(i, x.shape), call.numbers("axes")), y.shape)];
    into = F(into, x.numbers[i]);
  }
  return y;
}

Tensor reduceSum(const Call &call) { return wrappedInts(call, reduce<sum>(call, 0)); }
Tensor reduceMax(const Call &call) { return reduce<larger>(call, -INFINITY); }

Tensor argmax(const Call &call) {
  const Tensor &x = call.operand(0);
  int64_t count = x.shape.back();
  Tensor y(call.resultShape);
  for (int64_t row = 0; row < y.size(); ++row) {
    auto begin = x.numbers.begin() + row * count;
    y.numbers[row] = double(std::max_element(begin, begin + count) - begin);
  }
  return y;
}

Tensor oneHot(const Call &call) {
  Tensor y(call.resultShape);
  int64_t classes = call.number("classes");
  for (int64_t i = 0; i < y.size(); ++i)
    y.numbers[i] = call.operand(0).numbers[i / classes] == double(i % classes);
  return y;
}

// --- rows --------------------------------------------------------------------------------------

/// Calls f(i, j) for each number i of a row of x, and its place j in the row of the table that the
/// index names.
template <typename F> void forEachInRows(const Tensor &index, int64_t columns, int64_t rows, F f) {
  for (int64_t i = 0; i < index.size(); ++i)
    for (int64_t column = 0; column < columns; ++column)
      if (index.numbers[i] >= 0 && index.numbers[i] < double(rows))
        f(i * columns + column, int64_t(index.numbers[i]) * columns + column);
}

Tensor gather(const Call &call) {
  const Tensor &table = call.operand(0);
  Tensor y(call.resultShape);
  forEachInRows(call.operand(1), table.shape[1], table.shape[0],
                [&](int64_t i, int64_t j) { y.numbers[i] = table.numbers[j]; });
  return y;
}

Tensor scatterAdd(const Call &call) {
  Tensor y(call.resultShape);
  forEachInRows(call.operand(1), y.shape[1], y.shape[0],
                [&](int64_t i, int64_t j) { y.numbers[j] += call.operand(0).numbers[i]; });
  return y;
}

// --- contraction -------------------------------------------------------------------------------

Tensor matmul(const Call &call) {
  const Tensor &a = call.operand(0), &b = call.operand(1);
  Tensor y(call.resultShape);
  int64_t M = y.shape[y.rank() - 2], N = y.shape.back(), K = a.shape.back();
  for (int64_t batch = 0; batch < y.size() / (M * N); ++batch)
    for (int64_t m = 0; m < M; ++m)
      for (int64_t n = 0; n < N; ++n)
        for (int64_t k = 0; k < K; ++k)
          y.numbers[(batch * M + m) * N + n] +=
              a.numbers[(batch * M + m) * K + k] * b.numbers[(batch * K + k) * N + n];
  return y;
}

/// Calls f(i, j, k) for every product x[i] * w[j] that belongs to the sum y[k] of a convolution.
template <typename F>
void forEachProduct(const Call &call, const Index &x, const Index &w, const Index &y, F f) {
  Numbers stride = call.numbers("stride"), pad = call.numbers("pad"),
          dilation = call.numbers("dilation");
  int64_t outputsAGroup = w[0] / call.number("groups");
  for (int64_t k = 0; k < Tensor::countOf(y); ++k) {
    Index at = indexOf(k, y); // image, output channel, row, column
    for (int64_t c = 0; c < w[1]; ++c)
      for (int64_t r = 0; r < w[2]; ++r)
        for (int64_t s = 0; s < w[3]; ++s) {
          int64_t channel = at[1] / outputsAGroup * w[1] + c;
          int64_t row = at[2] * stride[0] + r * dilation[0] - pad[0];
          int64_t column = at[3] * stride[1] + s * dilation[1] - pad[1];
          if (row >= 0 && row < x[2] && column >= 0 && column < x[3])
            f(offsetOf({at[0], channel, row, column}, x), offsetOf({at[1], c, r, s}, w), k);
        }
  }
}

Tensor conv2d(const Call &call) {
  const Tensor &x = call.operand(0), &w = call.operand(1);
  Tensor y(call.resultShape);
  forEachProduct(call, x.shape, w.shape, y.shape, [&](int64_t i, int64_t j, int64_t k) {
    y.numbers[k] += x.numbers[i] * w.numbers[j];
  });
  return y;
}

Tensor conv2dGradInput(const Call &call) {
  const Tensor &dy = call.operand(0), &w = call.operand(1);
  Tensor dx(call.resultShape);
  forEachProduct(call, dx.shape, w.shape, dy.shape, [&](int64_t i, int64_t j, int64_t k) {
    dx.numbers[i] += dy.numbers[k] * w.numbers[j];
  });
  return dx;
}

Tensor conv2dGradWeight(const Call &call) {
  const Tensor &x = call.operand(0), &dy = call.operand(1);
  Tensor dw(call.resultShape);
  forEachProduct(call, x.shape, dw.shape, dy.shape, [&](int64_t i, int64_t j, int64_t k) {
    dw.numbers[j] += x.numbers[i] * dy.numbers[k];
  });
  return dw;
}

// --- window ------------------------------------------------------------------------------------

/// Calls f(i) for every element x[i] in the window of y's element `k`, row by row.
template <typename F>
void forEachInWindow(const Call &call, const Index &x, const Index &y, int64_t k, F f) {
  Numbers kernel = call.numbers("kernel"), stride = call.numbers("stride"),
          pad = call.numbers("pad");
  Index at = indexOf(k, y);
  for (int64_t r = 0; r < kernel[0]; ++r)
    for (int64_t s = 0; s < kernel[1]; ++s) {
      int64_t row = at[2] * stride[0] + r - pad[0], column = at[3] * stride[1] + s - pad[1];
      if (row >= 0 && row < x[2] && column >= 0 && column < x[3])
        f(offsetOf({at[0], at[1], row, column}, x));
    }
}

Tensor maxPool2d(const Call &call) {
  const Tensor &x = call.operand(0);
  Tensor y(call.resultShape, -INFINITY);
  for (int64_t k = 0; k < y.size(); ++k)
    forEachInWindow(call, x.shape, y.shape, k,
                    [&](int64_t i) { y.numbers[k] = std::max(y.numbers[k], x.numbers[i]); });
  return y;
}

Tensor maxPool2dGrad(const Call &call) {
  const Tensor &x = call.operand(0), &dy = call.operand(1);
  Tensor dx(call.resultShape);
  for (int64_t k = 0; k < dy.size(); ++k) {
    int64_t first = -1;
    forEachInWindow(call, x.shape, dy.shape, k, [&](int64_t i) {
      if (first < 0 || x.numbers[i] > x.numbers[first])
        first = i;
    });
    if (first >= 0)
      dx.numbers[first] += dy.numbers[k];
  }
  return dx;
}

double windowSize(const Call &call) {
  return double(call.numbers("kernel")[0] * call.numbers("kernel")[1]);
}

Tensor avgPool2d(const Call &call) {
  const Tensor &x = call.operand(0);
  Tensor y(call.resultShape);
  for (int64_t k = 0; k < y.size(); ++k)
    forEachInWindow(call, x.shape, y.shape, k,
                    [&](int64_t i) { y.numbers[k] += x.numbers[i] / windowSize(call); });
  return y;
}

Tensor avgPool2dGrad(const Call &call) {
  const Tensor &dy = call.operand(0);
  Tensor dx(call.resultShape);
  for (int64_t k = 0; k < dy.size(); ++k)
    forEachInWindow(call, dx.shape, dy.shape, k,
                    [&](int64_t i) { dx.numbers[i] += dy.numbers[k] / windowSize(call); });
  return dx;
}

// --- random ------------------------------------------------------------------------------------

Tensor randomUniform(const Call &call) {
  auto word = [&](unsigned i) { return uint32_t(int64_t(call.operand(0).numbers[i])); };
  auto stream = uint32_t(call.number("stream"));
  Tensor y(call.resultShape);
  for (int64_t i = 0; i < y.size(); ++i) {
    PhiloxCounter words = philox({uint32_t(i / 4), stream, word(2), word(3)}, {word(0), word(1)});
    y.numbers[i] = (words[i % 4] >> 8) * 0x1p-24;
  }
  return y;
}

} // namespace

Evaluation evaluationOf(llvm::StringRef op) {
  static const llvm::StringMap<Evaluation> table = {
      {"abs", unaryOf<absolute>},
      {"add", binaryOf<sum, sumOfInts>},
      {"argmax", argmax},
      {"avg_pool2d", avgPool2d},
      {"avg_pool2d_grad", avgPool2dGrad},
      {"broadcast", broadcast},
      {"cast", convert},
      {"concat", concat},
      {"conv2d", conv2d},
      {"conv2d_grad_input", conv2dGradInput},
      {"conv2d_grad_weight", conv2dGradWeight},
      {"cos", unary<cosine>},
      {"div", binaryOf<quotient, quotientOfInts>},
      {"erf", unary<errorFunction>},
      {"exp", unary<exponential>},
      {"flip", flip},
      {"floor", unary<floorOf>},
      {"gather", gather},
      {"less", binary<isLess>},
      {"less_equal", binary<isLessOrEqual>},
      {"log", unary<logarithm>},
      {"matmul", matmul},
      {"max", binary<larger>},
      {"max_pool2d", maxPool2d},
      {"max_pool2d_grad", maxPool2dGrad},
      {"min", binary<smaller>},
      {"mul", binaryOf<product, productOfInts>},
      {"neg", unaryOf<negative>},
      {"one_hot", oneHot},
      {"pow", binary<power>},
      {"random_uniform", randomUniform},
      {"reduce_max", reduceMax},
      {"reduce_sum", reduceSum},
      {"reshape", reshape},
      {"same", binary<isSame>},
      {"scatter_add", scatterAdd},
      {"select", select},
      {"sigmoid", unary<sigmoid>},
      {"sign", unary<sign>},
      {"sin", unary<sine>},
      {"split", split},
      {"sqrt", unary<squareRoot>},
      {"stop_gradient", unary<identity>},
      {"sub", binaryOf<difference, differenceOfInts>},
      {"tanh", unary<tangentH>},
      {"transpose", transpose},
  };
  return table.lookup(op);
}

} // namespace dlc::interp
