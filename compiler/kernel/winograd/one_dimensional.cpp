// Builds the fused nests that compute convolutions by tiles of a row, where the batch is in the
// lanes.
#include "compiler/kernel/plan/cost.h"
#include "compiler/kernel/winograd/assembly.h"
#include "compiler/kernel/winograd/tiling.h"
#include "compiler/kernel/winograd/winograd.h"

using namespace mlir;

namespace dlc::kernel {
namespace {

constexpr int64_t kTile = 4;            // results
constexpr int64_t kMostOverlapAdd = 32; // results of a row
constexpr int64_t kPrefetchedRows = 2;  // of an image at a time
constexpr double kMostScratch = 0.75;   // of the L2

/// What an item, or a step of one, works on: rows of results, channels of both sides, and lanes.
struct RowBlocks {
  int64_t rows, in, out, lanes;
};

class OneDimensional : Assembly {
public:
  OneDimensional(const Nest &nest, const Convolution &conv, const Processor &processor,
                 const Chooser &chooser)
      : Assembly(nest, conv), processor(processor), chooser(chooser), taps(conv.taps()),
        isOverlapAdd(overlapAdds(conv)), transforms(transformsFor(taps, kTile)),
        components(taps + kTile - 1), columns(size(Convolution::W) - (isOverlapAdd ? taps - 1 : 0)),
        tiles(llvm::divideCeil(columns, kTile)) {}

  // Whether an image is the gradient of one that was made without padding.
  static bool overlapAdds(const Convolution &conv) {
    auto [first, end] = conv.columns;
    return !conv.toFilter && first == conv.taps() - 1 && end == conv.sizes[Convolution::W] &&
           end - first <= kMostOverlapAdd;
  }

  std::optional<Winograd> run() {
    if (!choose())
      return std::nullopt;
    fused.name = "winograd";
    llvm::raw_string_ostream(fused.name)
        << " 1x" << taps << (isOverlapAdd ? " overlap-add" : "") << " tiles " << at.rows << "x"
        << tiles << " channels " << at.in << " to " << at.out;
    Winograd winograd;
    conv.toFilter ? toFilter() : toResult(winograd);
    winograd.readsPadding = !isOverlapAdd || at.rows != size(Convolution::H) || !whole.knowsPadding;
    winograd.fused = std::move(fused);
    return winograd;
  }

private:
  const Processor &processor;
  const Chooser &chooser;
  const int64_t taps;
  const bool isOverlapAdd;
  const Transforms &transforms;
  const int64_t components;
  const int64_t columns; // of what tiles are made of: results, or what is added up to them
  const int64_t tiles;   // of a row
  RowBlocks at = {};

  int64_t size(Convolution::Loop loop) const { return conv.sizes[loop]; }

  // Tiles of a row that have so many columns: all, but for a last one that has fewer.
  struct Run {
    int64_t first, count, columns;
  };
  SmallVector<Run, 2> runs() const {
    SmallVector<Run, 2> result;
    int64_t full = columns / kTile, rest = columns % kTile;
    if (full > 0)
      result.push_back({0, full, kTile});
    if (rest > 0)
      result.push_back({full, 1, rest});
    return result;
  }

  // --- blocks -----------------------------------------------------------------------------------
  int64_t rowsRead() const { return at.rows + taps - 1; }
  // Those of them that become components; the others are zero.
  using Bounds = std::array<int64_t, 2>;
  Bounds rowsMade() const {
    bool isWhole = !conv.toFilter && at.rows == size(Convolution::H);
    return isWhole ? conv.rows : Bounds{0, rowsRead()};
  }
  int64_t numbers(int64_t channels, int64_t rows) const {
    return channels * rows * tiles * at.lanes;
  }
  int64_t pixelComponents() const { return numbers(at.in, rowsRead()); }
  int64_t resultComponents() const { return numbers(at.out, at.rows); }

  // Fewer lanes at a time pay where they keep many rows in the cache.
  SmallVector<int64_t> lanesFor(int64_t rows) const {
    int64_t all = size(Convolution::Lane);
    return divisors(all, rows >= taps ? processor.lanes(kElementBytes) : all);
  }

  // The cheapest blocks that leave room in the L2. False if there are none.
  bool choose() {
    auto channels = [&](Convolution::Loop loop) {
      return conv.toFilter ? divisors(size(loop)) : SmallVector<int64_t>{size(loop)};
    };
    std::optional<double> least;
    RowBlocks best = {};
    for (int64_t rows : divisors(size(Convolution::H)))
      for (int64_t in : channels(Convolution::C))
        for (int64_t out : channels(Convolution::K))
          for (int64_t lanes : lanesFor(rows)) {
            at = {rows, in, out, lanes};
            int64_t held = pixelComponents() + resultComponents() +
                           (conv.toFilter ? in * out * taps * at.lanes : 0);
            double bytes = double(kElementBytes * components * held),
                   cost = chooser.judge(estimate());
            if (bytes <= kMostScratch * processor.l2.bytes && (!least || cost < *least))
              least = cost, best = at;
          }
    at = best;
    return least.has_value();
  }

  // Cycles, roughly: of the products, and of what blocks make anew.
  double estimate() const {
    constexpr double kTransform = 3,
                     kCall = 200; // some additions and a store; entering the members
    double vectors = double(processor.lanes(kElementBytes));
    int64_t channelBlocks = size(Convolution::C) / at.in * (size(Convolution::K) / at.out);
    int64_t laneBlocks = size(Convolution::Lane) / at.lanes;
    int64_t imageBlocks = size(Convolution::N) * (size(Convolution::H) / at.rows);
    auto calls = double(channelBlocks * imageBlocks * laneBlocks);
    double products = calls * components * taps * at.in * resultComponents() / vectors / 2;
    double transforms =
        calls * components * (pixelComponents() + resultComponents()) / vectors * kTransform;
    return (products + transforms + calls * kCall) *
           idleness(laneBlocks * (conv.toFilter ? channelBlocks : imageBlocks));
  }

  // The loops over images, bands of rows, channels and lanes.
  BlockLoop images() const { return blocksOf(Convolution::N, 1); }
  BlockLoop bands() const { return blocksOf(Convolution::H, at.rows); }
  BlockLoop lanes() const { return blocksOf(Convolution::Lane, at.lanes); }
  BlockLoop blocksOf(Convolution::Loop loop, int64_t step) const {
    return {loop, size(loop) / step, step};
  }

  // --- members -----------------------------------------------------------------------------------
  // Pixels, or tiles of results, become components.
  void addForms(Convolution::Role role, unsigned buffer) {
    for (Run run : runs())
      addForms(role, buffer, run);
  }

  void addForms(Convolution::Role role, unsigned buffer, Run run) {
    bool isImage = role == Convolution::Image, isTile = !isImage || isOverlapAdd;
    auto channel = isImage ? Convolution::C : Convolution::K;
    int64_t channels = isImage ? at.in : at.out;
    auto [first, end] = isImage ? rowsMade() : Bounds{0, at.rows};
    int64_t read = isTile ? run.columns : run.columns + taps - 1;
    int64_t begin = run.first * kTile + (isOverlapAdd ? taps - 1 : 0);
    const Strides &s = conv.strides[role];
    Nest nest;
    nest.sizes = {channels, end - first, run.count, at.lanes};
    for (int64_t i = 0; i < read; ++i) {
      nest.inputs.push_back(access(0, first * s[Convolution::H] + (begin + i) * s[Convolution::W],
                                   {s[channel], s[Convolution::H], kTile * s[Convolution::W], 1},
                                   /*isNear=*/i > 0));
      if (i >= read - run.columns) // new to the row
        nest.inputs.back().prefetchDistance = kPrefetchedRows * s[Convolution::H];
    }
    addFormAccesses(nest.outputs, 1, channels, isImage ? rowsRead() : at.rows, run, first);
    nest.body = bodies.transform(isTile ? transforms.resultGradient : transforms.image, {1, read},
                                 {1, components});
    fused.each.push_back(
        finish(nest, {operandOf(role), scratchOperand(buffer)}, fused.stepCount()));
  }

  // Each component of a block of them, row by row, channel by channel, tile by tile, or, for
  // gradients of filters, channel by channel, row by row: what a sum walks over lies in order.
  void addFormAccesses(SmallVectorImpl<Access> &accesses, unsigned buffer, int64_t channels,
                       int64_t rows, Run run, int64_t first = 0) const {
    int64_t line = tiles * at.lanes;
    int64_t channel = conv.toFilter ? rows * line : line;
    int64_t row = conv.toFilter ? line : channels * line;
    int64_t begin = first * row + run.first * at.lanes;
    for (int64_t component = 0; component < components; ++component)
      accesses.push_back(access(buffer, component * apart(numbers(channels, rows)) + begin,
                                {channel, row, at.lanes, 1}, /*isNear=*/true));
  }

  // An image from an image and a filter.
  void toResult(Winograd &winograd) {
    setLoops({images(), bands(), lanes()}, {});
    int64_t row = tiles * at.lanes, rows = rowsRead(), filter = taps * at.in;
    winograd.filter = prepack(filter);
    fused.buffers.push_back(winograd.filter->type);
    FusedNests::Operand filters{unsigned(fused.buffers.size() - 1), 0, {}};
    filters.strides.assign(loops.size(), 0); // all items read all of it
    unsigned pixels = addScratch(components * apart(pixelComponents())),
             sums = addScratch(components * apart(resultComponents()));

    addForms(Convolution::Image, pixels);
    Nest products;
    products.sizes = {components, at.out, at.rows, row, at.in, taps};
    products.reduces = {false, false, false, false, true, true};
    products.inputs = {
        access(0, 0, {apart(pixelComponents()), 0, at.in * row, 1, row, at.in * row}, true),
        access(1, 0, {apart(at.out * filter), filter, 0, 0, 1, at.in}, true)};
    products.outputs = {
        access(2, 0, {apart(resultComponents()), row, at.out * row, 1, 0, 0}, true)};
    products.body = bodies.multiplyAdd();
    products.starts = {FloatAttr::get(f32, 0)};
    if (auto [first, end] = rowsMade(); end - first < rows)
      addPadding(products, pixels, first, end);
    fused.each.push_back(
        finish(products, {scratchOperand(pixels), filters, scratchOperand(sums)}, 1));
    if (isOverlapAdd)
      return overlapAdd(sums);
    for (Run run : runs())
      makeResults(sums, run);
  }

  // Rows of an image in which there is nothing: their components are zero from the beginning.
  void addPadding(Nest &products, unsigned pixels, int64_t first, int64_t end) {
    enum { Rows = 2, Taps = 5 }; // of the products' dimensions
    products.paddings = {{.parallel = Rows, .reduced = Taps, .low = first, .high = end}};
    int64_t row = at.in * tiles * at.lanes;
    for (auto [from, to] : {Bounds{0, first}, Bounds{end, rowsRead()}})
      if (from < to)
        fused.once.push_back(zeros(pixels, from * row, (to - from) * row, components,
                                   apart(pixelComponents()), 1.0 / fused.itemCount()));
  }

  // The components of sums become tiles of results.
  void makeResults(unsigned sums, Run run) {
    Nest nest;
    nest.sizes = {at.out, at.rows, run.count, at.lanes};
    addFormAccesses(nest.inputs, 0, at.out, at.rows, run);
    nest.body = bodies.transform(transforms.result, {1, components}, {1, run.columns});
    SmallVector<FusedNests::Operand> operands{scratchOperand(sums)};
    addResults(nest, operands, run.columns, [&](unsigned buffer, const Strides &s, unsigned i) {
      return access(
          buffer, (run.first * kTile + i) * s[Convolution::W],
          {s[Convolution::K], s[Convolution::H], kTile * s[Convolution::W], s[Convolution::Lane]},
          /*isNear=*/false);
    });
    fused.after.push_back(finish(nest, operands, 1));
  }

  // Those of a row become the whole row: each tile is a part of as many results as it has
  // components.
  void overlapAdd(unsigned sums) {
    int64_t row = tiles * at.lanes;
    Nest nest;
    nest.sizes = {at.out, at.rows, at.lanes};
    for (int64_t tile = 0; tile < tiles; ++tile)
      for (int64_t component = 0; component < components; ++component)
        nest.inputs.push_back(access(0, component * apart(resultComponents()) + tile * at.lanes,
                                     {row, at.out * row, 1}, /*isNear=*/true));
    nest.body = bodies.overlapAdd(transforms.image, tiles, kTile, size(Convolution::W));
    SmallVector<FusedNests::Operand> operands{scratchOperand(sums)};
    addResults(nest, operands, size(Convolution::W),
               [&](unsigned buffer, const Strides &s, unsigned i) {
                 return access(buffer, i * s[Convolution::W],
                               {s[Convolution::K], s[Convolution::H], s[Convolution::Lane]},
                               /*isNear=*/false);
               });
    fused.after.push_back(finish(nest, operands, 1));
  }

  // The components of the filter's rows.
  Prepacked prepack(int64_t filter) {
    auto of = [&](Convolution::Loop loop) { return conv.stride(Convolution::Filter, loop); };
    Nest nest;
    nest.sizes = {at.out, taps, at.in};
    for (int64_t tap = 0; tap < taps; ++tap)
      nest.inputs.push_back(access(0,
                                   conv.offsets[Convolution::Filter] +
                                       (isOverlapAdd ? taps - 1 - tap : tap) * of(Convolution::S),
                                   {of(Convolution::K), of(Convolution::R), of(Convolution::C)},
                                   false));
    for (int64_t component = 0; component < components; ++component)
      nest.outputs.push_back(
          access(1, component * apart(at.out * filter), {filter, at.in, 1}, false));
    nest.body = bodies.transform(transforms.filter, {1, taps}, {1, components});
    unsigned buffer = conv.buffers[Convolution::Filter];
    return prepacked(std::move(nest), buffer, fused.buffers[buffer],
                     MemRefType::get({components * apart(at.out * filter)}, f32), bodies.region);
  }

  // The gradient of a filter from two images, in each lane by itself.
  void toFilter() {
    setLoops({blocksOf(Convolution::C, at.in), blocksOf(Convolution::K, at.out), lanes()},
             {images(), bands()});
    int64_t row = tiles * at.lanes, rows = rowsRead();
    int64_t input = taps * at.lanes, output = at.in * input, all = at.out * output;
    unsigned pixels = addScratch(components * apart(pixelComponents())),
             results = addScratch(components * apart(resultComponents())),
             sums = addScratch(components * apart(all));
    fused.before.push_back(zeros(sums, 0, components * apart(all)));
    addForms(Convolution::Image, pixels);
    addForms(Convolution::Result, results);
    Nest products;
    products.sizes = {components, at.out, at.in, taps, at.lanes, at.rows, tiles};
    products.reduces = {false, false, false, false, false, true, true};
    products.inputs = {
        access(0, 0, {apart(pixelComponents()), 0, rows * row, row, 1, row, at.lanes}, true),
        access(1, 0, {apart(resultComponents()), at.rows * row, 0, 0, 1, row, at.lanes}, true)};
    products.outputs = {access(2, 0, {apart(all), output, input, at.lanes, 1, 0, 0}, true)};
    products.body = bodies.multiplyAdd();
    fused.each.push_back(
        finish(products, {scratchOperand(pixels), scratchOperand(results), scratchOperand(sums)},
               fused.stepCount()));

    auto of = [&](Convolution::Loop loop) { return conv.stride(Convolution::Filter, loop); };
    Nest nest;
    nest.sizes = {at.out, at.in, taps, at.lanes};
    for (int64_t component = 0; component < components; ++component)
      nest.inputs.push_back(access(0, component * apart(all), {output, input, at.lanes, 1}, true));
    for (int64_t tap = 0; tap < taps; ++tap)
      nest.outputs.push_back(access(
          1, tap * of(Convolution::S),
          {of(Convolution::K), of(Convolution::C), of(Convolution::R), of(Convolution::Lane)},
          false));
    nest.body = bodies.transform(transforms.filterGradient, {1, components}, {1, taps});
    fused.after.push_back(finish(nest, {scratchOperand(sums), operandOf(Convolution::Filter)}, 1));
  }
};

} // namespace

std::optional<Winograd> winograd1dOf(const Nest &nest, const Convolution &conv,
                                     const Processor &processor, const Chooser &chooser) {
  bool hasOwnLanes = (conv.strides[Convolution::Filter][Convolution::Lane] != 0) == conv.toFilter;
  if (!hasOwnLanes || conv.sizes[Convolution::Part] > 1)
    return std::nullopt;
  return OneDimensional(nest, conv, processor, chooser).run();
}

} // namespace dlc::kernel
