// Tells rows, columns, channels and taps by how each operand walks along them.
#include "compiler/kernel/winograd/recognise.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace dlc::kernel {
namespace {

constexpr int64_t kLeastChannels = 8; // fewer leave nothing to save

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
    conv.dims[loop] = d;
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
    if (ofX && ofY && x.stride(d) == 1 && y.stride(d) == 1)
      enter(Convolution::Lane, d), conv.isInLanes = true;
    else if (ofX && ofY && ofF)
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
  // Rows and columns: where a window walks the image as the results do.
  SmallVector<std::pair<unsigned, unsigned>> axes;
  for (unsigned tap : taps)
    for (unsigned pixel : pixels)
      if ((nest.sizes[tap] == 3 || nest.sizes[tap] == 5) &&
          std::abs(x.stride(tap)) == x.stride(pixel))
        axes.push_back({pixel, tap});
  if (axes.size() != 2 || axes[0].first == axes[1].first || axes[0].second == axes[1].second)
    return std::nullopt;
  if (x.stride(axes[0].first) < x.stride(axes[1].first))
    std::swap(axes[0], axes[1]);
  enter(Convolution::H, axes[0].first), enter(Convolution::R, axes[0].second);
  enter(Convolution::W, axes[1].first), enter(Convolution::S, axes[1].second);
  for (auto [pixel, tap] : axes)
    llvm::erase(pixels, pixel), llvm::erase(taps, tap);
  if (pixels.size() > 1 || taps.size() > 1 || (taps.empty() && !conv.isInLanes))
    return std::nullopt;
  if (!pixels.empty())
    enter(Convolution::N, pixels[0]);
  if (!taps.empty())
    enter(Convolution::C, taps[0]);
  // Taps that walk backward walk forward from the last one on.
  for (auto [along, taps, bounds] : {std::tuple(Convolution::H, Convolution::R, &conv.rows),
                                     std::tuple(Convolution::W, Convolution::S, &conv.columns)}) {
    bool isBackward = conv.stride(Convolution::Image, taps) < 0;
    int64_t last = conv.sizes[taps] - 1;
    *bounds = {0, conv.sizes[along] + last};
    for (const Padding &p : nest.paddings)
      if (int(p.parallel) == conv.dims[along] && int(p.reduced) == conv.dims[taps]) {
        int64_t first = isBackward ? p.offset - last : p.offset;
        *bounds = {p.low - first, p.high - first};
      }
    if (!isBackward)
      continue;
    for (Convolution::Role role : {Convolution::Image, Convolution::Filter}) {
      conv.offsets[role] += last * conv.strides[role][taps];
      conv.strides[role][taps] *= -1;
    }
  }
  bool isSquare = conv.sizes[Convolution::R] == conv.sizes[Convolution::S];
  bool isTiled = std::min(conv.sizes[Convolution::H], conv.sizes[Convolution::W]) >= 2;
  if (!isSquare || !isTiled)
    return std::nullopt;
  if (conv.isInLanes)
    return conv;
  bool isLast = conv.stride(Convolution::Image, Convolution::C) == 1 &&
                conv.stride(Convolution::Result, Convolution::K) == 1;
  bool isWide = std::min(conv.sizes[Convolution::C], conv.sizes[Convolution::K]) >= kLeastChannels;
  return isLast && isWide ? std::optional(conv) : std::nullopt;
}

} // namespace

Convolution::Strides Convolution::stridesOf(const Access &access) const {
  Strides strides = {};
  for (unsigned loop = 0; loop < Loops; ++loop)
    if (dims[loop] >= 0)
      strides[loop] = access.stride(dims[loop]);
  return strides;
}

std::optional<Convolution> convolutionOf(const Nest &nest) {
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

} // namespace dlc::kernel
