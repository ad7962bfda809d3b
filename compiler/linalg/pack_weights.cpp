// The weights of convolutions, packed to fit images whose channels or batch are in the lanes.
#include "compiler/linalg/layout.h"
#include "compiler/linalg/split_reduction.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace dlc::fuse {

Value copyOf(IRRewriter &rewriter, Location loc, Value value, RankedTensorType type,
             ArrayRef<AffineExpr> axes) {
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

// A copy of `value` in another order of axes.
static Value move(IRRewriter &rewriter, Location loc, Value value, Order order) {
  RankedTensorType type = permuted(cast<RankedTensorType>(value.getType()), order);
  // The loops run over the result, whose axis i is axis order[i] of the value.
  SmallVector<AffineExpr> axes(type.getRank());
  for (auto [to, from] : llvm::enumerate(order))
    axes[from] = rewriter.getAffineDimExpr(to);
  return copyOf(rewriter, loc, value, type, axes);
}

// The axes of weights [O, C, R, S] with rows and columns first and the lanes' channel last.
static SmallVector<int64_t> packedOrder(unsigned laneAxis) {
  return {2, 3, 1 - int64_t(laneAxis), laneAxis};
}

// y[n, p, q, o] = sum of x w, and dx likewise: the lanes are the channels of the result, or,
// where those are few, the ones that are added up.
static void packWeights(IRRewriter &rewriter, linalg::GenericOp op, const Layouts &layouts) {
  OpOperand &image = *op.getDpsInputOperand(0), &weights = *op.getDpsInputOperand(1);
  OpOperand &result = *op.getDpsInitOperand(0);
  OpOperand &withLanes = layouts.isChannelsLast(result.get()) ? result : image;
  if (!layouts.isChannelsLast(withLanes.get()) || !isImage(weights.get()))
    return;
  AffineMap map = op.getMatchingIndexingMap(&weights);
  AffineExpr lanes = op.getMatchingIndexingMap(&withLanes).getResult(3);
  unsigned laneAxis = map.getResult(0) == lanes ? 0 : 1;
  SmallVector<int64_t> order = packedOrder(laneAxis);
  rewriter.setInsertionPoint(op);
  Value packed = move(rewriter, op.getLoc(), weights.get(), order);
  op->setOperand(weights.getOperandNumber(), packed);
  setMap(op, weights, permuted(map, order));
}

// dw[o, c, r, s] = sum of x dy: the lanes are the channels of dy, or images.
static void packResult(IRRewriter &rewriter, linalg::GenericOp op, const Layouts &layouts) {
  OpOperand &dy = *op.getDpsInputOperand(1), &result = *op.getDpsInitOperand(0);
  auto fill = result.get().getDefiningOp<linalg::FillOp>();
  if (layouts.hasLanes(dy.get()) && isSumFromZero(op)) {
    AffineExpr lane = op.getMatchingIndexingMap(&dy).getResults().back();
    sumInLanes(op, cast<AffineDimExpr>(lane).getPosition());
    return;
  }
  if (!layouts.isChannelsLast(dy.get()) || !isImage(result.get()) || !fill)
    return;
  SmallVector<int64_t> order = packedOrder(/*laneAxis=*/0), back(4);
  for (auto [to, from] : llvm::enumerate(order))
    back[from] = to;
  RankedTensorType type = permuted(cast<RankedTensorType>(op.getResult(0).getType()), order);
  rewriter.setInsertionPoint(op);
  Value empty =
      tensor::EmptyOp::create(rewriter, op.getLoc(), type.getShape(), type.getElementType());
  Value zero = linalg::FillOp::create(rewriter, op.getLoc(), fill.getInputs(), empty).getResult(0);
  AffineMap map = permuted(op.getMatchingIndexingMap(&result), order);
  op->setOperand(result.getOperandNumber(), zero);
  setMap(op, result, map);
  op.getResult(0).setType(type);
  rewriter.setInsertionPointAfter(op);
  Value moved = move(rewriter, op.getLoc(), op.getResult(0), back);
  rewriter.replaceAllUsesExcept(op.getResult(0), moved, moved.getDefiningOp());
}

void packConvolution(IRRewriter &rewriter, linalg::GenericOp op, const Layouts &layouts) {
  auto convolution = layouts.convolutions.find(op);
  if (convolution == layouts.convolutions.end())
    return;
  convolution->second == Direction::Filter ? packResult(rewriter, op, layouts)
                                           : packWeights(rewriter, op, layouts);
}

} // namespace dlc::fuse
