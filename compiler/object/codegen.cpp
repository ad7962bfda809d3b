// LLVM's part: translation to LLVM IR, the optimisation pipeline, object code.
#include "compiler/object/codegen.h"

#include "compiler/object/partition.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/LICM.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/LoopRotation.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"

#include <atomic>

using namespace llvm;

namespace dlc {

static std::unique_ptr<TargetMachine> makeMachine(const Target &options) {
  static const bool kReady = [] { // once: threads come here together
    return !InitializeNativeTarget() && !InitializeNativeTargetAsmPrinter();
  }();
  if (!kReady) {
    errs() << "fault: LLVM has no code generator for this machine\n";
    return nullptr;
  }
  Triple triple(options.triple());
  std::string error;
  const llvm::Target *target = TargetRegistry::lookupTarget(triple, error);
  if (!target) {
    errs() << "fault: no code generator for " << triple.str() << ": " << error << "\n";
    return nullptr;
  }
  llvm::TargetOptions details;
  details.FunctionSections = true;
  details.DataSections = true;
  return std::unique_ptr<TargetMachine>(
      target->createTargetMachine(triple, options.processor(), options.features(), details,
                                  Reloc::PIC_, std::nullopt, CodeGenOptLevel::Aggressive));
}

/// The kernels are shaped for the target's vectors; LLVM must neither split nor avoid them.
static void setTarget(Function &function, const Target &options) {
  Attribute own = function.getFnAttribute("target-cpu");
  Target target = own.isValid() ? Target{own.getValueAsString().str()} : options;
  std::string width = std::to_string(target.vectorBits());
  function.addFnAttr("target-cpu", target.processor());
  if (std::string features = target.features(); !features.empty())
    function.addFnAttr("target-features", features);
  function.addFnAttr("prefer-vector-width", width);
  function.addFnAttr("min-legal-vector-width", width);
  function.addFnAttr(Attribute::NoUnwind);
}

std::optional<Code> translate(mlir::ModuleOp module, const Target &options) {
  Code code;
  code.target = options;
  code.machine = makeMachine(options);
  if (!code.machine)
    return std::nullopt;
  mlir::DialectRegistry registry;
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  module.getContext()->appendDialectRegistry(registry);

  code.context = std::make_unique<LLVMContext>();
  code.module = mlir::translateModuleToLLVMIR(module, *code.context, "model");
  if (!code.module)
    return std::nullopt;
  code.module->setTargetTriple(code.machine->getTargetTriple());
  code.module->setDataLayout(code.machine->createDataLayout());
  for (Function &function : *code.module)
    if (!function.isDeclaration())
      setTarget(function, options);
  return code;
}

/// Kernels arrive tiled, vectorised and unrolled. What is left is little: addresses computed twice,
/// loops that test before they run, what stays the same in a loop. With LLVM's O2 pipeline making
/// code takes twice as long, and of some eighty kernels one was measurably faster for it.
static FunctionPassManager cleanUp() {
  LoopPassManager loops;
  loops.addPass(LoopRotatePass());
  loops.addPass(LICMPass(LICMOptions()));
  FunctionPassManager passes;
  passes.addPass(EarlyCSEPass(/*UseMemorySSA=*/true));
  passes.addPass(createFunctionToLoopPassAdaptor(std::move(loops), /*UseMemorySSA=*/true));
  passes.addPass(SimplifyCFGPass());
  return passes;
}

static void optimize(Module &module, TargetMachine &machine) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager callGraph;
  ModuleAnalysisManager modules;
  PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(callGraph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, callGraph, modules);
  ModulePassManager passes;
  passes.addPass(createModuleToFunctionPassAdaptor(cleanUp()));
  passes.run(module, modules);
}

static bool emit(Module &module, TargetMachine &machine, CodeGenFileType type,
                 SmallVectorImpl<char> &bytes) {
  raw_svector_ostream stream(bytes);
  legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type)) {
    errs() << "fault: the target cannot write this kind of file\n";
    return false;
  }
  passes.run(module);
  return true;
}

static bool makeObject(Module &module, TargetMachine &machine, SmallVectorImpl<char> &bytes) {
  optimize(module, machine);
  return emit(module, machine, CodeGenFileType::ObjectFile, bytes);
}

bool Code::emitObject() {
  objects.assign(1, {});
  return !verifyModule(*module, &errs()) && makeObject(*module, *machine, objects[0]);
}

bool Code::emitObjects() {
  if (verifyModule(*module, &errs()))
    return false;
  Partition partition(*module);
  if (partition.size() == 1)
    return emitObject();
  objects.assign(partition.size(), {});
  std::atomic<bool> done = true;
  ThreadPoolStrategy cores = hardware_concurrency(partition.size());
  cores.Limit = true; // no more than there are
  DefaultThreadPool threads(cores);
  for (size_t part = 0; part < partition.size(); ++part)
    threads.async([&, part] {
      LLVMContext own;
      std::unique_ptr<Module> each = partition.load(part, own);
      std::unique_ptr<TargetMachine> ownMachine = makeMachine(target);
      if (!each || !ownMachine || !makeObject(*each, *ownMachine, objects[part]))
        done = false;
    });
  threads.wait();
  return done;
}

std::vector<StringRef> Code::objectFiles() const {
  std::vector<StringRef> files;
  for (const auto &object : objects)
    files.push_back({object.data(), object.size()});
  return files;
}

std::string Code::assembly() {
  SmallVector<char, 0> text;
  emit(*module, *machine, CodeGenFileType::AssemblyFile, text);
  return std::string(text.begin(), text.end());
}

} // namespace dlc
