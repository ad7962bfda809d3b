// Builds the fused nests that compute convolutions by tiles.
#include "compiler/kernel/winograd/assembly.h"
#include "compiler/kernel/winograd/tiling.h"
#include "compiler/kernel/winograd/winograd.h"

using namespace mlir;
using llvm::divideCeil;

namespace dlc::kernel {
namespace {

/// Rows or columns of tiles that are alike: so many from the block's `first` on, each with `size`
/// results.
struct Run {
  int64_t first, count, size;
  FusedNests::When::Turn turn = FusedNests::When::Always; // of the loop over the blocks
};

/// Of a block of tiles, of which `blocks` make `size` results.
SmallVector<Run> runsOf(int64_t size, int64_t block, int64_t blocks) {
  if (size % 2 == 0)
    return {{0, block, 2}};
  auto last = blocks == 1 ? FusedNests::When::Always : FusedNests::When::Last;
  SmallVector<Run> runs;
  if (blocks > 1)
    runs.push_back({0, block, 2, FusedNests::When::NotLast});
  if (block > 1)
    runs.push_back({0, block - 1, 2, last});
  runs.push_back({block - 1, 1, 1, last});
  return runs;
}

class TwoDimensional : Assembly {
public:
  TwoDimensional(const Nest &nest, const Convolution &conv, const Tiling &tiling,
                 const Blocks &blocks)
      : Assembly(nest, conv), tiling(tiling), at(blocks), transforms(transformsFor(conv.taps(), 2)),
        taps(conv.taps()), axisComponents(taps + 1) {}

  Winograd run() {
    fused.name = "winograd";
    llvm::raw_string_ostream(fused.name)
        << " " << taps << "x" << taps << " tiles " << at.images << "x" << at.rows << "x"
        << at.columns << " channels " << at.in << " to " << at.out;
    Winograd winograd;
    conv.toFilter ? toFilter() : toResult(winograd);
    winograd.fused = std::move(fused);
    return winograd;
  }

private:
  const Tiling &tiling;
  const Blocks at;
  const Transforms &transforms;
  const int64_t taps, axisComponents; // along one axis
  const BlockLoop images{Convolution::N, conv.sizes[Convolution::N] / at.images, at.images},
      rowBlocks{Convolution::H, tiling.rows / at.rows, 2 * at.rows},
      columnBlocks{Convolution::W, tiling.columns / at.columns, 2 * at.columns},
      inputs{Convolution::C, conv.sizes[Convolution::C] / at.in, at.in},
      results{Convolution::K, conv.sizes[Convolution::K] / at.out, at.out},
      parts{Convolution::Part, conv.sizes[Convolution::Part], 1};

  // A member that runs in these turns of the loop over the rows.
  FusedNests::Member finishIn(FusedNests::When::Turn turn, const Nest &nest,
                              ArrayRef<FusedNests::Operand> operands, double calls) {
    if (turn != FusedNests::When::Always)
      calls *= turn == FusedNests::When::Last ? 1.0 / rowBlocks.count : 1 - 1.0 / rowBlocks.count;
    auto *overRows =
        llvm::find_if(loops, [](const BlockLoop &l) { return l.along == Convolution::H; });
    return finish(nest, operands, calls, {turn, unsigned(overRows - loops.begin())});
  }

  // The pixels, or the 2x2 results, of each tile become its components.
  void addTransforms(Convolution::Role role, unsigned components, int64_t channels) {
    bool isImage = role == Convolution::Image;
    int64_t around = isImage ? taps - 1 : 0; // pixels, beyond those of the results
    int64_t componentStride = apart(at.tiles() * channels);
    for (Run rows : runsOf(conv.sizes[Convolution::H], at.rows, rowBlocks.count))
      for (Run columns : runsOf(conv.sizes[Convolution::W], at.columns, 1)) {
        std::array<int64_t, 2> read{rows.size + around, columns.size + around};
        Nest nest;
        nest.sizes = {at.images, rows.count, columns.count, channels};
        for (int64_t p = 0; p < read[0]; ++p)
          for (int64_t q = 0; q < read[1]; ++q)
            nest.inputs.push_back(pixelsAccess(0, role, rows, columns, p, q));
        for (int64_t component = 0; component < tiling.components; ++component)
          nest.outputs.push_back(
              tilesAccess(1, component * componentStride, rows, columns, channels));
        nest.body = bodies.transform(isImage ? transforms.image : transforms.resultGradient, read,
                                     {axisComponents, axisComponents});
        fused.each.push_back(finishIn(
            rows.turn, nest, {operandOf(role), scratchOperand(components)}, fused.stepCount()));
      }
  }

  // Pixel p, q of the tiles of two runs. A tile's last 2x2 pixels are new to its row; those of the
  // next row are prefetched.
  Access pixelsAccess(unsigned buffer, Convolution::Role role, Run rows, Run columns, int64_t p,
                      int64_t q) {
    const Strides &s = conv.strides[role];
    bool isImage = role == Convolution::Image, isNew = !isImage || (p >= taps - 1 && q >= taps - 1);
    return pixelsAccess(buffer, s, s[isImage ? Convolution::C : Convolution::K], rows, columns, p,
                        q, isNew);
  }
  Access pixelsAccess(unsigned buffer, const Strides &s, int64_t channel, Run rows, Run columns,
                      int64_t p, int64_t q, bool isNew) {
    Access result = access(
        buffer,
        (2 * rows.first + p) * s[Convolution::H] + (2 * columns.first + q) * s[Convolution::W],
        {s[Convolution::N], 2 * s[Convolution::H], 2 * s[Convolution::W], channel},
        /*isNear=*/p + q > 0);
    result.prefetchDistance = isNew ? 2 * s[Convolution::H] : 0;
    return result;
  }

  // The tiles of two runs in a block of components, point by point.
  Access tilesAccess(unsigned buffer, int64_t offset, Run rows, Run columns, int64_t channels) {
    int64_t column = channels, row = at.columns * column, image = at.rows * row;
    return access(buffer, offset + rows.first * row + columns.first * column,
                  {image, row, column, 1}, /*isNear=*/true);
  }

  // An image from an image and a filter.
  void toResult(Winograd &winograd) {
    setLoops({images, rowBlocks, columnBlocks, results}, {inputs});
    int64_t in = conv.sizes[Convolution::C], out = conv.sizes[Convolution::K];
    int64_t panel = tiling.panel, panelStride = in * panel, tiles = at.tiles();
    winograd.filter = prepack(panel, panelStride);
    fused.buffers.push_back(winograd.filter->type);
    unsigned components = fused.buffers.size() - 1;
    unsigned pixels = addScratch(tiling.components * apart(tiles * at.in)),
             sums = addScratch(tiling.components * apart(tiles * at.out));

    bool isWhole = inputs.count == 1;
    if (!isWhole)
      fused.before.push_back(zeros(sums, 0, tiling.components * apart(tiles * at.out)));
    addTransforms(Convolution::Image, pixels, at.in);
    Nest products;
    products.sizes = {tiling.components, tiles, at.out / panel, panel, at.in};
    products.reduces = {false, false, false, false, true};
    products.inputs = {access(0, 0, {apart(tiles * at.in), at.in, 0, 0, 1}, true),
                       access(1, 0, {apart(in * out), 0, panelStride, 1, panel}, true)};
    products.outputs = {access(2, 0, {apart(tiles * at.out), at.out, panel, 1, 0}, true)};
    products.body = bodies.multiplyAdd();
    if (isWhole)
      products.starts = {FloatAttr::get(f32, 0)};
    FusedNests::Operand filters{components, 0, {}};
    for (const BlockLoop &loop : loops)
      filters.strides.push_back(loop.along == Convolution::C   ? at.in * panel
                                : loop.along == Convolution::K ? at.out / panel * panelStride
                                                               : 0);
    fused.each.push_back(finish(products, {scratchOperand(pixels), filters, scratchOperand(sums)},
                                fused.stepCount()));

    for (Run rows : runsOf(conv.sizes[Convolution::H], at.rows, rowBlocks.count))
      for (Run columns : runsOf(conv.sizes[Convolution::W], at.columns, 1)) {
        Nest nest;
        nest.sizes = {at.images, rows.count, columns.count, at.out};
        for (int64_t component = 0; component < tiling.components; ++component)
          nest.inputs.push_back(
              tilesAccess(0, component * apart(tiles * at.out), rows, columns, at.out));
        nest.body = bodies.transform(transforms.result, {axisComponents, axisComponents},
                                     {rows.size, columns.size});
        SmallVector<FusedNests::Operand> operands{scratchOperand(sums)};
        addResults(nest, operands, rows.size * columns.size,
                   [&](unsigned buffer, const Strides &s, unsigned i) {
                     return pixelsAccess(buffer, s, s[Convolution::K], rows, columns,
                                         i / columns.size, i % columns.size, /*isNew=*/true);
                   });
        fused.after.push_back(finishIn(rows.turn, nest, operands, 1));
      }
  }

  // The components of the filter, panel by panel.
  Prepacked prepack(int64_t panel, int64_t panelStride) {
    const Strides &s = conv.strides[Convolution::Filter];
    int64_t in = conv.sizes[Convolution::C], out = conv.sizes[Convolution::K];
    Nest nest;
    nest.sizes = {out / panel, in, panel};
    for (int64_t r = 0; r < taps; ++r)
      for (int64_t c = 0; c < taps; ++c)
        nest.inputs.push_back(access(
            0, conv.offsets[Convolution::Filter] + r * s[Convolution::R] + c * s[Convolution::S],
            {panel * s[Convolution::K], s[Convolution::C], s[Convolution::K]}, false));
    for (int64_t component = 0; component < tiling.components; ++component)
      nest.outputs.push_back(
          access(1, component * apart(in * out), {panelStride, panel, 1}, false));
    nest.body = bodies.transform(transforms.filter, {taps, taps}, {axisComponents, axisComponents});
    unsigned filter = conv.buffers[Convolution::Filter];
    return prepacked(std::move(nest), filter, fused.buffers[filter],
                     MemRefType::get({tiling.components * apart(in * out)}, f32), bodies.region);
  }

  // The gradient of a filter from two images.
  void toFilter() {
    setLoops({parts, inputs, results}, {images, rowBlocks, columnBlocks});
    int64_t tiles = at.tiles();
    unsigned pixels = addScratch(tiling.components * apart(tiles * at.in)),
             results = addScratch(tiling.components * apart(tiles * at.out)),
             sums = addScratch(tiling.components * apart(at.in * at.out));
    fused.before.push_back(zeros(sums, 0, tiling.components * apart(at.in * at.out)));
    addTransforms(Convolution::Image, pixels, at.in);
    addTransforms(Convolution::Result, results, at.out);
    Nest products;
    products.sizes = {tiling.components, at.in, at.out, tiles};
    products.reduces = {false, false, false, true};
    products.inputs = {access(0, 0, {apart(tiles * at.in), 1, 0, at.in}, true),
                       access(1, 0, {apart(tiles * at.out), 0, 1, at.out}, true)};
    products.outputs = {access(2, 0, {apart(at.in * at.out), at.out, 1, 0}, true)};
    products.body = bodies.multiplyAdd();
    fused.each.push_back(
        finish(products, {scratchOperand(pixels), scratchOperand(results), scratchOperand(sums)},
               fused.stepCount()));
    const Strides &s = conv.strides[Convolution::Filter];
    Nest nest;
    nest.sizes = {at.in, at.out};
    for (int64_t component = 0; component < tiling.components; ++component)
      nest.inputs.push_back(access(0, component * apart(at.in * at.out), {at.out, 1}, true));
    for (int64_t r = 0; r < taps; ++r)
      for (int64_t c = 0; c < taps; ++c)
        nest.outputs.push_back(access(1, r * s[Convolution::R] + c * s[Convolution::S],
                                      {s[Convolution::C], s[Convolution::K]}, false));
    nest.body =
        bodies.transform(transforms.filterGradient, {axisComponents, axisComponents}, {taps, taps});
    fused.after.push_back(finish(nest, {scratchOperand(sums), operandOf(Convolution::Filter)}, 1));
  }
};

} // namespace

std::optional<Winograd> winogradOf(const Nest &nest, const Convolution &conv,
                                   const Processor &processor, const Chooser &chooser) {
  if (conv.isInLanes)
    return winograd1dOf(nest, conv, processor, chooser);
  Tiling tiling(conv, processor);
  std::optional<Blocks> blocks = tiling.blocks(chooser);
  if (!blocks)
    return std::nullopt;
  return TwoDimensional(nest, conv, tiling, *blocks).run();
}

} // namespace dlc::kernel
