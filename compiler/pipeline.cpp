// The passes of each stage, in order.
#include "compiler/pipeline.h"
#include "compiler/kernel/pass.h"
#include "compiler/passes/passes.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace dlc {

#define GEN_PASS_REGISTRATION
#include "compiler/passes/passes.h.inc"

void addGradPasses(OpPassManager &passes) { passes.addPass(createDifferentiatePass()); }

void addFusedPasses(OpPassManager &passes) {
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(createCanonicalizerPass()); // x + x shows only when both are one value
  passes.addNestedPass<func::FuncOp>(createFoldPass());
  passes.addPass(createCanonicalizerPass());
}

void addLinalgPasses(OpPassManager &passes) {
  passes.addPass(createCSEPass());
  passes.addNestedPass<func::FuncOp>(createSlopesPass());
  passes.addPass(createLinalgPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addNestedPass<func::FuncOp>(createFusePass());
  passes.addNestedPass<func::FuncOp>(createTidyPass());
  passes.addNestedPass<func::FuncOp>(createLayoutPass());
  passes.addNestedPass<func::FuncOp>(createReshapePass());
  passes.addNestedPass<func::FuncOp>(createSplitPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addNestedPass<func::FuncOp>(createEpiloguePass());
  passes.addPass(createLowerAffinePass()); // of an index behind strides, within a nest
}

void addMemoryPasses(OpPassManager &passes, const GroupPassOptions &groups) {
  passes.addNestedPass<func::FuncOp>(createGroupPass(groups));
  passes.addPass(createBufferizePass());
  passes.addNestedPass<func::FuncOp>(createSharePass());
}

void addLlvmPasses(OpPassManager &passes, const Processor &processor,
                   const GroupPassOptions &groups, std::shared_ptr<const kernel::Chooser> chooser) {
  addMemoryPasses(passes, groups);
  passes.addPass(kernel::createKernelPass(processor, std::move(chooser)));
  passes.addPass(createEntryPass());
  addConversionPasses(passes);
}

void addConversionPasses(OpPassManager &passes) {
  // As much as can be function by function, on all cores.
  OpPassManager &kernels = passes.nest<func::FuncOp>();
  kernels.addPass(createMathPass());
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
    Processor processor() const { return Processor::withVectorBits(8 * vectorBytes); }
  };
  registerDlcPasses();
  PassPipelineRegistration<>("dlc-linalg", "nn to fused linalg on tensors", addLinalgPasses);
  PassPipelineRegistration<LlvmOptions>("dlc-kernels", "linalg on buffers to kernels",
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

} // namespace dlc
