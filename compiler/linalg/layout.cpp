// Brings a block's images into the layouts chosen: types, maps and loops are rewritten, and what
// cannot change is copied.
#include "compiler/linalg/layout.h"
#include "compiler/linalg/blocks.h"
#include "compiler/passes/passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_LAYOUTPASS
#include "compiler/passes/passes.h.inc"

} // namespace dlc

namespace dlc::fuse {

// --- what is said of tensors and their layouts ---------------------------------------------------

template <typename T> static SmallVector<T> reordered(ArrayRef<T> values, Order order) {
  SmallVector<T> result;
  for (int64_t from : order)
    result.push_back(values[from]);
  return result;
}

SmallVector<int64_t> permuted(ArrayRef<int64_t> values, Order order) {
  return reordered(values, order);
}

RankedTensorType permuted(RankedTensorType type, Order order) {
  return RankedTensorType::get(reordered(type.getShape(), order), type.getElementType());
}

AffineMap permuted(AffineMap map, Order order) {
  return AffineMap::get(map.getNumDims(), map.getNumSymbols(), reordered(map.getResults(), order),
                        map.getContext());
}

SmallVector<int64_t> laidOut(ArrayRef<int64_t> numbers, Layout layout, int64_t blocks,
                             int64_t lanes) {
  if (layout == Layout::ChannelsLast)
    return permuted(numbers, kChannelsLast);
  SmallVector<int64_t> result(numbers);
  if (layout == Layout::BatchInLanes) {
    result[0] = blocks;
    result.push_back(lanes);
  }
  return result;
}

RankedTensorType laidOut(RankedTensorType type, Layout layout) {
  ArrayRef<int64_t> shape = type.getShape();
  return RankedTensorType::get(laidOut(shape, layout, shape[0] / kLanes, kLanes),
                               type.getElementType());
}

void setMap(linalg::GenericOp op, OpOperand &operand, AffineMap map) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  maps[operand.getOperandNumber()] = map;
  op.setIndexingMapsAttr(Builder(op).getAffineMapArrayAttr(maps));
}

// Says anew what the loops of a convolution are.
static void setLoops(linalg::GenericOp op, ArrayRef<contract::Loop> loops) {
  auto direction = contract::get<contract::Convolution>(op).getDirection();
  contract::set<contract::Convolution>(
      op, contract::ConvolutionAttr::get(op.getContext(), direction, loops));
}

unsigned rankOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? type.getRank() : 0;
}

bool isImage(Value value) { return rankOf(value) == 4; }

bool reshapesEach(Operation &op) {
  auto keepsFirst = [](auto reshape) {
    return rankOf(reshape.getSrc()) > 1 && rankOf(reshape.getResult()) > 1 &&
           reshape.getReassociationIndices().front().size() == 1;
  };
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return keepsFirst(collapse);
  auto expand = dyn_cast<tensor::ExpandShapeOp>(op);
  return expand && keepsFirst(expand);
}

bool isPaddedArgument(Value value) {
  auto insert = value.getDefiningOp<tensor::InsertSliceOp>();
  return insert && isa<BlockArgument>(insert.getSource());
}

std::optional<Direction> convolutionOf(linalg::GenericOp op) {
  auto convolution = contract::get<contract::Convolution>(op);
  if (!convolution)
    return std::nullopt;
  ArrayRef<AffineExpr> axes = op.getMatchingIndexingMap(op.getDpsInputOperand(0)).getResults();
  auto isAlong = [&](AffineExpr axis, contract::Loop loop) {
    auto dim = dyn_cast<AffineDimExpr>(axis);
    return dim && convolution.getLoops()[dim.getPosition()] == loop;
  };
  bool isInOrder = axes.size() >= 4 && isAlong(axes[0], contract::Loop::N) &&
                   isAlong(axes[axes.size() - 3], contract::Loop::C);
  return isInOrder ? std::optional(convolution.getDirection()) : std::nullopt;
}

// --- the rewriting -------------------------------------------------------------------------------

// The same reshape of tensors with the batch in the lanes, which have an axis of their own.
static void reshapeLanes(Operation &op) {
  auto addAxis = [&](auto reshape) {
    SmallVector<ReassociationIndices> groups = reshape.getReassociationIndices();
    groups.push_back({groups.back().back() + 1});
    Builder b(op.getContext());
    reshape.setReassociationAttr(getReassociationIndicesAttribute(b, groups));
  };
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    addAxis(collapse);
  } else {
    auto expand = cast<tensor::ExpandShapeOp>(op);
    addAxis(expand);
    ArrayRef<int64_t> shape = expand.getStaticOutputShape();
    expand.setStaticOutputShape(laidOut(shape, Layout::BatchInLanes, shape[0] / kLanes, kLanes));
  }
}

namespace {

class Rewriting {
public:
  Rewriting(Block &block, const Layouts &layouts)
      : block(block), layouts(layouts), rewriter(block.getParentOp()->getContext()) {}

  void run() {
    for (Operation &op : block)
      rewriteMaps(op);
    for (Value value : layouts.tensors)
      value.setType(laidOut(cast<RankedTensorType>(value.getType()), layouts.of(value)));
    copyArguments();
    SmallVector<linalg::GenericOp> ops(block.getOps<linalg::GenericOp>());
    for (linalg::GenericOp op : ops)
      packConvolution(rewriter, op, layouts);
    for (linalg::GenericOp op : llvm::make_early_inc_range(block.getOps<linalg::GenericOp>()))
      orderLoops(op);
  }

private:
  Block &block;
  const Layouts &layouts;
  IRRewriter rewriter;

  void rewriteMaps(Operation &op) {
    if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
      for (OpOperand &operand : op.getOpOperands())
        if (layouts.isChannelsLast(operand.get()))
          setMap(generic, operand,
                 permuted(generic.getMatchingIndexingMap(&operand), kChannelsLast));
      if (llvm::SmallSet<unsigned, 2> loops = layouts.batchLoops(generic); !loops.empty())
        splitBatch(generic, *loops.begin());
    } else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
      layOutPart(insert, layouts.of(insert.getResult()));
    } else if (auto extract = dyn_cast<tensor::ExtractSliceOp>(op)) {
      layOutPart(extract, layouts.of(extract.getSource()));
    } else if (reshapesEach(op) && layouts.hasLanes(op.getResult(0))) {
      reshapeLanes(op);
    }
  }

  template <typename SliceOp> static void layOutPart(SliceOp slice, Layout layout) {
    if (layout == Layout::AsIs)
      return;
    slice.setStaticOffsets(laidOut(slice.getStaticOffsets(), layout, 0, 0));
    slice.setStaticStrides(laidOut(slice.getStaticStrides(), layout, 1, 1));
    ArrayRef<int64_t> sizes = slice.getStaticSizes();
    slice.setStaticSizes(laidOut(sizes, layout, sizes[0] / kLanes, kLanes));
  }

  /// Makes the loop over the batch one over blocks, and appends one over the lanes.
  void splitBatch(linalg::GenericOp op, unsigned loop) {
    Builder b(op.getContext());
    unsigned rank = op.getNumLoops() + 1;
    AffineExpr lane = b.getAffineDimExpr(rank - 1);
    auto dims = llvm::to_vector(
        llvm::map_range(llvm::seq(rank - 1), [&](unsigned d) { return b.getAffineDimExpr(d); }));
    dims[loop] = dims[loop] * kLanes + lane;
    SmallVector<AffineMap> maps;
    for (OpOperand &operand : op->getOpOperands()) {
      AffineMap map = op.getMatchingIndexingMap(&operand);
      if (layouts.hasLanes(operand.get()))
        maps.push_back(map.shiftDims(1, rank - 1).insertResult(lane, map.getNumResults()));
      else
        maps.push_back(map.replaceDimsAndSymbols(dims, {}, rank, 0));
    }
    SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray();
    kinds.push_back(kinds[loop]);
    SmallVector<Attribute> names;
    for (utils::IteratorType kind : kinds)
      names.push_back(linalg::IteratorTypeAttr::get(op.getContext(), kind));
    op.setIndexingMapsAttr(b.getAffineMapArrayAttr(maps));
    op.setIteratorTypesAttr(b.getArrayAttr(names));
    if (auto convolution = contract::get<contract::Convolution>(op)) {
      SmallVector<contract::Loop> loops(convolution.getLoops());
      bool isOfImages = loops[loop] == contract::Loop::N;
      loops.push_back(contract::Loop::Lane);
      isOfImages ? setLoops(op, loops) : contract::drop<contract::Convolution>(op);
    }
    for (auto index : llvm::make_early_inc_range(op.getBody()->getOps<linalg::IndexOp>()))
      if (index.getDim() == loop) {
        rewriter.setInsertionPointAfter(index);
        Location loc = index.getLoc();
        Value lanes = arith::ConstantIndexOp::create(rewriter, loc, kLanes);
        Value first = arith::MulIOp::create(rewriter, loc, index, lanes);
        Value within = linalg::IndexOp::create(rewriter, loc, rank - 1);
        Value sum = arith::AddIOp::create(rewriter, loc, first, within);
        rewriter.replaceAllUsesExcept(index, sum, first.getDefiningOp());
      }
  }

  /// Convolutions by lanes, and the zeros around their images, get copies of arguments.
  void copyArguments() {
    SmallVector<tensor::InsertSliceOp> inserts(block.getOps<tensor::InsertSliceOp>());
    for (tensor::InsertSliceOp insert : inserts)
      if (isPaddedArgument(insert) && layouts.hasLanes(insert.getResult())) {
        rewriter.setInsertionPoint(insert);
        insert.getSourceMutable().assign(copyInLanes(insert.getLoc(), insert.getSource()));
      }
    SmallVector<linalg::GenericOp> ops(block.getOps<linalg::GenericOp>());
    for (linalg::GenericOp op : ops) {
      if (!layouts.convolutions.contains(op)) // any other nest may have no inputs at all
        continue;
      llvm::SmallSet<unsigned, 2> loops = layouts.batchLoops(op);
      OpOperand &image = *op.getDpsInputOperand(0);
      if (loops.empty() || !isa<BlockArgument>(image.get()))
        continue;
      rewriter.setInsertionPoint(op);
      AffineMap map = op.getMatchingIndexingMap(&image);
      SmallVector<AffineExpr> axes(map.getResults());
      axes[0] = rewriter.getAffineDimExpr(*loops.begin());
      axes.push_back(rewriter.getAffineDimExpr(op.getNumLoops() - 1));
      op->setOperand(image.getOperandNumber(), copyInLanes(op.getLoc(), image.get()));
      setMap(op, image, AffineMap::get(op.getNumLoops(), 0, axes, op.getContext()));
    }
  }

  /// A copy of `value` with the batch in the lanes.
  Value copyInLanes(Location loc, Value value) {
    auto type = laidOut(cast<RankedTensorType>(value.getType()), Layout::BatchInLanes);
    SmallVector<AffineExpr> axes;
    for (unsigned axis = 0; axis + 1 < type.getRank(); ++axis)
      axes.push_back(rewriter.getAffineDimExpr(axis));
    axes[0] = axes[0] * kLanes + rewriter.getAffineDimExpr(type.getRank() - 1);
    return copyOf(rewriter, loc, value, type, axes);
  }

  /// Loops in the order of the result's memory, so that neighbouring ones can become one.
  void orderLoops(linalg::GenericOp op) {
    AffineMap result = op.getIndexingMapsArray()[op.getNumDpsInputs()];
    if (!result.isProjectedPermutation() || result.isIdentity())
      return;
    SmallVector<unsigned> order;
    for (AffineExpr axis : result.getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(axis))
        order.push_back(dim.getPosition());
    for (unsigned d = 0; d < op.getNumLoops(); ++d)
      if (!llvm::is_contained(order, d))
        order.push_back(d);
    if (llvm::is_sorted(order))
      return;
    rewriter.setInsertionPoint(op);
    (void)linalg::interchangeGenericOp(rewriter, op, order);
    if (auto convolution = contract::get<contract::Convolution>(op)) {
      SmallVector<contract::Loop> loops;
      for (unsigned from : order)
        loops.push_back(convolution.getLoops()[from]);
      setLoops(op, loops);
    }
  }
};

// A copy, before `op`, of what makes an empty or filled tensor; null for others.
Operation *copyOfStart(IRRewriter &rewriter, Value value, Operation &op) {
  Operation *start = value.getDefiningOp();
  if (!start || !isa<linalg::FillOp, tensor::EmptyOp>(start) || rankOf(value) < 2)
    return nullptr;
  rewriter.setInsertionPoint(&op);
  Operation *copy = rewriter.clone(*start);
  if (auto fill = dyn_cast<linalg::FillOp>(copy))
    if (Operation *empty = copyOfStart(rewriter, fill.getOutputs()[0], *copy))
      fill.getDpsInitsMutable()[0].set(empty->getResult(0));
  return copy;
}

// Gives every user a start of its own: sharing one is no reason to share an order.
void separateStarts(Block &block) {
  IRRewriter rewriter(block.getParentOp()->getContext());
  // Those from around a loop, too.
  for (Operation &op : llvm::make_early_inc_range(block))
    for (OpOperand &operand : op.getOpOperands())
      if (operand.get().getParentBlock() != &block)
        if (Operation *start = copyOfStart(rewriter, operand.get(), op))
          operand.set(start->getResult(0));
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isa<linalg::FillOp, tensor::EmptyOp>(op) && rankOf(op.getResult(0)) > 1)
      for (OpOperand &use : llvm::make_early_inc_range(llvm::drop_begin(op.getUses()))) {
        rewriter.setInsertionPoint(&op);
        use.set(rewriter.clone(op)->getResult(0));
      }
}

struct LayoutPass : impl::LayoutPassBase<LayoutPass> {
  void runOnOperation() override {
    for (Block *block : blocksOf(getOperation())) {
      if (!llvm::any_of(block->getOps<linalg::GenericOp>(),
                        [](linalg::GenericOp op) { return convolutionOf(op).has_value(); }))
        continue;
      separateStarts(*block);
      Layouts layouts(*block);
      Rewriting(*block, layouts).run();
    }
  }
};

} // namespace

} // namespace dlc::fuse
