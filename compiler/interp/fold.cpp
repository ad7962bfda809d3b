// What depends on no argument is computed by the compiler: position codes, windows, filter banks.
#include "compiler/interp/evaluate.h"
#include "compiler/nn/nn.h"
#include "compiler/passes/passes.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_FOLDPASS
#include "compiler/passes/passes.h.inc"

namespace {

int64_t countOf(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }

/// The numbers in an element type; one number if all are the same.
DenseElementsAttr attributeOf(const interp::Tensor &tensor, RankedTensorType type) {
  Type element = type.getElementType();
  SmallVector<Attribute> numbers;
  bool isSplat = llvm::all_equal(tensor.numbers);
  for (double number : ArrayRef(tensor.numbers).take_front(isSplat ? 1 : tensor.size()))
    numbers.push_back(isa<FloatType>(element)
                          ? Attribute(FloatAttr::get(element, number))
                          : IntegerAttr::get(element, static_cast<int64_t>(number)));
  return DenseElementsAttr::get(type, numbers);
}

struct FoldPass : impl::FoldPassBase<FoldPass> {
  using FoldPassBase::FoldPassBase;

  void runOnOperation() override {
    function = getOperation();
    SmallVector<Operation *> order;
    function.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (!isKnown(op))
        return WalkResult::advance();
      order.push_back(op);
      return WalkResult::skip(); // what is in it is known with it
    });
    SetVector<Operation *> roots;
    for (Operation *op : order)
      if (llvm::any_of(op->getUsers(), [&](Operation *user) { return !isInKnown(user); }))
        addRoot(op, roots);
    for (Operation *root : roots)
      if (failed(fold(root)))
        return signalPassFailure();
  }

  bool isInKnown(Operation *op) const {
    for (; op && op != function; op = op->getParentOp())
      if (known.contains(op))
        return true;
    return false;
  }

  /// Whether all that the operation takes is known, and it is worth its room. Notes whether its
  /// numbers differ.
  bool isKnown(Operation *op) {
    if (!isa_and_nonnull<nn::NnDialect>(op->getDialect()) || op->getNumResults() == 0 ||
        !llvm::all_of(op->getResults(), [&](Value value) { return countOf(value) <= largest; }))
      return false;
    bool isKnown = true, isVaried = isa<nn::LoopOp>(op);
    op->walk([&](Operation *inner) {
      StringRef name = inner->getName().stripDialect();
      if (!inner->hasTrait<OpTrait::IsTerminator>())
        isKnown &=
            isa<nn::ConstantOp>(inner) ||
            (interp::canEvaluate(name) && inner->getNumOperands() + inner->getNumRegions() > 0);
      for (Value operand : inner->getOperands()) {
        Operation *from = operand.getDefiningOp();
        bool isOfOp = op != inner && op->isAncestor(operand.getParentBlock()->getParentOp());
        isKnown &= isOfOp || (from && known.contains(from));
        isVaried |= !isOfOp && from && varied.contains(from);
      }
    });
    if (isa<nn::ConstantOp>(op))
      isVaried = !matchPattern(op, m_Constant<SplatElementsAttr>(nullptr));
    if (isKnown)
      known.insert(op);
    if (isKnown && isVaried)
      varied.insert(op);
    return isKnown;
  }

  /// A broadcast is not worth its room: what it repeats is computed.
  void addRoot(Operation *op, SetVector<Operation *> &roots) {
    if (isa<nn::BroadcastOp>(op))
      return addRoot(op->getOperand(0).getDefiningOp(), roots);
    if (varied.contains(op) && !isa<nn::ConstantOp>(op))
      roots.insert(op);
  }

  LogicalResult fold(Operation *root) {
    SetVector<Operation *> needed;
    collect(root, needed);
    OpBuilder builder(&getContext());
    OwningOpRef<func::FuncOp> run = func::FuncOp::create(
        root->getLoc(), "fold", builder.getFunctionType({}, root->getResultTypes()));
    builder.setInsertionPointToStart(run->addEntryBlock());
    IRMapping copies;
    for (Operation *op : needed)
      builder.clone(*op, copies);
    SmallVector<Value> results;
    for (Value result : root->getResults())
      results.push_back(copies.lookup(result));
    func::ReturnOp::create(builder, root->getLoc(), results);
    auto tensors = interp::evaluate(*run, {});
    if (failed(tensors))
      return failure();
    builder.setInsertionPoint(root);
    for (auto [result, tensor] : llvm::zip_equal(root->getResults(), *tensors)) {
      auto type = cast<RankedTensorType>(result.getType());
      result.replaceAllUsesWith(
          nn::ConstantOp::create(builder, root->getLoc(), attributeOf(tensor, type)));
    }
    return success();
  }

  /// The operation and all that it takes, each after what it takes.
  void collect(Operation *op, SetVector<Operation *> &needed) {
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (Operation *from = operand.getDefiningOp();
            from && !op->isAncestor(from) && !needed.contains(from))
          collect(from, needed);
    });
    needed.insert(op);
  }

  func::FuncOp function;
  DenseSet<Operation *> known, varied;
};

} // namespace
} // namespace dlc
