// dlc-test: proves operations right, one test file each.
#include "compiler/interp/evaluate.h"
#include "compiler/nn/nn.h"
#include "compiler/tools/coverage.h"
#include "compiler/tools/op_test.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/InterleavedRange.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

static const char kUsage[] = R"(usage: dlc-test FILE.mlir...
       dlc-test --coverage DIRECTORY

Tests every function of the files: its stated values, its gradient against differences
(what a function may state is described in compiler/tools/op_test.h).
--coverage reports, by name, each operation without a signature, an evaluation or a test file.
)";

/// Runs what applies to one function; says what it proved.
static LogicalResult testFunction(func::FuncOp function) {
  SmallVector<StringRef> proved;
  bool passed = true;
  auto prove = [&](StringRef what, bool applies, LogicalResult (*test)(func::FuncOp)) {
    if (!applies)
      return;
    passed &= succeeded(test(function));
    proved.push_back(what);
  };
  prove("values", dlc::tools::hasValues(function), dlc::tools::testValues);
  prove("gradient", dlc::tools::hasGradient(function), dlc::tools::testGradient);
  if (proved.empty())
    return function.emitError("there is nothing to test: no test.expected, and nothing real to "
                              "differentiate");
  llvm::outs() << (passed ? "passed " : "FAILED ") << "@" << function.getName() << ": "
               << llvm::interleaved(proved) << "\n";
  return success(passed);
}

static LogicalResult testFile(MLIRContext &context, StringRef path) {
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(path, sources, &context);
  if (!module)
    return failure();
  if (module->getOps<func::FuncOp>().empty())
    return module->emitError("has no functions to test");
  bool passed = true;
  for (auto function : module->getOps<func::FuncOp>())
    passed &= succeeded(testFunction(function));
  return success(passed);
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::outs().SetUnbuffered(); // in order with the diagnostics
  SmallVector<StringRef> arguments(argv + 1, argv + argc);
  if (arguments.empty() || arguments.front() == "--help") {
    (arguments.empty() ? llvm::errs() : llvm::outs()) << kUsage;
    return arguments.empty();
  }
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  context.loadDialect<dlc::nn::NnDialect, func::FuncDialect>();
  if (arguments.front() == "--coverage" && arguments.size() == 2)
    return failed(dlc::tools::checkCoverage(context, arguments[1]));
  if (arguments.front().starts_with("-")) {
    llvm::errs() << "dlc-test: unknown option `" << arguments.front() << "`\n" << kUsage;
    return 2;
  }
  bool passed = true;
  for (StringRef path : arguments)
    passed &= succeeded(testFile(context, path));
  return !passed;
}
