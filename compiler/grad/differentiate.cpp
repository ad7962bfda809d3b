// Reverse-mode differentiation of functions of `nn` operations.
#include "compiler/grad/differentiate.h"
#include "compiler/grad/sweep.h"
#include "compiler/nn/nn.h"
#include "compiler/passes/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_DIFFERENTIATEPASS
#include "compiler/passes/passes.h.inc"

} // namespace dlc

namespace dlc::grad {

FailureOr<SmallVector<Value>> backpropagate(OpBuilder &builder, ArrayRef<Seed> seeds,
                                            ArrayRef<Value> targets) {
  // What is the same in every turn need not be saved in every turn.
  builder.getInsertionBlock()->walk([](nn::LoopOp loop) {
    for (Operation *op : loop.getInvariants())
      op->moveBefore(loop);
  });
  DenseSet<Value> active(targets.begin(), targets.end());
  activate(*builder.getInsertionBlock(), active);
  Sweep sweep(builder, active);
  Block::iterator place = builder.getInsertionPoint();
  Operation *last = place == builder.getInsertionBlock()->begin() ? nullptr : &*std::prev(place);
  for (const Seed &seed : seeds)
    sweep.add(seed.value, seed.gradient);
  if (failed(sweep.backwards(last)))
    return failure();
  return llvm::map_to_vector(targets, [&](Value target) { return sweep.finished(target); });
}

// --- the pass ----------------------------------------------------------------------------------

namespace {

StringRef kindOf(DictionaryAttr attributes) {
  auto kind = attributes ? attributes.getAs<StringAttr>("nn.kind") : StringAttr();
  return kind ? kind.getValue() : "";
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
