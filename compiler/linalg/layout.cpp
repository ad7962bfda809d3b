// The layout of images in memory: the channels last, or where those are few the batch, to give
// vectors something to do.
#include "compiler/linalg/blocks.h"
#include "compiler/linalg/split_reduction.h"
#include "compiler/passes/passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/IntEqClasses.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallSet.h"

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_LAYOUTPASS
#include "compiler/passes/passes.h.inc"

} // namespace dlc

namespace dlc::fuse {
namespace {

// With fewer channels most lanes of a vector would be idle.
constexpr int64_t kLeastChannels = 16;

// Convolutions of images with fewer channels take the batch for lanes if either side has few.
constexpr int64_t kManyChannels = 32;

// The most lanes of a vector. So many images of the batch lie side by side.
constexpr int64_t kLanes = 16;

// How a tensor [N, C, H, W] lies in memory: as it is, as [N, H, W, C], or, with any axes after the
// first, as [N / 16, C, H, W, 16].
enum class Layout { AsIs, ChannelsLast, BatchInLanes };

// Axis i of the memory is axis order[i] of the tensor.
using Order = ArrayRef<int64_t>;
constexpr int64_t kChannelsLast[] = {0, 2, 3, 1};

template <typename T> SmallVector<T> permuted(ArrayRef<T> values, Order order) {
  SmallVector<T> result;
  for (int64_t from : order)
    result.push_back(values[from]);
  return result;
}

RankedTensorType permuted(RankedTensorType type, Order order) {
  return RankedTensorType::get(permuted(type.getShape(), order), type.getElementType());
}

AffineMap permuted(AffineMap map, Order order) {
  return AffineMap::get(map.getNumDims(), map.getNumSymbols(), permuted(map.getResults(), order),
                        map.getContext());
}

// A number of each axis, the batch's split into that of the blocks and that of the lanes.
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

unsigned rankOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? type.getRank() : 0;
}

bool isImage(Value value) { return rankOf(value) == 4; }

int64_t batch(Value value) { return cast<RankedTensorType>(value.getType()).getDimSize(0); }
int64_t channels(Value image) { return cast<RankedTensorType>(image.getType()).getDimSize(1); }

// A reshape that leaves the batch alone, if op is one.
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

// The same reshape of tensors with the batch in the lanes, which have an axis of their own.
void reshapeLanes(Operation &op) {
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

// Whether a part of a tensor, put into it or taken from it, has its whole batch.
template <typename SliceOp> bool hasBatch(SliceOp slice, Value whole) {
  return slice.getStaticOffsets()[0] == 0 && slice.getStaticStrides()[0] == 1 &&
         slice.getStaticSizes()[0] == batch(whole) &&
         rankOf(slice.getSource()) == rankOf(slice.getResult());
}

// An argument between zeros: a copy of it, whose order is free.
bool isPaddedArgument(Value value) {
  auto insert = value.getDefiningOp<tensor::InsertSliceOp>();
  return insert && isa<BlockArgument>(insert.getSource());
}
bool isFromArgument(Value value) { return isa<BlockArgument>(value) || isPaddedArgument(value); }

enum class Direction { ToImage, ToWeights };

std::optional<Direction> convolutionOf(linalg::GenericOp op) {
  auto direction = op->getAttrOfType<StringAttr>("dlc.convolution");
  if (!direction)
    return std::nullopt;
  return direction == "weight" ? Direction::ToWeights : Direction::ToImage;
}

// Whether a convolution of these two images takes the batch for lanes: where either has too few
// channels for them, unless that is an argument only: its elements need not be in lanes.
bool wantsBatchInLanes(Value a, Value b) {
  auto isFew = [](Value image) {
    return channels(image) < kLeastChannels && !isFromArgument(image);
  };
  return batch(a) % kLanes == 0 && (isFew(a) || isFew(b)) &&
         std::max(channels(a), channels(b)) < kManyChannels;
}

// Of one block: what it takes from around it or from a turn of a loop, what it gives to the next
// turn and what a loop within it takes and gives stay as they are.
class Layouts {
public:
  explicit Layouts(Block &block) : block(block), rewriter(block.getParentOp()->getContext()) {}

  void run() {
    separate();
    choose();
    for (Operation &op : block)
      rewriteMaps(op);
    for (Value value : tensors)
      value.setType(laidOut(cast<RankedTensorType>(value.getType()), layoutOf(value)));
    copyArguments();
    SmallVector<linalg::GenericOp> ops(block.getOps<linalg::GenericOp>());
    for (linalg::GenericOp op : ops)
      if (std::optional<Direction> direction = convolutionOf(op))
        *direction == Direction::ToWeights ? packResult(op) : packWeights(op);
    for (linalg::GenericOp op : llvm::make_early_inc_range(block.getOps<linalg::GenericOp>()))
      orderLoops(op);
  }

private:
  Block &block;
  IRRewriter rewriter;
  SmallVector<Value> tensors;             // of two axes and more
  llvm::DenseMap<Value, unsigned> number; // in `tensors`
  llvm::IntEqClasses ties;                // values that share their memory or their elements' order
  SmallVector<Layout> layouts;            // by class

  /// Gives every user a start of its own: sharing one is no reason to share an order.
  void separate() {
    // Those from around a loop, too.
    for (Operation &op : llvm::make_early_inc_range(block))
      for (OpOperand &operand : op.getOpOperands())
        if (operand.get().getParentBlock() != &block)
          if (Operation *start = copyOfStart(operand.get(), op))
            operand.set(start->getResult(0));
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isa<linalg::FillOp, tensor::EmptyOp>(op) && rankOf(op.getResult(0)) > 1)
        for (OpOperand &use : llvm::make_early_inc_range(llvm::drop_begin(op.getUses()))) {
          rewriter.setInsertionPoint(&op);
          use.set(rewriter.clone(op)->getResult(0));
        }
  }

  /// A copy, before `place`, of what makes an empty or filled tensor; null for others.
  Operation *copyOfStart(Value value, Operation &place) {
    Operation *op = value.getDefiningOp();
    if (!op || !isa<linalg::FillOp, tensor::EmptyOp>(op) || rankOf(value) < 2)
      return nullptr;
    rewriter.setInsertionPoint(&place);
    Operation *copy = rewriter.clone(*op);
    if (auto fill = dyn_cast<linalg::FillOp>(copy))
      if (Operation *empty = copyOfStart(fill.getOutputs()[0], *copy))
        fill.getDpsInitsMutable()[0].set(empty->getResult(0));
    return copy;
  }

  void choose() {
    for (BlockArgument argument : block.getArguments())
      note(argument);
    SmallVector<Value> kept(block.getArguments()), reshaped;
    for (Operation &op : block) {
      for (Value operand : op.getOperands())
        if (operand.getParentBlock() != &block && !number.contains(operand)) {
          note(operand);
          kept.push_back(operand);
        }
      for (Value result : op.getResults())
        note(result);
    }
    ties.grow(tensors.size());
    for (Operation &op : block) {
      if (auto nest = dyn_cast<linalg::LinalgOp>(op); nest && nest.hasPureTensorSemantics()) {
        for (auto [init, result] : llvm::zip(nest.getDpsInits(), op.getResults()))
          tie(init, result);
      } else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
        tie(insert.getDest(), insert.getResult());
        if (!isPaddedArgument(insert))
          tie(insert.getSource(), insert.getResult());
        if (!hasBatch(insert, insert.getResult()))
          kept.push_back(insert.getResult());
      } else if (auto extract = dyn_cast<tensor::ExtractSliceOp>(op)) {
        tie(extract.getSource(), extract.getResult());
        if (!hasBatch(extract, extract.getSource()))
          kept.push_back(extract.getResult());
      } else if (reshapesEach(op)) {
        tie(op.getOperand(0), op.getResult(0));
        reshaped.push_back(op.getResult(0));
      } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
        SetVector<Value> captured;
        getUsedValuesDefinedAbove(loop.getRegion(), captured);
        for (ValueRange values : {ValueRange(captured.getArrayRef()), ValueRange(op.getOperands()),
                                  ValueRange(op.getResults())})
          llvm::append_range(kept, values);
      } else if (!isa<tensor::EmptyOp>(op)) {
        llvm::append_range(kept, op.getOperands());
        llvm::append_range(kept, op.getResults());
      }
    }
    ties.compress();
    layouts.assign(ties.getNumClasses(), Layout::ChannelsLast);
    for (Value value : tensors)
      if (!isImage(value) || channels(value) < kLeastChannels || isPaddedArgument(value))
        decide(value, Layout::AsIs);
    for (Value value : reshaped)
      decide(value, Layout::AsIs);
    for (auto op : block.getOps<linalg::GenericOp>())
      if (std::optional<Direction> direction = convolutionOf(op)) {
        Value a = op.getInputs()[0];
        Value b = *direction == Direction::ToWeights ? op.getInputs()[1] : op.getResult(0);
        if (isImage(a) && isImage(b) && wantsBatchInLanes(a, b))
          decide(a, Layout::BatchInLanes), decide(b, Layout::BatchInLanes);
      }
    for (Value value : kept)
      decide(value, Layout::AsIs);
    llvm::BitVector isKept(ties.getNumClasses());
    for (Value value : kept)
      if (rankOf(value) > 1)
        isKept.set(classOf(value));
    while (spreadLanes(isKept))
      ;
    if (!llvm::all_of(block.getOps<linalg::GenericOp>(),
                      [&](linalg::GenericOp op) { return canSplitBatch(op); }))
      llvm::replace(layouts, Layout::BatchInLanes, Layout::AsIs);
  }

  /// What is computed point by point from images with the batch in the lanes, or to them, has it
  /// there too. Whether a layout changed.
  bool spreadLanes(const llvm::BitVector &isKept) {
    bool changes = false;
    for (auto op : block.getOps<linalg::GenericOp>()) {
      Value origin;
      for (Value operand : op->getOperands())
        if (rankOf(operand) >= 4 && layoutOf(operand) == Layout::BatchInLanes)
          origin = operand;
      if (!origin || convolutionOf(op))
        continue;
      for (Value operand : op->getOperands())
        if (rankOf(operand) >= 4 && layoutOf(operand) != Layout::BatchInLanes &&
            !isKept[classOf(operand)] && batch(operand) == batch(origin)) {
          decide(operand, Layout::BatchInLanes);
          changes = true;
        }
    }
    return changes;
  }

  void note(Value value) {
    if (rankOf(value) < 2)
      return;
    number[value] = tensors.size();
    tensors.push_back(value);
  }

  void tie(Value a, Value b) {
    if (rankOf(a) > 1 && rankOf(b) > 1)
      ties.join(number.lookup(a), number.lookup(b));
  }

  unsigned classOf(Value value) const { return ties[number.lookup(value)]; }
  void decide(Value value, Layout layout) {
    if (rankOf(value) > 1)
      layouts[classOf(value)] = layout;
  }
  Layout layoutOf(Value value) const {
    return number.contains(value) ? layouts[classOf(value)] : Layout::AsIs;
  }
  bool isChannelsLast(Value value) const { return layoutOf(value) == Layout::ChannelsLast; }
  bool hasLanes(Value value) const { return layoutOf(value) == Layout::BatchInLanes; }

  /// The loops over the batch of the operands that have it in their lanes: a dimension's number.
  llvm::SmallSet<unsigned, 2> batchLoops(linalg::GenericOp op) const {
    llvm::SmallSet<unsigned, 2> loops;
    for (OpOperand &operand : op->getOpOperands())
      if (hasLanes(operand.get())) {
        auto loop = dyn_cast<AffineDimExpr>(op.getMatchingIndexingMap(&operand).getResult(0));
        loops.insert(loop ? loop.getPosition() : op.getNumLoops());
      }
    return loops;
  }
  bool canSplitBatch(linalg::GenericOp op) const {
    llvm::SmallSet<unsigned, 2> loops = batchLoops(op);
    return loops.empty() || (loops.size() == 1 && *loops.begin() < op.getNumLoops());
  }

  void rewriteMaps(Operation &op) {
    if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
      for (OpOperand &operand : op.getOpOperands())
        if (isChannelsLast(operand.get()))
          setMap(generic, operand,
                 permuted(generic.getMatchingIndexingMap(&operand), kChannelsLast));
      if (llvm::SmallSet<unsigned, 2> loops = batchLoops(generic); !loops.empty())
        splitBatch(generic, *loops.begin());
    } else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
      layOutPart(insert, layoutOf(insert.getResult()));
    } else if (auto extract = dyn_cast<tensor::ExtractSliceOp>(op)) {
      layOutPart(extract, layoutOf(extract.getSource()));
    } else if (reshapesEach(op) && hasLanes(op.getResult(0))) {
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
      if (hasLanes(operand.get()))
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
      if (isPaddedArgument(insert) && hasLanes(insert.getResult())) {
        rewriter.setInsertionPoint(insert);
        insert.getSourceMutable().assign(copyInLanes(insert.getLoc(), insert.getSource()));
      }
    SmallVector<linalg::GenericOp> ops(block.getOps<linalg::GenericOp>());
    for (linalg::GenericOp op : ops) {
      llvm::SmallSet<unsigned, 2> loops = batchLoops(op);
      OpOperand &image = *op.getDpsInputOperand(0);
      if (!convolutionOf(op) || loops.empty() || !isa<BlockArgument>(image.get()))
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

  /// A copy of `value` in another order of axes.
  Value move(Location loc, Value value, Order order) {
    RankedTensorType type = permuted(cast<RankedTensorType>(value.getType()), order);
    // The loops run over the result, whose axis i is axis order[i] of the value.
    SmallVector<AffineExpr> axes(type.getRank());
    for (auto [to, from] : llvm::enumerate(order))
      axes[from] = rewriter.getAffineDimExpr(to);
    return copy(loc, value, type, axes);
  }

  /// A copy of `value` with the batch in the lanes.
  Value copyInLanes(Location loc, Value value) {
    auto type = laidOut(cast<RankedTensorType>(value.getType()), Layout::BatchInLanes);
    SmallVector<AffineExpr> axes;
    for (unsigned axis = 0; axis + 1 < type.getRank(); ++axis)
      axes.push_back(rewriter.getAffineDimExpr(axis));
    axes[0] = axes[0] * kLanes + rewriter.getAffineDimExpr(type.getRank() - 1);
    return copy(loc, value, type, axes);
  }

  /// A tensor whose elements are those of `value` at `axes`, which are of its own dimensions.
  Value copy(Location loc, Value value, RankedTensorType type, ArrayRef<AffineExpr> axes) {
    Value empty = tensor::EmptyOp::create(rewriter, loc, type.getShape(), type.getElementType());
    AffineMap maps[] = {AffineMap::get(type.getRank(), 0, axes, rewriter.getContext()),
                        rewriter.getMultiDimIdentityMap(type.getRank())};
    SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
    auto nest = linalg::GenericOp::create(rewriter, loc, type, value, empty, maps, loops,
                                          [](OpBuilder &b, Location l, ValueRange arguments) {
                                            linalg::YieldOp::create(b, l, arguments[0]);
                                          });
    return nest.getResult(0);
  }

  /// The axes of weights [O, C, R, S] with rows and columns first and the lanes' channel last.
  static SmallVector<int64_t> packedOrder(unsigned laneAxis) {
    return {2, 3, 1 - int64_t(laneAxis), laneAxis};
  }

  // y[n, p, q, o] = sum of x w, and dx likewise: the lanes are the channels of the result, or,
  // where those are few, the ones that are added up.
  void packWeights(linalg::GenericOp op) {
    OpOperand &image = *op.getDpsInputOperand(0), &weights = *op.getDpsInputOperand(1);
    OpOperand &result = *op.getDpsInitOperand(0);
    OpOperand &withLanes = isChannelsLast(result.get()) ? result : image;
    if (!isChannelsLast(withLanes.get()) || !isImage(weights.get()))
      return;
    AffineMap map = op.getMatchingIndexingMap(&weights);
    AffineExpr lanes = op.getMatchingIndexingMap(&withLanes).getResult(3);
    unsigned laneAxis = map.getResult(0) == lanes ? 0 : 1;
    SmallVector<int64_t> order = packedOrder(laneAxis);
    rewriter.setInsertionPoint(op);
    Value packed = move(op.getLoc(), weights.get(), order);
    op->setOperand(weights.getOperandNumber(), packed);
    setMap(op, weights, permuted(map, order));
  }

  // dw[o, c, r, s] = sum of x dy: the lanes are the channels of dy, or images.
  void packResult(linalg::GenericOp op) {
    OpOperand &dy = *op.getDpsInputOperand(1), &result = *op.getDpsInitOperand(0);
    auto fill = result.get().getDefiningOp<linalg::FillOp>();
    if (hasLanes(dy.get()) && isSumFromZero(op)) {
      AffineExpr lane = op.getMatchingIndexingMap(&dy).getResults().back();
      sumInLanes(op, cast<AffineDimExpr>(lane).getPosition());
      return;
    }
    if (!isChannelsLast(dy.get()) || !isImage(result.get()) || !fill)
      return;
    SmallVector<int64_t> order = packedOrder(/*laneAxis=*/0), back(4);
    for (auto [to, from] : llvm::enumerate(order))
      back[from] = to;
    RankedTensorType type = permuted(cast<RankedTensorType>(op.getResult(0).getType()), order);
    rewriter.setInsertionPoint(op);
    Value empty =
        tensor::EmptyOp::create(rewriter, op.getLoc(), type.getShape(), type.getElementType());
    Value zero =
        linalg::FillOp::create(rewriter, op.getLoc(), fill.getInputs(), empty).getResult(0);
    AffineMap map = permuted(op.getMatchingIndexingMap(&result), order);
    op->setOperand(result.getOperandNumber(), zero);
    setMap(op, result, map);
    op.getResult(0).setType(type);
    rewriter.setInsertionPointAfter(op);
    Value moved = move(op.getLoc(), op.getResult(0), back);
    rewriter.replaceAllUsesExcept(op.getResult(0), moved, moved.getDefiningOp());
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
    rewriter.setInsertionPoint(op);
    (void)linalg::interchangeGenericOp(rewriter, op, order);
  }
};

struct LayoutPass : impl::LayoutPassBase<LayoutPass> {
  void runOnOperation() override {
    for (Block *block : blocksOf(getOperation()))
      if (llvm::any_of(block->getOps<linalg::GenericOp>(),
                       [](linalg::GenericOp op) { return op->hasAttr("dlc.convolution"); }))
        Layouts(*block).run();
  }
};

} // namespace

} // namespace dlc::fuse
