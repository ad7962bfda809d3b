// Families of random functions, one of which is drawn first.
#include "compiler/tools/random_function.h"
#include "compiler/tools/random_writer.h"

namespace dlc::tools {

namespace {

class Families : public RandomWriter {
public:
  using RandomWriter::RandomWriter;

  std::string run() {
    void (Families::*const kFamilies[])() = {
        &Families::matmul,        &Families::matmul,   &Families::convolution,
        &Families::convolution,   &Families::reduce,   &Families::reduce,
        &Families::elementwise,   &Families::winograd, &Families::winograd,
        &Families::imagesInLanes, &Families::pool,     &Families::statistics,
        &Families::loop,          &Families::parts,    &Families::rows,
    };
    (this->*kFamilies[below(std::size(kFamilies))])();
    return text();
  }

private:
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

  // Rows that an index names, some of which are not there: the places of the largest numbers.
  void rows() {
    Sizes tokens(between(1, 2));
    Sizes s = drawSizes([&] {
      Sizes sizes{smallSize() + 1, size()};
      for (int64_t &count : tokens)
        sizes.push_back(count = smallSize());
      return sizes;
    });
    Sizes places = tokens, wide = tokens, table{s[0], s[1]};
    places.push_back(s[0] + below(2));
    wide.push_back(s[1]);
    Tensor index = argmax(argument(places));
    bool gathers = below(2);
    Tensor from = followed(permuted(gathers ? table : wide));
    std::string types = "(" + type(from.shape) + ", " + type(index.shape, "i32") + ") -> ";
    if (gathers)
      return finish(
          followed(add("gather " + from.name + ", " + index.name, types + type(wide), wide)));
    finish(followed(
        add("scatter_add " + from.name + ", " + index.name + " rows " + std::to_string(s[0]),
            types + type(table), table)));
  }

  // Turns that carry one value, take slices and stack what goes into the next one.
  void loop() {
    Sizes shape = drawSizes([&] { return Sizes{smallSize(), size()}; });
    if (below(2)) // so many rows that threads share the loop
      shape = {8 * between(2, 3), smallSize()};
    Sizes all = shape;
    int64_t count = between(1, 4);
    all.insert(all.begin(), count);
    Tensor start = followed(argument(shape)), slices = argument(all);
    // In some turns of a loop with a guard nothing happens, in others to some samples only.
    bool hasGuard = below(2);
    Tensor masks = hasGuard ? mask({count, shape[0]}) : Tensor();
    std::string name = "%v" + std::to_string(values++), turn = std::to_string(values++);
    Tensor carried{"%h" + turn, shape}, slice{"%s" + turn, shape}, within{"%m" + turn, {shape[0]}};
    std::string ofMask = hasGuard ? ", " + within.name + ": " + type(within.shape, "i1") : "";
    body += "  " + name + ":2 = nn.loop " + std::to_string(count) + (below(2) ? " reversed" : "") +
            " carry(" + start.name + ") slices(" + slices.name +
            (hasGuard ? ", " + masks.name : "") + ") {\n  ^turn(" + carried.name + ": " +
            type(shape) + ", " + slice.name + ": " + type(shape) + ofMask + "):\n";
    if (hasGuard)
      body += "  nn.guard " + within.name + " : " + type(within.shape, "i1") + "\n";
    Tensor x = binary("add", carried, slice);
    if (below(2)) {
      Tensor w = argument({shape[1], shape[1]});
      x = add("matmul " + carried.name + ", " + w.name, signature({carried, w}, shape), shape);
      x = binary("add", x, slice);
    }
    x = followed(x);
    Tensor next = unary("tanh", x);
    if (below(2)) // besides what a product reads of it
      next = binary("mul", next, carried);
    if (hasGuard) {
      next = ifWithin(within, next, carried);
      x = ifWithin(within, x, zeros(shape));
    }
    body += "  nn.yield " + next.name + ", " + x.name + " : " + type(shape) + ", " + type(shape) +
            "\n  } : (" + type(shape) + ", " + type(all) +
            (hasGuard ? ", " + type(masks.shape, "i1") : "") + ") -> (" + type(shape) + ", " +
            type(all) + ")\n";
    results.push_back({name + "#0", shape});
    finish({name + "#1", all});
  }

  /// bool[turns, samples]: for each turn of its own, or of some samples only.
  Tensor mask(Sizes shape) {
    Sizes own = below(2) ? shape : Sizes{shape[0]};
    Tensor x = argument(own), y = argument(own);
    Tensor mask = add("less " + x.name + ", " + y.name, type(own), own);
    return own == shape ? mask : broadcastTruth(mask, shape);
  }

  /// x along further axes at its end.
  Tensor broadcastTruth(const Tensor &x, const Sizes &shape) {
    std::string axes, sizes;
    for (size_t axis = x.shape.size(); axis < shape.size(); ++axis) {
      axes += (axes.empty() ? "" : ", ") + std::to_string(axis);
      sizes += (sizes.empty() ? "" : ", ") + std::to_string(shape[axis]);
    }
    return add("broadcast " + x.name + " axes [" + axes + "] sizes [" + sizes + "]",
               "(" + type(x.shape, "i1") + ") -> " + type(shape, "i1"), shape);
  }

  Tensor ifWithin(const Tensor &within, const Tensor &value, const Tensor &otherwise) {
    Tensor wide = broadcastTruth(within, value.shape);
    return add("select " + wide.name + ", " + value.name + ", " + otherwise.name,
               type(value.shape, "i1") + ", " + type(value.shape), value.shape);
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

std::string randomFunction(uint64_t seed) { return Families(seed).run(); }

} // namespace dlc::tools
