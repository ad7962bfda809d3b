// dlc-test: proves operations right, one test file each.
#include "compiler/interp/evaluate.h"
#include "compiler/nn/nn.h"
#include "compiler/tools/compiled.h"
#include "compiler/tools/coverage.h"
#include "compiler/tools/evaluated.h"
#include "compiler/tools/op_test.h"
#include "compiler/tools/schedules.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/InterleavedRange.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

static const char kUsage[] = R"(usage: dlc-test [--target=LEVEL] FILE.mlir...
       dlc-test --coverage DIRECTORY
       dlc-test --evaluate=FUNCTION FILE.mlir
       dlc-test --schedules=PAIRS [--seed=S] [--function=N] [--draw=N] [--print] [FILE.mlir...]
       dlc-test --schedule=TEXT... [--vector-bytes=BYTES] [--print] FILE.mlir...

Tests every function of the files: its stated values, its gradient against differences, and its
compiled form against its evaluation (what a function may state: compiler/tools/op_test.h).
With --target, x86-64-v2, x86-64-v3 or x86-64-v4, only the compiled form, made for that level:
the rest does not depend on it. Without, the code is for this processor.
--coverage reports, by name, each operation without a signature, an evaluation, a lowering or
a test file.
--evaluate runs one function by the evaluator: the numbers of its arguments come from stdin and
those of its results go to stdout, all as f64.
--schedules draws random functions, and for each processors and schedules from all that the
compiler may ever choose, and runs the kernels in an interpreter, until it has had so many pairs
of a nest and a schedule; with FILEs their functions. What fails is printed with the options that
repeat it. --schedule forces a schedule, as kernels carry it, on each nest of the files that it
fits; the others' are chosen as usual, for vectors of 16, 32 or 64 bytes.
)";

namespace {

/// A file's functions as they stand, or in another precision, and compiled.
struct Variant {
  StringRef name;
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<dlc::tools::Compiled> code;
};

} // namespace

/// The file's functions in both precisions; fewer than two, with the reason reported, if one does
/// not compile.
static SmallVector<Variant> compileVariants(ModuleOp module, const dlc::Target &target) {
  SmallVector<Variant> variants;
  auto add = [&](StringRef name, OwningOpRef<ModuleOp> form, const dlc::GroupPassOptions &groups) {
    auto code = dlc::tools::Compiled::make(*form, target, groups);
    variants.push_back({name, std::move(form), std::move(code)});
  };
  add("compiled", module.clone(), {});
  add("compiled in f32", dlc::tools::inSinglePrecision(module), dlc::tools::kSmallGroups);
  llvm::erase_if(variants, [](const Variant &variant) { return !variant.code; });
  return variants;
}

/// Runs what applies to one function; says what it proved.
static LogicalResult testFunction(func::FuncOp function, ArrayRef<Variant> variants,
                                  bool onlyCompiled) {
  SmallVector<StringRef> proved;
  bool passed = true;
  auto prove = [&](StringRef what, LogicalResult result) {
    passed &= succeeded(result);
    proved.push_back(what);
  };
  if (dlc::tools::hasValues(function) && !onlyCompiled)
    prove("values", dlc::tools::testValues(function));
  if (dlc::tools::hasGradient(function) && !onlyCompiled)
    prove("gradient", dlc::tools::testGradient(function));
  for (const Variant &variant : variants) {
    auto compiled = variant.module.get().lookupSymbol<func::FuncOp>(function.getName());
    prove(variant.name, dlc::tools::testCompiled(function, *variant.code, compiled));
  }
  llvm::outs() << (passed ? "passed " : "FAILED ") << "@" << function.getName() << ": "
               << llvm::interleaved(proved) << "\n";
  return success(passed);
}

static LogicalResult testFile(MLIRContext &context, StringRef path, const dlc::Target &target) {
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(path, sources, &context);
  if (!module)
    return failure();
  if (module->getOps<func::FuncOp>().empty())
    return module->emitError("has no functions to test");
  SmallVector<Variant> variants = compileVariants(*module, target);
  bool passed = variants.size() == 2;
  for (auto function : module->getOps<func::FuncOp>())
    passed &= succeeded(testFunction(function, variants, target.name != "native"));
  return success(passed);
}

/// What --evaluate does; the exit code.
static int evaluateFile(MLIRContext &context, StringRef path, StringRef function) {
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(path, sources, &context);
  return !module || failed(dlc::tools::evaluateStandardInput(*module, function));
}

/// Takes the options of --schedules and --schedule out of the arguments. Null, with the reason
/// reported, if a value is none.
static std::optional<dlc::tools::ScheduleTest>
takeScheduleOptions(SmallVector<StringRef> &arguments) {
  dlc::tools::ScheduleTest test;
  SmallVector<StringRef> files;
  for (StringRef argument : arguments) {
    auto [name, value] = argument.split('=');
    auto isNumber = [&](auto &number) { return !value.getAsInteger(10, number); };
    int64_t only = 0;
    bool isSound =
        name == "--schedules"  ? isNumber(test.pairs)
        : name == "--seed"     ? isNumber(test.seed)
        : name == "--function" ? isNumber(only) && (test.function = only, true)
        : name == "--draw"     ? isNumber(only) && (test.draw = only, true)
        : name == "--vector-bytes"
            ? isNumber(test.vectorBytes) && llvm::is_contained({16, 32, 64}, test.vectorBytes)
        : name == "--schedule"  ? (test.forced.push_back(value.str()), true)
        : argument == "--print" ? (test.prints = true)
                                : !argument.starts_with("-");
    if (!isSound) {
      llvm::errs() << "dlc-test: `" << argument << "` is no option, or no value of it, here\n"
                   << kUsage;
      return std::nullopt;
    }
    if (!argument.starts_with("-"))
      files.push_back(argument);
  }
  arguments = files;
  return test;
}

/// What --schedules and --schedule do; the exit code.
static int testSchedules(MLIRContext &context, SmallVector<StringRef> arguments) {
  std::optional<dlc::tools::ScheduleTest> test = takeScheduleOptions(arguments);
  if (!test)
    return 2;
  if (arguments.empty()) {
    if (test->forced.empty())
      return failed(dlc::tools::testSchedules(context, *test));
    llvm::errs() << "dlc-test: --schedule needs a file\n" << kUsage;
    return 2;
  }
  bool passed = true;
  for (StringRef path : arguments) {
    llvm::SourceMgr sources;
    SourceMgrDiagnosticHandler handler(sources, &context);
    OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(path, sources, &context);
    passed &= module && succeeded(dlc::tools::testSchedules(*module, *test));
  }
  return !passed;
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
  if (StringRef name = arguments.front();
      name.consume_front("--evaluate=") && arguments.size() == 2)
    return evaluateFile(context, arguments[1], name);
  if (arguments.front().starts_with("--schedule"))
    return testSchedules(context, arguments);
  dlc::Target target;
  if (StringRef level = arguments.front(); level.consume_front("--target=")) {
    target.name = level.str();
    auto names = llvm::map_range(dlc::kLevels, [](const dlc::Level &each) { return each.name; });
    if (!llvm::is_contained(names, level) || !target.runsHere()) {
      llvm::errs() << "dlc-test: this processor has no level `" << level << "`; there are "
                   << llvm::interleaved(names) << "\n";
      return 2;
    }
    arguments.erase(arguments.begin());
  }
  if (arguments.empty() || arguments.front().starts_with("-")) {
    if (!arguments.empty())
      llvm::errs() << "dlc-test: unknown option `" << arguments.front() << "`\n";
    llvm::errs() << kUsage;
    return 2;
  }
  bool passed = true;
  for (StringRef path : arguments)
    passed &= succeeded(testFile(context, path, target));
  return !passed;
}
