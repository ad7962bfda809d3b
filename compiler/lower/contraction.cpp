// Matrix products and convolutions in all three directions: one multiply-add with other maps.
#include "compiler/lower/rules.h"

using namespace mlir;

namespace dlc::lower {

Value spread(Builder &b, Value x, TypedAttr fill, Shape first, Shape step, Shape size) {
  unsigned rank = shapeOf(x).size();
  SmallVector<int64_t> shape(shapeOf(x));
  SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0)), strides(rank, b.getIndexAttr(1)),
      sizes;
  for (int64_t extent : shape)
    sizes.push_back(b.getIndexAttr(extent));
  for (unsigned i = 0; i < 2; ++i) {
    unsigned axis = rank - 2 + i;
    offsets[axis] = b.getIndexAttr(first[i]);
    strides[axis] = b.getIndexAttr(step[i]);
    shape[axis] = size[i];
  }
  return tensor::InsertSliceOp::create(b, x, b.filled(shape, fill), offsets, sizes, strides);
}

Value padded(Builder &b, Value x, TypedAttr fill, Shape pad) {
  if (llvm::all_of(pad, [](int64_t p) { return p == 0; }))
    return x;
  Shape plane = shapeOf(x).take_back(2);
  return spread(b, x, fill, {pad[0], pad[1]}, {1, 1},
                {plane[0] + pad[0] + pad[2], plane[1] + pad[1] + pad[3]});
}

// y[p] reads x[p * stride + r * dilation - pad], hence dx[h] gathers dy[p] where
// p * stride = h + pad - r * dilation. `before` rows of room keep that from being negative.
Gathered gathered(Builder &b, Value dy, TypedAttr fill, Shape input, Shape reach, Shape stride,
                  Shape pad) {
  Shape plane = shapeOf(dy).take_back(2);
  SmallVector<int64_t, 2> before, size, origin;
  bool isAsItIs = true;
  for (unsigned i = 0; i < 2; ++i) {
    before.push_back(std::max<int64_t>(0, reach[i] - pad[i]));
    origin.push_back(pad[i] + before[i]);
    size.push_back(std::max(input[i] + origin[i], before[i] + (plane[i] - 1) * stride[i] + 1));
    isAsItIs &= before[i] == 0 && stride[i] == 1 && size[i] == plane[i];
  }
  return {isAsItIs ? dy : spread(b, dy, fill, before, stride, size), origin};
}

namespace {

Value lowerMatmul(Builder &b, Operation *op, ValueRange operands) {
  Shape shape = shapeOf(op->getResult(0));
  unsigned batch = shape.size() - 2, rank = shape.size() + 1, m = batch, n = batch + 1,
           k = batch + 2;
  auto with = [&](unsigned row, unsigned column) {
    SmallVector<unsigned> positions;
    for (unsigned i = 0; i < batch; ++i)
      positions.push_back(i);
    positions.append({row, column});
    return b.dims(rank, positions);
  };
  Value zero = b.filled(shape, b.getFloatAttr(elementOf(operands[0]), 0));
  return b.generic(operands, zero, {with(m, k), with(k, n), with(m, n)}, 1, Builder::multiplyAdd);
}

// Channels are split by group, [C] to [groups, C / groups], so that every dimension of the nest is
// an axis of some operand.
Value split(Builder &b, Value x, unsigned axis, int64_t groups) {
  SmallVector<int64_t> shape(shapeOf(x));
  shape[axis] /= groups;
  shape.insert(shape.begin() + axis, groups);
  return b.reshape(x, shape);
}

// The dimensions of a convolution's nest; `kept` of them first, then the reduced ones.
struct Nest {
  Builder &b;
  unsigned rank = 8;
  bool grouped;

  // The map to axes [n, g, c, h, w]; without groups g is no axis.
  AffineMap image(unsigned n, unsigned g, unsigned c, AffineExpr h, AffineExpr w) {
    return withGroup({b.dim(n), b.dim(g), b.dim(c), h, w}, 1);
  }
  AffineMap weight(unsigned g, unsigned o, unsigned c, unsigned r, unsigned s) {
    return withGroup({b.dim(g), b.dim(o), b.dim(c), b.dim(r), b.dim(s)}, 0);
  }
  AffineMap withGroup(SmallVector<AffineExpr> axes, unsigned group) {
    if (grouped)
      return b.map(8, axes);
    // Dimension `g` is left out of the nest: the ones after it move up.
    AffineExpr removed = axes[group];
    axes.erase(axes.begin() + group);
    unsigned g = cast<AffineDimExpr>(removed).getPosition();
    SmallVector<AffineExpr> moved;
    for (unsigned d = 0; d < 8; ++d)
      moved.push_back(d < g ? b.dim(d) : d == g ? b.getAffineConstantExpr(0) : b.dim(d - 1));
    for (AffineExpr &axis : axes)
      axis = axis.replaceDims(moved);
    return b.map(7, axes);
  }
};

TypedAttr zeroOf(Builder &b, Value x) { return b.getFloatAttr(elementOf(x), 0); }

// Tells the layout pass what a convolution computes: an image from one and weights, or weights from
// two images.
void mark(Builder &b, Value result, StringRef what) {
  result.getDefiningOp()->setAttr("dlc.convolution", b.getStringAttr(what));
}

// y[n,g,o,p,q] = sum over c, r, s of x[n,g,c, p*stride + r*dilation, q*stride + s*dilation]
// w[g,o,c,r,s]
Value lowerConv2d(Builder &b, Operation *op, ValueRange operands) {
  auto conv = cast<nn::Conv2dOp>(op);
  int64_t groups = conv.getGroups();
  Shape stride = conv.getStride(), dilation = conv.getDilation(), shape = shapeOf(op->getResult(0));
  Value x = padded(b, operands[0], zeroOf(b, operands[0]), conv.getPad()), w = operands[1];
  Value y = b.filled(shape, zeroOf(b, x));
  bool grouped = groups > 1;
  if (grouped)
    x = split(b, x, 1, groups), w = split(b, w, 0, groups), y = split(b, y, 1, groups);
  enum { N, G, O, P, Q, C, R, S };
  Nest nest{b, 8, grouped};
  AffineExpr h = b.dim(P) * stride[0] + b.dim(R) * dilation[0];
  AffineExpr v = b.dim(Q) * stride[1] + b.dim(S) * dilation[1];
  y = b.generic({x, w}, y,
                {nest.image(N, G, C, h, v), nest.weight(G, O, C, R, S),
                 nest.image(N, G, O, b.dim(P), b.dim(Q))},
                3, Builder::multiplyAdd);
  mark(b, y, "image");
  return b.reshape(y, shape);
}

// dx[n,g,c,h,v] = sum over o, r, s of dy'[n,g,o, h + origin - r*dilation, …] w[g,o,c,r,s], where
// dy' is dy spread over the stride.
Value lowerConv2dGradInput(Builder &b, Operation *op, ValueRange operands) {
  auto conv = cast<nn::Conv2dGradInputOp>(op);
  int64_t groups = conv.getGroups();
  Shape dilation = conv.getDilation(), shape = conv.getShape();
  Value w = operands[1];
  Shape kernel = shapeOf(w).take_back(2);
  Gathered dy = gathered(b, operands[0], zeroOf(b, w), shape.take_back(2),
                         {(kernel[0] - 1) * dilation[0], (kernel[1] - 1) * dilation[1]},
                         conv.getStride(), conv.getPad());
  Value dx = b.filled(shape, zeroOf(b, w));
  bool grouped = groups > 1;
  if (grouped)
    dy.plane = split(b, dy.plane, 1, groups), w = split(b, w, 0, groups),
    dx = split(b, dx, 1, groups);
  enum { N, G, C, H, V, O, R, S };
  Nest nest{b, 8, grouped};
  AffineExpr p = b.dim(H) - b.dim(R) * dilation[0] + dy.origin[0];
  AffineExpr q = b.dim(V) - b.dim(S) * dilation[1] + dy.origin[1];
  dx = b.generic({dy.plane, w}, dx,
                 {nest.image(N, G, O, p, q), nest.weight(G, O, C, R, S),
                  nest.image(N, G, C, b.dim(H), b.dim(V))},
                 3, Builder::multiplyAdd);
  mark(b, dx, "image");
  return b.reshape(dx, shape);
}

// dw[g,o,c,r,s] = sum over n, p, q of x[n,g,c, p*stride + r*dilation, …] dy[n,g,o,p,q]
Value lowerConv2dGradWeight(Builder &b, Operation *op, ValueRange operands) {
  auto conv = cast<nn::Conv2dGradWeightOp>(op);
  int64_t groups = conv.getGroups();
  Shape stride = conv.getStride(), dilation = conv.getDilation(), shape = conv.getShape();
  Value x = padded(b, operands[0], zeroOf(b, operands[0]), conv.getPad()), dy = operands[1];
  Value dw = b.filled(shape, zeroOf(b, x));
  bool grouped = groups > 1;
  if (grouped)
    x = split(b, x, 1, groups), dy = split(b, dy, 1, groups), dw = split(b, dw, 0, groups);
  enum { G, O, C, R, S, N, P, Q };
  Nest nest{b, 8, grouped};
  AffineExpr h = b.dim(P) * stride[0] + b.dim(R) * dilation[0];
  AffineExpr v = b.dim(Q) * stride[1] + b.dim(S) * dilation[1];
  dw = b.generic({x, dy}, dw,
                 {nest.image(N, G, C, h, v), nest.image(N, G, O, b.dim(P), b.dim(Q)),
                  nest.weight(G, O, C, R, S)},
                 3, Builder::multiplyAdd);
  mark(b, dw, "weight");
  return b.reshape(dw, shape);
}

} // namespace

void addContractionRules(Rules &rules) {
  rules["matmul"] = lowerMatmul;
  rules["conv2d"] = lowerConv2d;
  rules["conv2d_grad_input"] = lowerConv2dGradInput;
  rules["conv2d_grad_weight"] = lowerConv2dGradWeight;
}

} // namespace dlc::lower
