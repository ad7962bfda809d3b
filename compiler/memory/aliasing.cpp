// Finds the tensors that may be written straight into a part of a larger one.
#include "compiler/memory/aliasing.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace dlc::memory {

Value rootOf(Value value) {
  Operation *op = value.getDefiningOp();
  if (op && isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::ExtractSliceOp>(op))
    return rootOf(op->getOperand(0));
  return value;
}

bool isWhole(Value value) {
  Operation *op = value.getDefiningOp();
  if (op && isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
    return isWhole(op->getOperand(0));
  return !op || !isa<tensor::ExtractSliceOp>(op);
}

// One element along the first axes, some along the next, everything along the rest.
bool isContiguous(tensor::ExtractSliceOp part) {
  ArrayRef<int64_t> sizes = part.getStaticSizes(), whole = part.getSourceType().getShape();
  unsigned axis = 0;
  while (axis < sizes.size() && sizes[axis] == 1)
    ++axis;
  return part.hasUnitStride() &&
         (axis == sizes.size() || sizes.drop_front(axis + 1) == whole.drop_front(axis + 1));
}

TypedAttr filling(Value value) {
  auto fill = rootOf(value).getDefiningOp<linalg::FillOp>();
  TypedAttr number;
  if (!fill || !matchPattern(fill.getInputs()[0], m_Constant(&number)))
    return {};
  return number;
}

tensor::InsertSliceOp stackingOf(BlockArgument argument) {
  auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
  if (!loop || argument == loop.getInductionVar() || !argument.hasOneUse())
    return {};
  auto insert = dyn_cast<tensor::InsertSliceOp>(*argument.user_begin());
  bool isNext = insert && insert.getDest() == argument && insert->hasOneUse() &&
                loop.getTiedLoopYieldedValue(argument)->get() == insert.getResult();
  return isNext ? insert : tensor::InsertSliceOp();
}

void separateInsertions(func::FuncOp function) {
  SmallVector<tensor::InsertSliceOp> open;
  function.walk([&](tensor::InsertSliceOp insert) { open.push_back(insert); });
  while (!open.empty()) {
    tensor::InsertSliceOp insert = open.pop_back_val();
    auto before = insert.getDest().getDefiningOp<tensor::InsertSliceOp>();
    if (!before || (before->hasOneUse() && before->getBlock() == insert->getBlock()))
      continue;
    OpBuilder b(insert);
    auto own = cast<tensor::InsertSliceOp>(b.clone(*before));
    insert.getDestMutable().assign(own.getResult());
    open.push_back(own);
  }
}

linalg::GenericOp emitCopy(OpBuilder &builder, Location location, Value from, Value to,
                           TypeRange result) {
  unsigned rank = cast<ShapedType>(to.getType()).getRank();
  SmallVector<AffineMap> maps(2, builder.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  return linalg::GenericOp::create(
      builder, location, result, from, to, maps, loops,
      [](OpBuilder &b, Location loc, ValueRange a) { linalg::YieldOp::create(b, loc, a[0]); });
}

// A tensor of its own with the same numbers, made at the builder's place.
static Value copied(OpBuilder &b, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  Value empty = tensor::EmptyOp::create(b, value.getLoc(), type.getShape(), type.getElementType());
  return emitCopy(b, value.getLoc(), value, empty, type).getResult(0);
}

void copyScattered(func::FuncOp function) {
  SmallVector<tensor::ExtractSliceOp> scattered;
  function.walk([&](tensor::ExtractSliceOp part) {
    if (!isContiguous(part))
      scattered.push_back(part);
  });
  for (tensor::ExtractSliceOp part : scattered) {
    Value copy;
    for (OpOperand &use : llvm::make_early_inc_range(part->getUses())) {
      if (isa<linalg::GenericOp>(use.getOwner()))
        continue;
      OpBuilder b(part->getContext());
      b.setInsertionPointAfter(part);
      use.set(copy ? copy : copy = copied(b, part));
    }
  }
}

void copyExchanged(func::FuncOp function) {
  function.walk([](scf::ForOp loop) {
    Operation *end = loop.getBody()->getTerminator();
    for (OpOperand &next : end->getOpOperands()) {
      auto argument = dyn_cast<BlockArgument>(rootOf(next.get()));
      if (!argument || argument.getOwner() != loop.getBody() ||
          next.get() == loop.getRegionIterArg(next.getOperandNumber()))
        continue;
      OpBuilder b(end);
      next.set(copied(b, next.get()));
    }
  });
}

// The insertion that goes on where this one ended, if nobody else sees what is between them.
static tensor::InsertSliceOp next(tensor::InsertSliceOp insert) {
  Value result = insert.getResult();
  if (!result.hasOneUse())
    return {};
  auto user = dyn_cast<tensor::InsertSliceOp>(*result.getUsers().begin());
  bool goesOn = user && user.getDest() == result && user->getBlock() == insert->getBlock();
  return goesOn ? user : tensor::InsertSliceOp();
}

// The result of a nest with more dimensions that becomes the part, if it is nothing else.
static Value expanded(Value part) {
  auto collapse = part.getDefiningOp<tensor::CollapseShapeOp>();
  bool isAlone = collapse && collapse.getSrc().hasOneUse();
  return isAlone && collapse.getSrc().getDefiningOp<linalg::GenericOp>() ? collapse.getSrc()
                                                                         : Value();
}

// Whether a nest makes the part, in the same turn of a loop as the whole, and only nests read it:
// they can do so in the whole as well.
static bool isOfNests(tensor::InsertSliceOp insert) {
  Value part = insert.getSource();
  return part.getParentBlock() == insert->getBlock() &&
         (part.getDefiningOp<linalg::GenericOp>() || expanded(part)) &&
         llvm::all_of(part.getUses(), [&](OpOperand &use) {
           auto nest = dyn_cast<linalg::GenericOp>(use.getOwner());
           return use.getOwner() == insert || (nest && nest.isDpsInput(&use));
         });
}

// Whether two parts of a whole have no element in common: along some axis one ends before the other
// begins, or both take every so many rows and start at another.
static bool areDisjoint(tensor::InsertSliceOp a, tensor::InsertSliceOp b) {
  auto end = [](tensor::InsertSliceOp insert, unsigned axis) {
    return insert.getStaticOffsets()[axis] +
           (insert.getStaticSizes()[axis] - 1) * insert.getStaticStrides()[axis] + 1;
  };
  for (unsigned axis = 0; axis < a.getStaticOffsets().size(); ++axis) {
    int64_t from = a.getStaticOffsets()[axis], other = b.getStaticOffsets()[axis];
    int64_t stride = a.getStaticStrides()[axis];
    if (end(a, axis) <= other || end(b, axis) <= from ||
        (stride == b.getStaticStrides()[axis] && (from - other) % stride != 0))
      return true;
  }
  return false;
}

Aliasing::Aliasing(func::FuncOp function) {
  function.walk([&](tensor::InsertSliceOp insert) {
    auto argument = dyn_cast<BlockArgument>(insert.getDest());
    if (argument && stackingOf(argument) == insert) {
      wholes[insert] = insert.getResult();
      if (isOfNests(insert))
        addPart(insert);
    } else if (rootOf(insert.getDest()).getDefiningOp<tensor::EmptyOp>()) {
      addInsertions(insert);
    } else if (filling(insert.getDest())) {
      wholes[insert] = insert.getResult();
      // Strided parts stay packed for their readers, and the whole is filled in one go.
      if (isOfNests(insert) &&
          llvm::all_of(insert.getStaticStrides(), [](int64_t stride) { return stride == 1; }))
        addPart(insert);
    }
  });
}

void Aliasing::addPart(tensor::InsertSliceOp insert) {
  parts.try_emplace(insert.getSource(), insert);
  if (Value result = expanded(insert.getSource()))
    parts.try_emplace(result, insert);
}

// The order of the insertions does not matter if they write to different places.
void Aliasing::addInsertions(tensor::InsertSliceOp first) {
  SmallVector<tensor::InsertSliceOp> chain;
  for (tensor::InsertSliceOp insert = first; insert; insert = next(insert))
    chain.push_back(insert);
  for (tensor::InsertSliceOp insert : chain) {
    wholes[insert] = chain.back().getResult();
    if (isOfNests(insert) && llvm::all_of(chain, [&](tensor::InsertSliceOp other) {
          return other == insert || areDisjoint(insert, other);
        }))
      addPart(insert);
  }
}

} // namespace dlc::memory
