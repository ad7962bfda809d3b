// Fuses elementwise producers into their users, in the order of the code.
#include "compiler/contract/contract.h"
#include "compiler/linalg/blocks.h"
#include "compiler/linalg/epilogue.h"
#include "compiler/passes/passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_FUSEPASS
#define GEN_PASS_DEF_RESHAPEPASS
#include "compiler/passes/passes.h.inc"

} // namespace dlc

namespace dlc::fuse {
namespace {

// Computing so many simple operations again is cheaper than storing and loading their result.
constexpr unsigned kCheapOperations = 4;

int64_t points(linalg::GenericOp op) {
  int64_t n = 1;
  for (int64_t size : op.getStaticLoopRanges())
    n *= size;
  return n;
}

bool isElementwise(linalg::GenericOp op) { return op.getNumLoops() == op.getNumParallelLoops(); }

// Moves elements, or makes them out of nothing but their place.
bool isMove(linalg::GenericOp op) { return llvm::hasSingleElement(*op.getBlock()); }

bool isCheap(linalg::GenericOp op) {
  unsigned operations = 0;
  for (Operation &inner : op.getBlock()->without_terminator()) {
    if (isa<arith::ConstantOp, linalg::IndexOp>(inner))
      continue;
    if (isa<arith::DivFOp>(inner) || isa<math::MathDialect>(inner.getDialect()))
      return false;
    ++operations;
  }
  return operations <= kCheapOperations;
}

bool usesOnlyIn(linalg::GenericOp producer, linalg::GenericOp consumer) {
  return llvm::all_of(producer->getUsers(), [&](Operation *user) { return user == consumer; });
}

// Whether every element that the nest reads of this operand is read once.
bool readsOnce(linalg::GenericOp consumer, linalg::GenericOp producer) {
  return points(consumer) <= points(producer);
}

// Whether it goes on from each sum of products by itself and may become their epilogue
// (epilogue.h).
bool mayBeEpilogue(linalg::GenericOp op) {
  return isElementwise(op) && llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *operand) {
           auto sum = operand->get().getDefiningOp<linalg::GenericOp>();
           return sum && sum->hasOneUse() && isSumOfProducts(sum) &&
                  op.getMatchingIndexingMap(operand).isIdentity();
         });
}

// Whether the nest reads its input in order, as one that only repeats it along further axes.
bool readsInOrder(linalg::GenericOp op) {
  return llvm::all_of(op.getDpsInputOperands(), [&](OpOperand *operand) {
    AffineMap map = op.getMatchingIndexingMap(operand);
    return map.isProjectedPermutation() &&
           llvm::is_sorted(llvm::map_range(map.getResults(), [](AffineExpr axis) {
             return cast<AffineDimExpr>(axis).getPosition();
           }));
  });
}

bool pays(linalg::GenericOp producer, OpOperand &use) {
  auto consumer = cast<linalg::GenericOp>(use.getOwner());
  // Into a loop goes only what costs nothing in each of its turns.
  if (producer->getBlock() != consumer->getBlock())
    return isMove(producer) && readsInOrder(producer);
  if (isMove(producer))
    return true;
  // In a contraction every element is read many times.
  if (!readsOnce(consumer, producer) && !(isElementwise(consumer) && isCheap(producer)))
    return false;
  if (usesOnlyIn(producer, consumer))
    return isElementwise(consumer) || !mayBeEpilogue(producer);
  // Computed in each of its users, if it disappears by that.
  return isCheap(producer) && llvm::all_of(producer->getUses(), [&](OpOperand &other) {
           auto user = dyn_cast<linalg::GenericOp>(other.getOwner());
           return user && user->getBlock() == producer->getBlock() && user.isDpsInput(&other) &&
                  linalg::areElementwiseOpsFusable(&other) && readsOnce(user, producer);
         });
}

// Whether both may become one nest with the results of both: each runs over the same points in the
// same order, and no one needs the producer's result before the consumer stands.
bool mayMerge(linalg::GenericOp producer, OpOperand &use) {
  auto consumer = cast<linalg::GenericOp>(use.getOwner());
  if (producer->getBlock() != consumer->getBlock() || !isElementwise(consumer) ||
      points(consumer) != points(producer) || !consumer.getMatchingIndexingMap(&use).isIdentity() ||
      !llvm::all_of(producer.getIndexingMapsArray(),
                    [](AffineMap map) { return map.isProjectedPermutation(); }))
    return false;
  return !isUsedBefore(producer, consumer);
}

// What is read twice in the same way becomes one input.
void joinEqualInputs(linalg::GenericOp op, IRRewriter &rewriter) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  for (unsigned i = op.getNumDpsInputs(); i-- > 1;) {
    unsigned first = 0;
    while (op.getInputs()[first] != op.getInputs()[i] || maps[first] != maps[i])
      ++first;
    if (first == i)
      continue;
    rewriter.modifyOpInPlace(op, [&] {
      Block &body = *op.getBlock();
      body.getArgument(i).replaceAllUsesWith(body.getArgument(first));
      body.eraseArgument(i);
      maps.erase(maps.begin() + i);
      op.getInputsMutable().erase(i);
      op.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
    });
  }
}

// What is computed twice in the same way is computed once. Otherwise a producer would be computed
// once for each of its results or inputs that are read, and what it is made of twice as often
// again.
void joinEqual(linalg::GenericOp op, IRRewriter &rewriter) {
  joinEqualInputs(op, rewriter);
  DominanceInfo dominance;
  eliminateCommonSubExpressions(rewriter, dominance, op);
}

// Whether `a` stands behind `b`: in the same block, or within a loop that `b` stands before.
bool isLater(Operation *a, Operation *b) {
  return a->getBlock() == b->getBlock() ? b->isBeforeInBlock(a)
                                        : b->getBlock()->findAncestorOpInBlock(*a) != nullptr;
}

// The latest producer that goes into `op`, so that each goes in once: whatever else of it reads a
// producer stands behind that, and is in already.
OpOperand *nextUse(linalg::GenericOp op) {
  if (contract::get<contract::Rows>(op))
    return nullptr; // it reads rows that an index names, and each number often
  OpOperand *next = nullptr;
  for (OpOperand *use : op.getDpsInputOperands()) {
    auto producer = use->get().getDefiningOp<linalg::GenericOp>();
    if (producer && linalg::areElementwiseOpsFusable(use) &&
        (!next || isLater(producer, next->get().getDefiningOp())) &&
        (pays(producer, *use) || mayMerge(producer, *use)))
      next = use;
  }
  return next;
}

// Fuses producers into `op` until none is left that pays. `gone` receives what is erased.
void fuseInto(linalg::GenericOp op, IRRewriter &rewriter, SmallPtrSetImpl<Operation *> &gone) {
  joinEqual(op, rewriter);
  while (OpOperand *use = nextUse(op)) {
    auto producer = use->get().getDefiningOp<linalg::GenericOp>();
    bool merges = !pays(producer, *use);
    rewriter.setInsertionPoint(op);
    auto fused = linalg::fuseElementwiseOps(rewriter, use);
    if (failed(fused))
      return;
    auto next = cast<linalg::GenericOp>(fused->fusedOp);
    for (auto [original, replacement] : fused->replacements)
      if (merges || original.getDefiningOp() != producer)
        // The fused op may read the producer through another operand still.
        rewriter.replaceUsesWithIf(original, replacement,
                                   [&](OpOperand &other) { return other.getOwner() != next; });
    // It is a convolution still if the producer only moved elements.
    auto convolution = contract::get<contract::Convolution>(op);
    if (convolution && contract::contradiction(convolution, next).empty())
      contract::set<contract::Convolution>(next, convolution);
    gone.insert(op);
    rewriter.eraseOp(op);
    if (producer->use_empty()) {
      gone.insert(producer);
      rewriter.eraseOp(producer);
    }
    op = next;
    joinEqual(op, rewriter);
  }
}

void fuseIntoEach(ArrayRef<linalg::GenericOp> ops, MLIRContext *context) {
  IRRewriter rewriter(context);
  SmallPtrSet<Operation *, 32> gone;
  for (linalg::GenericOp op : ops)
    if (!gone.contains(op))
      fuseInto(op, rewriter, gone);
}

// A sum of products whose results are seen along more axes, as those of a dense layer along a
// sequence, has these axes itself: then what goes on from it is its epilogue.
bool mayHaveAxes(OpOperand *use) {
  auto expand = dyn_cast<tensor::ExpandShapeOp>(use->getOwner());
  auto sum = use->get().getDefiningOp<linalg::GenericOp>();
  return expand && sum && sum->hasOneUse() && sum->getBlock() == expand->getBlock() &&
         isSumOfProducts(sum) && !contract::get<contract::Convolution>(sum) &&
         llvm::any_of(expand->getUsers(), [](Operation *user) {
           auto nest = dyn_cast<linalg::GenericOp>(user);
           return nest && isElementwise(nest);
         });
}

struct FusePass : impl::FusePassBase<FusePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateFoldReshapeOpsByExpansionPatterns(patterns, mayHaveAxes);
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
    for (Block *block : blocksOf(getOperation()))
      fuseIntoEach(SmallVector<linalg::GenericOp>(block->getOps<linalg::GenericOp>()),
                   &getContext());
  }
};

struct ReshapePass : impl::ReshapePassBase<ReshapePass> {
  static bool mayExpand(OpOperand *use) {
    auto collapse = use->get().getDefiningOp<tensor::CollapseShapeOp>();
    auto producer = collapse ? collapse.getSrc().getDefiningOp<linalg::GenericOp>() : nullptr;
    auto consumer = dyn_cast<linalg::GenericOp>(use->getOwner());
    return producer && consumer && producer->getBlock() == consumer->getBlock() &&
           isElementwise(producer) && isElementwise(consumer) && collapse->hasOneUse() &&
           producer->hasOneUse() && isCheap(producer);
  }

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateFoldReshapeOpsByExpansionPatterns(patterns, mayExpand);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
    for (Block *block : blocksOf(getOperation())) {
      SmallVector<linalg::GenericOp> expanded;
      for (auto collapse : llvm::make_early_inc_range(block->getOps<tensor::CollapseShapeOp>()))
        if (collapse->use_empty())
          collapse->erase();
        else if (auto op = collapse.getSrc().getDefiningOp<linalg::GenericOp>();
                 op && op->getBlock() == block && isElementwise(op))
          expanded.push_back(op);
      fuseIntoEach(expanded, &getContext());
    }
  }
};

} // namespace

} // namespace dlc::fuse
