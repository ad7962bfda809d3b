// Makes slopes early. A slope is what the gradient from behind is multiplied with, as
// Phi(x) + x phi(x) for gelu: elementwise, and of nothing but what the loss is made of. Where the
// gradient is made, all that the slope is made of must have been kept; made beside that, only the
// slope is kept. By the rule for products, gradients are sums of products with one gradient from
// behind, which is taken out of the sum first.
#include "compiler/nn/nn.h"
#include "compiler/passes/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_SLOPESPASS
#include "compiler/passes/passes.h.inc"

namespace {

bool isElementwise(Operation *op) { return op->hasTrait<OpTrait::Elementwise>(); }

/// Whether the operation goes into the nests around it, and does not part one from the next.
bool isLight(Operation *op) {
  return isElementwise(op) || isa<nn::ConstantOp, nn::BroadcastOp, nn::ReshapeOp>(op);
}

bool isKept(Value value) { // as nothing else is: arguments and constants are always there
  return value.getDefiningOp() && !value.getDefiningOp<nn::ConstantOp>();
}

int64_t bytesOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

/// What the value is made of by sums and products with constants alone, which are made again.
Value originOf(Value value) {
  Operation *op = value.getDefiningOp();
  if (!isa_and_nonnull<nn::AddOp, nn::SubOp, nn::MulOp, nn::NegOp>(op))
    return value;
  SmallVector<Value> kept = llvm::filter_to_vector(op->getOperands(), isKept);
  return kept.size() == 1 ? originOf(kept.front()) : value;
}

class Slopes {
public:
  explicit Slopes(func::FuncOp function) : function(function), block(function.front()) {}

  void run() {
    findForward();
    if (forward.empty())
      return;
    int64_t now = 0;
    SmallVector<Operation *> roots;
    for (Operation &op : llvm::make_early_inc_range(block)) {
      stage[&op] = now += !isLight(&op);
      if (isSlope(&op))
        slopes.insert(&op);
      else if (auto sum = dyn_cast<nn::AddOp>(op); sum && isBehind(sum))
        factor(sum);
      else if (auto difference = dyn_cast<nn::SubOp>(op); difference && isBehind(difference))
        factor(difference);
    }
    for (Operation *slope : slopes)
      if (isElementwise(slope) && isRoot(slope))
        roots.push_back(slope);
    for (Operation *root : roots)
      if (slopes.contains(root)) // not made early with another
        makeEarly(root);
  }

private:
  /// What the loss is made of.
  void findForward() {
    SetVector<Value> needed;
    for (auto [i, result] : llvm::enumerate(block.getTerminator()->getOperands()))
      if (auto kind = function.getResultAttrOfType<StringAttr>(i, "nn.kind");
          kind && kind.getValue() == "loss")
        needed.insert(result);
    for (Operation &op : llvm::reverse(block)) {
      if (llvm::none_of(op.getResults(), [&](Value result) { return needed.contains(result); }))
        continue;
      forward.insert(&op);
      needed.insert_range(op.getOperands());
      getUsedValuesDefinedAbove(op.getRegions(), needed);
    }
  }

  /// Whether it is a gradient, or made of one.
  bool isBehind(Value value) const {
    return isKept(value) && !forward.contains(value.getDefiningOp()) &&
           !slopes.contains(value.getDefiningOp());
  }

  bool isSlope(Operation *op) const {
    return isLight(op) && !forward.contains(op) &&
           llvm::none_of(op->getOperands(), [&](Value x) { return isBehind(x); });
  }

  // --- g * a + g * b -> g * (a + b), and so for differences ------------------------------------

  /// A gradient times slopes. What nobody else reads is taken apart.
  struct Product {
    Value gradient;
    SmallVector<Value> slopes;
  };

  Product productOf(Value value) const {
    Product product{value, {}};
    while (auto op = product.gradient.getDefiningOp<nn::MulOp>()) {
      bool isA = isBehind(op.getA()), isB = isBehind(op.getB());
      if (isA == isB || !op->hasOneUse())
        break;
      product.slopes.push_back(isA ? op.getB() : op.getA());
      product.gradient = isA ? op.getA() : op.getB();
    }
    return product;
  }

  template <typename OpT> void factor(OpT op) {
    Product a = productOf(op.getA()), b = productOf(op.getB());
    if (a.gradient != b.gradient || a.slopes.empty() || b.slopes.empty())
      return;
    OpBuilder builder(op);
    Location location = nn::withName(op.getLoc(), "");
    auto early = [&](Operation *made) {
      stage[made] = stage.lookup(op);
      slopes.insert(made);
      return made->getResult(0);
    };
    auto multiply = [&](ArrayRef<Value> factors) {
      Value all = factors.back(); // of the innermost product
      for (Value factor : llvm::reverse(factors.drop_back()))
        all = early(nn::MulOp::create(builder, location, all, factor));
      return all;
    };
    Value slope = early(OpT::create(builder, location, multiply(a.slopes), multiply(b.slopes)));
    auto product = nn::MulOp::create(builder, op.getLoc(), a.gradient, slope);
    stage[product] = stage.lookup(op);
    SmallVector<Value> terms{op.getA(), op.getB()};
    op.replaceAllUsesWith(product.getResult());
    op->erase();
    for (Value term : terms)
      eraseProducts(term);
  }

  static void eraseProducts(Value unused) {
    while (unused.use_empty()) {
      auto op = unused.getDefiningOp<nn::MulOp>();
      // The rest of the chain is the operand that is used nowhere else.
      Value a = op.getA(), b = op.getB();
      op->erase();
      unused = a.use_empty() ? a : b;
    }
  }

  // --- what is kept ----------------------------------------------------------------------------

  /// Whether it is needed for more than another slope. A mask costs less to make than to keep.
  bool isRoot(Operation *slope) const {
    return isa<FloatType>(getElementTypeOrSelf(slope->getResult(0))) &&
           llvm::any_of(slope->getUsers(), [&](Operation *user) { return !slopes.contains(user); });
  }

  /// Moves what makes the root to behind what that is made of, if less is kept then.
  void makeEarly(Operation *root) {
    SetVector<Operation *> made;
    SetVector<Value> origins;
    Operation *last = nullptr; // of what it is made of
    made.insert(root);
    for (size_t i = 0; i < made.size(); ++i)
      for (Value operand : llvm::make_filter_range(made[i]->getOperands(), isKept)) {
        Operation *op = operand.getDefiningOp();
        if (slopes.contains(op)) {
          made.insert(op);
          continue;
        }
        origins.insert(originOf(operand));
        last = !last || last->isBeforeInBlock(op) ? op : last;
      }
    int64_t gain = -bytesOf(root->getResult(0));
    for (Value origin : llvm::make_filter_range(origins, isKept))
      if (!isNeededAfter(stage.lookup(last), origin, made))
        gain += bytesOf(origin);
    if (gain <= 0)
      return;
    for (Operation *op : made.getArrayRef())
      for (Value operand : op->getOperands())
        if (auto constant = operand.getDefiningOp<nn::ConstantOp>())
          constant->moveBefore(&block, block.begin());
    SmallVector<Operation *> inOrder = made.takeVector();
    llvm::sort(inOrder, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    for (Operation *op : inOrder) {
      stage[op] = stage.lookup(last);
      slopes.remove(op);
      forward.insert(op);
      op->moveAfter(last);
      last = op;
    }
  }

  /// Whether the value, or what is made of it again, is used behind a stage by others than these.
  bool isNeededAfter(int64_t end, Value value, const SetVector<Operation *> &others) {
    return llvm::any_of(value.getUsers(), [&](Operation *user) {
      if (others.contains(user))
        return false;
      user = block.findAncestorOpInBlock(*user); // of one in a loop
      if (stage.lookup(user) > end || user->hasTrait<OpTrait::IsTerminator>())
        return true;
      return user->getNumResults() == 1 && originOf(user->getResult(0)) == originOf(value) &&
             isNeededAfter(end, user->getResult(0), others);
    });
  }

  func::FuncOp function;
  Block &block;
  DenseSet<Operation *> forward;
  DenseMap<Operation *, int64_t> stage; // operations that are not light so far
  SetVector<Operation *> slopes;
};

struct SlopesPass : impl::SlopesPassBase<SlopesPass> {
  void runOnOperation() override { Slopes(getOperation()).run(); }
};

} // namespace

} // namespace dlc
