// Outlines the loop nests of all functions into kernels, alike ones into one.
#include "compiler/kernel/kernel.h"
#include "compiler/kernel/emit.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/StringMap.h"

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

  struct Kernel {
    func::FuncOp function;
    int64_t items;
  };

  void runOnOperation() override {
    llvm::StringMap<Kernel> kernels;
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions) {
      int64_t flops = 0;
      SmallVector<linalg::GenericOp> ops(function.getOps<linalg::GenericOp>());
      for (linalg::GenericOp op : ops)
        flops += callKernel(op, kernels);
      function->setAttr("dlc.flops", Builder(&getContext()).getI64IntegerAttr(flops));
    }
  }

  // Replaces `op` by the call of its kernel and returns its nominal floating-point operations.
  int64_t callKernel(linalg::GenericOp op, llvm::StringMap<Kernel> &kernels) {
    SmallVector<Value> operands;
    Nest nest = makeNest(op, operands), apart = nest;
    int64_t flops = nest.contractionFlops(), work = nest.work();
    collapse(nest);

    auto [entry, isNew] = kernels.try_emplace(fingerprint(nest));
    if (isNew) {
      auto [schedule, cost] = chooseSchedule(nest, processor);
      if (flops > 0)
        collapse(apart, /*keepsWindows=*/true);
      if (flops > 0 && apart.rank() != nest.rank())
        if (auto [other, cheaper] = chooseSchedule(apart, processor); cheaper < cost)
          std::tie(nest, schedule) = std::tie(apart, other);
      auto moduleEnd = OpBuilder::atBlockEnd(getOperation().getBody());
      std::string name = "kernel_" + std::to_string(kernels.size() - 1);
      func::FuncOp kernel = emitKernel(moduleEnd, op.getLoc(), name, nest, schedule);
      kernel->setAttr("dlc.schedule", moduleEnd.getStringAttr(describe(nest, schedule)));
      entry->second = {kernel, itemCount(nest, schedule)};
    }

    OpBuilder b(op);
    SmallVector<Value> arguments;
    for (auto [operand, type] : llvm::zip(operands, nest.buffers)) {
      auto view = operand.getDefiningOp<memref::ViewOp>();
      assert(view && "every buffer is a view of placed memory");
      arguments.push_back(memref::ViewOp::create(b, op.getLoc(), type, view.getSource(),
                                                 view.getByteShift(), ValueRange{}));
    }
    arguments.push_back(arith::ConstantIndexOp::create(b, op.getLoc(), 0));
    arguments.push_back(arith::ConstantIndexOp::create(b, op.getLoc(), entry->second.items));
    auto call = func::CallOp::create(b, op.getLoc(), entry->second.function, arguments);
    call->setAttr("dlc.work", b.getI64IntegerAttr(work));
    op.erase();
    return flops;
  }

  Processor processor;
};

} // namespace

std::unique_ptr<Pass> createKernelPass(const Processor &processor) {
  return std::make_unique<KernelPass>(processor);
}

} // namespace dlc::kernel
