// Outlines the loop nests of all functions into kernels, alike ones into one.
#include "compiler/kernel/kernel.h"
#include "compiler/kernel/emit.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Parallel.h"

using namespace mlir;

namespace dlc::kernel {
namespace {

struct KernelPass : PassWrapper<KernelPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(KernelPass)
  explicit KernelPass(const Processor &processor) : processor(processor) {}
  StringRef getArgument() const override { return "dlc-kernels"; }
  StringRef getDescription() const override { return "linalg on buffers to calls of kernels"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, func::FuncDialect, memref::MemRefDialect, scf::SCFDialect,
                    vector::VectorDialect>();
  }

  /// One for all ops whose nests are alike.
  struct Kernel {
    Nest nest;
    std::optional<Nest> apart; // another form, whose windows are dimensions by themselves
    Schedule schedule;
    func::FuncOp function;
    Location location;
  };
  /// An op and what its kernel is called with.
  struct Call {
    linalg::GenericOp op;
    SmallVector<Value> operands;
    unsigned kernel = 0;
    int64_t work = 0;
  };

  void runOnOperation() override {
    std::vector<Kernel> kernels;
    std::vector<Call> calls;
    llvm::StringMap<unsigned> numbers;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      int64_t flops = 0;
      for (auto op : function.getOps<linalg::GenericOp>()) {
        Call call;
        call.op = op;
        Nest nest = makeNest(op, call.operands);
        flops += nest.contractionFlops();
        call.work = nest.work();
        std::optional<Nest> apart = formWithWindows(nest);
        collapse(nest);
        auto [entry, isNew] = numbers.try_emplace(fingerprint(nest), kernels.size());
        if (isNew)
          kernels.push_back({nest, apart, {}, {}, op.getLoc()});
        call.kernel = entry->second;
        calls.push_back(std::move(call));
      }
      function->setAttr("dlc.flops", Builder(&getContext()).getI64IntegerAttr(flops));
    }
    // The searches change nothing but their own kernel.
    llvm::parallelFor(0, kernels.size(), [&](size_t i) { schedule(kernels[i]); });
    for (auto [i, kernel] : llvm::enumerate(kernels)) {
      auto moduleEnd = OpBuilder::atBlockEnd(getOperation().getBody());
      std::string name = "kernel_" + std::to_string(i);
      kernel.function = emitKernel(moduleEnd, kernel.location, name, kernel.nest, kernel.schedule);
      kernel.function->setAttr("dlc.schedule",
                               moduleEnd.getStringAttr(describe(kernel.nest, kernel.schedule)));
    }
    for (Call &call : calls)
      replace(call, kernels[call.kernel]);
  }

  static std::optional<Nest> formWithWindows(const Nest &nest) {
    if (nest.contractionFlops() == 0 || !nest.body->getOps<linalg::IndexOp>().empty())
      return std::nullopt;
    Nest apart = nest, whole = nest;
    collapse(apart, /*keepsWindows=*/true);
    collapse(whole);
    return apart.rank() == whole.rank() ? std::nullopt : std::optional(apart);
  }

  // Chooses how the nest runs, and in which of its forms.
  void schedule(Kernel &kernel) const {
    double cost;
    std::tie(kernel.schedule, cost) = chooseSchedule(kernel.nest, processor);
    if (!kernel.apart)
      return;
    if (auto [other, cheaper] = chooseSchedule(*kernel.apart, processor); cheaper < cost)
      std::tie(kernel.nest, kernel.schedule) = std::tie(*kernel.apart, other);
  }

  void replace(Call &call, const Kernel &kernel) const {
    OpBuilder b(call.op);
    Location loc = call.op.getLoc();
    SmallVector<Value> arguments;
    for (auto [operand, type] : llvm::zip(call.operands, kernel.nest.buffers)) {
      auto view = operand.getDefiningOp<memref::ViewOp>();
      assert(view && "every buffer is a view of placed memory");
      arguments.push_back(memref::ViewOp::create(b, loc, type, view.getSource(),
                                                 view.getByteShift(), ValueRange{}));
    }
    arguments.push_back(arith::ConstantIndexOp::create(b, loc, 0));
    arguments.push_back(
        arith::ConstantIndexOp::create(b, loc, itemCount(kernel.nest, kernel.schedule)));
    auto function = func::CallOp::create(b, loc, kernel.function, arguments);
    function->setAttr("dlc.work", b.getI64IntegerAttr(call.work));
    call.op.erase();
  }

  Processor processor;
};

} // namespace

std::unique_ptr<Pass> createKernelPass(const Processor &processor) {
  return std::make_unique<KernelPass>(processor);
}

} // namespace dlc::kernel
