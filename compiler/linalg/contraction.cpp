// Matrix products and convolutions in all three directions: one multiply-add with other maps.
#include "compiler/contract/contract.h"
#include "compiler/linalg/rules.h"
#include <numeric>

using namespace mlir;

namespace dlc::lower {

// Writes the planes x[..., H, W] into `whole`: row h to row `first[0] + h * step[0]`, columns
// likewise.
static Value insert(Builder &b, Value x, Value whole, Shape first, Shape step) {
  unsigned rank = shapeOf(x).size();
  SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0)), strides(rank, b.getIndexAttr(1)),
      sizes;
  for (int64_t extent : shapeOf(x))
    sizes.push_back(b.getIndexAttr(extent));
  for (unsigned i = 0; i < 2; ++i) {
    offsets[rank - 2 + i] = b.getIndexAttr(first[i]);
    strides[rank - 2 + i] = b.getIndexAttr(step[i]);
  }
  return tensor::InsertSliceOp::create(b, x, whole, offsets, sizes, strides);
}

// The shape of x with other planes.
static SmallVector<int64_t> withPlane(Value x, Shape plane) {
  SmallVector<int64_t> shape(shapeOf(x).drop_back(2));
  shape.append(plane.begin(), plane.end());
  return shape;
}

Value spread(Builder &b, Value x, TypedAttr fill, Shape first, Shape step, Shape size) {
  return insert(b, x, b.filled(withPlane(x, size), fill), first, step);
}

Value padded(Builder &b, Value x, TypedAttr fill, Shape pad) {
  if (llvm::all_of(pad, [](int64_t p) { return p == 0; }))
    return x;
  Shape plane = shapeOf(x).take_back(2);
  return spread(b, x, fill, {pad[0], pad[1]}, {1, 1},
                {plane[0] + pad[0] + pad[2], plane[1] + pad[1] + pad[3]});
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

// Beyond so many phases of the stride their kernels would be more code than the zeros they save are
// worth.
constexpr int64_t kMostPhases = 16;

using contract::Direction;
using contract::Loop;

// The dimensions of a convolution's nest; `kept` of them first, then the reduced ones.
struct Nest {
  Builder &b;
  unsigned rank = 8;
  bool grouped;

  // The map to axes [n, g, c, h, w]; without groups g is no axis.
  AffineMap image(unsigned n, unsigned g, unsigned c, AffineExpr h, AffineExpr w) {
    return withGroup({b.dim(n), b.dim(g), b.dim(c), h, w}, 1);
  }
  AffineMap weight(unsigned g, unsigned o, unsigned c, AffineExpr r, AffineExpr s) {
    return withGroup({b.dim(g), b.dim(o), b.dim(c), r, s}, 0);
  }
  // The map to a window's axes, which come after g.
  AffineMap window(unsigned r, unsigned s) {
    return grouped ? b.dims(8, {r, s}) : b.dims(7, {r - 1, s - 1});
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
  // Tells the layout pass and the kernels what the nest that makes `result` computes.
  void mark(Value result, Direction direction, SmallVector<Loop> loops) {
    if (!grouped)
      llvm::erase(loops, Loop::G);
    contract::set<contract::Convolution>(
        result.getDefiningOp(), contract::ConvolutionAttr::get(b.getContext(), direction, loops));
  }
};

TypedAttr zeroOf(Builder &b, Value x) { return b.getFloatAttr(elementOf(x), 0); }

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
                {nest.image(N, G, C, h, v), nest.weight(G, O, C, b.dim(R), b.dim(S)),
                 nest.image(N, G, O, b.dim(P), b.dim(Q))},
                3, Builder::multiplyAdd);
  nest.mark(y, Direction::Image,
            {Loop::N, Loop::G, Loop::K, Loop::H, Loop::W, Loop::C, Loop::R, Loop::S});
  return b.reshape(y, shape);
}

// Of one axis of a convolution's input, the rows `place`, `place + stride`, … : the taps that meet
// them are `first`, `first + period`, …, and with tap number k row number i has met
// y[i + origin - k * back].
struct Phase {
  int64_t place, rows;
  int64_t taps = 0, first = 0, period = 1, origin = 0, back = 1;
};

// y[p] reads x[p * stride + r * dilation - pad]: row h has met tap r where h + pad - r * dilation
// is p * stride. The rows of a phase agree on the remainder, and so on the taps; a phase may have
// none.
SmallVector<Phase> phasesOf(int64_t size, int64_t kernel, int64_t stride, int64_t dilation,
                            int64_t pad) {
  int64_t common = std::gcd(stride, dilation);
  SmallVector<Phase> phases;
  for (int64_t place = 0; place < std::min(stride, size); ++place) {
    Phase phase{place, int64_t(llvm::divideCeil(size - place, stride))};
    phase.period = stride / common, phase.back = dilation / common;
    while (phase.first < std::min(phase.period, kernel) &&
           (place + pad - phase.first * dilation) % stride != 0)
      ++phase.first;
    if (phase.first < std::min(phase.period, kernel)) {
      phase.taps = llvm::divideCeil(kernel - phase.first, phase.period);
      phase.origin = (place + pad - phase.first * dilation) / stride;
    }
    phases.push_back(phase);
  }
  return phases;
}

// How many rows before the first and after the last of `size` the phases reach.
std::pair<int64_t, int64_t> reach(ArrayRef<Phase> phases, int64_t size) {
  int64_t before = 0, after = 0;
  for (const Phase &phase : phases)
    if (phase.taps > 0) {
      before = std::max(before, (phase.taps - 1) * phase.back - phase.origin);
      after = std::max(after, phase.rows + phase.origin - size);
    }
  return {before, after};
}

// dx[n,g,c,h,v] = sum over o, r, s of dy[n,g,o,p,q] w[g,o,c,r,s] where p, q are the places whose
// taps r, s lie on h, v: phase by phase, each a correlation of stride 1 with its share of the taps.
Value lowerConv2dGradInput(Builder &b, Operation *op, ValueRange operands) {
  auto conv = cast<nn::Conv2dGradInputOp>(op);
  int64_t groups = conv.getGroups();
  Shape dilation = conv.getDilation(), pad = conv.getPad(), shape = conv.getShape();
  Shape plane = shape.take_back(2);
  Value dy = operands[0], w = operands[1];
  TypedAttr zero = zeroOf(b, w);
  SmallVector<int64_t, 2> kernel(shapeOf(w).take_back(2)), stride(conv.getStride());
  if (stride[0] * stride[1] > kMostPhases) {
    Shape sparse = shapeOf(dy).take_back(2);
    dy = spread(b, dy, zero, {0, 0}, stride,
                {(sparse[0] - 1) * stride[0] + 1, (sparse[1] - 1) * stride[1] + 1});
    stride = {1, 1};
  }
  SmallVector<Phase> phases[2];
  SmallVector<int64_t, 2> before(2), after(2);
  for (unsigned i = 0; i < 2; ++i) {
    phases[i] = phasesOf(plane[i], kernel[i], stride[i], dilation[i], pad[i]);
    std::tie(before[i], after[i]) = reach(phases[i], shapeOf(dy).take_back(2)[i]);
  }
  dy = padded(b, dy, zero, {before[0], before[1], after[0], after[1]});
  bool grouped = groups > 1;
  Value dx = b.empty(shape, elementOf(w));
  if (grouped)
    dy = split(b, dy, 1, groups), w = split(b, w, 0, groups), dx = split(b, dx, 1, groups);
  enum { N, G, C, H, V, O, R, S };
  Nest nest{b, 8, grouped};
  for (const Phase &rows : phases[0])
    for (const Phase &columns : phases[1]) {
      Value part = b.filled(withPlane(dx, {rows.rows, columns.rows}), zero);
      if (rows.taps > 0 && columns.taps > 0) {
        AffineExpr p = b.dim(H) - b.dim(R) * rows.back + (rows.origin + before[0]);
        AffineExpr q = b.dim(V) - b.dim(S) * columns.back + (columns.origin + before[1]);
        AffineExpr r = b.dim(R) * rows.period + rows.first;
        AffineExpr s = b.dim(S) * columns.period + columns.first;
        part = b.generic({dy, w, windowShape(b, {rows.taps, columns.taps})}, part,
                         {nest.image(N, G, O, p, q), nest.weight(G, O, C, r, s), nest.window(R, S),
                          nest.image(N, G, C, b.dim(H), b.dim(V))},
                         3, Builder::multiplyAdd);
        nest.mark(part, Direction::Image,
                  {Loop::N, Loop::G, Loop::K, Loop::H, Loop::W, Loop::C, Loop::R, Loop::S});
      }
      bool isWhole = shapeOf(part) == shapeOf(dx);
      dx = isWhole ? part : insert(b, part, dx, {rows.place, columns.place}, stride);
    }
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
                  nest.weight(G, O, C, b.dim(R), b.dim(S))},
                 3, Builder::multiplyAdd);
  nest.mark(dw, Direction::Filter,
            {Loop::G, Loop::K, Loop::C, Loop::R, Loop::S, Loop::N, Loop::H, Loop::W});
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
