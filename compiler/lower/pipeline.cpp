// The passes of the stages `linalg` and `llvm`, in order.
#include "compiler/fuse/fuse.h"
#include "compiler/fuse/layout.h"
#include "compiler/fuse/split.h"
#include "compiler/fuse/tails.h"
#include "compiler/kernel/kernel.h"
#include "compiler/lower/lower.h"
#include "compiler/lower/math.h"
#include "compiler/memory/place.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace dlc::lower {
namespace {

// Drops the operands and results that fusion left unused.
struct TidyPass : PassWrapper<TidyPass, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TidyPass)
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    (void)applyPatternsGreedily(getOperation(), std::move(patterns));
  }
};

// a * b + c as two operations that may become one: only some processors have the one.
struct ExpandMultiplyAdd : OpRewritePattern<math::FmaOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::FmaOp op, PatternRewriter &rewriter) const override {
    auto contract = arith::FastMathFlagsAttr::get(getContext(), arith::FastMathFlags::contract);
    Value product = arith::MulFOp::create(rewriter, op.getLoc(), op.getA(), op.getB(), contract);
    rewriter.replaceOpWithNewOp<arith::AddFOp>(op, product, op.getC(), contract);
    return success();
  }
};

// The elementary functions that run on vectors.
struct MathPass : PassWrapper<MathPass, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(MathPass)
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateMathPatterns(patterns);
    patterns.add<ExpandMultiplyAdd>(&getContext());
    (void)applyPatternsGreedily(getOperation(), std::move(patterns));
  }
};

} // namespace

void addLinalgPasses(OpPassManager &passes) {
  passes.addPass(createCSEPass());
  passes.addPass(createLinalgPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addNestedPass<func::FuncOp>(fuse::createFusePass());
  passes.addNestedPass<func::FuncOp>(std::make_unique<TidyPass>());
  passes.addNestedPass<func::FuncOp>(fuse::createLayoutPass());
  passes.addNestedPass<func::FuncOp>(fuse::createReshapePass());
  passes.addNestedPass<func::FuncOp>(fuse::createSplitPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addNestedPass<func::FuncOp>(fuse::createTailPass());
}

void addLlvmPasses(OpPassManager &passes, const kernel::Processor &processor) {
  passes.addPass(memory::createPlacePass());
  passes.addPass(kernel::createKernelPass(processor));
  passes.addPass(createEntryPass());
  addConversionPasses(passes);
}

void addConversionPasses(OpPassManager &passes) {
  // As much as can be function by function, on all cores.
  OpPassManager &kernels = passes.nest<func::FuncOp>();
  kernels.addPass(std::make_unique<MathPass>());
  kernels.addPass(createCanonicalizerPass());
  kernels.addPass(createCSEPass());
  kernels.addPass(createSCFToControlFlowPass());
  kernels.addPass(createConvertMathToLLVMPass());
  passes.addPass(createConvertMathToLibmPass());
  OpPassManager &rest = passes.nest<func::FuncOp>();
  rest.addPass(createConvertVectorToLLVMPass());
  rest.addPass(memref::createExpandStridedMetadataPass());
  rest.addPass(createArithToLLVMConversionPass());
  rest.addPass(createUBToLLVMConversionPass()); // what became of vectors of several dimensions
  passes.addPass(createFinalizeMemRefToLLVMConversionPass());
  ConvertFuncToLLVMPassOptions calls;
  calls.useBarePtrCallConv = true; // a buffer is its address
  passes.addPass(createConvertFuncToLLVMPass(calls));
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
}

void registerPasses() {
  struct LlvmOptions : PassPipelineOptions<LlvmOptions> {
    Option<unsigned> vectorBytes{*this, "vector-bytes",
                                 llvm::cl::desc("bytes of a vector register"), llvm::cl::init(64)};
    kernel::Processor processor() const {
      return kernel::Processor::withVectorBits(8 * vectorBytes);
    }
  };
  registerPass(createLinalgPass);
  registerPass(fuse::createFusePass);
  registerPass(fuse::createReshapePass);
  registerPass(fuse::createSplitPass);
  registerPass(fuse::createTailPass);
  registerPass(memory::createPlacePass);
  registerPass(createEntryPass);
  PassPipelineRegistration<>("dlc-linalg", "nn to fused linalg on tensors", addLinalgPasses);
  PassPipelineRegistration<LlvmOptions>("dlc-kernels", "placed linalg to kernels",
                                        [](OpPassManager &passes, const LlvmOptions &options) {
                                          passes.addPass(
                                              kernel::createKernelPass(options.processor()));
                                          passes.addPass(createCanonicalizerPass());
                                          passes.addPass(createCSEPass());
                                        });
  PassPipelineRegistration<LlvmOptions>("dlc-llvm", "linalg on tensors to the LLVM dialect",
                                        [](OpPassManager &passes, const LlvmOptions &options) {
                                          addLlvmPasses(passes, options.processor());
                                        });
}

} // namespace dlc::lower
