// Turns inputs of products whose sum does not run along memory: A in a product of A transposed.
#include "compiler/kernel/nest/prepack.h"
#include "compiler/kernel/nest/bodies.h"

using namespace mlir;

namespace dlc::kernel {

constexpr int64_t kFewestUses = 64; // of an element: copying it takes as long as a few

Prepacked prepacked(Nest nest, unsigned from, MemRefType source, MemRefType type,
                    std::shared_ptr<Region> bodies) {
  nest.reduces.assign(nest.rank(), false);
  nest.starts.resize(nest.outputs.size());
  nest.buffers = {source, type};
  collapse(nest);
  return {std::move(nest), from, type, std::move(bodies)};
}

std::optional<Pretransposed> pretransposedOf(const Nest &nest, unsigned input) {
  const Access &access = nest.inputs[input];
  if (nest.contractionFlops() == 0 || !access.element || nest.body->getArgument(input).use_empty())
    return std::nullopt;
  SmallVector<unsigned> dims; // the order in memory; the innermost last
  int64_t uses = 1;
  for (unsigned d = 0; d < nest.rank(); ++d)
    if (access.stride(d) != 0)
      dims.push_back(d);
    else
      uses *= nest.sizes[d];
  llvm::stable_sort(dims,
                    [&](unsigned a, unsigned b) { return access.stride(a) > access.stride(b); });
  if (dims.empty() || nest.reduces[dims.back()] || uses < kFewestUses)
    return std::nullopt;
  int64_t reach = 1;
  for (unsigned d : llvm::reverse(dims)) {
    if (access.stride(d) < reach)
      return std::nullopt;
    reach = access.stride(d) * nest.sizes[d];
  }
  std::stable_partition(dims.begin(), dims.end(), [&](unsigned d) { return !nest.reduces[d]; });
  if (!nest.reduces[dims.back()])
    return std::nullopt;

  Pretransposed pretransposed{{}, nest};
  Nest copy;
  Access &there = pretransposed.nest.inputs[input];
  there.buffer = nest.buffers.size();
  there.offset = 0;
  Access from = access, to = access;
  from.buffer = 0, to.buffer = 1;
  from.strides.clear(), to.strides.clear();
  to.offset = 0;
  int64_t elements = 1;
  for (unsigned d : llvm::reverse(dims)) {
    there.strides[d] = elements;
    copy.sizes.push_back(nest.sizes[d]);
    from.strides.push_back(access.stride(d));
    to.strides.push_back(elements);
    elements *= nest.sizes[d];
  }
  copy.inputs = {from}, copy.outputs = {to};
  Bodies bodies(nest.body->getParentOp()->getContext());
  copy.body = bodies.copy(access.element);
  auto type = MemRefType::get({elements}, access.element);
  pretransposed.nest.buffers.push_back(type);
  pretransposed.input =
      prepacked(std::move(copy), access.buffer, nest.buffers[access.buffer], type, bodies.region);
  return pretransposed;
}

} // namespace dlc::kernel
