// Packing: the current block of an input is copied into panels as wide as the tile.
#include "compiler/kernel/emit/access.h"
#include "compiler/kernel/emit/pieces.h"
#include "compiler/kernel/emit/strided.h"
#include "compiler/kernel/plan/panels.h"
#include "compiler/target/layout.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace dlc::kernel {

void allocatePanels(const Cursor &at) {
  for (unsigned i = 0; i < at.nest.inputs.size(); ++i)
    if (at.schedule.packed[i]) {
      int64_t elements = panelsOf(at.nest, at.schedule, i)->elements;
      auto type = MemRefType::get({elements}, at.nest.inputs[i].element);
      at.frame.panels[i] =
          memref::AllocaOp::create(at.b, type, at.b.getI64IntegerAttr(DLC_ALIGNMENT));
    }
}

namespace {

// A copy from an input to its panels.
struct Copy {
  const Cursor &at;
  const Panels &panels;
  const Stream &from, &to;
};

} // namespace

static void storeWhole(const Copy &copy, Value position, Value value) {
  vector::StoreOp::create(copy.at.b, value, copy.to.buffer, ValueRange{position});
}

// `width` neighbours.
static void copyRow(const Copy &copy, Value source, Value target, int64_t width) {
  const Cursor &at = copy.at;
  int64_t lanes = at.schedule.lanes;
  for (int64_t i = 0; i < width; i += lanes)
    storeWhole(copy, at.plus(target, i),
               loadPart(at, copy.from, at.plus(source, i), std::min(lanes, width - i)));
}

// `width` columns of `rows` neighbours to `rows` rows of `width` neighbours.
static void copyTransposed(const Copy &copy, Value source, Value target, int64_t width,
                           int64_t rows) {
  const Cursor &at = copy.at;
  int64_t lanes = at.schedule.lanes, stride = copy.to.across[copy.panels.contiguous];
  for (int64_t first = 0; first < width; first += lanes) {
    Values square;
    for (int64_t i = first; i < first + lanes; ++i) {
      Value position = at.plus(source, i * copy.from.within[at.schedule.vectorDim]);
      square.push_back(i < width ? loadPart(at, copy.from, position, rows)
                                 : constant(at, at.b.getZeroAttr(copy.from.element)));
    }
    square = transposed(at.b, std::move(square));
    for (int64_t i = 0; i < rows; ++i)
      storeWhole(copy, at.plus(target, i * stride + first), square[i]);
  }
}

// Calls `body` with each position on an axis that the current block reaches.
static void alongAxis(const Cursor &at, const Panels::Axis &axis,
                      llvm::function_ref<void(Value)> body) {
  if (axis.dims.size() == 1)
    return at.over(axis.dims[0], 1, [&](Value iv, int64_t) { body(iv); });
  Value begin = at.index(0), end = at.index(1);
  for (auto [d, step] : llvm::zip(axis.dims, axis.steps)) {
    Range range = at.ranges[d];
    Value last = at.index(range.extent - 1);
    if (range.begin) {
      begin = at.plus(begin, at.times(range.begin, step));
      last = at.plus(range.begin, last);
      if (at.nest.sizes[d] % range.extent != 0)
        last = arith::MinUIOp::create(at.b, last, at.index(at.nest.sizes[d] - 1));
    }
    end = at.plus(end, at.times(last, step));
  }
  at.loop(begin, end, 1, body);
}

// The loops over the axes from `level` inward, and over the panels and their rows.
static void emitCopyLoops(const Copy &copy, unsigned level, Value source, Value target) {
  const Cursor &at = copy.at;
  const Panels &panels = copy.panels;
  const Stream &from = copy.from, &to = copy.to;
  if (level < panels.axes.size()) {
    const Panels::Axis &axis = panels.axes[level];
    return alongAxis(at, axis, [&](Value position) {
      emitCopyLoops(copy, level + 1, at.plus(source, at.times(position, axis.unit)),
                    at.plus(target, at.times(position, axis.stride)));
    });
  }
  unsigned d = panels.across;
  at.over(d, at.schedule.tile[d], [&](Value iv, int64_t width) {
    Value s = at.plus(source, at.times(iv, from.across[d])),
          t = at.plus(target, at.times(iv, to.across[d]));
    if (panels.contiguous < 0)
      return copyRow(copy, s, t, width);
    unsigned c = panels.contiguous;
    at.over(c, at.schedule.lanes, [&](Value first, int64_t rows) {
      Value begin = at.plus(s, at.times(first, from.across[c]));
      copyTransposed(copy, begin, at.plus(t, at.times(first, to.across[c])), width, rows);
    });
  });
}

void pack(Cursor &at, unsigned input) {
  Panels panels = *panelsOf(at.nest, at.schedule, input);
  Value start = at.index(0);
  for (unsigned d = 0; d < at.nest.rank(); ++d)
    if (at.ranges[d].begin && panels.strides[d] != 0)
      start = at.minus(start, at.times(at.ranges[d].begin, panels.strides[d]));
  Stream from = at.streams[input];
  Stream to{at.frame.panels[input], start, from.element, panels.strides, panels.strides};
  to.within[panels.across] = 1;
  to.isWhole = int(panels.across) == at.schedule.vectorDim;
  emitCopyLoops({at, panels, from, to}, 0, from.start, to.start);
  at.streams[input] = to;
}

} // namespace dlc::kernel
