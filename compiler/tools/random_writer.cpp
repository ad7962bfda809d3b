// The operations of random functions.
#include "compiler/tools/random_writer.h"

namespace dlc::tools {

Tensor RandomWriter::unary(const std::string &name, const Tensor &x) {
  return add(name + " " + x.name, type(x.shape), x.shape);
}

Tensor RandomWriter::binary(const std::string &name, const Tensor &a, const Tensor &b) {
  return add(name + " " + a.name + ", " + b.name, type(a.shape), a.shape);
}

Tensor RandomWriter::zeros(const Sizes &shape) {
  return add("constant dense<0.0>", type(shape), shape);
}

Tensor RandomWriter::transpose(const Tensor &x, const Sizes &order) {
  Sizes shape;
  for (int64_t axis : order)
    shape.push_back(x.shape[axis]);
  return add("transpose " + x.name + " permutation " + list(order), signature({x}, shape), shape);
}

Tensor RandomWriter::flipped(const Tensor &x) {
  Sizes axes;
  for (size_t axis = 0; axis < x.shape.size(); ++axis)
    if (below(2))
      axes.push_back(int64_t(axis));
  return add("flip " + x.name + " axes " + list(axes), signature({x}, x.shape), x.shape);
}

Tensor RandomWriter::permuted(const Sizes &shape) {
  if (below(6) == 0)
    return flipped(argument(shape));
  if (shape.size() < 2 || below(2))
    return argument(shape);
  Sizes order = permutation(shape.size()), stored(shape.size());
  for (size_t i = 0; i < order.size(); ++i)
    stored[order[i]] = shape[i];
  return transpose(argument(stored), order);
}

Tensor RandomWriter::ofParts(const Sizes &shape) {
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
    body += "  " + name + ":3 = nn.split " + x.name + " axis " + std::to_string(axis) + " sizes " +
            list(sizes) + " : (" + type(x.shape) + ") -> (" + type(resized(sizes[0])) + ", " +
            type(shape) + ", " + type(resized(sizes[2])) + ")\n";
    return {name + "#1", shape};
  }
  int64_t cut = between(1, size - 1);
  Tensor a = argument(resized(cut)), b = unary("neg", argument(resized(size - cut)));
  return add("concat " + a.name + ", " + b.name + " axis " + std::to_string(axis),
             signature({a, b}, shape), shape);
}

Tensor RandomWriter::repeated(const Sizes &shape) {
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

Tensor RandomWriter::reshape(const Tensor &x, const Sizes &shape) {
  return add("reshape " + x.name + " shape " + list(shape), signature({x}, shape), shape);
}

Tensor RandomWriter::reduced(const Tensor &x) {
  Sizes axes, shape;
  for (size_t axis = 0; axis < x.shape.size(); ++axis)
    if (below(2))
      axes.push_back(int64_t(axis));
    else
      shape.push_back(x.shape[axis]);
  std::string name = among({"reduce_sum ", "reduce_sum ", "reduce_max "});
  return add(name + x.name + " axes " + list(axes), signature({x}, shape), shape);
}

Tensor RandomWriter::argmax(const Tensor &x) {
  Sizes shape(x.shape.begin(), x.shape.end() - 1);
  return add("argmax " + x.name, "(" + type(x.shape) + ") -> " + type(shape, "i32"), shape);
}

Tensor RandomWriter::oneHot(const Sizes &shape) {
  Tensor index = argmax(argument(shape));
  return add("one_hot " + index.name + " classes " + std::to_string(shape.back()) + " element " +
                 element,
             "(" + type(index.shape, "i32") + ") -> " + type(shape), shape);
}

Tensor RandomWriter::steep(const Tensor &x) {
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

Tensor RandomWriter::jumping(const Tensor &x) {
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

Tensor RandomWriter::widened(const Tensor &x) {
  Tensor wide = add("cast " + x.name + " to f64", type(x.shape), x.shape);
  return add("cast " + wide.name + " to " + element, type(x.shape, "f64"), x.shape);
}

Tensor RandomWriter::followed(Tensor x) {
  for (int64_t n = below(4); n > 0; --n)
    switch (below(11)) {
    case 0:
      x = unary(among({"tanh", "sigmoid", "erf", "neg", "abs", "sin", "cos", "stop_gradient"}), x);
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

void RandomWriter::finish(const Tensor &x) {
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

} // namespace dlc::tools
