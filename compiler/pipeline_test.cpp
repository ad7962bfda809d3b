// The stages as text: each reads back as itself, and a reproducer of it makes the module it made.
#include "compiler/dialects.h"
#include "compiler/kernel/pass.h"
#include "compiler/nn/from_net.h"
#include "compiler/passes/passes.h"
#include "compiler/pipeline.h"
#include "lang/check/checked.h"

#include "mlir/InitAllPasses.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/Program.h"
#include "gtest/gtest.h"

#include <atomic>

using namespace mlir;

namespace dlc {
namespace {

struct Stage {
  const char *name;
  std::function<void(OpPassManager &)> add;
};

std::vector<Stage> stages(const Processor &processor) {
  return {{"grad", addGradPasses},
          {"fused", addFusedPasses},
          {"linalg", addLinalgPasses},
          {"llvm", [=](OpPassManager &passes) { addLlvmPasses(passes, processor); }}};
}

Processor v3() { return Processor::withVectorBits(256); }

/// A processor of the level v3 that nobody made.
Processor unusual() {
  Processor processor = v3();
  processor.registers = 13;
  processor.l1 = {12 << 10, 3};
  processor.l2 = {80 << 10, 5};
  processor.l3Bytes = 700 << 10;
  return processor;
}

auto fields(const Processor &processor) {
  auto [vectorBytes, registers, l1, l2, l3Bytes] = processor;
  return std::tuple(vectorBytes, registers, l1.bytes, l1.ways, l2.bytes, l2.ways, l3Bytes);
}

std::string textOf(OpPassManager &passes) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  passes.printAsTextualPipeline(stream);
  return text;
}

std::string textOf(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
  return text;
}

struct Pipeline : testing::Test {
  static void SetUpTestSuite() {
    registerAllPasses();
    registerPasses();
  }

  Pipeline() {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  /// LeNet-5, as the stage `nn` makes it.
  OwningOpRef<ModuleOp> network() {
    lang::Checked checked("lenet5.nn", lang::contents(SOURCE_FOLDER "/examples/lenet5/lenet5.nn"));
    EXPECT_TRUE(checked.network) << checked.diagnostics.render();
    return buildModule(*checked.network, checked.sources, {64, false}, context);
  }

  void run(const Stage &stage, ModuleOp module) {
    PassManager passes(&context);
    stage.add(passes);
    ASSERT_TRUE(succeeded(passes.run(module))) << stage.name;
  }

  MLIRContext context;
};

TEST_F(Pipeline, ReadsBack) {
  for (const Processor &processor :
       {Processor::withVectorBits(128), v3(), Processor::withVectorBits(512),
        Processor::ofHost(256), unusual()})
    for (const Stage &stage : stages(processor)) {
      PassManager passes(&context, "builtin.module");
      stage.add(passes);
      std::string text = textOf(passes);
      EXPECT_EQ(text.find("unknown<"), std::string::npos) << text;
      FailureOr<OpPassManager> read = parsePassPipeline(text);
      ASSERT_TRUE(succeeded(read)) << text;
      EXPECT_EQ(textOf(*read), text);
    }
}

TEST_F(Pipeline, ReproducersMakeTheSame) {
  OwningOpRef<ModuleOp> module = network();
  for (const Stage &stage : stages(unusual())) {
    std::string folder = testing::TempDir() + "dlc_pipeline_";
    std::string reproducer = folder + stage.name + ".mlir", result = folder + "result.mlir";
    PassManager passes(&context, "builtin.module");
    stage.add(passes);
    makeReproducer("builtin.module", passes.getPasses(), *module, reproducer);
    ASSERT_EQ(
        llvm::sys::ExecuteAndWait(DLC_OPT, {DLC_OPT, "--run-reproducer", reproducer, "-o", result}),
        0)
        << stage.name;
    run(stage, *module);
    EXPECT_EQ(lang::contents(result), textOf(*module) + "\n") << stage.name;
  }
}

/// Otherwise the test above would say nothing of the processor.
TEST_F(Pipeline, CachesShapeKernels) {
  auto compiled = [&](const Processor &processor) {
    OwningOpRef<ModuleOp> module = network();
    for (const Stage &stage : stages(processor))
      run(stage, *module);
    return textOf(*module);
  };
  EXPECT_NE(compiled(v3()), compiled(unusual()));
}

TEST_F(Pipeline, TheProcessorArrives) {
  struct Recorder : kernel::Chooser {
    mutable std::atomic<int> asked = 0;
    std::pair<kernel::Schedule, double> schedule(const kernel::Nest &nest,
                                                 const Processor &processor) const override {
      ++asked;
      EXPECT_EQ(fields(processor), fields(unusual()));
      return Chooser::schedule(nest, processor);
    }
  };
  auto recorder = std::make_shared<Recorder>();
  OwningOpRef<ModuleOp> module = network();
  PassManager passes(&context);
  addLinalgPasses(passes);
  addMemoryPasses(passes);
  passes.addPass(kernel::createKernelPass(unusual(), recorder));
  ASSERT_TRUE(succeeded(passes.run(*module)));
  EXPECT_GT(recorder->asked, 0);
}

} // namespace
} // namespace dlc
