// Recognizes 3x3 convolutions and builds the chains that compute them by tiles.
#include "compiler/kernel/winograd.h"
#include "compiler/kernel/ahead.h"
#include "compiler/kernel/cost.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using llvm::divideCeil;

namespace dlc::kernel {
namespace {

constexpr int64_t kForms = 16;        // of a tile: 4x4
constexpr int64_t kLeastChannels = 8; // fewer leave nothing to save
constexpr int64_t kElementBytes = 4;  // f32: f64 wants the last bit

// --- which convolution a nest is -----------------------------------------------------------------

/// y[n, h, w, k] = sum of x[n, h + r, w + s, c] f[r, s, c, k], or f as the sum of x y; the latter
/// perhaps in parts.
struct Convolution {
  enum Role { Image, Result, Filter };
  enum Loop { Part, N, H, W, R, S, C, K };
  bool toFilter = false;
  unsigned buffers[3] = {};   // of each role
  int64_t offsets[3] = {};    // of its first element
  int64_t strides[3][8] = {}; // by role and loop
  int64_t sizes[8] = {1, 1, 1, 1, 1, 1, 1, 1};

  int64_t stride(Role role, Loop loop) const { return strides[role][loop]; }
};

bool isFloat32(const Access &access) { return access.element && access.element.isF32(); }

/// Whether the body adds the product of two inputs, as they are, to what was there.
bool isPlainProduct(const Nest &nest, unsigned a, unsigned b) {
  if (llvm::range_size(*nest.body) != 3 || nest.contractionFlops() == 0)
    return false;
  auto product = dyn_cast<arith::MulFOp>(nest.body->front());
  if (!product)
    return false;
  Value x = nest.body->getArgument(a), y = nest.body->getArgument(b);
  return (product.getLhs() == x && product.getRhs() == y) ||
         (product.getLhs() == y && product.getRhs() == x);
}

std::optional<Convolution> recognize(const Nest &nest, const Access &x, const Access &other,
                                     bool toFilter) {
  Convolution conv;
  conv.toFilter = toFilter;
  const Access &y = toFilter ? other : nest.outputs[0], &f = toFilter ? nest.outputs[0] : other;
  const Access *accesses[] = {&x, &y, &f};
  for (auto [role, access] : llvm::enumerate(accesses)) {
    conv.buffers[role] = access->buffer;
    conv.offsets[role] = access->offset;
  }
  auto enter = [&](Convolution::Loop loop, unsigned d) {
    conv.sizes[loop] = nest.sizes[d];
    for (auto [role, access] : llvm::enumerate(accesses))
      conv.strides[role][loop] = access->stride(d);
  };
  SmallVector<unsigned> pixels, taps; // dimensions of x and y, of x and f
  unsigned parts = 0, filters = 0;
  for (unsigned d = 0; d < nest.rank(); ++d) {
    if (nest.sizes[d] == 1)
      continue;
    bool ofX = x.stride(d) != 0, ofY = y.stride(d) != 0, ofF = f.stride(d) != 0;
    bool isSummed = toFilter ? !ofF : !ofY;
    if (nest.reduces[d] != isSummed)
      return std::nullopt;
    if (ofX && ofY && ofF)
      enter(Convolution::Part, d), ++parts;
    else if (ofX && ofY)
      pixels.push_back(d);
    else if (ofX && ofF)
      taps.push_back(d);
    else if (ofY && ofF)
      enter(Convolution::K, d), ++filters;
    else
      return std::nullopt;
  }
  if (parts > (toFilter ? 1 : 0) || filters != 1)
    return std::nullopt;
  // Rows and columns: where a window of three walks the image as the results do.
  SmallVector<std::pair<unsigned, unsigned>> axes;
  for (unsigned tap : taps)
    for (unsigned pixel : pixels)
      if (nest.sizes[tap] == 3 && std::abs(x.stride(tap)) == x.stride(pixel))
        axes.push_back({pixel, tap});
  if (axes.size() != 2 || axes[0].first == axes[1].first || axes[0].second == axes[1].second)
    return std::nullopt;
  if (x.stride(axes[0].first) < x.stride(axes[1].first))
    std::swap(axes[0], axes[1]);
  enter(Convolution::H, axes[0].first), enter(Convolution::R, axes[0].second);
  enter(Convolution::W, axes[1].first), enter(Convolution::S, axes[1].second);
  for (auto [pixel, tap] : axes)
    llvm::erase(pixels, pixel), llvm::erase(taps, tap);
  if (pixels.size() > 1 || taps.size() != 1)
    return std::nullopt;
  if (!pixels.empty())
    enter(Convolution::N, pixels[0]);
  enter(Convolution::C, taps[0]);
  // Taps that walk backward walk forward from the last one on.
  for (Convolution::Loop loop : {Convolution::R, Convolution::S})
    if (conv.stride(Convolution::Image, loop) < 0)
      for (Convolution::Role role : {Convolution::Image, Convolution::Filter}) {
        conv.offsets[role] += 2 * conv.strides[role][loop];
        conv.strides[role][loop] *= -1;
      }
  bool isLast = conv.stride(Convolution::Image, Convolution::C) == 1 &&
                conv.stride(Convolution::Result, Convolution::K) == 1;
  bool isWide = std::min(conv.sizes[Convolution::C], conv.sizes[Convolution::K]) >= kLeastChannels;
  bool isTiled = std::min(conv.sizes[Convolution::H], conv.sizes[Convolution::W]) >= 2;
  return isLast && isWide && isTiled ? std::optional(conv) : std::nullopt;
}

std::optional<Convolution> recognize(const Nest &nest) {
  if (nest.outputs.size() != 1 || !isFloat32(nest.outputs[0]))
    return std::nullopt;
  auto start = dyn_cast_or_null<FloatAttr>(nest.starts[0]);
  if (!start || !start.getValue().isZero())
    return std::nullopt;
  SmallVector<unsigned> read;
  for (auto [i, access] : llvm::enumerate(nest.inputs))
    if (access.element)
      read.push_back(i);
  if (read.size() != 2 || !isFloat32(nest.inputs[read[0]]) || !isFloat32(nest.inputs[read[1]]) ||
      !isPlainProduct(nest, read[0], read[1]))
    return std::nullopt;
  for (bool toFilter : {false, true})
    for (auto [image, other] : {std::pair(0, 1), std::pair(1, 0)})
      if (auto conv = recognize(nest, nest.inputs[read[image]], nest.inputs[read[other]], toFilter))
        return conv;
  return std::nullopt;
}

// --- transforms
// ------------------------------------------------------------------------------------

/// One axis of a transform: what each result is made of.
using Row = std::array<double, 4>;
using Matrix = ArrayRef<Row>;

constexpr Row kImage[] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, -1, 0, 1}};
constexpr Row kTaps[] = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};
constexpr Row kResult[] = {{1, 1, 1, 0}, {0, 1, -1, 1}};
// The same turned around, for the gradient of the filter.
constexpr Row kResultGradient[] = {{1, 0}, {1, 1}, {1, -1}, {0, 1}};
constexpr Row kTapsGradient[] = {{1, .5, .5, 0}, {0, .5, -.5, 0}, {0, .5, .5, 1}};

/// Writes the bodies of nests.
class Bodies {
public:
  explicit Bodies(MLIRContext *context)
      : region(std::make_shared<Region>()), b(UnknownLoc::get(context), context) {}

  std::shared_ptr<Region> region;

  Block *begin(unsigned arguments) {
    Block *block = new Block;
    region->push_back(block);
    for (unsigned i = 0; i < arguments; ++i)
      block->addArgument(b.getF32Type(), b.getLoc());
    b.setInsertionPointToEnd(block);
    return block;
  }

  Block *zero() {
    Block *block = begin(1);
    linalg::YieldOp::create(b, number(0));
    return block;
  }

  Block *multiplyAdd() {
    Block *block = begin(3);
    Value product = arith::MulFOp::create(b, block->getArgument(0), block->getArgument(1));
    linalg::YieldOp::create(b,
                            arith::AddFOp::create(b, block->getArgument(2), product).getResult());
    return block;
  }

  /// `rows` x `columns` results of the transform of as many values as are there, given row by row.
  Block *transform(Matrix matrix, std::array<int64_t, 2> inputs, std::array<int64_t, 2> results) {
    Block *block = begin(inputs[0] * inputs[1] + results[0] * results[1]);
    SmallVector<SmallVector<Value>> half(results[0]); // rows are transformed, columns not yet
    for (int64_t i = 0; i < results[0]; ++i)
      for (int64_t j = 0; j < inputs[1]; ++j) {
        SmallVector<Value> column;
        for (int64_t row = 0; row < inputs[0]; ++row)
          column.push_back(block->getArgument(row * inputs[1] + j));
        half[i].push_back(combine(matrix[i], column));
      }
    SmallVector<Value> all;
    for (int64_t i = 0; i < results[0]; ++i)
      for (int64_t j = 0; j < results[1]; ++j)
        all.push_back(combine(matrix[j], half[i]));
    linalg::YieldOp::create(b, all);
    return block;
  }

private:
  ImplicitLocOpBuilder b;

  Value number(double value) {
    return arith::ConstantOp::create(b, b.getFloatAttr(b.getF32Type(), value));
  }

  Value combine(ArrayRef<double> factors, ArrayRef<Value> values) {
    Value sum;
    for (auto [factor, value] : llvm::zip(factors, values)) {
      if (factor == 0 || !value)
        continue;
      Value term = value;
      if (std::abs(factor) != 1)
        term = arith::MulFOp::create(b, value, number(std::abs(factor)));
      if (!sum)
        sum = factor > 0 ? term : arith::NegFOp::create(b, term).getResult();
      else if (factor > 0)
        sum = arith::AddFOp::create(b, sum, term);
      else
        sum = arith::SubFOp::create(b, sum, term);
    }
    return sum ? sum : number(0);
  }
};

// --- blocks
// ------------------------------------------------------------------------------------------

/// What an item, or a step of one, works on: tiles, and channels of both sides.
struct Blocks {
  int64_t images, rows, columns; // of tiles
  int64_t in, out;               // channels

  int64_t tiles() const { return images * rows * columns; }
};

SmallVector<int64_t> divisors(int64_t n, int64_t unit = 1) {
  SmallVector<int64_t> result;
  for (int64_t d = 1; d <= n; ++d)
    if (n % d == 0 && (d % unit == 0 || d == n))
      result.push_back(d);
  return result;
}

/// Chooses blocks by a rough count of what a chain takes; the stages have their own cost model.
class Blocking {
public:
  Blocking(const Convolution &conv, const Processor &processor)
      : conv(conv), processor(processor), lanes(processor.lanes(kElementBytes)) {
    rows = divideCeil(conv.sizes[Convolution::H], 2);
    columns = divideCeil(conv.sizes[Convolution::W], 2);
    int64_t out = conv.sizes[Convolution::K];
    panel = out % (2 * lanes) == 0 ? 2 * lanes : out % lanes == 0 ? lanes : out;
  }

  int64_t rows, columns; // of tiles, of an image
  int64_t panel;         // filters whose forms lie side by side

  Blocks choose() const {
    // Only whole images have edges of half a tile.
    bool rowsPart = conv.sizes[Convolution::H] % 2 == 0,
         columnsPart = conv.sizes[Convolution::W] % 2 == 0;
    SmallVector<std::array<int64_t, 3>> tiles;
    for (int64_t n : divisors(conv.sizes[Convolution::N]))
      tiles.push_back({n, rows, columns});
    for (int64_t i : divisors(rows))
      if (rowsPart && i < rows)
        tiles.push_back({1, i, columns});
    for (int64_t j : divisors(columns))
      if (rowsPart && columnsPart && j < columns)
        tiles.push_back({1, 1, j});
    Blocks best{};
    double least = 0;
    for (auto [n, i, j] : tiles)
      for (int64_t in : divisors(conv.sizes[Convolution::C], lanes))
        for (int64_t out : divisors(conv.sizes[Convolution::K], panel)) {
          Blocks blocks{n, i, j, in, out};
          double cost = estimate(blocks);
          if (best.images == 0 || cost < least)
            best = blocks, least = cost;
        }
    return best;
  }

private:
  const Convolution &conv;
  const Processor &processor;
  int64_t lanes;

  // Cycles for the forms of a vector of pixels, and for what becomes of the products.
  static constexpr double kTransform = 28, kFinish = 18;
  static constexpr double kRegisterTile = 5; // steps' worth that entering and leaving one takes
  static constexpr double kNearRate = 24, kFarRate = 12; // bytes a cycle, within the second cache
  static constexpr double kCallCost = 200;
  static constexpr double kMostScratch = 2; // second caches; it lies on the stack

  double estimate(const Blocks &at) const {
    double t = at.tiles(), in = at.in, out = at.out;
    double inBlocks = double(conv.sizes[Convolution::C]) / in;
    double outBlocks = double(conv.sizes[Convolution::K]) / out;
    double tileBlocks = double(conv.sizes[Convolution::N]) * rows * columns / t;
    double summed = conv.toFilter ? t : in, kept = conv.toFilter ? in : t;
    double ofImage = t * in * kForms * kElementBytes, ofResult = t * out * kForms * kElementBytes,
           ofFilter = in * out * kForms * kElementBytes;
    double products =
        kForms * summed * out / lanes / 2 * divideCeil(kept, 6) * 6 * (1 + kRegisterTile / summed);
    double scratch = ofImage + ofResult + (conv.toFilter ? ofFilter : 0);
    if (scratch > kMostScratch * processor.l2.bytes)
      return scratch * 1e20;
    bool fits = scratch < 0.8 * processor.l2.bytes;
    double rate = fits ? kNearRate : kFarRate;
    // What is written and read again, beyond what the products hide.
    double moved = 2 * ofImage + 2 * ofResult;
    double cost = 0, items = 0;
    if (conv.toFilter) {
      moved += 2 * ofFilter;
      double step = products + (t * in + t * out) / lanes * kTransform + moved / rate + kCallCost;
      double parts = conv.sizes[Convolution::Part];
      items = parts * inBlocks * outBlocks;
      cost = items * (tileBlocks * step + in * out / lanes * kTransform);
    } else {
      bool isFilterNear = ofImage + ofResult + inBlocks * outBlocks * ofFilter < processor.l2.bytes;
      if (inBlocks > 1)
        moved += 2 * ofResult;
      double step = products + t * in / lanes * kTransform + moved / rate +
                    ofFilter / (isFilterNear ? kNearRate : kFarRate) + kCallCost;
      items = tileBlocks * outBlocks;
      cost = items * (inBlocks * step + t * out / lanes * kFinish);
    }
    return cost * idleness(items);
  }
};

// --- chains
// ----------------------------------------------------------------------------------------------

/// Tiles of rows or columns that are alike: so many from `first` on, each with `size` results.
struct Run {
  int64_t first, count, size;
};

SmallVector<Run> runsOf(int64_t size, int64_t block) {
  if (size % 2 == 0)
    return {{0, block, 2}};
  return {{0, size / 2, 2}, {size / 2, 1, 1}};
}

class Builder {
public:
  Builder(const Nest &nest, const Convolution &conv, const Processor &processor)
      : conv(conv), blocking(conv, processor), at(blocking.choose()),
        bodies(nest.body->getParentOp()->getContext()),
        f32(Float32Type::get(nest.body->getParentOp()->getContext())) {
    for (MemRefType type : nest.buffers)
      chain.buffers.push_back(type);
    counts[Images] = conv.sizes[Convolution::N] / at.images;
    counts[Rows] = blocking.rows / at.rows;
    counts[Columns] = blocking.columns / at.columns;
    counts[In] = conv.sizes[Convolution::C] / at.in;
    counts[Out] = conv.sizes[Convolution::K] / at.out;
    counts[Part] = conv.sizes[Convolution::Part];
  }

  Winograd run() {
    chain.name = "winograd";
    llvm::raw_string_ostream(chain.name) << " tiles " << at.images << "x" << at.rows << "x"
                                         << at.columns << " channels " << at.in << " to " << at.out;
    Winograd winograd;
    conv.toFilter ? toFilter() : toResult(winograd);
    chain.bodies = bodies.region;
    winograd.chain = std::move(chain);
    return winograd;
  }

private:
  const Convolution &conv;
  Blocking blocking;
  Blocks at;
  Bodies bodies;
  Type f32;
  Chain chain;
  enum BlockLoop { Images, Rows, Columns, In, Out, Part };
  int64_t counts[6];
  SmallVector<BlockLoop> loops; // of the chain: items, then steps

  // From a form's block of so many numbers to the next form's: an odd number of cache lines, so
  // that the sixteen places that a transform writes to lie in sets of their own.
  static int64_t apart(int64_t elements) {
    constexpr int64_t kLineElements = kCacheLine / kElementBytes;
    return (divideCeil(elements, kLineElements) | 1) * kLineElements;
  }

  void setLoops(ArrayRef<BlockLoop> items, ArrayRef<BlockLoop> steps) {
    for (BlockLoop loop : items)
      loops.push_back(loop), chain.items.push_back(counts[loop]);
    for (BlockLoop loop : steps)
      loops.push_back(loop), chain.steps.push_back(counts[loop]);
  }

  unsigned addScratch(int64_t elements) {
    chain.scratch.push_back(MemRefType::get({elements}, f32));
    return chain.buffers.size() + chain.scratch.size() - 1;
  }

  // Where the blocks of an argument lie.
  Chain::Operand operandOf(Convolution::Role role) {
    Chain::Operand operand{conv.buffers[role], conv.offsets[role], {}};
    const int64_t *s = conv.strides[role];
    for (BlockLoop loop : loops)
      operand.strides.push_back(loop == Images    ? at.images * s[Convolution::N]
                                : loop == Rows    ? 2 * at.rows * s[Convolution::H]
                                : loop == Columns ? 2 * at.columns * s[Convolution::W]
                                : loop == In      ? at.in * s[Convolution::C]
                                : loop == Out     ? at.out * s[Convolution::K]
                                                  : s[Convolution::Part]);
    return operand;
  }
  Chain::Operand scratchOperand(unsigned buffer) {
    return {buffer, 0, SmallVector<int64_t>(loops.size(), 0)};
  }

  Access access(unsigned buffer, int64_t offset, ArrayRef<int64_t> strides, bool isNear) {
    Access result;
    result.buffer = buffer, result.element = f32, result.offset = offset;
    result.strides.assign(strides.begin(), strides.end());
    result.isNear = isNear;
    return result;
  }

  // Completes a stage: the buffers reach as far as the nest goes.
  Chain::Stage finish(Nest nest, ArrayRef<Chain::Operand> operands, int64_t calls) {
    nest.isShared = false;
    nest.reduces.resize(nest.rank(), false);
    nest.starts.resize(nest.outputs.size());
    SmallVector<int64_t> extents(operands.size(), 0);
    for (auto *accesses : {&nest.inputs, &nest.outputs})
      for (const Access &access : *accesses) {
        int64_t last = access.offset;
        for (unsigned d = 0; d < nest.rank(); ++d)
          last += (nest.sizes[d] - 1) * access.stride(d);
        extents[access.buffer] = std::max(extents[access.buffer], last + 1);
      }
    for (int64_t extent : extents)
      nest.buffers.push_back(MemRefType::get({extent}, f32));
    collapse(nest);
    return {nest, SmallVector<Chain::Operand>(operands), calls};
  }

  // 4x4 pixels, or 2x2 results, of each tile become its forms.
  void addTransforms(Convolution::Role role, unsigned forms, int64_t channels) {
    bool isImage = role == Convolution::Image;
    int64_t formStride = apart(at.tiles() * channels);
    for (Run rows : runsOf(conv.sizes[Convolution::H], at.rows))
      for (Run columns : runsOf(conv.sizes[Convolution::W], at.columns)) {
        std::array<int64_t, 2> read{rows.size + 2 * isImage, columns.size + 2 * isImage};
        Nest nest;
        nest.sizes = {at.images, rows.count, columns.count, channels};
        for (int64_t p = 0; p < read[0]; ++p)
          for (int64_t q = 0; q < read[1]; ++q)
            nest.inputs.push_back(pixelsAccess(0, role, rows, columns, p, q));
        for (int64_t form = 0; form < kForms; ++form)
          nest.outputs.push_back(tilesAccess(1, form * formStride, rows, columns, channels));
        nest.body = bodies.transform(isImage ? kImage : kResultGradient, read, {4, 4});
        chain.each.push_back(finish(nest, {operandOf(role), scratchOperand(forms)}, stepCount()));
      }
  }

  // Pixel p, q of the tiles of two runs. A tile's last 2x2 pixels are new to its row; those of the
  // next row are asked for.
  Access pixelsAccess(unsigned buffer, Convolution::Role role, Run rows, Run columns, int64_t p,
                      int64_t q) {
    const int64_t *s = conv.strides[role];
    bool isImage = role == Convolution::Image, isNew = !isImage || (p >= 2 && q >= 2);
    Access result = access(buffer,
                           (2 * rows.first + p) * s[Convolution::H] +
                               (2 * columns.first + q) * s[Convolution::W],
                           {s[Convolution::N], 2 * s[Convolution::H], 2 * s[Convolution::W],
                            s[isImage ? Convolution::C : Convolution::K]},
                           /*isNear=*/p + q > 0);
    result.lookahead = isNew ? 2 * s[Convolution::H] : 0;
    return result;
  }

  // The tiles of two runs in a block of forms, point by point.
  Access tilesAccess(unsigned buffer, int64_t offset, Run rows, Run columns, int64_t channels) {
    int64_t column = channels, row = at.columns * column, image = at.rows * row;
    return access(buffer, offset + rows.first * row + columns.first * column,
                  {image, row, column, 1}, /*isNear=*/true);
  }

  int64_t stepCount() const {
    int64_t n = 1;
    for (int64_t count : chain.steps)
      n *= count;
    return n;
  }

  void addZeros(unsigned buffer, int64_t elements) {
    Nest nest;
    nest.sizes = {elements};
    nest.outputs = {access(0, 0, {1}, /*isNear=*/true)};
    nest.body = bodies.zero();
    chain.before.push_back(finish(nest, {scratchOperand(buffer)}, 1));
  }

  // An image from an image and a filter.
  void toResult(Winograd &winograd) {
    setLoops({Images, Rows, Columns, Out}, {In});
    int64_t in = conv.sizes[Convolution::C], out = conv.sizes[Convolution::K];
    int64_t panel = blocking.panel, panelStride = in * panel, tiles = at.tiles();
    winograd.forms = MemRefType::get({kForms * apart(in * out)}, f32);
    winograd.filter = conv.buffers[Convolution::Filter];
    winograd.prepare = prepare(panel, panelStride);
    chain.buffers.push_back(winograd.forms);
    unsigned forms = chain.buffers.size() - 1;
    unsigned pixels = addScratch(kForms * apart(tiles * at.in)),
             sums = addScratch(kForms * apart(tiles * at.out));

    bool isWhole = counts[In] == 1;
    if (!isWhole)
      addZeros(sums, kForms * apart(tiles * at.out));
    addTransforms(Convolution::Image, pixels, at.in);
    Nest products;
    products.sizes = {kForms, tiles, at.out / panel, panel, at.in};
    products.reduces = {false, false, false, false, true};
    products.inputs = {access(0, 0, {apart(tiles * at.in), at.in, 0, 0, 1}, true),
                       access(1, 0, {apart(in * out), 0, panelStride, 1, panel}, true)};
    products.outputs = {access(2, 0, {apart(tiles * at.out), at.out, panel, 1, 0}, true)};
    products.body = bodies.multiplyAdd();
    if (isWhole)
      products.starts = {FloatAttr::get(f32, 0)};
    Chain::Operand filters{forms, 0, {}};
    for (BlockLoop loop : loops)
      filters.strides.push_back(loop == In    ? at.in * panel
                                : loop == Out ? at.out / panel * panelStride
                                              : 0);
    chain.each.push_back(
        finish(products, {scratchOperand(pixels), filters, scratchOperand(sums)}, stepCount()));

    for (Run rows : runsOf(conv.sizes[Convolution::H], at.rows))
      for (Run columns : runsOf(conv.sizes[Convolution::W], at.columns)) {
        Nest nest;
        nest.sizes = {at.images, rows.count, columns.count, at.out};
        for (int64_t form = 0; form < kForms; ++form)
          nest.inputs.push_back(
              tilesAccess(0, form * apart(tiles * at.out), rows, columns, at.out));
        for (int64_t a = 0; a < rows.size; ++a)
          for (int64_t b = 0; b < columns.size; ++b)
            nest.outputs.push_back(pixelsAccess(1, Convolution::Result, rows, columns, a, b));
        nest.body = bodies.transform(kResult, {4, 4}, {rows.size, columns.size});
        chain.after.push_back(
            finish(nest, {scratchOperand(sums), operandOf(Convolution::Result)}, 1));
      }
  }

  // The forms of the filter, panel by panel.
  Nest prepare(int64_t panel, int64_t panelStride) {
    const int64_t *s = conv.strides[Convolution::Filter];
    int64_t in = conv.sizes[Convolution::C], out = conv.sizes[Convolution::K];
    Nest nest;
    nest.sizes = {out / panel, in, panel};
    for (int64_t r = 0; r < 3; ++r)
      for (int64_t c = 0; c < 3; ++c)
        nest.inputs.push_back(access(
            0, conv.offsets[Convolution::Filter] + r * s[Convolution::R] + c * s[Convolution::S],
            {panel * s[Convolution::K], s[Convolution::C], s[Convolution::K]}, false));
    for (int64_t form = 0; form < kForms; ++form)
      nest.outputs.push_back(access(1, form * apart(in * out), {panelStride, panel, 1}, false));
    nest.body = bodies.transform(kTaps, {3, 3}, {4, 4});
    nest.reduces.assign(3, false);
    nest.starts.resize(kForms);
    nest.buffers = {chain.buffers[conv.buffers[Convolution::Filter]],
                    MemRefType::get({kForms * apart(in * out)}, f32)};
    collapse(nest);
    return nest;
  }

  // The gradient of a filter from two images.
  void toFilter() {
    setLoops({Part, In, Out}, {Images, Rows, Columns});
    int64_t tiles = at.tiles();
    unsigned pixels = addScratch(kForms * apart(tiles * at.in)),
             results = addScratch(kForms * apart(tiles * at.out)),
             sums = addScratch(kForms * apart(at.in * at.out));
    addZeros(sums, kForms * apart(at.in * at.out));
    addTransforms(Convolution::Image, pixels, at.in);
    addTransforms(Convolution::Result, results, at.out);
    Nest products;
    products.sizes = {kForms, at.in, at.out, tiles};
    products.reduces = {false, false, false, true};
    products.inputs = {access(0, 0, {apart(tiles * at.in), 1, 0, at.in}, true),
                       access(1, 0, {apart(tiles * at.out), 0, 1, at.out}, true)};
    products.outputs = {access(2, 0, {apart(at.in * at.out), at.out, 1, 0}, true)};
    products.body = bodies.multiplyAdd();
    chain.each.push_back(
        finish(products, {scratchOperand(pixels), scratchOperand(results), scratchOperand(sums)},
               stepCount()));
    const int64_t *s = conv.strides[Convolution::Filter];
    Nest nest;
    nest.sizes = {at.in, at.out};
    for (int64_t form = 0; form < kForms; ++form)
      nest.inputs.push_back(access(0, form * apart(at.in * at.out), {at.out, 1}, true));
    for (int64_t r = 0; r < 3; ++r)
      for (int64_t c = 0; c < 3; ++c)
        nest.outputs.push_back(access(1, r * s[Convolution::R] + c * s[Convolution::S],
                                      {s[Convolution::C], s[Convolution::K]}, false));
    nest.body = bodies.transform(kTapsGradient, {4, 4}, {3, 3});
    chain.after.push_back(finish(nest, {scratchOperand(sums), operandOf(Convolution::Filter)}, 1));
  }
};

} // namespace

std::optional<Winograd> winogradOf(const Nest &nest, const Processor &processor) {
  std::optional<Convolution> conv = recognize(nest);
  if (!conv)
    return std::nullopt;
  return Builder(nest, *conv, processor).run();
}

} // namespace dlc::kernel
