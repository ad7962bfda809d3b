// Pooling over windows, and its gradients.
#include "compiler/linalg/rules.h"

using namespace mlir;

namespace dlc::lower {

Value windowShape(Builder &b, Shape window) { return b.empty(window, b.getI8Type()); }

namespace {

enum { N, C, P, Q, R, S, kWindowRank }; // the dimensions of a window's nest

AffineMap windowMap(Builder &b) { return b.dims(kWindowRank, {R, S}); }
AffineMap planeMap(Builder &b) { return b.dims(kWindowRank, {N, C, P, Q}); }

// Element (r, s) of window (p, q).
AffineMap elementMap(Builder &b, Shape stride) {
  return b.map(kWindowRank, {b.dim(N), b.dim(C), b.dim(P) * stride[0] + b.dim(R),
                             b.dim(Q) * stride[1] + b.dim(S)});
}
// What a pool's gradient gathers from: dy spread over the strided places it belongs to, with room
// before the first, so that dx[h] reads `h + origin - r` for each row r of the window.
struct Gathered {
  Value plane;
  SmallVector<int64_t, 2> origin;
};

// y[p] reads x[p * stride + r - pad], hence dx[h] gathers dy[p] where p * stride = h + pad - r.
// `before` rows of room keep that from being negative.
Gathered gathered(Builder &b, Value dy, TypedAttr fill, Shape input, Shape kernel, Shape stride,
                  Shape pad) {
  Shape plane = shapeOf(dy).take_back(2);
  SmallVector<int64_t, 2> before, size, origin;
  bool isAsItIs = true;
  for (unsigned i = 0; i < 2; ++i) {
    before.push_back(std::max<int64_t>(0, kernel[i] - 1 - pad[i]));
    origin.push_back(pad[i] + before[i]);
    size.push_back(std::max(input[i] + origin[i], before[i] + (plane[i] - 1) * stride[i] + 1));
    isAsItIs &= before[i] == 0 && stride[i] == 1 && size[i] == plane[i];
  }
  return {isAsItIs ? dy : spread(b, dy, fill, before, stride, size), origin};
}

// The window that has an element of the gradient at its place (r, s).
AffineMap gatherMap(Builder &b, Shape origin) {
  return b.map(kWindowRank, {b.dim(N), b.dim(C), b.dim(P) - b.dim(R) + origin[0],
                             b.dim(Q) - b.dim(S) + origin[1]});
}

// Whether the windows lie side by side and cover the plane: then the plane is a grid of windows,
// and each element has exactly one.
bool tilesPlane(Shape plane, Shape windows, Shape kernel, Shape stride, Shape pad) {
  return kernel == stride && llvm::all_of(pad, [](int64_t p) { return p == 0; }) &&
         plane[0] == windows[0] * kernel[0] && plane[1] == windows[1] * kernel[1];
}

// r * columns + s, the place in the window.
Value place(Builder &b, unsigned row, unsigned column, Shape kernel) {
  auto number = [&](unsigned d) {
    return arith::IndexCastOp::create(b, b.getI32Type(), linalg::IndexOp::create(b, d));
  };
  return arith::AddIOp::create(b, arith::MulIOp::create(b, number(row), b.integer(kernel[1])),
                               number(column));
}

TypedAttr lowest(Builder &b, Value x) { return b.getFloatAttr(elementOf(x), -INFINITY); }
TypedAttr zero(Builder &b, Value x) { return b.getFloatAttr(elementOf(x), 0); }

Value lowerMaxPool(Builder &b, Operation *op, ValueRange operands) {
  auto pool = cast<nn::MaxPool2dOp>(op);
  Value x = padded(b, operands[0], lowest(b, operands[0]), pool.getPad());
  Value y = b.filled(shapeOf(op->getResult(0)), lowest(b, x));
  return b.generic({x, windowShape(b, pool.getKernel())}, y,
                   {elementMap(b, pool.getStride()), windowMap(b), planeMap(b)}, 2,
                   [](Builder &b, ValueRange a) -> Value {
                     Value isLarger =
                         arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, a[0], a[2]);
                     return arith::SelectOp::create(b, isLarger, a[0], a[2]);
                   });
}

// The place of each window's first largest element.
Value largestPlace(Builder &b, nn::MaxPool2dGradOp pool, Value x, Shape windows) {
  Shape kernel = pool.getKernel();
  x = padded(b, x, lowest(b, x), pool.getPad());
  Value largest = b.filled(windows, lowest(b, x)),
        where = b.filled(windows, b.getI32IntegerAttr(0));
  return b.generic({x, windowShape(b, kernel)}, {largest, where},
                   {elementMap(b, pool.getStride()), windowMap(b), planeMap(b), planeMap(b)}, 2,
                   [&](Builder &b, ValueRange a) -> SmallVector<Value> {
                     Value isLarger =
                         arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, a[0], a[2]);
                     return {arith::SelectOp::create(b, isLarger, a[0], a[2]),
                             arith::SelectOp::create(b, isLarger, place(b, R, S, kernel), a[3])};
                   })[1];
}

// Elements of a plane tiled by windows, from values of the windows: dx[n,c,p,r,q,s] =
// body(values[n,c,p,q]).
Value overGrid(Builder &b, ValueRange values, Shape kernel, Shape shape, Builder::Body body) {
  Shape windows = shapeOf(values[0]);
  SmallVector<int64_t> grid{windows[0], windows[1], windows[2], kernel[0], windows[3], kernel[1]};
  SmallVector<AffineMap> maps(values.size(), b.dims(6, {0, 1, 2, 4}));
  maps.push_back(b.identity(6));
  return b.reshape(b.generic(values, b.empty(grid, elementOf(values[0])), maps, 0, body), shape);
}

Value lowerMaxPoolGrad(Builder &b, Operation *op, ValueRange operands) {
  auto pool = cast<nn::MaxPool2dGradOp>(op);
  Value x = operands[0], dy = operands[1];
  Shape kernel = pool.getKernel(), shape = shapeOf(x);
  Value where = largestPlace(b, pool, x, shapeOf(dy));
  if (tilesPlane(shape.take_back(2), shapeOf(dy).take_back(2), kernel, pool.getStride(),
                 pool.getPad()))
    return overGrid(b, {dy, where}, kernel, shape, [&](Builder &b, ValueRange a) -> Value {
      Value isHere =
          arith::CmpIOp::create(b, arith::CmpIPredicate::eq, a[1], place(b, 3, 5, kernel));
      return arith::SelectOp::create(b, isHere, a[0], b.number(elementOf(x), 0));
    });
  // No window has its largest element at place -1.
  auto gather = [&](Value value, TypedAttr fill) {
    return gathered(b, value, fill, shape.take_back(2), kernel, pool.getStride(), pool.getPad());
  };
  Gathered gradient = gather(dy, zero(b, dy)), winner = gather(where, b.getI32IntegerAttr(-1));
  AffineMap from = gatherMap(b, gradient.origin);
  return b.generic(
      {gradient.plane, winner.plane, windowShape(b, kernel)}, b.filled(shape, zero(b, dy)),
      {from, from, windowMap(b), planeMap(b)}, 2, [&](Builder &b, ValueRange a) -> Value {
        Value isHere =
            arith::CmpIOp::create(b, arith::CmpIPredicate::eq, a[1], place(b, R, S, kernel));
        Value share = arith::SelectOp::create(b, isHere, a[0], b.number(elementOf(x), 0));
        return arith::AddFOp::create(b, a[3], share);
      });
}

Value scaled(Builder &b, Value x, Shape kernel) {
  return arith::MulFOp::create(b, x, b.number(x.getType(), 1.0 / double(kernel[0] * kernel[1])));
}

Value lowerAvgPool(Builder &b, Operation *op, ValueRange operands) {
  auto pool = cast<nn::AvgPool2dOp>(op);
  Shape kernel = pool.getKernel();
  Value x = padded(b, operands[0], zero(b, operands[0]), pool.getPad());
  return b.generic({x, windowShape(b, kernel)}, b.filled(shapeOf(op->getResult(0)), zero(b, x)),
                   {elementMap(b, pool.getStride()), windowMap(b), planeMap(b)}, 2,
                   [&](Builder &b, ValueRange a) -> Value {
                     return arith::AddFOp::create(b, a[2], scaled(b, a[0], kernel));
                   });
}

Value lowerAvgPoolGrad(Builder &b, Operation *op, ValueRange operands) {
  auto pool = cast<nn::AvgPool2dGradOp>(op);
  Value dy = operands[0];
  Shape kernel = pool.getKernel(), shape = pool.getShape();
  if (tilesPlane(shape.take_back(2), shapeOf(dy).take_back(2), kernel, pool.getStride(),
                 pool.getPad()))
    return overGrid(b, dy, kernel, shape,
                    [&](Builder &b, ValueRange a) { return scaled(b, a[0], kernel); });
  Gathered gradient =
      gathered(b, dy, zero(b, dy), shape.take_back(2), kernel, pool.getStride(), pool.getPad());
  return b.generic({gradient.plane, windowShape(b, kernel)}, b.filled(shape, zero(b, dy)),
                   {gatherMap(b, gradient.origin), windowMap(b), planeMap(b)}, 2,
                   [&](Builder &b, ValueRange a) -> Value {
                     return arith::AddFOp::create(b, a[2], scaled(b, a[0], kernel));
                   });
}

} // namespace

void addWindowRules(Rules &rules) {
  rules["max_pool2d"] = lowerMaxPool;
  rules["max_pool2d_grad"] = lowerMaxPoolGrad;
  rules["avg_pool2d"] = lowerAvgPool;
  rules["avg_pool2d_grad"] = lowerAvgPoolGrad;
}

} // namespace dlc::lower
