// LLVM's part: from the LLVM dialect to optimised object code for a target processor.
#pragma once

#include "compiler/target/target.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dlc {

/// LLVM's form of a compiled module. Add what is missing to `module`, then generate code once.
struct Code {
  Target target;
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<llvm::TargetMachine> machine;
  std::vector<llvm::SmallVector<char, 0>> objects;

  // Each optimises and makes object code. False, with the reason on stderr, on a fault.

  /// One object file.
  bool emitObject();
  /// Several, on all cores, which belong in one link.
  bool emitObjects();

  std::vector<llvm::StringRef> objectFiles() const;
  /// The optimised module as assembly text. After emitObject.
  std::string assembly();
};

/// Translates a module that is wholly in the LLVM dialect. Functions are for the target, but where
/// they name a processor of their own. Nothing, with the reason on stderr, on a
/// fault of ours.
std::optional<Code> translate(mlir::ModuleOp module, const Target &options);

} // namespace dlc
