// What is known of zeros, in the padding of images.
#include "compiler/memory/zeros.h"
#include "compiler/memory/aliasing.h"

using namespace mlir;

namespace dlc::memory {

// Whether it puts an image between zeros.
static bool isPadding(tensor::InsertSliceOp insert) {
  auto number = dyn_cast_or_null<FloatAttr>(filling(insert.getDest()));
  return number && number.getValue().isZero() && insert.hasUnitStride();
}

ArrayAttr nonzeroOf(linalg::GenericOp op) {
  Builder b(op.getContext());
  bool isPadded = false;
  SmallVector<Attribute> all(op.getNumDpsInputs(), b.getUnitAttr());
  for (auto [i, input] : llvm::enumerate(op.getDpsInputs())) {
    auto insert = input.getDefiningOp<tensor::InsertSliceOp>();
    if (!insert || !isPadding(insert))
      continue;
    SmallVector<int64_t> bounds;
    for (auto [offset, size] : llvm::zip(insert.getStaticOffsets(), insert.getStaticSizes()))
      bounds.append({offset, offset + size});
    all[i] = b.getDenseI64ArrayAttr(bounds);
    isPadded = true;
  }
  return isPadded ? b.getArrayAttr(all) : ArrayAttr();
}

Attribute Paddings::of(tensor::InsertSliceOp insert) {
  if (!insert || !isPadding(insert) ||
      !llvm::all_of(insert->getUsers(), llvm::IsaPred<linalg::GenericOp>))
    return {};
  DistinctAttr &mark = marks[insert];
  if (!mark)
    mark = DistinctAttr::create(UnitAttr::get(insert.getContext()));
  return mark;
}

SmallVector<Attribute> Paddings::readBy(linalg::GenericOp op) {
  SmallVector<Attribute> read;
  for (Value input : op.getDpsInputs())
    if (Attribute mark = of(input.getDefiningOp<tensor::InsertSliceOp>()))
      read.push_back(mark);
  return read;
}

} // namespace dlc::memory
