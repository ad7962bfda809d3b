// Tensors whose axes have names, and what index notation does with them in whole operations.
#pragma once

#include "lang/check/unfolding.h"

namespace dlc::lang {

/// A value; the axes of its tensor run over the indices `axes`. Static values have none.
struct Indexed {
  Value value;
  std::vector<std::string> axes;
  Range range;
  bool isPoison() const { return value.isPoison(); }
};

/// `stride * out + dilation * in + offset`: where a window of a convolution looks along an axis.
struct WindowAxis {
  std::string out, in; // which place, which element of the window
  int64_t stride, dilation, offset;
};

/// The algebra of index notation: everything becomes primitive operations of the graph. `sizes`
/// says how far each index runs, and in which order results have their axes.
class IndexAlgebra {
public:
  struct Extent {
    Dim size;
    int order;
  };
  using Extents = std::map<std::string, Extent>;

  IndexAlgebra(Unfolding &unfolding, const Extents &extents)
      : unfolding(unfolding), graph(unfolding.graph), operations(unfolding.operations),
        extents(extents) {}

  /// The same elements with exactly these axes: in this order, repeated along those it lacks.
  Indexed aligned(const Indexed &x, const std::vector<std::string> &axes, Range site);
  /// The axes that both need, so that the larger of them is not moved if that can be.
  std::vector<std::string> common(const std::vector<const Indexed *> &operands) const;
  /// 0, 1, 2, … along an index.
  Indexed counted(const std::string &index, Range site);
  /// `reduce_sum` or `reduce_max` over the axes that are `over`.
  Indexed reduced(const std::string &op, Indexed x, const std::set<std::string> &over, Range site);
  /// The sum over the indices `over` of the product of tensors: matrix products where they are
  /// such.
  Indexed sumOfProducts(std::vector<Indexed> factors, const std::set<std::string> &over,
                        Range site);
  /// The sum of x at `windows` times w, where that is a convolution: `axes` names x's axes, ""
  /// where a window goes along. Empty where it is none.
  std::optional<Indexed> convolution(const Tensor &x, const std::vector<std::string> &axes,
                                     const std::vector<WindowAxis> &windows, const Indexed &w,
                                     const std::set<std::string> &over, Range site);
  /// Elements `begin` to `end` of an axis; 0 where it has none.
  Value part(Value x, size_t axis, const Dim &begin, const Dim &end, Range site);
  /// x at computed places: axis i stands at `places[i]`, an int of any indices, or runs over the
  /// index `axes[i]` where that is not "". 0 outside of x.
  Indexed taken(const Tensor &x, const std::vector<std::string> &axes,
                const std::vector<std::optional<Indexed>> &places, Range site);

private:
  Indexed product(const Indexed &a, const Indexed &b, Range site);
  Indexed contracted(Indexed a, Indexed b, const std::set<std::string> &over, Range site);
  Indexed matmul(const Indexed &a, const Indexed &b, const std::vector<std::string> &both,
                 const std::vector<std::string> &rows, const std::vector<std::string> &columns,
                 const std::vector<std::string> &inner, Range site);
  Value reshaped(Value x, Shape shape, Range site);
  Value constant(double number, Element element, const Shape &shape, Range site);
  Shape shapeOf(const std::vector<std::string> &axes) const;
  Dim sizeOf(const std::vector<std::string> &axes) const { return size(shapeOf(axes)); }
  const Shape &shapeOf(const Value &x) const { return graph.typeOf(*x.as<Tensor>()).shape; }

  Unfolding &unfolding;
  GraphBuilder &graph;
  Operations &operations;
  const Extents &extents;
};

} // namespace dlc::lang
