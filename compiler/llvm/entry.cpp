// The entry points: they find the buffers of a call, and run its kernels one after the other, each
// on the call's thread pool if it has work for several threads.
#include "compiler/contract/contract.h"
#include "compiler/passes/passes.h"
#include "compiler/target/call.h"
#include "compiler/target/target.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "runtime/include/dlc/model.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_ENTRYPASS
#include "compiler/passes/passes.h.inc"

} // namespace dlc

namespace dlc::lower {
namespace {

using contract::BufferKind;

// Writes one entry point, and the form of its kernels that a thread pool can call.
class EntryBuilder {
public:
  EntryBuilder(ModuleOp module) : module(module), b(module.getLoc(), module.getContext()) {}

  LogicalResult build(func::FuncOp function) {
    bool isUpdate = function.getName() == "update";
    auto fields = isUpdate ? ArrayRef(kUpdateFields) : ArrayRef(kCallFields);
    SmallVector<Type> arguments{pointer()};
    bool hasTrace = llvm::any_of(function.getArguments(), [&](BlockArgument a) {
      return kindOf(function, a) == BufferKind::Trace;
    });
    if (hasTrace)
      arguments.push_back(pointer());
    b.setLoc(function.getLoc());
    b.setInsertionPoint(function);
    auto entry = func::FuncOp::create(b, ("dlc_" + function.getName()).str(),
                                      b.getFunctionType(arguments, {}));
    b.setInsertionPointToStart(entry.addEntryBlock());
    Value call = entry.getArgument(0);
    parallel = load(at(call, fieldOf(fields, "parallel")->offset));
    pool = load(at(call, fieldOf(fields, "pool")->offset));
    addresses.clear();
    for (BlockArgument argument : function.getArguments()) {
      contract::BufferAttr buffer = contract::bufferOf(function, argument.getArgNumber());
      if (buffer.getKind() == BufferKind::Trace) {
        addresses[argument] = entry.getArgument(1);
        continue;
      }
      auto field = fieldOf(fields, contract::stringifyBufferKind(buffer.getKind()));
      if (!field)
        return function.emitError("has no buffer ") << buffer << " in its call";
      addresses[argument] = address(call, *field, buffer.getIndex());
    }
    makeTable(function);
    numbers.clear();
    buildBlock(function.front());
    func::ReturnOp::create(b);
    contract::set<contract::ArenaBytes>(entry, contract::get<contract::ArenaBytes>(function));
    contract::set<contract::Flops>(entry, contract::get<contract::Flops>(function));
    return success();
  }

private:
  ModuleOp module;
  ImplicitLocOpBuilder b;
  llvm::MapVector<Value, Value> addresses; // of the buffers
  IRMapping numbers;                       // of turns and of bytes, in loops
  Value parallel, pool;
  Value table; // the addresses that a kernel is given
  int sharedLoops = 0;
  bool isShared = false; // within the turns of a loop that threads share

  LLVM::LLVMPointerType pointer() { return LLVM::LLVMPointerType::get(b.getContext()); }
  Value integer(int64_t i) {
    return LLVM::ConstantOp::create(b, b.getI64Type(), b.getI64IntegerAttr(i));
  }
  Value load(Value address) { return LLVM::LoadOp::create(b, pointer(), address); }
  Value at(Value address, int64_t bytes) {
    if (bytes == 0)
      return address;
    return LLVM::GEPOp::create(b, pointer(), b.getI8Type(), address, ValueRange{integer(bytes)});
  }

  Value at(Value address, Value bytes) {
    if (std::optional<int64_t> constant = getConstantIntValue(bytes))
      return at(address, *constant);
    Value distance = arith::IndexCastOp::create(b, b.getI64Type(), number(bytes));
    return LLVM::GEPOp::create(b, pointer(), b.getI8Type(), address, ValueRange{distance});
  }

  static BufferKind kindOf(func::FuncOp function, BlockArgument argument) {
    return contract::bufferOf(function, argument.getArgNumber()).getKind();
  }

  Value address(Value call, const LocatedField &field, int64_t index) {
    Value place = at(call, field.offset);
    if (field.form == CallField::Inside)
      return place;
    Value first = load(place);
    return field.form == CallField::Pointer ? first : load(at(first, index * kPointerBytes));
  }

  void buildBlock(Block &block) {
    for (Operation &op : block) {
      b.setLoc(op.getLoc());
      if (auto global = dyn_cast<memref::GetGlobalOp>(op)) {
        Value copy = b.clone(*global)->getResult(0);
        Value bits = memref::ExtractAlignedPointerAsIndexOp::create(b, copy);
        Value address = arith::IndexCastOp::create(b, b.getI64Type(), bits);
        addresses[global] = LLVM::IntToPtrOp::create(b, pointer(), ValueRange{address});
      } else if (auto call = dyn_cast<func::CallOp>(op)) {
        buildCall(call);
      } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
        buildLoop(loop);
      } else if (auto guard = dyn_cast<contract::GuardOp>(op)) {
        buildGuard(guard); // what comes next in the turn stands within its branch
      } else if (isa<arith::AddIOp, arith::MulIOp, arith::SubIOp>(op)) { // of a turn's number
        for (Value operand : op.getOperands())
          number(operand);
        b.clone(op, numbers);
      }
    }
  }

  void buildLoop(scf::ForOp loop) {
    if (contract::get<contract::Shared>(loop))
      return buildSharedLoop(loop);
    auto copy = scf::ForOp::create(b, number(loop.getLowerBound()), number(loop.getUpperBound()),
                                   number(loop.getStep()));
    numbers.map(loop.getInductionVar(), copy.getInductionVar());
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(copy.getBody()->getTerminator());
    buildBlock(*loop.getBody());
  }

  // The insertion point is then where the turn goes on.
  void buildGuard(contract::GuardOp guard) {
    auto view = guard.getMask().getDefiningOp<memref::ViewOp>();
    int64_t count = view.getType().getNumElements();
    Value mask = at(addresses.lookup(view.getSource()), view.getByteShift());
    auto index = [&](int64_t i) { return arith::ConstantIndexOp::create(b, i).getResult(); };
    Value none = LLVM::ConstantOp::create(b, b.getI8Type(), b.getI8IntegerAttr(0));
    auto any = scf::ForOp::create(
        b, index(0), index(count), index(1), none,
        [&](OpBuilder &inner, Location location, Value i, ValueRange sum) {
          OpBuilder::InsertionGuard saved(b);
          b.setInsertionPointToEnd(inner.getInsertionBlock());
          Value distance = arith::IndexCastOp::create(b, b.getI64Type(), i);
          Value place =
              LLVM::GEPOp::create(b, pointer(), b.getI8Type(), mask, ValueRange{distance});
          Value one = LLVM::LoadOp::create(b, b.getI8Type(), place);
          scf::YieldOp::create(b, arith::OrIOp::create(b, sum[0], one).getResult());
        });
    Value isTrue = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, any.getResult(0), none);
    auto branch = scf::IfOp::create(b, isTrue, /*withElseRegion=*/true);
    b.setInsertionPoint(branch.elseBlock()->getTerminator());
    buildBlock(guard.getOtherwise().front());
    b.setInsertionPoint(branch.thenBlock()->getTerminator());
  }

  // A loop that threads share becomes a function like a kernel, whose items are the turns. It is
  // given the addresses of the buffers, and the numbers of the turns around it.
  void buildSharedLoop(scf::ForOp loop) {
    SmallVector<Value> buffers, outer;
    for (auto &[buffer, address] : addresses)
      buffers.push_back(buffer);
    loop.walk([&](Operation *op) {
      for (Value operand : op->getOperands())
        if (operand.getType().isIndex() && !getConstantIntValue(operand) &&
            !loop->isAncestor(operand.getParentRegion()->getParentOp()) &&
            !llvm::is_contained(outer, operand))
          outer.push_back(operand);
    });
    Value shared =
        LLVM::AllocaOp::create(b, pointer(), pointer(), integer(buffers.size() + outer.size()));
    for (auto [i, buffer] : llvm::enumerate(buffers))
      LLVM::StoreOp::create(b, addresses.lookup(buffer), at(shared, i * kPointerBytes));
    for (auto [i, turn] : llvm::enumerate(outer)) {
      Value bits = arith::IndexCastOp::create(b, b.getI64Type(), number(turn));
      LLVM::StoreOp::create(b, LLVM::IntToPtrOp::create(b, pointer(), bits),
                            at(shared, (buffers.size() + i) * kPointerBytes));
    }
    func::FuncOp turns = buildTurns(loop, buffers, outer);
    int64_t count = *getConstantIntValue(loop.getUpperBound());
    run(turns, shared, count, workOf(loop));
  }

  func::FuncOp buildTurns(scf::ForOp loop, ArrayRef<Value> buffers, ArrayRef<Value> outer) {
    OpBuilder::InsertionGuard guard(b);
    auto entry = b.getInsertionBlock()->getParentOp();
    if (!isa<func::FuncOp>(entry))
      entry = entry->getParentOfType<func::FuncOp>();
    b.setInsertionPointAfter(entry);
    std::string name =
        (cast<func::FuncOp>(entry).getName() + "_turns_" + std::to_string(sharedLoops++)).str();
    auto function = func::FuncOp::create(
        b, name, b.getFunctionType({pointer(), b.getI64Type(), b.getI64Type()}, {}));
    function.setPrivate();
    function->setAttr("llvm.linkage",
                      LLVM::LinkageAttr::get(b.getContext(), LLVM::Linkage::Internal));
    b.setInsertionPointToStart(function.addEntryBlock());
    llvm::SaveAndRestore savedAddresses(addresses);
    llvm::SaveAndRestore savedNumbers(numbers);
    llvm::SaveAndRestore savedTable(table);
    llvm::SaveAndRestore savedShared(isShared, true);
    Value shared = function.getArgument(0);
    for (auto [i, buffer] : llvm::enumerate(buffers))
      addresses[buffer] = load(at(shared, i * kPointerBytes));
    numbers.clear();
    for (auto [i, turn] : llvm::enumerate(outer)) {
      Value bits = LLVM::PtrToIntOp::create(b, b.getI64Type(),
                                            load(at(shared, (buffers.size() + i) * kPointerBytes)));
      numbers.map(turn, arith::IndexCastOp::create(b, b.getIndexType(), bits).getResult());
    }
    makeTable(loop->getParentOfType<func::FuncOp>());
    auto bound = [&](unsigned i) {
      return arith::IndexCastOp::create(b, b.getIndexType(), function.getArgument(i)).getResult();
    };
    auto copy =
        scf::ForOp::create(b, bound(1), bound(2), arith::ConstantIndexOp::create(b, 1).getResult());
    func::ReturnOp::create(b);
    numbers.map(loop.getInductionVar(), copy.getInductionVar());
    b.setInsertionPoint(copy.getBody()->getTerminator());
    buildBlock(*loop.getBody());
    return function;
  }

  // Of all turns of a loop.
  static int64_t workOf(scf::ForOp loop) {
    int64_t work = 0;
    for (Operation &op : *loop.getBody())
      if (auto inner = dyn_cast<scf::ForOp>(op))
        work += workOf(inner);
      else if (isa<func::CallOp>(op))
        work += contract::get<contract::Work>(&op).getInt();
    return work * *getConstantIntValue(loop.getUpperBound());
  }

  // A number of the function in the entry point.
  Value number(Value value) {
    if (std::optional<int64_t> constant = getConstantIntValue(value))
      numbers.map(value, arith::ConstantIndexOp::create(b, *constant).getResult());
    return numbers.lookup(value);
  }

  void makeTable(func::FuncOp function) {
    unsigned most = 1;
    function.walk([&](func::CallOp call) { most = std::max(most, call.getNumOperands()); });
    table = LLVM::AllocaOp::create(b, pointer(), pointer(), integer(most));
  }

  void buildCall(func::CallOp call) {
    OperandRange operands = call.getOperands();
    ValueRange buffers = operands.drop_back(2);
    for (auto [i, buffer] : llvm::enumerate(buffers)) {
      auto view = buffer.getDefiningOp<memref::ViewOp>();
      LLVM::StoreOp::create(b, at(addresses.lookup(view.getSource()), view.getByteShift()),
                            at(table, i * kPointerBytes));
    }
    int64_t items = *getConstantIntValue(operands.back());
    int64_t work = contract::get<contract::Work>(call).getInt();
    run(withTable(module.lookupSymbol<func::FuncOp>(call.getCallee())), table, items, work);
  }

  // Calls a `dlc_kernel` for all its items, on the pool if that is worth it.
  void run(func::FuncOp kernel, Value table, int64_t items, int64_t work) {
    if (items == 1 || work < DLC_PARALLEL_WORK || isShared) {
      func::CallOp::create(b, kernel, ValueRange{table, integer(0), integer(items)});
      return;
    }
    Value function = func::ConstantOp::create(b, kernel.getFunctionType(), kernel.getName());
    Value address = UnrealizedConversionCastOp::create(b, pointer(), function).getResult(0);
    auto type = LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(b.getContext()),
        {pointer(), pointer(), pointer(), b.getI64Type(), b.getI64Type()});
    LLVM::CallOp::create(b, type,
                         ValueRange{parallel, pool, address, table, integer(items), integer(work)});
  }

  // The kernel as a `dlc_kernel`: void(void *const *buffers, int64_t begin, int64_t end).
  func::FuncOp withTable(func::FuncOp kernel) {
    std::string name = (kernel.getName() + "_items").str();
    if (auto known = module.lookupSymbol<func::FuncOp>(name))
      return known;
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointAfter(kernel);
    auto type = b.getFunctionType({pointer(), b.getI64Type(), b.getI64Type()}, {});
    auto function = func::FuncOp::create(b, name, type);
    function.setPrivate();
    b.setInsertionPointToStart(function.addEntryBlock());
    SmallVector<Value> arguments;
    for (auto [i, argument] : llvm::enumerate(kernel.getArgumentTypes().drop_back(2)))
      arguments.push_back(asMemRef(load(at(function.getArgument(0), i * kPointerBytes)),
                                   cast<MemRefType>(argument)));
    for (unsigned i : {1, 2})
      arguments.push_back(arith::IndexCastOp::create(b, b.getIndexType(), function.getArgument(i)));
    func::CallOp::create(b, kernel, arguments);
    func::ReturnOp::create(b);
    auto internal = LLVM::LinkageAttr::get(b.getContext(), LLVM::Linkage::Internal);
    for (func::FuncOp f : {kernel, function})
      f->setAttr("llvm.linkage", internal);
    return function;
  }

  // The flat buffer at an address: the descriptor that memrefs are lowered to.
  Value asMemRef(Value address, MemRefType type) {
    Type i64 = b.getI64Type();
    Type one = LLVM::LLVMArrayType::get(i64, 1);
    auto descriptor =
        LLVM::LLVMStructType::getLiteral(b.getContext(), {pointer(), pointer(), i64, one, one});
    Value value = LLVM::PoisonOp::create(b, descriptor);
    auto insert = [&](Value part, ArrayRef<int64_t> position) {
      value = LLVM::InsertValueOp::create(b, value, part, position);
    };
    insert(address, {0});
    insert(address, {1});
    insert(integer(0), {2});
    insert(integer(type.getNumElements()), {3, 0});
    insert(integer(1), {4, 0});
    return UnrealizedConversionCastOp::create(b, type, value).getResult(0);
  }
};

struct EntryPass : impl::EntryPassBase<EntryPass> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> functions;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (contract::get<contract::ArenaBytes>(function))
        functions.push_back(function);
    EntryBuilder builder(getOperation());
    for (func::FuncOp function : functions) {
      if (failed(builder.build(function)))
        return signalPassFailure();
      function.erase();
    }
  }
};

} // namespace

} // namespace dlc::lower
