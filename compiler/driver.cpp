// The stages, in the order they run, and the commands made of them.
#include "compiler/driver.h"

#include "compiler/dialects.h"
#include "compiler/grad/explain.h"
#include "compiler/nn/from_net.h"
#include "compiler/nn/nn.h"
#include "compiler/object/codegen.h"
#include "compiler/object/header.h"
#include "compiler/object/levels.h"
#include "compiler/object/link.h"
#include "compiler/object/table.h"
#include "compiler/pipeline.h"
#include "compiler/report.h"
#include "lang/check/check.h"
#include "lang/syntax/parse.h"
#include "stdlib/embedded.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"

#include <chrono>

using namespace mlir;

namespace dlc {
namespace {

/// Everything the stages make; each reads what the ones before it made.
struct Compilation {
  explicit Compilation(const Options &options) : options(options), diagnostics(sources) {
    context.loadAllAvailableDialects();
  }

  const Options &options;
  lang::Sources sources;
  lang::Diagnostics diagnostics;
  std::vector<lang::ast::File> standardLibrary;
  lang::ast::File program;
  std::optional<lang::Network> network;

  MLIRContext context{registry()};
  OwningOpRef<ModuleOp> module;
  Trace trace;
  std::map<std::string, FunctionFacts> facts;

  Code code; // LLVM's form of the module, and the object file made of it

  std::string refusal; // why a stage stopped, where the reason is no place in the model

  Specialization specialization() const { return {batch(), options.precision == "f64"}; }
  /// Samples a call takes. A step of more samples than that makes several calls.
  int64_t batch() const {
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

private:
  /// Samples written in the model's training split; 0 if they are in files.
  int64_t inlineRows() const {
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

  static const DialectRegistry &registry() {
    static const DialectRegistry dialects = [] {
      DialectRegistry result;
      registerDialects(result);
      return result;
    }();
    return dialects;
  }
};

std::string printed(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
  return text + "\n";
}

constexpr const char *kReproducer = "dlc-reproducer.mlir";

/// Runs passes over the module. A failure here is a fault of ours: MLIR says which pass, at which
/// place of the model, and leaves a reproducer.
bool runPasses(Compilation &c, llvm::function_ref<void(OpPassManager &)> add) {
  PassManager passes(&c.context);
#ifdef NDEBUG
  passes.enableVerifier(false); // after each pass: a quarter of their time
#endif
  passes.enableCrashReproducerGeneration(kReproducer);
  add(passes);
  return succeeded(passes.run(*c.module));
}

// --- the stages --------------------------------------------------------------------------------

bool parseText(Compilation &c) {
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

bool checkNetwork(Compilation &c) {
  lang::CheckOptions options{c.options.defines, c.options.seed, c.options.batch, ""};
  c.network = lang::check(c.sources, c.standardLibrary, c.program, options, c.diagnostics);
  if (c.network)
    lang::checkSizes(*c.network, c.batch(), c.diagnostics);
  return !c.diagnostics.hasErrors();
}

bool buildDialect(Compilation &c) {
  c.module = buildModule(*c.network, c.sources, c.specialization(), c.context);
  return true;
}

bool differentiateModule(Compilation &c) {
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

bool fuseModule(Compilation &c) {
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

bool fitsBudget(Compilation &c) {
  int64_t needed = memoryOf(c).total();
  if (!c.options.memoryBudget || needed <= *c.options.memoryBudget)
    return true;
  c.refusal = "a step of `" + c.network->name + "` needs " + std::to_string(needed) +
              " bytes, --memory-budget allows " + std::to_string(*c.options.memoryBudget) +
              "; a smaller --batch needs less";
  return false;
}

bool lowerForTarget(Compilation &c, const std::string &target) {
  Processor processor = Target{target}.shape();
  return runPasses(c, [&](OpPassManager &passes) { addLlvmPasses(passes, processor); });
}

bool lowerForAllLevels(Compilation &c) {
  OwningOpRef<ModuleOp> tensors = std::move(c.module);
  std::vector<LevelModule> levels;
  for (const char *level : kLevels) {
    c.module = tensors->clone();
    if (!lowerForTarget(c, level))
      return false;
    levels.push_back({level, std::move(c.module)});
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
    auto arena = function->getAttrOfType<IntegerAttr>("dlc.arena_bytes");
    if (!name.consume_front("dlc_") || !arena)
      continue;
    auto flops = function->getAttrOfType<IntegerAttr>("dlc.flops");
    c.facts[name.str()] = {arena.getInt(), flops ? flops.getInt() : 0};
  }
  return fitsBudget(c);
}

bool generateObject(Compilation &c) {
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

bool linkProgram(Compilation &c) {
  const std::string &path = c.options.output.empty() ? c.network->name : c.options.output;
  c.refusal = linkObjects(path, c.code.objectFiles(), /*shared=*/false);
  return c.refusal.empty();
}

/// A stage: what `--emit` calls it, what it does, and the text of its result, if it has one.
struct Stage {
  const char *name;
  const char *summary;
  bool (*run)(Compilation &);
  std::string (*text)(Compilation &);
};

constexpr Stage kStages[] = {
    {"ast", "text and standard library to syntax trees", parseText,
     [](Compilation &c) { return lang::ast::print(c.program); }},
    {"net", "names, static values, layers unfolded, shapes: a checked network", checkNetwork,
     [](Compilation &c) { return lang::print(*c.network); }},
    {"nn", "the network as operations of the `nn` dialect, sizes known", buildDialect,
     [](Compilation &c) { return printed(*c.module); }},
    {"grad", "reverse mode: the step returns the loss and a gradient for each weight",
     differentiateModule, [](Compilation &c) { return printed(*c.module); }},
    {"fused", "algebraic rewrites; the walk that step --explain prints", fuseModule,
     [](Compilation &c) { return printed(*c.module); }},
    {"linalg", "structured operations on tensors, fused into groups", lowerToLinalg,
     [](Compilation &c) { return printed(*c.module); }},
    {"llvm", "one planned arena, kernels tiled and vectorised, LLVM dialect", lowerToLlvm,
     [](Compilation &c) { return printed(*c.module); }},
    {"obj", "object code for the target processor, with the model's table", generateObject,
     nullptr},
    {"exe", "linked with the runtime", linkProgram, nullptr},
};

/// Another thing that can be written once the object is there.
struct Form {
  const char *name;
  const char *summary;
};

constexpr Form kForms[] = {
    {"asm", "the object code as assembly text"},
    {"shared", "a shared library, libNAME.so: the kernels and the table dlc_the_model, no runtime"},
    {"static", "a static library of the same, libNAME.a, and NAME.h beside it"},
    {"header", "the C header alone"},
};

// --- running them ------------------------------------------------------------------------------

int refuse(const std::string &message) {
  llvm::errs() << "error: " << message << "\n";
  return kWrongInput;
}

int report(const Compilation &c, ExitCode code) {
  llvm::errs() << c.diagnostics.render();
  return code;
}

/// Runs the stages up to the one named. 0 if all went well; else what was wrong has been said.
int runStages(Compilation &c, StringRef last) {
  using Clock = std::chrono::steady_clock;
  bool known = llvm::any_of(kStages, [&](const Stage &stage) { return last == stage.name; });
  double total = 0;
  for (const Stage &stage : kStages) {
    auto begin = Clock::now();
    bool done = stage.run(c);
    double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    total += seconds;
    if (c.options.time)
      llvm::errs() << llvm::format("%-8s %7.3f s\n", stage.name, seconds);
    if (!done) {
      if (c.diagnostics.hasErrors())
        return report(c, kWrongInput);
      if (!c.refusal.empty())
        return refuse(c.refusal);
      llvm::errs() << "fault: stage `" << stage.name << "` failed on `" << c.options.inputs[0]
                   << "`; this is an error in dlc, not in your model. Please report it"
                   << (llvm::sys::fs::exists(kReproducer) ? StringRef(", with ") + kReproducer
                                                          : Twine(""))
                   << "\n";
      return kFault;
    }
    if (known ? last == stage.name : StringRef("obj") == stage.name)
      break;
  }
  if (c.options.time)
    llvm::errs() << llvm::format("%-8s %7.3f s\n", "all", total);
  llvm::errs() << c.diagnostics.render(); // warnings
  return kDone;
}

int writeText(const std::string &path, const std::string &text) {
  if (path.empty() || path == "-") {
    llvm::outs() << text;
    return kDone;
  }
  std::string wrong = writeFile(path, text);
  return wrong.empty() ? kDone : refuse(wrong);
}

/// Writes the result in the form asked for, to where -o says. A program is already written: that
/// was its last stage.
int writeResult(Compilation &c) {
  const std::string &form = c.options.emit, &path = c.options.output;
  for (const Stage &stage : kStages)
    if (form == stage.name && stage.text)
      return writeText(path, stage.text(c));
  if (form == "exe")
    return kDone;
  if (form == "asm")
    return writeText(path, c.code.assembly());
  std::string header = headerText(*c.network, c.specialization());
  if (form == "header")
    return writeText(path, header);

  const std::string &name = c.network->name;
  auto pathOr = [&](const std::string &usual) { return path.empty() ? usual : path; };
  std::string wrong;
  if (form == "obj")
    wrong = writeFile(pathOr(name + ".o"), c.code.objectFiles()[0]);
  else if (form == "static")
    wrong = writeArchive(pathOr("lib" + name + ".a"), c.code.objectFiles()[0], header,
                         /*choosesLevel=*/c.options.target == kMulti);
  else
    wrong = linkObjects(pathOr("lib" + name + ".so"), c.code.objectFiles(), /*shared=*/true);
  return wrong.empty() ? kDone : refuse(wrong);
}

/// Whether -o would destroy the model.
bool overwritesModel(const Options &options) {
  return !options.output.empty() && llvm::sys::fs::equivalent(options.inputs[0], options.output);
}

} // namespace

std::vector<std::string> emitNames() {
  std::vector<std::string> names;
  for (const Stage &stage : kStages)
    names.push_back(stage.name);
  for (const Form &form : kForms)
    names.push_back(form.name);
  return names;
}

std::string stageTable() {
  auto line = [](const std::string &name, const std::string &summary) {
    return "  " + name + std::string(10 - name.size(), ' ') + summary + "\n";
  };
  std::string table = "stages, in the order they run:\n";
  for (const Stage &stage : kStages)
    table += line(stage.name, stage.summary);
  table += "\nother forms of the result:\n";
  for (const Form &form : kForms)
    table += line(form.name, form.summary);
  return table;
}

int compile(const Options &options) {
  if (overwritesModel(options))
    return refuse("`-o " + options.output +
                  "` is the model itself; name another place for the result");
  Compilation c(options);
  if (int code = runStages(c, options.emit))
    return code;
  return writeResult(c);
}

int explain(const Options &options) {
  Compilation c(options);
  if (int code = runStages(c, "fused"))
    return code;
  std::string derivative = describeStep(*c.module);
  if (!lowerToLinalg(c) || !lowerToLlvm(c)) // for the arena
    return kFault;
  auto report = options.json ? reportJson : reportText;
  return writeText(options.output, report(*c.network, c.specialization(), memoryOf(c), derivative));
}

int check(const Options &options) {
  Compilation c(options);
  if (int code = runStages(c, "net"))
    return code;
  if (options.shapes)
    llvm::outs() << lang::print(*c.network);
  return kDone;
}

std::string fingerprint(const Options &options) {
  Compilation c(options);
  if (runStages(c, "net"))
    return "";
  std::string text = options.target + " " + options.precision + " " + std::to_string(c.batch());
  for (const auto &[name, value] : options.defines)
    text += " " + name + "=" + value;
  text +=
      " " + std::to_string(options.seed.value_or(0)) + " " + std::to_string(options.threadsDefault);
  for (int32_t file = 0; file < c.sources.size(); ++file)
    text += "\n" + std::string(c.sources.text(file));
  return text;
}

} // namespace dlc
