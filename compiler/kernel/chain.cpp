// A chain as a function: a loop over items, loops over steps, and calls of the stages' kernels.
#include "compiler/kernel/chain.h"
#include "compiler/kernel/cost.h"
#include "compiler/kernel/emit.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;

namespace dlc::kernel {

static int64_t product(ArrayRef<int64_t> values) {
  int64_t n = 1;
  for (int64_t value : values)
    n *= value;
  return n;
}

int64_t Chain::itemCount() const { return product(items); }

int64_t Chain::stepCount() const { return product(steps); }

std::string describe(const Chain &chain) {
  std::string text = chain.name;
  llvm::raw_string_ostream(text) << " steps " << chain.stepCount() << " items "
                                 << chain.itemCount();
  return text;
}

double chooseSchedules(Chain &chain, const Processor &processor, const Chooser &chooser) {
  double sum = 0;
  chain.forEachStage([&](Chain::Stage &stage) {
    auto [schedule, cost] = chooser.schedule(stage.nest, processor);
    stage.schedule = schedule;
    sum += stage.calls * cost;
  });
  int64_t items = chain.itemCount();
  return sum * items * idleness(items);
}

namespace {

class ChainEmitter {
public:
  ChainEmitter(OpBuilder &builder, Location loc, const Chain &chain,
               llvm::function_ref<func::FuncOp(const Chain::Stage &)> functionOf)
      : b(loc, builder), chain(chain), functionOf(functionOf) {}

  func::FuncOp run(StringRef name) {
    SmallVector<Type> types;
    for (MemRefType type : chain.buffers)
      types.push_back(bytesOf(type));
    types.append(2, b.getIndexType());
    auto function = func::FuncOp::create(b, name, b.getFunctionType(types, {}));
    function.setPrivate();
    Block *entry = function.addEntryBlock();
    b.setInsertionPointToStart(entry);
    for (BlockArgument argument : entry->getArguments().drop_back(2))
      memories.push_back(argument);
    for (MemRefType type : chain.scratch)
      memories.push_back(memref::AllocaOp::create(b, bytesOf(type), b.getI64IntegerAttr(64)));
    ivs.assign(chain.items.size() + chain.steps.size(), Value());
    for (const Chain::Stage &stage : chain.once)
      call(stage);
    auto arguments = entry->getArguments().take_back(2);
    loop(arguments[0], arguments[1], [&](Value item) { emitItem(item); });
    func::ReturnOp::create(b);
    return function;
  }

private:
  ImplicitLocOpBuilder b;
  const Chain &chain;
  llvm::function_ref<func::FuncOp(const Chain::Stage &)> functionOf;
  SmallVector<Value> memories;
  SmallVector<Value> ivs; // of the loops, null where there is one turn

  static int64_t elementBytes(MemRefType type) { return type.getElementTypeBitWidth() / 8; }
  MemRefType bytesOf(MemRefType type) {
    return MemRefType::get({type.getNumElements() * elementBytes(type)}, b.getI8Type());
  }
  Value index(int64_t i) { return arith::ConstantIndexOp::create(b, i); }

  template <typename Body> void loop(Value begin, Value end, Body body) {
    auto forOp = scf::ForOp::create(b, begin, end, index(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    body(forOp.getInductionVar());
  }

  void emitItem(Value item) {
    ivs = turnsOf(b, item, chain.items);
    ivs.append(chain.steps.size(), Value());
    for (const Chain::Stage &stage : chain.before)
      call(stage);
    emitSteps(0);
    for (const Chain::Stage &stage : chain.after)
      call(stage);
  }

  void emitSteps(size_t level) {
    if (level == chain.steps.size()) {
      for (const Chain::Stage &stage : chain.each)
        call(stage);
      return;
    }
    Value &iv = ivs[chain.items.size() + level];
    if (chain.steps[level] == 1)
      return emitSteps(level + 1);
    loop(index(0), index(chain.steps[level]), [&](Value i) {
      iv = i;
      emitSteps(level + 1);
    });
    iv = Value();
  }

  void call(const Chain::Stage &stage) {
    OpBuilder::InsertionGuard guard(b);
    if (auto [turn, loop] = stage.when; turn != Chain::When::Always) {
      int64_t count =
          loop < chain.items.size() ? chain.items[loop] : chain.steps[loop - chain.items.size()];
      assert(ivs[loop] && "a loop of one turn has no last one");
      auto predicate =
          turn == Chain::When::Last ? arith::CmpIPredicate::eq : arith::CmpIPredicate::ne;
      Value isTurn = arith::CmpIOp::create(b, predicate, ivs[loop], index(count - 1));
      auto branch = scf::IfOp::create(b, isTurn, /*withElseRegion=*/false);
      b.setInsertionPointToStart(branch.thenBlock());
    }
    SmallVector<Value> arguments;
    for (auto [operand, type] : llvm::zip_equal(stage.operands, stage.nest.buffers)) {
      Value shift = index(operand.offset * elementBytes(type));
      for (auto [iv, stride] : llvm::zip(ivs, operand.strides))
        if (iv && stride != 0)
          shift = arith::AddIOp::create(
              b, shift, arith::MulIOp::create(b, iv, index(stride * elementBytes(type))));
      arguments.push_back(
          memref::ViewOp::create(b, type, memories[operand.buffer], shift, ValueRange{}));
    }
    arguments.push_back(index(0));
    arguments.push_back(index(itemCount(stage.nest, stage.schedule)));
    func::CallOp::create(b, functionOf(stage), arguments);
  }
};

} // namespace

func::FuncOp emitChain(OpBuilder &builder, Location loc, StringRef name, const Chain &chain,
                       llvm::function_ref<func::FuncOp(const Chain::Stage &)> functionOf) {
  return ChainEmitter(builder, loc, chain, functionOf).run(name);
}

} // namespace dlc::kernel
