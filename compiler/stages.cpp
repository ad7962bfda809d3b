// What each stage does.
#include "compiler/stages.h"

#include "compiler/contract/contract.h"
#include "compiler/dialects.h"
#include "compiler/object/levels.h"
#include "compiler/object/link.h"
#include "compiler/pipeline.h"
#include "lang/syntax/parse.h"
#include "stdlib/embedded.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace dlc {

// --- what they work on ---------------------------------------------------------------------------

Compilation::Compilation(const Options &options) : options(options), diagnostics(sources) {
  context.loadAllAvailableDialects();
}

const DialectRegistry &Compilation::registry() {
  static const DialectRegistry dialects = [] {
    DialectRegistry result;
    registerDialects(result);
    return result;
  }();
  return dialects;
}

int64_t Compilation::inlineRows() const {
  if (!network->data)
    return 0;
  int64_t width = 0;
  for (const lang::Port &field : network->data->fields) {
    int64_t numbers = 1;
    for (const lang::Dim &dim : field.type.shape)
      numbers *= dim.constant().value_or(0);
    width += numbers;
  }
  for (const lang::DataSource &source : network->data->sources)
    if (source.split == "train" && source.loader == "rows" && width > 0)
      return std::get<std::vector<double>>(source.arguments[0].value).size() / width;
  return 0;
}

int64_t Compilation::batch() const {
  constexpr int64_t kWholeSetBatch = 256; // for `batch = all`, whose size only the data tells
  if (options.batch)
    return *options.batch;
  if (!network->train)
    return 1;
  if (network->train->batch > 0)
    return network->train->batch;
  int64_t rows = inlineRows();
  return rows > 0 ? std::min(rows, kWholeSetBatch) : kWholeSetBatch;
}

static std::string printed(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
  return text + "\n";
}

/// Runs passes over the module. A failure here is a fault of ours: MLIR says which pass, at which
/// place of the model, and leaves a reproducer.
static bool runPasses(Compilation &c, llvm::function_ref<void(OpPassManager &)> add) {
  PassManager passes(&c.context);
#ifdef NDEBUG
  passes.enableVerifier(false); // after each pass: a quarter of their time
#endif
  passes.enableCrashReproducerGeneration(kReproducer);
  add(passes);
  return succeeded(passes.run(*c.module));
}

// --- the stages --------------------------------------------------------------------------------

static bool parseText(Compilation &c) {
  for (const StandardFile &file : standardLibrary())
    c.standardLibrary.push_back(lang::parse(
        c.sources, c.sources.add(file.name, file.text, /*isStandardLibrary=*/true), c.diagnostics));
  const std::string &path = c.options.inputs[0];
  auto text = llvm::MemoryBuffer::getFile(path);
  if (!text) {
    c.diagnostics.error("no-such-file", {},
                        "cannot read `" + path + "`: " + text.getError().message());
    return false;
  }
  c.program =
      lang::parse(c.sources, c.sources.add(path, (*text)->getBuffer().str()), c.diagnostics);
  return !c.diagnostics.hasErrors();
}

static bool checkNetwork(Compilation &c) {
  lang::CheckOptions options{c.options.defines, c.options.seed, c.options.batch,
                             llvm::sys::path::parent_path(c.options.inputs[0]).str()};
  c.network = lang::check(c.sources, c.standardLibrary, c.program, options, c.diagnostics);
  if (c.network)
    lang::checkSizes(*c.network, c.batch(), c.diagnostics);
  return !c.diagnostics.hasErrors();
}

static bool buildDialect(Compilation &c) {
  c.module = buildModule(*c.network, c.sources, c.specialization(), c.context);
  return true;
}

static bool differentiateModule(Compilation &c) {
  // Its one warning is about a weight, and belongs where the user declared it.
  ScopedDiagnosticHandler warnings(&c.context, [&](Diagnostic &diagnostic) {
    auto weight = llvm::dyn_cast<NameLoc>(diagnostic.getLocation());
    if (!weight || diagnostic.getSeverity() != DiagnosticSeverity::Warning)
      return failure();
    for (const lang::Variable &param : c.network->params)
      if (weight.getName() == param.name)
        c.diagnostics.warning("unused-weight", param.range, diagnostic.str());
    return success();
  });
  return runPasses(c, addGradPasses);
}

static bool fuseModule(Compilation &c) {
  bool done = runPasses(c, addFusedPasses);
  // Only now, when the formulas are as simple as they get.
  if (done)
    c.trace = addExplain(*c.module);
  return done;
}

bool lowerToLinalg(Compilation &c) { return runPasses(c, addLinalgPasses); }

StepMemory memoryOf(const Compilation &c) {
  auto step = c.facts.find("step");
  return stepMemory(*c.network, c.specialization(),
                    step == c.facts.end() ? 0 : step->second.arenaBytes);
}

static bool fitsBudget(Compilation &c) {
  int64_t needed = memoryOf(c).total();
  if (!c.options.memoryBudget || needed <= *c.options.memoryBudget)
    return true;
  c.refusal = "a step of `" + c.network->name + "` needs " + std::to_string(needed) +
              " bytes, --memory-budget allows " + std::to_string(*c.options.memoryBudget) +
              "; a smaller --batch needs less";
  return false;
}

static bool lowerForTarget(Compilation &c, const std::string &target) {
  Processor processor = Target{target}.shape();
  return runPasses(c, [&](OpPassManager &passes) { addLlvmPasses(passes, processor); });
}

static bool lowerForAllLevels(Compilation &c) {
  OwningOpRef<ModuleOp> tensors = std::move(c.module);
  std::vector<LevelModule> levels;
  for (const Level &level : kLevels) {
    c.module = tensors->clone();
    if (!lowerForTarget(c, level.name))
      return false;
    levels.push_back({level.name, std::move(c.module)});
  }
  c.module = joinLevels(std::move(levels));
  return true;
}

bool lowerToLlvm(Compilation &c) {
  bool isMulti = c.options.target == kMulti;
  if (!(isMulti ? lowerForAllLevels(c) : lowerForTarget(c, c.options.target)))
    return false;
  // The entry points carry what compiling them told.
  for (auto function : c.module->getOps<LLVM::LLVMFuncOp>()) {
    StringRef name = function.getName();
    auto arena = contract::get<contract::ArenaBytes>(function);
    if (!name.consume_front("dlc_") || !arena)
      continue;
    c.facts[name.str()] = {arena.getInt(), contract::get<contract::Flops>(function).getInt()};
  }
  return fitsBudget(c);
}

static bool generateObject(Compilation &c) {
  std::optional<Code> code = translate(*c.module, Target{c.options.target});
  if (!code)
    return false;
  c.code = std::move(*code);
  TableFacts facts;
  facts.batch = c.batch();
  facts.doublePrecision = c.options.precision == "f64";
  facts.target = c.options.target;
  facts.options = "--target=" + c.options.target + " --precision=" + c.options.precision;
  for (const auto &[name, value] : c.options.defines)
    facts.options += " -D " + name + "=" + value;
  facts.threadsDefault = c.options.threadsDefault;
  facts.functions = c.facts;
  facts.trace = c.trace;
  addModelTable(*c.code.module, *c.network, facts);
  // Only a link of our own makes one thing of several object files.
  bool isLinked = c.options.emit == "exe" || c.options.emit == "shared";
  return isLinked ? c.code.emitObjects() : c.code.emitObject();
}

/// The parts of the runtime that only some data blocks need: each under the symbol that the runtime
/// looks for.
static llvm::SmallVector<llvm::StringRef> runtimeParts(const lang::Network &network) {
  static constexpr struct {
    const char *name, *symbol; // of a loader or transform
  } kParts[] = {{"folders", "dlc_folders"},
                {"picture", "dlc_picture"},
                {"sound", "dlc_sound"},
                {"speed", "dlc_resample"}};
  llvm::SmallVector<llvm::StringRef> parts;
  if (!network.data)
    return parts;
  for (const auto &part : kParts) {
    auto isLoader = [&](const lang::DataSource &source) { return source.loader == part.name; };
    auto isTransform = [&](const lang::DataTransform &one) { return one.name == part.name; };
    if (llvm::any_of(network.data->sources, isLoader) ||
        llvm::any_of(network.data->transforms, isTransform))
      parts.push_back(part.symbol);
  }
  return parts;
}

static bool linkProgram(Compilation &c) {
  const std::string &path = c.options.output.empty() ? c.network->name : c.options.output;
  c.refusal = linkObjects(path, c.code.objectFiles(), /*shared=*/false, runtimeParts(*c.network));
  return c.refusal.empty();
}

// --- the tables ----------------------------------------------------------------------------------

static constexpr Stage kStages[] = {
    {"ast", "text and standard library to syntax trees", parseText,
     [](Compilation &c) { return lang::ast::print(c.program); }},
    {"net", "names, static values, layers unfolded, shapes: a checked network", checkNetwork,
     [](Compilation &c) { return lang::print(*c.network); }},
    {"nn", "the network as operations of the `nn` dialect, sizes known", buildDialect,
     [](Compilation &c) { return printed(*c.module); }},
    {"grad", "reverse mode: the step returns the loss and a gradient for each weight",
     differentiateModule, [](Compilation &c) { return printed(*c.module); }},
    {"fused", "algebraic rewrites; the formulas that step --explain prints", fuseModule,
     [](Compilation &c) { return printed(*c.module); }},
    {"linalg", "structured operations on tensors, fused into groups", lowerToLinalg,
     [](Compilation &c) { return printed(*c.module); }},
    {"llvm", "one planned arena, kernels tiled and vectorised, LLVM dialect", lowerToLlvm,
     [](Compilation &c) { return printed(*c.module); }},
    {"obj", "object code for the target processor, with the model's table", generateObject,
     nullptr},
    {"exe", "linked with the runtime", linkProgram, nullptr},
};

llvm::ArrayRef<Stage> stages() { return kStages; }

static constexpr Form kForms[] = {
    {"asm", "the object code as assembly text"},
    {"shared", "a shared library, libNAME.so: the kernels and the table dlc_the_model, no runtime"},
    {"static", "a static library of the same, libNAME.a, and NAME.h beside it"},
    {"header", "the C header alone"},
};

llvm::ArrayRef<Form> forms() { return kForms; }

} // namespace dlc
