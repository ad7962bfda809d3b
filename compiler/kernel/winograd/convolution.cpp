// Reads from a nest how a convolution's loops walk its operands.
#include "compiler/kernel/winograd/convolution.h"
#include "compiler/contract/contract.h"

using namespace mlir;

namespace dlc::kernel {
namespace {

constexpr int64_t kLeastChannels = 8; // fewer leave nothing to save

bool isFloat32(const Access &access) { return access.element && access.element.isF32(); }

Convolution::Loop loopOf(contract::Loop loop) {
  switch (loop) {
  case contract::Loop::N:
    return Convolution::N;
  case contract::Loop::K:
    return Convolution::K;
  case contract::Loop::C:
    return Convolution::C;
  case contract::Loop::H:
    return Convolution::H;
  case contract::Loop::W:
    return Convolution::W;
  case contract::Loop::R:
    return Convolution::R;
  case contract::Loop::S:
    return Convolution::S;
  case contract::Loop::Lane:
    return Convolution::Lane;
  case contract::Loop::G: // gradients by groups of channels are parts side by side, too
  case contract::Loop::Part:
    return Convolution::Part;
  }
  llvm_unreachable("all loops are named");
}

/// Where the rows or columns of the image are that are no padding.
std::array<int64_t, 2> boundsOf(const Nest &nest, const Convolution &conv, Convolution::Loop along,
                                Convolution::Loop taps) {
  int64_t last = conv.sizes[taps] - 1;
  for (const Padding &p : nest.paddings)
    if (int(p.parallel) == conv.dims[along] && int(p.reduced) == conv.dims[taps]) {
      int64_t first = conv.stride(Convolution::Image, taps) < 0 ? p.offset - last : p.offset;
      return {p.low - first, p.high - first};
    }
  return {0, conv.sizes[along] + last};
}

/// Makes taps that walk backward walk forward from the last one on.
void turn(Convolution &conv, Convolution::Loop taps) {
  if (conv.stride(Convolution::Image, taps) >= 0)
    return;
  for (Convolution::Role role : {Convolution::Image, Convolution::Filter}) {
    conv.offsets[role] += (conv.sizes[taps] - 1) * conv.strides[role][taps];
    conv.strides[role][taps] *= -1;
  }
}

/// Whether taps are 3 or 5, and walk the image as the results along it do.
bool isTiledAlong(const Convolution &conv, Convolution::Loop along, Convolution::Loop taps) {
  return (conv.sizes[taps] == 3 || conv.sizes[taps] == 5) && conv.sizes[along] >= 2 &&
         std::abs(conv.stride(Convolution::Image, taps)) == conv.stride(Convolution::Image, along);
}

} // namespace

Convolution::Strides Convolution::stridesOf(const Access &access) const {
  Strides strides = {};
  for (unsigned loop = 0; loop < Loops; ++loop)
    if (dims[loop] >= 0)
      strides[loop] = access.stride(dims[loop]);
  return strides;
}

std::optional<Convolution> convolutionOf(linalg::LinalgOp op, const Nest &nest) {
  auto fact = contract::get<contract::Convolution>(op);
  if (!fact || !isFloat32(nest.outputs[0]))
    return std::nullopt;
  Convolution conv;
  conv.toFilter = fact.getDirection() == contract::Direction::Filter;
  const Access &x = nest.inputs[0], &other = nest.inputs[1], &made = nest.outputs[0];
  const Access *accesses[] = {&x, conv.toFilter ? &other : &made, conv.toFilter ? &made : &other};
  for (auto [role, access] : llvm::enumerate(accesses)) {
    conv.buffers[role] = access->buffer;
    conv.offsets[role] = access->offset;
  }
  for (auto [d, name] : llvm::enumerate(fact.getLoops())) {
    if (nest.sizes[d] == 1)
      continue;
    Convolution::Loop loop = loopOf(name);
    bool isSecond = conv.dims[loop] >= 0; // parts of groups
    if (isSecond || (loop == Convolution::Part && !conv.toFilter))
      return std::nullopt;
    conv.sizes[loop] = nest.sizes[d];
    conv.dims[loop] = d;
    for (auto [role, access] : llvm::enumerate(accesses))
      conv.strides[role][loop] = access->stride(d);
  }
  bool isSquare = conv.sizes[Convolution::R] == conv.sizes[Convolution::S];
  if (!isSquare || conv.sizes[Convolution::K] == 1 ||
      !isTiledAlong(conv, Convolution::H, Convolution::R) ||
      !isTiledAlong(conv, Convolution::W, Convolution::S))
    return std::nullopt;
  conv.rows = boundsOf(nest, conv, Convolution::H, Convolution::R);
  conv.columns = boundsOf(nest, conv, Convolution::W, Convolution::S);
  turn(conv, Convolution::R);
  turn(conv, Convolution::S);
  auto areLast = [&](Convolution::Loop ofImage, Convolution::Loop ofResult) {
    return conv.stride(Convolution::Image, ofImage) == 1 &&
           conv.stride(Convolution::Result, ofResult) == 1;
  };
  conv.isInLanes = areLast(Convolution::Lane, Convolution::Lane);
  if (conv.isInLanes)
    return conv;
  bool isWide = std::min(conv.sizes[Convolution::C], conv.sizes[Convolution::K]) >= kLeastChannels;
  bool hasLanes = conv.dims[Convolution::Lane] >= 0;
  return areLast(Convolution::C, Convolution::K) && isWide && !hasLanes ? std::optional(conv)
                                                                        : std::nullopt;
}

} // namespace dlc::kernel
