// Accesses, scratch memory and stages of chains.
#include "compiler/kernel/stages.h"
#include "compiler/kernel/ahead.h"

using namespace mlir;

namespace dlc::kernel {

static MLIRContext *contextOf(const Nest &nest) { return nest.body->getParentOp()->getContext(); }

Stages::Stages(const Nest &nest) : bodies(contextOf(nest)), f32(Float32Type::get(contextOf(nest))) {
  chain.buffers.assign(nest.buffers.begin(), nest.buffers.end());
  chain.bodies = bodies.region;
}

int64_t Stages::apart(int64_t elements) {
  constexpr int64_t kLineElements = kCacheLine / sizeof(float);
  return (llvm::divideCeil(elements, kLineElements) | 1) * kLineElements;
}

unsigned Stages::addScratch(int64_t elements) {
  chain.scratch.push_back(MemRefType::get({elements}, f32));
  return chain.buffers.size() + chain.scratch.size() - 1;
}

Chain::Operand Stages::scratchOperand(unsigned buffer) const {
  return {buffer, 0, SmallVector<int64_t>(chain.items.size() + chain.steps.size(), 0)};
}

Access Stages::access(unsigned buffer, int64_t offset, ArrayRef<int64_t> strides,
                      bool isNear) const {
  Access result;
  result.buffer = buffer, result.element = f32, result.offset = offset;
  result.strides.assign(strides.begin(), strides.end());
  result.isNear = isNear;
  return result;
}

Chain::Stage Stages::finish(Nest nest, ArrayRef<Chain::Operand> operands, double calls,
                            Chain::When when) const {
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
  return {nest, SmallVector<Chain::Operand>(operands), calls, when};
}

void Stages::addZeros(unsigned buffer, int64_t elements) {
  Nest nest;
  nest.sizes = {elements};
  nest.outputs = {access(0, 0, {1}, /*isNear=*/true)};
  nest.body = bodies.zero();
  chain.before.push_back(finish(nest, {scratchOperand(buffer)}, 1));
}

} // namespace dlc::kernel
