// The layout of images in memory: channels last where that gives vectors something to do.
#include "compiler/fuse/layout.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/IntEqClasses.h"

using namespace mlir;

namespace dlc::fuse {
namespace {

// With fewer channels most lanes of a vector would be idle.
constexpr int64_t kLeastChannels = 16;

// Axis i of the memory is axis kChannelsLast[i] of the image.
constexpr int64_t kChannelsLast[] = {0, 2, 3, 1};

using Order = ArrayRef<int64_t>;

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

void setMap(linalg::GenericOp op, OpOperand &operand, AffineMap map) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  maps[operand.getOperandNumber()] = map;
  op.setIndexingMapsAttr(Builder(op).getAffineMapArrayAttr(maps));
}

bool isImage(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() == 4;
}

class Layout {
public:
  explicit Layout(func::FuncOp function) : function(function), rewriter(function.getContext()) {}

  void run() {
    separate();
    choose();
    for (Operation &op : function.front())
      rewriteMaps(op);
    for (Value value : images)
      if (isChannelsLast(value))
        value.setType(permuted(cast<RankedTensorType>(value.getType()), kChannelsLast));
    SmallVector<linalg::GenericOp> ops(function.getOps<linalg::GenericOp>());
    for (linalg::GenericOp op : ops)
      if (auto direction = op->getAttrOfType<StringAttr>("dlc.convolution"))
        direction == "weight" ? packResult(op) : packWeights(op);
    for (linalg::GenericOp op : ops)
      orderLoops(op);
  }

private:
  func::FuncOp function;
  IRRewriter rewriter;
  SmallVector<Value> images;
  llvm::DenseMap<Value, unsigned> number; // in `images`
  llvm::IntEqClasses ties;                // values that share their memory or their shape
  SmallVector<bool> keeps;                // by class: the order must stay

  /// Gives every user a start of its own: sharing one is no reason to share an order.
  void separate() {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.front())))
      if (isa<linalg::FillOp, tensor::EmptyOp>(op) && isImage(op.getResult(0)))
        for (OpOperand &use : llvm::make_early_inc_range(llvm::drop_begin(op.getUses()))) {
          rewriter.setInsertionPoint(&op);
          use.set(rewriter.clone(op)->getResult(0));
        }
  }

  /// Which images change: all of those that share memory, or none.
  void choose() {
    for (BlockArgument argument : function.getArguments())
      note(argument);
    for (Operation &op : function.front())
      for (Value result : op.getResults())
        note(result);
    ties.grow(images.size());
    SmallVector<Value> kept;
    for (BlockArgument argument : function.getArguments())
      if (isImage(argument))
        kept.push_back(argument);
    for (Operation &op : function.front()) {
      if (auto nest = dyn_cast<linalg::LinalgOp>(op); nest && nest.hasPureTensorSemantics()) {
        for (auto [init, result] : llvm::zip(nest.getDpsInits(), op.getResults()))
          tie(init, result);
      } else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
        tie(insert.getDest(), insert.getResult());
        tie(insert.getSource(), insert.getResult());
      } else if (!isa<tensor::EmptyOp>(op)) {
        for (Value value : op.getOperands())
          if (isImage(value))
            kept.push_back(value);
        for (Value value : op.getResults())
          if (isImage(value))
            kept.push_back(value);
      }
    }
    for (Value image : images)
      if (cast<RankedTensorType>(image.getType()).getDimSize(1) < kLeastChannels)
        kept.push_back(image);
    ties.compress();
    keeps.assign(ties.getNumClasses(), false);
    for (Value value : kept)
      keeps[ties[number.lookup(value)]] = true;
  }

  void note(Value value) {
    if (!isImage(value))
      return;
    number[value] = images.size();
    images.push_back(value);
  }

  void tie(Value a, Value b) {
    if (isImage(a) && isImage(b))
      ties.join(number.lookup(a), number.lookup(b));
  }

  bool isChannelsLast(Value value) const {
    auto found = number.find(value);
    return found != number.end() && !keeps[ties[found->second]];
  }

  void rewriteMaps(Operation &op) {
    if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
      for (OpOperand &operand : op.getOpOperands())
        if (isChannelsLast(operand.get()))
          setMap(generic, operand,
                 permuted(generic.getMatchingIndexingMap(&operand), kChannelsLast));
    } else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op);
               insert && isChannelsLast(insert.getResult())) {
      insert.setStaticOffsets(permuted(insert.getStaticOffsets(), kChannelsLast));
      insert.setStaticSizes(permuted(insert.getStaticSizes(), kChannelsLast));
      insert.setStaticStrides(permuted(insert.getStaticStrides(), kChannelsLast));
    }
  }

  /// A copy of `value`, or of a part of the memory that `into` names, in another order of axes.
  Value move(Location loc, Value value, Order order) {
    RankedTensorType type = permuted(cast<RankedTensorType>(value.getType()), order);
    Value empty = tensor::EmptyOp::create(rewriter, loc, type.getShape(), type.getElementType());
    // The loops run over the result, whose axis i is axis order[i] of the value.
    SmallVector<AffineExpr> axes(type.getRank());
    for (auto [to, from] : llvm::enumerate(order))
      axes[from] = rewriter.getAffineDimExpr(to);
    AffineMap maps[] = {AffineMap::get(type.getRank(), 0, axes, rewriter.getContext()),
                        rewriter.getMultiDimIdentityMap(type.getRank())};
    SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
    auto copy = linalg::GenericOp::create(rewriter, loc, type, value, empty, maps, loops,
                                          [](OpBuilder &b, Location l, ValueRange arguments) {
                                            linalg::YieldOp::create(b, l, arguments[0]);
                                          });
    return copy.getResult(0);
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

  // dw[o, c, r, s] = sum of x dy: the lanes are the channels of dy.
  void packResult(linalg::GenericOp op) {
    OpOperand &dy = *op.getDpsInputOperand(1), &result = *op.getDpsInitOperand(0);
    auto fill = result.get().getDefiningOp<linalg::FillOp>();
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

struct LayoutPass : PassWrapper<LayoutPass, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LayoutPass)
  StringRef getArgument() const override { return "dlc-layout"; }
  StringRef getDescription() const override { return "lay images out with the channels last"; }

  void runOnOperation() override {
    bool convolves =
        llvm::any_of(getOperation().getOps<linalg::GenericOp>(),
                     [](linalg::GenericOp op) { return op->hasAttr("dlc.convolution"); });
    if (convolves)
      Layout(getOperation()).run();
  }
};

} // namespace

std::unique_ptr<Pass> createLayoutPass() { return std::make_unique<LayoutPass>(); }

} // namespace dlc::fuse
