// The stages from a model's text to a program, in the order they run.
#pragma once

#include "compiler/grad/explain.h"
#include "compiler/nn/from_net.h"
#include "compiler/object/codegen.h"
#include "compiler/object/table.h"
#include "compiler/options.h"
#include "compiler/report.h"
#include "lang/check/check.h"

#include "llvm/ADT/ArrayRef.h"

namespace dlc {

/// Everything the stages make; each reads what the ones before it made.
struct Compilation {
  explicit Compilation(const Options &options);

  const Options &options;
  lang::Sources sources;
  lang::Diagnostics diagnostics;
  std::vector<lang::ast::File> standardLibrary;
  lang::ast::File program;
  std::optional<lang::Network> network;

  mlir::MLIRContext context{registry()};
  mlir::OwningOpRef<mlir::ModuleOp> module;
  Trace trace;
  std::map<std::string, FunctionFacts> facts;

  Code code; // LLVM's form of the module, and the object file made of it

  std::string refusal; // why a stage stopped, where the reason is no place in the model

  Specialization specialization() const { return {batch(), options.precision == "f64"}; }
  /// Samples a call takes. A step of more samples than that makes several calls.
  int64_t batch() const;

private:
  /// Samples written in the model's training split; 0 if they are in files.
  int64_t inlineRows() const;
  static const mlir::DialectRegistry &registry();
};

/// A stage: what `--emit` calls it, what it does, and the text of its result, if it has one.
struct Stage {
  const char *name;
  const char *summary;
  bool (*run)(Compilation &);
  std::string (*text)(Compilation &);
};

/// In the order they run.
llvm::ArrayRef<Stage> stages();

/// Another thing that can be written once the object is there.
struct Form {
  const char *name;
  const char *summary;
};

llvm::ArrayRef<Form> forms();

/// Where a stage that fails leaves the module as it got it, and its passes.
constexpr const char *kReproducer = "dlc-reproducer.mlir";

/// The memory of a training step.
StepMemory memoryOf(const Compilation &c);

// Single stages; false, with the reason in the diagnostics or in `refusal`, if one fails.
bool lowerToLinalg(Compilation &c);
bool lowerToLlvm(Compilation &c);

} // namespace dlc
