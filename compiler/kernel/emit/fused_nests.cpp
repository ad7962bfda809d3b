// Fused nests as a function: a loop over items, loops over steps, and calls of the nests' kernels.
#include "compiler/kernel/emit/emit.h"
#include "compiler/target/layout.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;

namespace dlc::kernel {

namespace {

class FusedNestsEmitter {
public:
  FusedNestsEmitter(OpBuilder &builder, Location loc, const FusedNests &fused,
                    llvm::function_ref<func::FuncOp(const FusedNests::Member &)> functionOf)
      : b(loc, builder), fused(fused), functionOf(functionOf) {}

  func::FuncOp run(StringRef name) {
    SmallVector<Type> types;
    for (MemRefType type : fused.buffers)
      types.push_back(bytesOf(type));
    types.append(2, b.getIndexType());
    auto function = func::FuncOp::create(b, name, b.getFunctionType(types, {}));
    function.setPrivate();
    Block *entry = function.addEntryBlock();
    b.setInsertionPointToStart(entry);
    for (BlockArgument argument : entry->getArguments().drop_back(2))
      memories.push_back(argument);
    for (MemRefType type : fused.scratch)
      memories.push_back(
          memref::AllocaOp::create(b, bytesOf(type), b.getI64IntegerAttr(DLC_ALIGNMENT)));
    ivs.assign(fused.items.size() + fused.steps.size(), Value());
    for (const FusedNests::Member &member : fused.once)
      call(member);
    auto arguments = entry->getArguments().take_back(2);
    loop(arguments[0], arguments[1], [&](Value item) { emitItem(item); });
    func::ReturnOp::create(b);
    return function;
  }

private:
  ImplicitLocOpBuilder b;
  const FusedNests &fused;
  llvm::function_ref<func::FuncOp(const FusedNests::Member &)> functionOf;
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
    ivs = turnsOf(b, item, fused.items);
    ivs.append(fused.steps.size(), Value());
    for (const FusedNests::Member &member : fused.before)
      call(member);
    emitSteps(0);
    for (const FusedNests::Member &member : fused.after)
      call(member);
  }

  void emitSteps(size_t level) {
    if (level == fused.steps.size()) {
      for (const FusedNests::Member &member : fused.each)
        call(member);
      return;
    }
    Value &iv = ivs[fused.items.size() + level];
    if (fused.steps[level] == 1)
      return emitSteps(level + 1);
    loop(index(0), index(fused.steps[level]), [&](Value i) {
      iv = i;
      emitSteps(level + 1);
    });
    iv = Value();
  }

  void call(const FusedNests::Member &member) {
    OpBuilder::InsertionGuard guard(b);
    if (auto [turn, loop] = member.when; turn != FusedNests::When::Always) {
      int64_t count =
          loop < fused.items.size() ? fused.items[loop] : fused.steps[loop - fused.items.size()];
      assert(ivs[loop] && "a loop of one turn has no last one");
      auto predicate =
          turn == FusedNests::When::Last ? arith::CmpIPredicate::eq : arith::CmpIPredicate::ne;
      Value isTurn = arith::CmpIOp::create(b, predicate, ivs[loop], index(count - 1));
      auto branch = scf::IfOp::create(b, isTurn, /*withElseRegion=*/false);
      b.setInsertionPointToStart(branch.thenBlock());
    }
    SmallVector<Value> arguments;
    for (auto [operand, type] : llvm::zip_equal(member.operands, member.nest.buffers)) {
      Value shift = index(operand.offset * elementBytes(type));
      for (auto [iv, stride] : llvm::zip(ivs, operand.strides))
        if (iv && stride != 0)
          shift = arith::AddIOp::create(
              b, shift, arith::MulIOp::create(b, iv, index(stride * elementBytes(type))));
      arguments.push_back(
          memref::ViewOp::create(b, type, memories[operand.buffer], shift, ValueRange{}));
    }
    arguments.push_back(index(0));
    arguments.push_back(index(itemCount(member.nest, member.schedule)));
    func::CallOp::create(b, functionOf(member), arguments);
  }
};

} // namespace

func::FuncOp
emitFusedNests(OpBuilder &builder, Location loc, StringRef name, const FusedNests &fused,
               llvm::function_ref<func::FuncOp(const FusedNests::Member &)> functionOf) {
  return FusedNestsEmitter(builder, loc, fused, functionOf).run(name);
}

} // namespace dlc::kernel
