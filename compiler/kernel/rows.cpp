// Builds the chains that compute convolutions by tiles of a row, where the batch is in the lanes.
#include "compiler/kernel/cost.h"
#include "compiler/kernel/stages.h"
#include "compiler/kernel/tiles.h"
#include "compiler/kernel/winograd.h"

using namespace mlir;

namespace dlc::kernel {
namespace {

constexpr int64_t kTile = 2;          // results
constexpr double kMostScratch = 0.75; // of the second cache

/// What an item, or a step of one, works on: rows of results, and channels of both sides.
struct RowBlocks {
  int64_t rows, in, out;
};

class RowBuilder : Stages {
public:
  RowBuilder(const Nest &nest, const Convolution &conv, const Processor &processor)
      : Stages(nest, conv), processor(processor), transforms(transformsFor(conv.taps())),
        taps(conv.taps()), forms(taps + kTile - 1), lanes(size(Convolution::Lane)),
        tiles(size(Convolution::W) / kTile) {}

  std::optional<Winograd> run() {
    if (!choose())
      return std::nullopt;
    chain.name = "winograd";
    llvm::raw_string_ostream(chain.name) << " 1x" << taps << " tiles " << at.rows << "x" << tiles
                                         << " channels " << at.in << " to " << at.out;
    Winograd winograd;
    conv.toFilter ? toFilter() : toResult(winograd);
    winograd.chain = std::move(chain);
    return winograd;
  }

private:
  const Processor &processor;
  const Transforms &transforms;
  const int64_t taps, forms, lanes;
  const int64_t tiles; // of a row
  RowBlocks at = {};

  int64_t size(Convolution::Loop loop) const { return conv.sizes[loop]; }

  // --- blocks -----------------------------------------------------------------------------------
  int64_t rowsRead() const { return at.rows + taps - 1; }
  int64_t numbers(int64_t channels, int64_t rows) const { return channels * rows * tiles * lanes; }
  int64_t pixelForms() const { return numbers(at.in, rowsRead()); }
  int64_t resultForms() const { return numbers(at.out, at.rows); }

  // The cheapest blocks that leave room in the second cache. False if there are none.
  bool choose() {
    auto channels = [&](Convolution::Loop loop) {
      return conv.toFilter ? divisors(size(loop)) : SmallVector<int64_t>{size(loop)};
    };
    std::optional<double> least;
    RowBlocks best = {};
    for (int64_t rows : divisors(size(Convolution::H)))
      for (int64_t in : channels(Convolution::C))
        for (int64_t out : channels(Convolution::K)) {
          at = {rows, in, out};
          int64_t held =
              pixelForms() + resultForms() + (conv.toFilter ? in * out * taps * lanes : 0);
          double bytes = double(kElementBytes * forms * held), cost = estimate();
          if (bytes <= kMostScratch * processor.l2.bytes && (!least || cost < *least))
            least = cost, best = at;
        }
    at = best;
    return least.has_value();
  }

  // Cycles, roughly: of the products, and of what blocks make anew.
  double estimate() const {
    constexpr double kForm = 3, kCall = 200; // some additions and a store; entering the stages
    double vectors = double(processor.lanes(kElementBytes));
    double channelBlocks = double(size(Convolution::C) / at.in * (size(Convolution::K) / at.out));
    double imageBlocks = double(size(Convolution::N) * (size(Convolution::H) / at.rows));
    double calls = channelBlocks * imageBlocks;
    double products = calls * forms * taps * at.in * resultForms() / vectors / 2;
    double transforms = calls * forms * (pixelForms() + resultForms()) / vectors * kForm;
    return (products + transforms + calls * kCall) *
           idleness(int64_t(conv.toFilter ? channelBlocks : imageBlocks));
  }

  // The loops over images, bands of rows and channels.
  BlockLoop images() const { return blocksOf(Convolution::N, 1); }
  BlockLoop bands() const { return blocksOf(Convolution::H, at.rows); }
  BlockLoop blocksOf(Convolution::Loop loop, int64_t step) const {
    return {loop, size(loop) / step, step};
  }

  // --- stages -----------------------------------------------------------------------------------
  // Pixels, or pairs of results, become forms.
  void addForms(Convolution::Role role, unsigned buffer) {
    bool isImage = role == Convolution::Image;
    auto channel = isImage ? Convolution::C : Convolution::K;
    int64_t channels = isImage ? at.in : at.out;
    int64_t rows = isImage ? rowsRead() : at.rows;
    int64_t read = isImage ? forms : kTile;
    Nest nest;
    nest.sizes = {channels, rows, tiles, lanes};
    for (int64_t i = 0; i < read; ++i)
      nest.inputs.push_back(access(0, i * conv.stride(role, Convolution::W),
                                   {conv.stride(role, channel), conv.stride(role, Convolution::H),
                                    kTile * conv.stride(role, Convolution::W), 1},
                                   /*isNear=*/i > 0));
    addFormAccesses(nest.outputs, 1, channels, rows);
    nest.body = bodies.transform(isImage ? transforms.image : transforms.resultGradient, {1, read},
                                 {1, forms});
    chain.each.push_back(
        finish(nest, {operandOf(role), scratchOperand(buffer)}, chain.stepCount()));
  }

  // Each form of a block of them, channel by channel, row by row, tile by tile.
  void addFormAccesses(SmallVectorImpl<Access> &accesses, unsigned buffer, int64_t channels,
                       int64_t rows) const {
    int64_t row = tiles * lanes;
    for (int64_t form = 0; form < forms; ++form)
      accesses.push_back(access(buffer, form * apart(numbers(channels, rows)),
                                {rows * row, row, lanes, 1}, /*isNear=*/true));
  }

  // An image from an image and a filter.
  void toResult(Winograd &winograd) {
    setLoops({images(), bands()}, {});
    int64_t row = tiles * lanes, rows = rowsRead(), filter = taps * at.in;
    winograd.filter = prepare(filter);
    chain.buffers.push_back(winograd.filter->type);
    Chain::Operand filters{unsigned(chain.buffers.size() - 1), 0, {0, 0}};
    unsigned pixels = addScratch(forms * apart(pixelForms())),
             sums = addScratch(forms * apart(resultForms()));

    addForms(Convolution::Image, pixels);
    Nest products;
    products.sizes = {forms, at.out, at.rows, row, at.in, taps};
    products.reduces = {false, false, false, false, true, true};
    products.inputs = {access(0, 0, {apart(pixelForms()), 0, row, 1, rows * row, row}, true),
                       access(1, 0, {apart(at.out * filter), filter, 0, 0, taps, 1}, true)};
    products.outputs = {access(2, 0, {apart(resultForms()), at.rows * row, row, 1, 0, 0}, true)};
    products.body = bodies.multiplyAdd();
    products.starts = {FloatAttr::get(f32, 0)};
    chain.each.push_back(
        finish(products, {scratchOperand(pixels), filters, scratchOperand(sums)}, 1));
    Nest nest;
    nest.sizes = {at.out, at.rows, tiles, lanes};
    addFormAccesses(nest.inputs, 0, at.out, at.rows);
    nest.body = bodies.transform(transforms.result, {1, forms}, {1, kTile});
    SmallVector<Chain::Operand> operands{scratchOperand(sums)};
    addResults(nest, operands, kTile, [&](unsigned buffer, const Strides &s, unsigned i) {
      return access(
          buffer, i * s[Convolution::W],
          {s[Convolution::K], s[Convolution::H], kTile * s[Convolution::W], s[Convolution::Lane]},
          /*isNear=*/false);
    });
    chain.after.push_back(finish(nest, operands, 1));
  }

  // The forms of the filter's rows.
  Prepared prepare(int64_t filter) {
    auto of = [&](Convolution::Loop loop) { return conv.stride(Convolution::Filter, loop); };
    Nest nest;
    nest.sizes = {at.out, at.in, taps};
    for (int64_t tap = 0; tap < taps; ++tap)
      nest.inputs.push_back(access(0, conv.offsets[Convolution::Filter] + tap * of(Convolution::S),
                                   {of(Convolution::K), of(Convolution::C), of(Convolution::R)},
                                   false));
    for (int64_t form = 0; form < forms; ++form)
      nest.outputs.push_back(access(1, form * apart(at.out * filter), {filter, taps, 1}, false));
    nest.body = bodies.transform(transforms.filter, {1, taps}, {1, forms});
    unsigned buffer = conv.buffers[Convolution::Filter];
    return prepared(std::move(nest), buffer, chain.buffers[buffer],
                    MemRefType::get({forms * apart(at.out * filter)}, f32), bodies.region);
  }

  // The gradient of a filter from two images, in each lane by itself.
  void toFilter() {
    setLoops({blocksOf(Convolution::C, at.in), blocksOf(Convolution::K, at.out)},
             {images(), bands()});
    int64_t row = tiles * lanes, rows = rowsRead();
    int64_t input = taps * lanes, output = at.in * input, all = at.out * output;
    unsigned pixels = addScratch(forms * apart(pixelForms())),
             results = addScratch(forms * apart(resultForms())),
             sums = addScratch(forms * apart(all));
    addZeros(sums, forms * apart(all));
    addForms(Convolution::Image, pixels);
    addForms(Convolution::Result, results);
    Nest products;
    products.sizes = {forms, at.out, at.in, taps, lanes, at.rows, tiles};
    products.reduces = {false, false, false, false, false, true, true};
    products.inputs = {
        access(0, 0, {apart(pixelForms()), 0, rows * row, row, 1, row, lanes}, true),
        access(1, 0, {apart(resultForms()), at.rows * row, 0, 0, 1, row, lanes}, true)};
    products.outputs = {access(2, 0, {apart(all), output, input, lanes, 1, 0, 0}, true)};
    products.body = bodies.multiplyAdd();
    chain.each.push_back(
        finish(products, {scratchOperand(pixels), scratchOperand(results), scratchOperand(sums)},
               chain.stepCount()));

    auto of = [&](Convolution::Loop loop) { return conv.stride(Convolution::Filter, loop); };
    Nest nest;
    nest.sizes = {at.out, at.in, taps, lanes};
    for (int64_t form = 0; form < forms; ++form)
      nest.inputs.push_back(access(0, form * apart(all), {output, input, lanes, 1}, true));
    for (int64_t tap = 0; tap < taps; ++tap)
      nest.outputs.push_back(access(
          1, tap * of(Convolution::S),
          {of(Convolution::K), of(Convolution::C), of(Convolution::R), of(Convolution::Lane)},
          false));
    nest.body = bodies.transform(transforms.filterGradient, {1, forms}, {1, taps});
    chain.after.push_back(finish(nest, {scratchOperand(sums), operandOf(Convolution::Filter)}, 1));
  }
};

} // namespace

std::optional<Winograd> byRowsOf(const Nest &nest, const Convolution &conv,
                                 const Processor &processor) {
  bool hasOwnLanes = (conv.strides[Convolution::Filter][Convolution::Lane] != 0) == conv.toFilter;
  if (!hasOwnLanes || conv.sizes[Convolution::Part] > 1 || conv.sizes[Convolution::W] % kTile != 0)
    return std::nullopt;
  return RowBuilder(nest, conv, processor).run();
}

} // namespace dlc::kernel
