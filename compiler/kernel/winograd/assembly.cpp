// Accesses, scratch memory and members of fused nests.
#include "compiler/kernel/winograd/assembly.h"
#include "compiler/target/processor.h"

using namespace mlir;

namespace dlc::kernel {

static MLIRContext *contextOf(const Nest &nest) { return nest.body->getParentOp()->getContext(); }

Assembly::Assembly(const Nest &nest, const Convolution &conv)
    : whole(nest), conv(conv), bodies(contextOf(nest)), f32(Float32Type::get(contextOf(nest))) {
  fused.buffers.assign(nest.buffers.begin(), nest.buffers.end());
  fused.bodies = bodies.region;
}

int64_t Assembly::apart(int64_t elements) {
  constexpr int64_t kLineElements = kCacheLine / sizeof(float);
  return (llvm::divideCeil(elements, kLineElements) | 1) * kLineElements;
}

void Assembly::setLoops(ArrayRef<BlockLoop> items, ArrayRef<BlockLoop> steps) {
  loops.append(items.begin(), items.end());
  loops.append(steps.begin(), steps.end());
  for (const BlockLoop &loop : items)
    fused.items.push_back(loop.count);
  for (const BlockLoop &loop : steps)
    fused.steps.push_back(loop.count);
}

FusedNests::Operand Assembly::operandOf(Convolution::Role role) const {
  return operandOf(conv.buffers[role], conv.offsets[role], conv.strides[role]);
}

FusedNests::Operand Assembly::operandOf(unsigned buffer, int64_t offset,
                                        const Strides &strides) const {
  FusedNests::Operand operand{buffer, offset, {}};
  for (const BlockLoop &loop : loops)
    operand.strides.push_back(loop.step * strides[loop.along]);
  return operand;
}

unsigned Assembly::addScratch(int64_t elements) {
  fused.scratch.push_back(MemRefType::get({elements}, f32));
  return fused.buffers.size() + fused.scratch.size() - 1;
}

FusedNests::Operand Assembly::scratchOperand(unsigned buffer) const {
  return {buffer, 0, SmallVector<int64_t>(fused.items.size() + fused.steps.size(), 0)};
}

Access Assembly::access(unsigned buffer, int64_t offset, ArrayRef<int64_t> strides,
                        bool isNear) const {
  Access result;
  result.buffer = buffer, result.element = f32, result.offset = offset;
  result.strides.assign(strides.begin(), strides.end());
  result.isNear = isNear;
  return result;
}

FusedNests::Member Assembly::finish(Nest nest, ArrayRef<FusedNests::Operand> operands, double calls,
                                    FusedNests::When when) const {
  nest.isShared = false;
  nest.reduces.resize(nest.rank(), false);
  nest.starts.resize(nest.outputs.size());
  SmallVector<int64_t> extents(operands.size(), 0);
  SmallVector<Type> elements(operands.size(), f32);
  for (auto *accesses : {&nest.inputs, &nest.outputs})
    for (const Access &access : *accesses) {
      int64_t last = access.offset;
      for (unsigned d = 0; d < nest.rank(); ++d)
        last += (nest.sizes[d] - 1) * access.stride(d);
      extents[access.buffer] = std::max(extents[access.buffer], last + 1);
      elements[access.buffer] = access.element;
    }
  for (auto [extent, element] : llvm::zip(extents, elements))
    nest.buffers.push_back(MemRefType::get({extent}, element));
  collapse(nest);
  return {nest, SmallVector<FusedNests::Operand>(operands), calls, when};
}

void Assembly::addResults(Nest &nest, SmallVectorImpl<FusedNests::Operand> &operands,
                          unsigned count, AccessOf accessOf) {
  auto add = [&](SmallVectorImpl<Access> &accesses, const Access &access) {
    Strides strides = conv.stridesOf(access);
    FusedNests::Operand operand = operandOf(access.buffer, access.offset, strides);
    auto *known = llvm::find_if(operands, [&](const FusedNests::Operand &other) {
      return other.buffer == operand.buffer && other.offset == operand.offset &&
             other.strides == operand.strides;
    });
    unsigned buffer = known - operands.begin();
    if (known == operands.end())
      operands.push_back(operand);
    for (unsigned i = 0; i < count; ++i) {
      accesses.push_back(accessOf(buffer, strides, i));
      accesses.back().element = access.element;
    }
  };
  if (whole.epilogue)
    nest.body = bodies.withEpilogue(nest.body, nest.inputs.size(), whole);
  for (const Access &input : whole.epilogueInputs)
    if (input.element)
      add(nest.inputs, input);
  if (whole.keepsSums)
    add(nest.outputs, whole.outputs[0]);
  for (const Access &output : whole.epilogueOutputs)
    add(nest.outputs, output);
}

FusedNests::Member Assembly::zeros(unsigned buffer, int64_t offset, int64_t elements, int64_t count,
                                   int64_t stride, double calls) {
  Nest nest;
  nest.sizes = {count, elements};
  nest.outputs = {access(0, offset, {stride, 1}, /*isNear=*/true)};
  nest.body = bodies.zero();
  return finish(nest, {scratchOperand(buffer)}, calls);
}

} // namespace dlc::kernel
