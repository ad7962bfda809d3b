// Cuts long sums into parts.
#include "compiler/linalg/split_reduction.h"
#include "compiler/contract/contract.h"
#include "compiler/passes/passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_SPLITPASS
#include "compiler/passes/passes.h.inc"

} // namespace dlc

namespace dlc::fuse {

bool isSumFromZero(linalg::GenericOp op) {
  if (op.getNumDpsInits() != 1 || op.hasIndexSemantics())
    return false;
  auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  auto sum = op.getBody()->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  BlockArgument previous = op.getRegionOutputArgs()[0];
  return fill && matchPattern(fill.getInputs()[0], m_AnyZeroFloat()) && sum &&
         previous.hasOneUse() && *previous.user_begin() == sum;
}

namespace {

constexpr int64_t kFewestBytes = 256 << 10; // of inputs: less is in a cache
constexpr int64_t kWide = 128;              // a dimension of so many points can be cut itself

// Into how many parts a sum may be cut, and how many bytes of inputs must then be read once only
// for one of partial sums, so that these cost little.
struct Cut {
  int64_t parts, inputsToSums;
  bool isOfRowsOnly;
};
constexpr Cut kCuts[] = {
    {8, 6, false}, // even work for 2, 4 and 8 threads
    {2, 3, true},  // halves of the batch: two threads read what each has made itself
};

int64_t bytesOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getNumElements() * type.getElementTypeBitWidth() / 8;
}

// What each of several items would read again if the work were cut along another dimension.
int64_t bytesReadAgain(linalg::GenericOp op) {
  int64_t least = 0;
  for (Value input : op.getDpsInputs())
    least += bytesOf(input);
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  for (auto [d, kind] : llvm::enumerate(op.getIteratorTypesArray())) {
    if (kind == utils::IteratorType::reduction || sizes[d] < kWide)
      continue;
    int64_t again = 0;
    for (OpOperand *input : op.getDpsInputOperands())
      if (!op.getMatchingIndexingMap(input).isFunctionOfDim(d))
        again += bytesOf(input->get());
    least = std::min(least, again);
  }
  return least;
}

// Whether each input's rows are added up, as in the gradient of a product's weights: then its parts
// lie one after the other, and there is no epilogue to lose.
bool isOverRows(linalg::GenericOp op, unsigned dim) {
  return !contract::get<contract::Convolution>(op) &&
         llvm::all_of(op.getDpsInputOperands(), [&](OpOperand *input) {
           AffineMap map = op.getMatchingIndexingMap(input);
           return map.getNumResults() > 0 && map.getResult(0).isFunctionOfDim(dim);
         });
}

// How to cut a sum that is worth cutting.
struct Plan {
  unsigned dim; // the outermost reduced one
  int64_t parts;
};

std::optional<Plan> planFor(linalg::GenericOp op) {
  if (!isSumFromZero(op))
    return std::nullopt;
  SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray();
  auto *reduced = llvm::find(kinds, utils::IteratorType::reduction);
  int64_t saved = bytesReadAgain(op), sums = bytesOf(op.getDpsInits()[0]);
  if (reduced == kinds.end() || saved < kFewestBytes)
    return std::nullopt;
  unsigned dim = reduced - kinds.begin();
  for (const Cut &choice : kCuts)
    if (saved >= choice.inputsToSums * choice.parts * sums &&
        op.getStaticLoopRanges()[dim] % choice.parts == 0 &&
        (!choice.isOfRowsOnly || isOverRows(op, dim)))
      return Plan{dim, choice.parts};
  return std::nullopt;
}

// A tensor of what the op's sums start from.
Value filled(OpBuilder &b, Location loc, linalg::GenericOp like, ArrayRef<int64_t> shape) {
  auto fill = like.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  Type element = getElementTypeOrSelf(fill.getInputs()[0].getType());
  Value empty = tensor::EmptyOp::create(b, loc, shape, element);
  return linalg::FillOp::create(b, loc, fill.getInputs(), empty).getResult(0);
}

// Replaces `op` by the sum of its parts over this axis of theirs, in their order.
void replaceBySum(linalg::GenericOp op, linalg::GenericOp parts, unsigned axis) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  auto type = cast<RankedTensorType>(op.getResult(0).getType());
  unsigned rank = type.getRank() + 1;
  AffineMap all = b.getMultiDimIdentityMap(rank);
  SmallVector<utils::IteratorType> kinds(rank, utils::IteratorType::parallel);
  kinds[axis] = utils::IteratorType::reduction;
  auto sum = linalg::GenericOp::create(
      b, type, parts.getResult(0), filled(b, op.getLoc(), op, type.getShape()),
      ArrayRef{all, all.dropResult(axis)}, kinds,
      [](OpBuilder &builder, Location loc, ValueRange arguments) {
        Value next = arith::AddFOp::create(builder, loc, arguments[1], arguments[0]);
        linalg::YieldOp::create(builder, loc, next);
      });
  op.getResult(0).replaceAllUsesWith(sum.getResult(0));
  op.erase();
}

void cut(linalg::GenericOp op, Plan plan) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  unsigned dim = plan.dim;
  int64_t part = op.getStaticLoopRanges()[dim] / plan.parts;
  unsigned rank = op.getNumLoops() + 1; // the part's number comes first
  auto sumType = cast<RankedTensorType>(op.getDpsInits()[0].getType());

  // d becomes number * part + d in the inputs; a tensor nobody reads tells how far it goes.
  SmallVector<AffineExpr> dims;
  for (unsigned d = 1; d < rank; ++d)
    dims.push_back(b.getAffineDimExpr(d));
  dims[dim] = b.getAffineDimExpr(0) * part + dims[dim];
  SmallVector<Value> inputs(op.getDpsInputs());
  SmallVector<AffineMap> maps;
  for (OpOperand *operand : op.getDpsInputOperands())
    maps.push_back(op.getMatchingIndexingMap(operand).replaceDimsAndSymbols(dims, {}, rank, 0));
  inputs.push_back(tensor::EmptyOp::create(b, {part}, b.getI8Type()));
  maps.push_back(AffineMap::get(rank, 0, b.getAffineDimExpr(dim + 1)));
  AffineMap results = op.getMatchingIndexingMap(op.getDpsInitOperand(0)).shiftDims(1);
  maps.push_back(results.insertResult(b.getAffineDimExpr(0), 0));

  SmallVector<int64_t> shape(sumType.getShape());
  shape.insert(shape.begin(), plan.parts);
  SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray();
  kinds.insert(kinds.begin(), utils::IteratorType::parallel);
  Value start = filled(b, op.getLoc(), op, shape);
  auto parts = linalg::GenericOp::create(b, start.getType(), inputs, start, maps, kinds);
  parts.getRegion().takeBody(op.getRegion());
  parts.getBody()->insertArgument(inputs.size() - 1, b.getI8Type(), op.getLoc());
  auto convolution = contract::get<contract::Convolution>(op);
  if (convolution && convolution.getDirection() == contract::Direction::Filter) {
    SmallVector<contract::Loop> loops{contract::Loop::Part};
    llvm::append_range(loops, convolution.getLoops());
    contract::set<contract::Convolution>(
        parts, contract::ConvolutionAttr::get(b.getContext(), contract::Direction::Filter, loops));
  }
  replaceBySum(op, parts, 0);
}

struct SplitPass : impl::SplitPassBase<SplitPass> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> ops;
    getOperation().walk([&](linalg::GenericOp op) { ops.push_back(op); });
    for (linalg::GenericOp op : ops)
      if (std::optional<Plan> plan = planFor(op))
        cut(op, *plan);
  }
};

} // namespace

void sumInLanes(linalg::GenericOp op, unsigned dim) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  auto type = cast<RankedTensorType>(op.getResult(0).getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.push_back(op.getStaticLoopRanges()[dim]);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  maps.back() = maps.back().insertResult(b.getAffineDimExpr(dim), type.getRank());
  SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray();
  kinds[dim] = utils::IteratorType::parallel;
  Value start = filled(b, op.getLoc(), op, shape);
  auto lanes = linalg::GenericOp::create(b, start.getType(), op.getInputs(), start, maps, kinds);
  lanes.getRegion().takeBody(op.getRegion());
  if (auto convolution = contract::get<contract::Convolution>(op))
    contract::set<contract::Convolution>(lanes, convolution);
  replaceBySum(op, lanes, type.getRank());
}

} // namespace dlc::fuse
