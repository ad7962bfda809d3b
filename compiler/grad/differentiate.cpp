// Reverse-mode differentiation of functions of `nn` operations.
#include "compiler/grad/differentiate.h"
#include "compiler/passes/passes.h"

#include "compiler/nn/nn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_DIFFERENTIATEPASS
#include "compiler/passes/passes.h.inc"

} // namespace dlc

namespace dlc::grad {

namespace {

bool isReal(Value value) { return isa<FloatType>(getElementTypeOrSelf(value.getType())); }

/// One reverse walk over a block.
class Walk {
public:
  explicit Walk(OpBuilder &builder) : builder(builder), block(builder.getInsertionBlock()) {}

  /// Marks what depends on the targets; only there gradients are needed.
  void activate(ArrayRef<Value> targets) {
    active.insert(targets.begin(), targets.end());
    for (Operation &op : *block)
      if (!isa<nn::StopGradientOp>(op) &&
          llvm::any_of(op.getOperands(), [&](Value x) { return active.contains(x); }))
        for (Value y : op.getResults())
          if (isReal(y))
            active.insert(y);
  }

  /// What reaches a value by several ways adds up.
  void add(Value value, Value gradient) {
    Value &sum = gradients[value];
    sum = sum ? nn::AddOp::create(builder, nn::withName(value.getLoc(), ""), sum, gradient)
              : gradient;
  }

  /// Operations come before their users, so at an operation all that reaches its result is there.
  LogicalResult backwards(Operation *last) {
    for (Operation *op = last; op; op = op->getPrevNode())
      for (Value y : op->getResults())
        if (active.contains(y) && gradients.contains(y) && failed(apply(op, y, finished(y))))
          return failure();
    return success();
  }

  /// The whole gradient of a value, with its name; null if there is none.
  Value finished(Value value) {
    Value gradient = gradients.lookup(value);
    StringRef name = nn::nameIn(value.getLoc());
    if (gradient && !name.empty())
      gradient.setLoc(nn::addName(gradient.getLoc(), ("d(" + name + ")").str()));
    return gradient;
  }

private:
  LogicalResult apply(Operation *op, Value y, Value dy) {
    auto differentiable = dyn_cast<Differentiable>(op);
    if (!differentiable)
      return op->emitError() << "`" << op->getName() << "` has no gradient rule";
    Formula formula(builder, nn::withName(op->getLoc(), ""));
    Gradients all = differentiable.gradients(formula, dy);
    for (auto [x, dx] : llvm::zip_equal(op->getOperands(), all)) {
      if (!active.contains(x))
        continue;
      if (dx.isRefused())
        return op->emitError() << "`" << op->getName()
                               << "` cannot be differentiated here: " << dx.refusal();
      if (dx.get())
        add(x, dx.get());
    }
    return success();
  }

  OpBuilder &builder;
  Block *block;
  DenseSet<Value> active;
  DenseMap<Value, Value> gradients;
};

} // namespace

FailureOr<SmallVector<Value>> backpropagate(OpBuilder &builder, ArrayRef<Seed> seeds,
                                            ArrayRef<Value> targets) {
  Walk walk(builder);
  walk.activate(targets);
  Block::iterator place = builder.getInsertionPoint();
  Operation *last = place == builder.getInsertionBlock()->begin() ? nullptr : &*std::prev(place);
  for (const Seed &seed : seeds)
    walk.add(seed.value, seed.gradient);
  if (failed(walk.backwards(last)))
    return failure();
  return llvm::map_to_vector(targets, [&](Value target) { return walk.finished(target); });
}

// --- the pass ----------------------------------------------------------------------------------

namespace {

StringRef kindOf(DictionaryAttr attributes) {
  auto kind = attributes ? attributes.getAs<StringAttr>("nn.kind") : StringAttr();
  return kind ? kind.getValue() : "";
}

/// Rules also make gradients that nobody asked for.
void eraseUnused(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

struct DifferentiatePass : impl::DifferentiatePassBase<DifferentiatePass> {
  void runOnOperation() override {
    auto train = getOperation().lookupSymbol<func::FuncOp>("train");
    if (train && failed(differentiate(train)))
      signalPassFailure();
  }

  LogicalResult differentiate(func::FuncOp train) {
    if (!train.getBody().hasOneBlock())
      return train.emitError("only a function of one block can be differentiated");
    Block &block = train.getBody().front();
    auto results = cast<func::ReturnOp>(block.getTerminator());

    std::optional<unsigned> loss;
    for (unsigned i = 0; i < train.getNumResults(); ++i)
      if (kindOf(train.getResultAttrDict(i)) == "loss")
        loss = i;
    if (!loss)
      return train.emitError("@train has no result of nn.kind = \"loss\" to differentiate");
    SmallVector<unsigned> params;
    for (unsigned i = 0; i < train.getNumArguments(); ++i)
      if (kindOf(train.getArgAttrDict(i)) == "param")
        params.push_back(i);

    OpBuilder builder(results);
    Value lossValue = results.getOperand(*loss);
    Formula formula(builder, nn::withName(lossValue.getLoc(), ""));
    SmallVector<Value> targets;
    for (unsigned i : params)
      targets.push_back(train.getArgument(i));
    auto gradients =
        backpropagate(builder, Seed{lossValue, formula.constant(1, lossValue)}, targets);
    if (failed(gradients))
      return failure();

    for (auto [index, param, gradient] : llvm::enumerate(params, *gradients)) {
      Value weight = train.getArgument(param);
      auto name = train.getArgAttrOfType<StringAttr>(param, "nn.name");
      if (!gradient) {
        emitWarning(weight.getLoc())
            << "the loss does not depend on the weight `" << (name ? name.getValue() : "?")
            << "`: its gradient is zero and training will not change it";
        gradient = Formula(builder, nn::withName(weight.getLoc(), "")).constant(0, weight);
      }
      results.getOperandsMutable().append(gradient);
      SmallVector<NamedAttribute> attributes = {
          builder.getNamedAttr("nn.kind", builder.getStringAttr("gradient")),
          builder.getNamedAttr("nn.index", builder.getI64IntegerAttr(index))};
      if (name)
        attributes.push_back(builder.getNamedAttr("nn.name", name));
      if (failed(train.insertResult(train.getNumResults(), weight.getType(),
                                    builder.getDictionaryAttr(attributes))))
        return failure();
    }
    eraseUnused(block);
    train.setSymName("step");
    return success();
  }
};

} // namespace

} // namespace dlc::grad
