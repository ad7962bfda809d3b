// Parts of tensors by their indices: each axis is split in up to three.
#include "lang/check/slice.h"
#include "lang/check/expression.h"
#include "lang/check/unfolding.h"

namespace dlc::lang {

using ast::Expr;

namespace {

/// What is taken of an axis.
struct Part {
  Dim begin, end;
  bool keepsAxis = true;
};

/// An index, counted from the axis's end where it is negative; empty after an error.
std::optional<Dim> indexOf(const Expr &expr, const Dim &size, Environment &environment) {
  Value value = evaluate(expr, environment);
  if (value.isPoison())
    return std::nullopt;
  if (const Dim *index = value.as<Dim>())
    return index->isConstant() && *index->constant() < 0 ? size + *index : *index;
  Diagnostic &error = environment.unfolding.report.error(
      "index-type", expr.range,
      "an index is a static int, found " + environment.unfolding.operations.described(value));
  if (value.is<Tensor>())
    error.help.push_back("`gather(table, index)` takes rows by a tensor");
  return std::nullopt;
}

std::optional<Part> partOfAxis(const Expr &expr, const Dim &size, Environment &environment) {
  if (expr.kind != Expr::Kind::Slice) {
    auto index = indexOf(expr, size, environment);
    return index ? std::optional(Part{*index, *index + Dim(1), false}) : std::nullopt;
  }
  Part part{Dim(0), size};
  for (const ast::Argument &bound : expr.arguments) {
    auto index = indexOf(*bound.value, size, environment);
    if (!index)
      return std::nullopt;
    (bound.name->text == "to" ? part.end : part.begin) = *index;
  }
  return part;
}

/// Whether the part lies within the axis and is not empty, as far as that is known.
bool isWithin(const Part &part, const Dim &size) {
  auto isNegative = [](const Dim &dim) { return dim.isConstant() && *dim.constant() < 0; };
  return !isNegative(part.begin) && !isNegative(size - part.end) &&
         !isNegative(part.end - part.begin - Dim(1));
}

} // namespace

Value partOf(const Tensor &x, const Expr &index, Environment &environment) {
  Unfolding &unfolding = environment.unfolding;
  Report &report = unfolding.report;
  TensorType type = unfolding.graph.typeOf(x);
  size_t named = index.operands.size() - 1;
  if (named == 0 || named > type.shape.size()) {
    report.error("rank-mismatch", index.range,
                 "the tensor has " + std::to_string(type.shape.size()) + " axes, " +
                     std::to_string(named) + " are indexed");
    return Poison{};
  }
  Value part = x;
  Shape kept;
  for (size_t axis = 0; axis < type.shape.size(); ++axis) {
    const Dim size = type.shape[axis];
    if (axis >= named) {
      kept.push_back(size);
      continue;
    }
    const Expr &expr = *index.operands[axis + 1];
    auto taken = partOfAxis(expr, size, environment);
    if (!taken)
      return Poison{};
    if (!isWithin(*taken, size)) {
      report.error("index-range", expr.range,
                   "axis " + std::to_string(axis) + " has the size " + size.str() +
                       ", counted from 0: there is no part " + report.text(expr.range));
      return Poison{};
    }
    if (taken->keepsAxis)
      kept.push_back(taken->end - taken->begin);
    // The part, and what lies before and behind it.
    Shape sizes;
    for (const Dim &each : {taken->begin, taken->end - taken->begin, size - taken->end})
      if (each != Dim(0))
        sizes.push_back(each);
    if (sizes.size() == 1)
      continue;
    Value parts = unfolding.operations.applyExactly(
        "split", {{part, expr.range}}, {{"axis", static_cast<int64_t>(axis)}, {"sizes", sizes}},
        index.range);
    if (parts.isPoison())
      return parts;
    part = parts.as<Tuple>()->elements[taken->begin == Dim(0) ? 0 : 1];
  }
  if (kept.size() == type.shape.size())
    return part;
  return unfolding.operations.applyExactly("reshape", {{part, index.range}}, {{"shape", kept}},
                                           index.range);
}

} // namespace dlc::lang
