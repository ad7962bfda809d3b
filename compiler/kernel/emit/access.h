// Vectors of a tile's points: constants, loads and stores.
#pragma once
#include "compiler/kernel/emit/cursor.h"

namespace dlc::kernel {

/// As many lanes of an element as the schedule has; the element itself if it has none.
mlir::Type vectorType(const Cursor &at, mlir::Type element);
/// The value in all lanes.
mlir::Value constant(const Cursor &at, mlir::TypedAttr value);
/// (0, stride, 2*stride, …)
mlir::Value lanesTimes(const Cursor &at, int64_t stride);
/// True in the first `active` lanes.
mlir::Value mask(const Cursor &at, int64_t active);

/// From the position of a stream to a point's element.
int64_t distance(const Cursor &at, unsigned stream, const Point &point);
/// Where a point's element lies.
mlir::Value positionOf(const Cursor &at, unsigned stream, const Point &point);

/// A point's elements of a stream.
mlir::Value load(const Cursor &at, unsigned stream, const Point &point);
void store(const Cursor &at, unsigned stream, const Point &point, mlir::Value value);
/// The vectors of an input for all points of a tile along `dim`, which are its neighbours: read
/// the other way and transposed.
Values loadSquare(const Cursor &at, unsigned input, unsigned dim, const Point &point);
/// `active` neighbours from a position on.
mlir::Value loadPart(const Cursor &at, const Stream &from, mlir::Value position, int64_t active);

} // namespace dlc::kernel
