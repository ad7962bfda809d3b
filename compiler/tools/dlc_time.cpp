// dlc-time: how long compiled functions of `nn` operations take.
#include "compiler/nn/nn.h"
#include "compiler/tools/compiled.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"

#include <iostream>

using namespace mlir;

static const char kUsage[] = R"(usage: dlc-time FILE.mlir

Compiles the file's functions, of f32 tensors, for this processor. Then reads lines `NAME SECONDS`
from standard input, runs that function on one thread for so long and answers with two medians in
milliseconds: of the whole call, and of its products and convolutions alone.
)";

static LogicalResult serve(ModuleOp module) {
  std::unique_ptr<dlc::tools::Compiled> code = dlc::tools::Compiled::make(module, dlc::Target());
  if (!code)
    return failure();
  std::string name;
  double seconds;
  while (std::cin >> name >> seconds) {
    auto function = module.lookupSymbol<func::FuncOp>(name);
    if (!function)
      return module.emitError("has no function `") << name << "`";
    auto timing = code->time(function, seconds);
    if (failed(timing))
      return failure();
    llvm::outs() << llvm::format("%.6f %.6f\n", 1e3 * timing->whole, 1e3 * timing->contractions);
  }
  return success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::outs().SetUnbuffered(); // each answer at once
  StringRef path = argc == 2 ? argv[1] : "";
  if (path.empty() || path.starts_with("-")) {
    (path == "--help" ? llvm::outs() : llvm::errs()) << kUsage;
    return path == "--help" ? 0 : 2;
  }
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<dlc::nn::NnDialect, func::FuncDialect>();
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(path, sources, &context);
  return !module || failed(serve(*module));
}
