// dlc-time: how long compiled functions of `nn` operations take.
#include "compiler/kernel/plan/forced.h"
#include "compiler/nn/nn.h"
#include "compiler/tools/compiled.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"

#include <iostream>

using namespace mlir;

static const char kUsage[] = R"(usage: dlc-time [--schedule=TEXT]... FILE.mlir

Compiles the file's functions, of f32 tensors, for this processor; nests that one of the schedules
fits, as kernels carry them, get that one instead of the cheapest. Then reads lines `NAME SECONDS`
from standard input, runs that function on one thread for so long and answers with two medians in
milliseconds: of the whole call, and of its products and convolutions alone.
)";

static LogicalResult serve(ModuleOp module, ArrayRef<std::string> schedules) {
  auto chooser = std::make_shared<dlc::kernel::ForcedChooser>(schedules);
  auto code = dlc::tools::Compiled::make(module, dlc::Target(), {}, chooser);
  if (!code)
    return failure();
  for (const std::string &text : chooser->unused())
    return module.emitError("no nest has the schedule `") << text << "`";
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
  std::vector<std::string> schedules;
  StringRef path;
  for (StringRef argument : ArrayRef(argv + 1, argc - 1))
    if (argument.consume_front("--schedule="))
      schedules.push_back(argument.str());
    else
      path = path.empty() ? argument : "-"; // one file
  if (path.empty() || path.starts_with("-")) {
    (path == "--help" ? llvm::outs() : llvm::errs()) << kUsage;
    return path == "--help" ? 0 : 2;
  }
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  context.loadDialect<dlc::nn::NnDialect, func::FuncDialect>();
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(path, sources, &context);
  return !module || failed(serve(*module, schedules));
}
