// A function is written operation by operation, from a family drawn first.
#include "compiler/tools/random_function.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/InterleavedRange.h"
#include "llvm/Support/raw_ostream.h"

#include <numeric>
#include <random>
#include <vector>

namespace dlc::tools {

namespace {

constexpr int64_t kMostPoints = 12000; // of a nest: each is interpreted, and evaluated, many times

using Sizes = std::vector<int64_t>;

struct Tensor {
  std::string name;
  Sizes shape;
};

int64_t product(const Sizes &sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t(1), std::multiplies<>());
}

class Writer {
public:
  explicit Writer(uint64_t seed) : random(seed), element(below(2) ? "f32" : "f64") {}

  std::string run() {
    void (Writer::*const kFamilies[])() = {
        &Writer::matmul,   &Writer::matmul,        &Writer::convolution, &Writer::convolution,
        &Writer::reduce,   &Writer::reduce,        &Writer::elementwise, &Writer::winograd,
        &Writer::winograd, &Writer::imagesInLanes, &Writer::pool,        &Writer::statistics,
        &Writer::loop,     &Writer::parts,
    };
    (this->*kFamilies[below(std::size(kFamilies))])();
    std::string text;
    llvm::raw_string_ostream os(text);
    auto typed = [&](const Tensor &t) { return t.name + ": " + type(t.shape); };
    auto names = llvm::map_range(results, [](const Tensor &t) { return t.name; });
    auto types = llvm::map_range(results, [&](const Tensor &t) { return type(t.shape); });
    os << "func.func @drawn(" << llvm::interleaved(llvm::map_range(arguments, typed)) << ") -> ("
       << llvm::interleaved(types) << ") {\n"
       << body << "  return " << llvm::interleaved(names) << " : " << llvm::interleaved(types)
       << "\n}\n";
    return text;
  }

private:
  std::mt19937_64 random;
  std::string element, body;
  std::vector<Tensor> arguments, results;
  unsigned values = 0;

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

  // --- text --------------------------------------------------------------------------------------
  static std::string type(const Sizes &shape, const std::string &element) {
    std::string text = "tensor<";
    for (int64_t size : shape)
      text += std::to_string(size) + "x";
    return text + element + ">";
  }
  std::string type(const Sizes &shape) { return type(shape, element); }
  static std::string list(const Sizes &sizes) {
    std::string text;
    llvm::raw_string_ostream(text) << "[" << llvm::interleaved(sizes) << "]";
    return text;
  }
  Tensor argument(Sizes shape) {
    arguments.push_back({"%a" + std::to_string(arguments.size()), std::move(shape)});
    return arguments.back();
  }
  Tensor add(const std::string &operation, const std::string &types, Sizes shape) {
    Tensor result{"%v" + std::to_string(values++), std::move(shape)};
    body += "  " + result.name + " = nn." + operation + " : " + types + "\n";
    return result;
  }
  std::string signature(std::initializer_list<Tensor> from, const Sizes &to) {
    std::string text;
    auto types = llvm::map_range(from, [&](const Tensor &t) { return type(t.shape); });
    llvm::raw_string_ostream(text) << "(" << llvm::interleaved(types) << ") -> " << type(to);
    return text;
  }

  // --- operations --------------------------------------------------------------------------------
  Tensor unary(const std::string &name, const Tensor &x) {
    return add(name + " " + x.name, type(x.shape), x.shape);
  }
  Tensor binary(const std::string &name, const Tensor &a, const Tensor &b) {
    return add(name + " " + a.name + ", " + b.name, type(a.shape), a.shape);
  }
  Tensor zeros(const Sizes &shape) { return add("constant dense<0.0>", type(shape), shape); }
  Tensor transpose(const Tensor &x, const Sizes &order) {
    Sizes shape;
    for (int64_t axis : order)
      shape.push_back(x.shape[axis]);
    return add("transpose " + x.name + " permutation " + list(order), signature({x}, shape), shape);
  }
  /// Read from the end along some axes.
  Tensor flipped(const Tensor &x) {
    Sizes axes;
    for (size_t axis = 0; axis < x.shape.size(); ++axis)
      if (below(2))
        axes.push_back(int64_t(axis));
    return add("flip " + x.name + " axes " + list(axes), signature({x}, x.shape), x.shape);
  }
  /// An argument of this shape, which lies in memory in another order.
  Tensor permuted(const Sizes &shape) {
    if (below(6) == 0)
      return flipped(argument(shape));
    if (shape.size() < 2 || below(2))
      return argument(shape);
    Sizes order = permutation(shape.size()), stored(shape.size());
    for (size_t i = 0; i < order.size(); ++i)
      stored[order[i]] = shape[i];
    return transpose(argument(stored), order);
  }
  /// One part of an argument, or an argument and something made of another, one after the other.
  Tensor ofParts(const Sizes &shape) {
    int64_t axis = below(int64_t(shape.size())), size = shape[axis];
    auto resized = [&](int64_t to) {
      Sizes other = shape;
      other[axis] = to;
      return other;
    };
    if (size == 1 || below(2)) {
      Sizes sizes{smallSize(), size, smallSize()};
      Tensor x = argument(resized(sizes[0] + sizes[1] + sizes[2]));
      std::string name = "%v" + std::to_string(values++);
      body += "  " + name + ":3 = nn.split " + x.name + " axis " + std::to_string(axis) +
              " sizes " + list(sizes) + " : (" + type(x.shape) + ") -> (" +
              type(resized(sizes[0])) + ", " + type(shape) + ", " + type(resized(sizes[2])) + ")\n";
      return {name + "#1", shape};
    }
    int64_t cut = between(1, size - 1);
    Tensor a = argument(resized(cut)), b = unary("neg", argument(resized(size - cut)));
    return add("concat " + a.name + ", " + b.name + " axis " + std::to_string(axis),
               signature({a, b}, shape), shape);
  }
  /// An argument of some axes of the shape, repeated along the others.
  Tensor repeated(const Sizes &shape) {
    Sizes kept, axes, sizes;
    for (size_t axis = 0; axis < shape.size(); ++axis)
      if (below(2))
        kept.push_back(shape[axis]);
      else
        axes.push_back(int64_t(axis)), sizes.push_back(shape[axis]);
    Tensor x = permuted(kept);
    if (axes.empty())
      return x;
    return add("broadcast " + x.name + " axes " + list(axes) + " sizes " + list(sizes),
               signature({x}, shape), shape);
  }
  Tensor reshape(const Tensor &x, Sizes shape) {
    return add("reshape " + x.name + " shape " + list(shape), signature({x}, shape), shape);
  }
  Tensor reduced(const Tensor &x) {
    Sizes axes, shape;
    for (size_t axis = 0; axis < x.shape.size(); ++axis)
      if (below(2))
        axes.push_back(int64_t(axis));
      else
        shape.push_back(x.shape[axis]);
    std::string name = among({"reduce_sum ", "reduce_sum ", "reduce_max "});
    return add(name + x.name + " axes " + list(axes), signature({x}, shape), shape);
  }

  /// The place of the largest of the last axis.
  Tensor argmax(const Tensor &x) {
    Sizes shape(x.shape.begin(), x.shape.end() - 1);
    return add("argmax " + x.name, "(" + type(x.shape) + ") -> " + type(shape, "i32"), shape);
  }
  /// 1 at one place of the last axis, which the index of a loop decides.
  Tensor oneHot(const Sizes &shape) {
    Tensor index = argmax(argument(shape));
    return add("one_hot " + index.name + " classes " + std::to_string(shape.back()) + " element " +
                   element,
               "(" + type(index.shape, "i32") + ") -> " + type(shape), shape);
  }

  /// What is not defined everywhere, or grows fast, of a value that suits it.
  Tensor steep(const Tensor &x) {
    Tensor bounded = unary("tanh", x), positive = unary("exp", bounded); // from 0.3 to 2.8
    switch (below(3)) {
    case 0:
      return unary(among({"log", "sqrt"}), positive);
    case 1:
      return binary("pow", positive, bounded);
    default:
      return binary("div", x, positive);
    }
  }
  /// What jumps, of arguments: what is computed is rounded to either side.
  Tensor jumping(const Tensor &x) {
    if (below(3) == 0)
      return binary("mul", x, unary(among({"sign", "floor"}), argument(x.shape)));
    Sizes rows = x.shape;
    rows.push_back(3);
    bool comparesPlaces = below(3) == 0;
    Tensor a = comparesPlaces ? argmax(argument(rows)) : argument(x.shape);
    Tensor b = comparesPlaces ? argmax(argument(rows)) : argument(x.shape);
    std::string name = comparesPlaces ? "same " : among({"less ", "less_equal "});
    Tensor condition = add(name + a.name + ", " + b.name,
                           comparesPlaces ? type(x.shape, "i32") : type(x.shape), x.shape);
    Tensor other = repeated(x.shape);
    return add("select " + condition.name + ", " + x.name + ", " + other.name,
               type(x.shape, "i1") + ", " + type(x.shape), x.shape);
  }
  /// By way of f64.
  Tensor widened(const Tensor &x) {
    Tensor wide = add("cast " + x.name + " to f64", type(x.shape), x.shape);
    return add("cast " + wide.name + " to " + element, type(x.shape, "f64"), x.shape);
  }

  /// What may follow a sum: biases, activations, residuals, masks.
  Tensor followed(Tensor x) {
    for (int64_t n = below(4); n > 0; --n)
      switch (below(11)) {
      case 0:
        x = unary(among({"tanh", "sigmoid", "erf", "neg", "abs", "sin", "cos", "stop_gradient"}),
                  x);
        break;
      case 1:
        x = binary(among({"max", "max", "min"}), x, zeros(x.shape));
        break;
      case 2:
        x = binary("mul", x, repeated(x.shape));
        break;
      case 3:
        x = binary("sub", permuted(x.shape), x);
        break;
      case 4:
        if (!x.shape.empty())
          x = binary("mul", x, oneHot(x.shape));
        break;
      case 5:
        x = steep(x);
        break;
      case 6:
        x = jumping(x);
        break;
      case 7:
        x = below(3) ? x : widened(x);
        break;
      default:
        x = binary("add", x, repeated(x.shape));
        break;
      }
    return x;
  }
  /// The result, or several.
  void finish(Tensor x) {
    results.push_back(x);
    if (below(4) == 0)
      results.push_back(followed(x));
    if (below(6) == 0)
      results.push_back(reduced(x));
    if (below(6) == 0 && x.shape.size() > 1)
      results.push_back(transpose(x, permutation(x.shape.size())));
    if (below(8) == 0)
      results.push_back(flipped(x));
  }

  // --- families ----------------------------------------------------------------------------------
  void matmul() {
    Sizes batch(below(3) == 0 ? between(1, 2) : 0);
    Sizes s = drawSizes([&] {
      Sizes sizes{size(), size(), size()};
      for (int64_t &b : batch)
        sizes.push_back(b = smallSize());
      return sizes;
    });
    if (below(12) == 0)
      s[2] = among<int64_t>({300, 257, 1040}), s[0] = smallSize(), s[1] = smallSize() + 3;
    auto shape = [&](int64_t rows, int64_t columns) {
      Sizes sizes = batch;
      sizes.push_back(rows), sizes.push_back(columns);
      return sizes;
    };
    Tensor a = permuted(shape(s[0], s[2])), b = permuted(shape(s[2], s[1]));
    Sizes y = shape(s[0], s[1]);
    finish(followed(add("matmul " + a.name + ", " + b.name, signature({a, b}, y), y)));
  }

  struct Window {
    Sizes image, filter; // [N, C, H, W], [O, C / groups, R, S]
    int64_t stride[2] = {1, 1}, pad[4] = {0, 0, 0, 0}, dilation[2] = {1, 1}, groups = 1;
    Sizes result() const {
      Sizes y{image[0], filter[0]};
      for (int i : {0, 1})
        y.push_back((image[2 + i] + pad[i] + pad[2 + i] - dilation[i] * (filter[2 + i] - 1) - 1) /
                        stride[i] +
                    1);
      return y;
    }
    bool isPossible() const {
      for (int i : {0, 1})
        if (image[2 + i] + pad[i] + pad[2 + i] < dilation[i] * (filter[2 + i] - 1) + 1)
          return false;
      return true;
    }
  };

  /// A convolution in one of its directions, of tensors that follow on arguments or are such.
  Tensor convolved(const Window &w) {
    auto input = [&](const Sizes &shape) {
      Tensor x = below(2) ? argument(shape) : unary("tanh", argument(shape));
      return below(4) ? x : followed(x);
    };
    std::string window = " stride " + list({w.stride[0], w.stride[1]}) + " pad " +
                         list({w.pad[0], w.pad[1], w.pad[2], w.pad[3]}) + " dilation " +
                         list({w.dilation[0], w.dilation[1]}) + " groups " +
                         std::to_string(w.groups);
    switch (below(3)) {
    case 0: {
      Tensor x = input(w.image), f = argument(w.filter);
      return add("conv2d " + x.name + ", " + f.name + window, signature({x, f}, w.result()),
                 w.result());
    }
    case 1: {
      Tensor dy = input(w.result()), f = argument(w.filter);
      return add("conv2d_grad_input " + dy.name + ", " + f.name + " shape " + list(w.image) +
                     window,
                 signature({dy, f}, w.image), w.image);
    }
    default: {
      Tensor x = input(w.image), dy = input(w.result());
      return add("conv2d_grad_weight " + x.name + ", " + dy.name + " shape " + list(w.filter) +
                     window,
                 signature({x, dy}, w.filter), w.filter);
    }
    }
  }

  int64_t pointsOf(const Window &w) {
    return product(w.result()) * product(w.filter) / w.filter[0];
  }

  void convolution() {
    Window w;
    do {
      w.groups = below(3) ? 1 : between(1, 4);
      int64_t in = w.groups * among<int64_t>({1, 2, 3, 5, 8, 16}),
              out = w.groups * among<int64_t>({1, 2, 3, 5, 8, 16, 17});
      w.image = {smallSize(), in, between(1, 12), between(1, 12)};
      w.filter = {out, in / w.groups, between(1, 5), between(1, 5)};
      for (int64_t &stride : w.stride)
        stride = below(2) ? 1 : between(1, 3);
      for (int64_t &pad : w.pad)
        pad = below(2) ? 0 : between(0, 3);
      for (int64_t &dilation : w.dilation)
        dilation = below(3) ? 1 : 2;
    } while (!w.isPossible() || pointsOf(w) > kMostPoints);
    finish(followed(convolved(w)));
  }

  // 3x3 and 5x5 taps of stride 1: in f32 these may go by tiles.
  Window tapsWindow(int64_t images, int64_t in, int64_t out) {
    Window w;
    int64_t taps = below(3) ? 3 : 5, pad = below(2) ? taps / 2 : 0;
    do {
      w.image = {images, in, between(1, 9), between(1, 9)};
      w.filter = {out, in, taps, taps};
      for (int64_t &side : w.pad)
        side = below(8) ? pad : between(0, taps - 1);
    } while (!w.isPossible());
    return w;
  }
  void winograd() {
    element = "f32";
    finish(followed(convolved(
        tapsWindow(between(1, 3), among<int64_t>({16, 32}), among<int64_t>({16, 24, 32})))));
  }
  void imagesInLanes() {
    element = below(4) ? "f32" : "f64";
    finish(followed(convolved(tapsWindow(16, between(1, 4), between(1, 4)))));
  }

  void pool() {
    Sizes image =
        drawSizes([&] { return Sizes{smallSize(), size(), between(1, 9), between(1, 9)}; });
    Sizes kernel{between(1, 3), between(1, 3)}, stride{between(1, 3), between(1, 3)}, pad(4);
    for (size_t i = 0; i < 4; ++i)
      pad[i] = below(kernel[i % 2] / 2 + 1);
    Sizes y{image[0], image[1]};
    for (int i : {0, 1}) {
      image[2 + i] = std::max(image[2 + i], kernel[i]);
      y.push_back((image[2 + i] + pad[i] + pad[2 + i] - kernel[i]) / stride[i] + 1);
    }
    std::string window =
        " kernel " + list(kernel) + " stride " + list(stride) + " pad " + list(pad);
    switch (below(4)) {
    case 0:
    case 1: {
      Tensor x = followed(argument(image));
      return finish(followed(
          add(among({"max_pool2d ", "avg_pool2d "}) + x.name + window, signature({x}, y), y)));
    }
    case 2: {
      Tensor dy = argument(y);
      return finish(followed(add("avg_pool2d_grad " + dy.name + " shape " + list(image) + window,
                                 signature({dy}, image), image)));
    }
    default: {
      Tensor x = argument(image), dy = argument(y);
      return finish(followed(add("max_pool2d_grad " + x.name + ", " + dy.name + window,
                                 signature({x, dy}, image), image)));
    }
    }
  }

  Sizes drawShape() {
    return drawSizes([&] {
      Sizes shape(between(1, 4));
      for (int64_t &s : shape)
        s = size();
      return shape;
    });
  }

  void reduce() {
    Sizes shape = drawShape();
    if (below(12) == 0) // a sum that becomes several, whose inputs are read once
      shape = {between(2, 5), among<int64_t>({1024, 4096, 20000}), between(1, 3)};
    Tensor x = followed(permuted(shape));
    if (below(2))
      x = binary("mul", x, repeated(shape));
    finish(followed(reduced(x)));
  }

  // What norms and their gradients add up: several sums over the same axes of one input.
  void statistics() {
    Sizes shape = drawSizes(
        [&] { return Sizes{among<int64_t>({2, 5, 16, 48}), size(), smallSize(), smallSize()}; });
    Tensor x = argument(shape), centered = binary("sub", x, repeated(shape));
    for (const Tensor &term :
         {centered, binary("mul", centered, centered), binary("mul", x, permuted(shape))}) {
      Sizes sums{shape[1]};
      results.push_back(
          add("reduce_sum " + term.name + " axes [0, 2, 3]", signature({term}, sums), sums));
    }
  }

  void parts() {
    Sizes shape = drawShape();
    Tensor x = followed(binary("mul", ofParts(shape), ofParts(shape)));
    finish(below(3) == 0 ? reduced(x) : x);
  }

  // Turns that carry one value, take slices and stack what goes into the next one.
  void loop() {
    Sizes shape = drawSizes([&] { return Sizes{smallSize(), size()}; }), all = shape;
    int64_t count = between(1, 4);
    all.insert(all.begin(), count);
    Tensor start = followed(argument(shape)), slices = argument(all);
    std::string name = "%v" + std::to_string(values++), turn = std::to_string(values++);
    Tensor carried{"%h" + turn, shape}, slice{"%s" + turn, shape};
    body += "  " + name + ":2 = nn.loop " + std::to_string(count) + (below(2) ? " reversed" : "") +
            " carry(" + start.name + ") slices(" + slices.name + ") {\n  ^turn(" + carried.name +
            ": " + type(shape) + ", " + slice.name + ": " + type(shape) + "):\n";
    Tensor x = binary("add", carried, slice);
    if (below(2)) {
      Tensor w = argument({shape[1], shape[1]});
      x = add("matmul " + carried.name + ", " + w.name, signature({carried, w}, shape), shape);
      x = binary("add", x, slice);
    }
    x = followed(x);
    Tensor next = unary("tanh", x);
    body += "  nn.yield " + next.name + ", " + x.name + " : " + type(shape) + ", " + type(shape) +
            "\n  } : (" + type(shape) + ", " + type(all) + ") -> (" + type(shape) + ", " +
            type(all) + ")\n";
    results.push_back({name + "#0", shape});
    finish({name + "#1", all});
  }

  void elementwise() {
    Sizes shape = drawShape();
    Tensor x = followed(permuted(shape));
    if (below(3) == 0)
      x = reshape(x, {product(shape)});
    finish(followed(x));
  }
};

} // namespace

std::string randomFunction(uint64_t seed) { return Writer(seed).run(); }

} // namespace dlc::tools
