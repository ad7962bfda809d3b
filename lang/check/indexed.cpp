// Tensors whose axes have names: alignment, products, convolutions, elements at computed places.
#include "lang/check/indexed.h"
#include "lang/check/arithmetic.h"

#include <algorithm>
#include <numeric>

namespace dlc::lang {

namespace {

using Names = std::vector<std::string>;

bool contains(const Names &names, const std::string &name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool isSubset(const Names &some, const Names &all) {
  return std::all_of(some.begin(), some.end(),
                     [&](const std::string &name) { return contains(all, name); });
}

Names joined(const std::vector<Names> &parts) {
  Names all;
  for (const Names &part : parts)
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

template <typename Test> Names filtered(const Names &names, Test test) {
  Names kept;
  std::copy_if(names.begin(), names.end(), std::back_inserter(kept), test);
  return kept;
}

bool isIdentity(const Shape &permutation) {
  for (size_t i = 0; i < permutation.size(); ++i)
    if (permutation[i] != Dim(static_cast<int64_t>(i)))
      return false;
  return true;
}

} // namespace

// --- shapes ------------------------------------------------------------------------------------

Shape IndexAlgebra::shapeOf(const Names &axes) const {
  Shape shape;
  for (const std::string &axis : axes)
    shape.push_back(extents.at(axis).size);
  return shape;
}

Value IndexAlgebra::reshaped(Value x, Shape shape, Range site) {
  if (x.isPoison() || shapeOf(x) == shape)
    return x;
  return operations.applyExactly("reshape", {{std::move(x), site}}, {{"shape", std::move(shape)}},
                                 site);
}

Value IndexAlgebra::constant(double number, Element element, const Shape &shape, Range site) {
  return graph.constant({number}, {element, shape, 0}, site);
}

Names IndexAlgebra::common(const std::vector<const Indexed *> &operands) const {
  Names all;
  for (const Indexed *operand : operands)
    for (const std::string &axis : operand->axes)
      if (!contains(all, axis))
        all.push_back(axis);
  for (const Indexed *operand : operands)
    if (operand->axes.size() == all.size())
      return operand->axes;
  std::sort(all.begin(), all.end(), [&](const std::string &a, const std::string &b) {
    return extents.at(a).order < extents.at(b).order;
  });
  return all;
}

Indexed IndexAlgebra::aligned(const Indexed &x, const Names &axes, Range site) {
  if (x.axes == axes || !x.value.is<Tensor>())
    return x;
  const Names own = filtered(axes, [&](const std::string &axis) { return contains(x.axes, axis); });
  Shape permutation, places, sizes;
  for (const std::string &axis : own)
    permutation.push_back(Dim(std::find(x.axes.begin(), x.axes.end(), axis) - x.axes.begin()));
  for (size_t i = 0; i < axes.size(); ++i)
    if (!contains(own, axes[i])) {
      places.push_back(Dim(static_cast<int64_t>(i)));
      sizes.push_back(extents.at(axes[i]).size);
    }
  Value value = x.value;
  if (!isIdentity(permutation))
    value = operations.applyExactly("transpose", {{value, x.range}}, {{"permutation", permutation}},
                                    site);
  if (!places.empty())
    value = operations.applyExactly("broadcast", {{value, x.range}},
                                    {{"axes", places}, {"sizes", sizes}}, site);
  return {value, axes, x.range};
}

Indexed IndexAlgebra::counted(const std::string &index, Range site) {
  TensorType type{Element::Int, {extents.at(index).size}, 0};
  return {Tensor{graph.addNode("iota", {}, {}, type, site)}, {index}, site};
}

Value IndexAlgebra::part(Value x, size_t axis, const Dim &begin, const Dim &end, Range site) {
  const TensorType type = graph.typeOf(*x.as<Tensor>());
  const Dim size = type.shape[axis];
  auto atLeast = [](const Dim &a, const Dim &b) { return *(a - b).constant() >= 0; };
  auto larger = [&](const Dim &a, const Dim &b) { return atLeast(a, b) ? a : b; };
  auto zeros = [&](const Dim &count) {
    Shape shape = type.shape;
    shape[axis] = count;
    return Operand{constant(0, type.element, shape, site), site};
  };
  if (begin == Dim(0) && end == size)
    return x;
  Dim from = larger(begin, Dim(0)), to = Dim(0) - larger(Dim(0) - end, Dim(0) - size);
  if (!atLeast(to, from + Dim(1)))
    return zeros(end - begin).value; // all of it lies outside
  Shape sizes;
  for (const Dim &each : {from, to - from, size - to})
    if (each != Dim(0))
      sizes.push_back(each);
  if (sizes.size() > 1) {
    Value parts = operations.applyExactly(
        "split", {{x, site}}, {{"axis", static_cast<int64_t>(axis)}, {"sizes", sizes}}, site);
    x = parts.as<Tuple>()->elements[from == Dim(0) ? 0 : 1];
  }
  std::vector<Operand> pieces;
  if (from != begin)
    pieces.push_back(zeros(from - begin));
  pieces.push_back({x, site});
  if (to != end)
    pieces.push_back(zeros(end - to));
  if (pieces.size() == 1)
    return x;
  return operations.applyExactly("concat", pieces, {{"axis", static_cast<int64_t>(axis)}}, site);
}

// --- sums and products -------------------------------------------------------------------------

Indexed IndexAlgebra::reduced(const std::string &op, Indexed x, const std::set<std::string> &over,
                              Range site) {
  Shape gone;
  Names kept;
  for (size_t i = 0; i < x.axes.size(); ++i)
    if (over.count(x.axes[i]))
      gone.push_back(Dim(static_cast<int64_t>(i)));
    else
      kept.push_back(x.axes[i]);
  if (gone.empty() || x.isPoison())
    return x;
  return {operations.applyExactly(op, {{x.value, x.range}}, {{"axes", gone}}, site), kept, x.range};
}

Indexed IndexAlgebra::product(const Indexed &a, const Indexed &b, Range site) {
  const Names axes = common({&a, &b});
  const Value left = aligned(a, axes, site).value, right = aligned(b, axes, site).value;
  if (!left.is<Tensor>() && !right.is<Tensor>())
    return {arithmetic("*", left, right, Wanted::Any, site, unfolding.report), {}, site};
  return {operations.apply("mul", {{left, a.range}, {right, b.range}}, site, "*"), axes, site};
}

Indexed IndexAlgebra::sumOfProducts(std::vector<Indexed> factors, const std::set<std::string> &over,
                                    Range site) {
  std::vector<Indexed> scalars, tensors;
  Names found;
  for (Indexed &factor : factors) {
    if (factor.isPoison())
      return {Poison{}, {}, site};
    found = joined({found, factor.axes});
    (factor.axes.empty() ? scalars : tensors).push_back(std::move(factor));
  }
  for (const std::string &axis : over) // the same term so many times
    if (!contains(found, axis))
      scalars.push_back({extents.at(axis).size, {}, site});
  // One whose axes are among another's is multiplied into it: that is no larger.
  for (size_t i = 0; i < tensors.size();) {
    auto wider = std::find_if(tensors.begin(), tensors.end(), [&](const Indexed &other) {
      return &other != &tensors[i] && isSubset(tensors[i].axes, other.axes);
    });
    if (wider == tensors.end()) {
      ++i;
      continue;
    }
    *wider = product(*wider, tensors[i], site);
    tensors.erase(tensors.begin() + i);
    i = 0; // it may be among one that was looked at
  }
  while (tensors.size() > 1) {
    std::set<std::string> here = over;
    for (size_t i = 2; i < tensors.size(); ++i)
      for (const std::string &axis : tensors[i].axes)
        here.erase(axis);
    tensors[0] = contracted(tensors[0], tensors[1], here, site);
    tensors.erase(tensors.begin() + 1);
  }
  Indexed sum =
      tensors.empty() ? Indexed{Dim(1), {}, site} : reduced("reduce_sum", tensors[0], over, site);
  for (const Indexed &scalar : scalars)
    sum = product(sum, scalar, site);
  return sum;
}

Indexed IndexAlgebra::contracted(Indexed a, Indexed b, const std::set<std::string> &over,
                                 Range site) {
  auto only = [&](const Indexed &one, const Indexed &other) {
    std::set<std::string> gone;
    for (const std::string &axis : one.axes)
      if (over.count(axis) && !contains(other.axes, axis))
        gone.insert(axis);
    return gone;
  };
  a = reduced("reduce_sum", a, only(a, b), site);
  b = reduced("reduce_sum", b, only(b, a), site);
  auto isShared = [&](const std::string &axis) {
    return contains(a.axes, axis) && contains(b.axes, axis);
  };
  auto isSummed = [&](const std::string &axis) { return over.count(axis) > 0; };
  const Names both =
      filtered(a.axes, [&](auto &axis) { return isShared(axis) && !isSummed(axis); });
  const Names inner =
      filtered(a.axes, [&](auto &axis) { return isShared(axis) && isSummed(axis); });
  const Names rows = filtered(a.axes, [&](auto &axis) { return !isShared(axis); });
  const Names columns = filtered(b.axes, [&](auto &axis) { return !isShared(axis); });
  if (a.isPoison() || b.isPoison())
    return {Poison{}, {}, site};
  bool areReal = graph.typeOf(*a.value.as<Tensor>()).element == Element::Real &&
                 graph.typeOf(*b.value.as<Tensor>()).element == Element::Real;
  if (inner.empty() || rows.empty() || columns.empty() || !areReal)
    return reduced("reduce_sum", product(a, b, site), over, site);
  return matmul(a, b, both, rows, columns, inner, site);
}

Indexed IndexAlgebra::matmul(const Indexed &a, const Indexed &b, const Names &both,
                             const Names &rows, const Names &columns, const Names &inner,
                             Range site) {
  const Indexed left = aligned(a, joined({both, rows, inner}), site);
  const Indexed right = aligned(b, joined({both, inner, columns}), site);
  auto matrices = [&](const Dim &height, const Dim &width) {
    Shape shape = shapeOf(both);
    shape.insert(shape.end(), {height, width});
    return shape;
  };
  Value product = operations.applyExactly(
      "matmul",
      {{reshaped(left.value, matrices(sizeOf(rows), sizeOf(inner)), site), a.range},
       {reshaped(right.value, matrices(sizeOf(inner), sizeOf(columns)), site), b.range}},
      {}, site);
  const Names axes = joined({both, rows, columns});
  return {reshaped(product, shapeOf(axes), site), axes, site};
}

// --- convolutions ------------------------------------------------------------------------------

std::optional<Indexed> IndexAlgebra::convolution(const Tensor &x, const Names &axes,
                                                 const std::vector<WindowAxis> &windows,
                                                 const Indexed &w,
                                                 const std::set<std::string> &over, Range site) {
  Names batch, groups, channels, places, window, along;
  for (const std::string &axis : axes)
    if (axis.empty())
      continue;
    else if (contains(w.axes, axis))
      (over.count(axis) ? channels : groups).push_back(axis);
    else if (!over.count(axis))
      batch.push_back(axis);
    else
      return std::nullopt;
  for (const WindowAxis &each : windows) {
    if (!contains(w.axes, each.in) || contains(w.axes, each.out))
      return std::nullopt;
    places.push_back(each.out);
    window.push_back(each.in);
    along.push_back(" " + each.out); // x's own axis has no index
  }
  const Names outputs = filtered(w.axes, [&](const std::string &axis) {
    return !contains(axes, axis) && !contains(window, axis);
  });
  bool sumsMore = std::any_of(outputs.begin(), outputs.end(),
                              [&](const std::string &axis) { return over.count(axis) > 0; });
  const Dim groupCount = sizeOf(groups);
  if (sumsMore || !groupCount.isConstant() ||
      graph.typeOf(x).element != graph.typeOf(*w.value.as<Tensor>()).element ||
      graph.typeOf(x).element != Element::Real)
    return std::nullopt;

  // The windows' axes: what they reach beyond x is padding, what they do not reach is left out.
  Value source = x;
  Shape pads(4, Dim(0)), strides(2, Dim(1)), dilations(2, Dim(1));
  size_t first = 2 - windows.size();
  size_t each = 0;
  for (size_t axis = 0; axis < axes.size(); ++axis) {
    if (!axes[axis].empty())
      continue;
    const WindowAxis &along = windows[each];
    const Dim length = shapeOf(source)[axis];
    Dim reach = (extents.at(along.out).size - Dim(1)) * Dim(along.stride) +
                (extents.at(along.in).size - Dim(1)) * Dim(along.dilation) + Dim(1);
    Dim end = Dim(along.offset) + reach;
    if (!length.isConstant() || !reach.isConstant())
      return std::nullopt;
    Dim begin = along.offset > 0 ? Dim(along.offset) : Dim(0);
    Dim last = *end.constant() < *length.constant() ? end : length;
    source = part(source, axis, begin, last, site);
    pads[first + each] = begin - Dim(along.offset);
    pads[2 + first + each] = end - last;
    strides[first + each] = Dim(along.stride);
    dilations[first + each] = Dim(along.dilation);
    ++each;
  }

  // x as [batch, groups * channels, rows, columns], w as [groups * outputs, channels, …].
  Extents lengths = extents;
  Names named = axes;
  Shape sourceShape = shapeOf(source);
  for (size_t axis = 0, seen = 0; axis < axes.size(); ++axis)
    if (axes[axis].empty()) {
      lengths[along[seen]] = {sourceShape[axis], 0};
      named[axis] = along[seen++];
    }
  IndexAlgebra inner(unfolding, lengths);
  Indexed image =
      inner.aligned({source, named, site}, joined({batch, groups, channels, along}), site);
  Indexed kernel = inner.aligned(w, joined({groups, outputs, channels, window}), site);
  auto planes = [&](const Dim &count, const Dim &depth, const Names &sizes) {
    Shape shape{count, depth};
    if (sizes.size() == 1)
      shape.push_back(Dim(1));
    for (const std::string &axis : sizes)
      shape.push_back(lengths.at(axis).size);
    return shape;
  };
  Value result = operations.applyExactly(
      "conv2d",
      {{reshaped(image.value, planes(sizeOf(batch), groupCount * sizeOf(channels), along), site),
        site},
       {reshaped(kernel.value, planes(groupCount * sizeOf(outputs), sizeOf(channels), window),
                 site),
        w.range}},
      {{"stride", strides},
       {"pad", pads},
       {"dilation", dilations},
       {"groups", *groupCount.constant()}},
      site);
  const Names found = joined({batch, groups, outputs, places});
  return Indexed{reshaped(result, shapeOf(found), site), found, site};
}

// --- elements at computed places ---------------------------------------------------------------

Indexed IndexAlgebra::taken(const Tensor &x, const Names &axes,
                            const std::vector<std::optional<Indexed>> &places, Range site) {
  const TensorType type = graph.typeOf(x);
  // Axes that computed places depend on are looked up as well; the others stay whole, as rows.
  std::vector<const Indexed *> computed;
  Names free;
  for (const auto &place : places)
    if (place)
      computed.push_back(&*place);
  Names indices = common(computed);
  Shape permutation, rowShape;
  std::vector<Indexed> steps;
  for (size_t i = 0; i < axes.size(); ++i)
    if (places[i] || contains(indices, axes[i])) {
      permutation.push_back(Dim(static_cast<int64_t>(i)));
      steps.push_back(places[i] ? *places[i] : counted(axes[i], site));
      rowShape.push_back(type.shape[i]);
    }
  for (size_t i = 0; i < axes.size(); ++i)
    if (!places[i] && !contains(indices, axes[i])) {
      permutation.push_back(Dim(static_cast<int64_t>(i)));
      free.push_back(axes[i]);
    }
  const Shape shape = shapeOf(indices);
  Value row, within;
  for (size_t i = 0; i < steps.size(); ++i) {
    Dim stride = 1;
    for (size_t j = i + 1; j < steps.size(); ++j)
      stride = stride * rowShape[j];
    Value step = aligned(steps[i], indices, site).value;
    if (step.isNumber())
      step = constant(*number(step), Element::Int, shape, site);
    if (rowShape[i].isConstant()) {
      Value inside = operations.logical(
          "and", {operations.apply("less_equal", {{Dim(0), site}, {step, site}}, site), site},
          {operations.apply("less", {{step, site}, {rowShape[i], site}}, site), site}, site);
      within = within.is<Nothing>()
                   ? inside
                   : operations.logical("and", {within, site}, {inside, site}, site);
    }
    Value term =
        stride == Dim(1) ? step : operations.apply("mul", {{step, site}, {stride, site}}, site);
    row = row.is<Nothing>() ? term : operations.apply("add", {{row, site}, {term, site}}, site);
  }
  if (!within.is<Nothing>())
    row = operations.apply("select", {{within, site}, {row, site}, {Dim(-1), site}}, site);
  Value table = x;
  if (!isIdentity(permutation))
    table =
        operations.applyExactly("transpose", {{table, site}}, {{"permutation", permutation}}, site);
  table = reshaped(table, {size(rowShape), sizeOf(free)}, site);
  auto gathered = [&](const Value &rows) {
    return operations.applyExactly("gather", {{rows, site}, {row, site}}, {}, site);
  };
  auto cast = [&](const Value &value, Element to) {
    return operations.applyExactly("cast", {{value, site}}, {{"to", to}}, site);
  };
  const Names found = joined({indices, free});
  if (type.element == Element::Real || type.element == Element::Double)
    return {reshaped(gathered(table), shapeOf(found), site), found, site};
  if (type.element == Element::Bool) {
    Value rows = gathered(cast(table, Element::Real));
    Value truth = operations.apply("less", {{0.5, site}, {rows, site}}, site);
    return {reshaped(truth, shapeOf(found), site), found, site};
  }
  // Rows are of real numbers: an int goes there in two halves, which f32 holds exactly.
  constexpr int64_t kHalf = 65536;
  Value high = operations.apply("div", {{table, site}, {Dim(kHalf), site}}, site);
  Value low = operations.apply(
      "sub",
      {{table, site}, {operations.apply("mul", {{high, site}, {Dim(kHalf), site}}, site), site}},
      site);
  Value upper = cast(gathered(cast(high, Element::Real)), Element::Int);
  Value lower = cast(gathered(cast(low, Element::Real)), Element::Int);
  Value whole = operations.apply(
      "add",
      {{operations.apply("mul", {{upper, site}, {Dim(kHalf), site}}, site), site}, {lower, site}},
      site);
  return {reshaped(whole, shapeOf(found), site), found, site};
}

} // namespace dlc::lang
