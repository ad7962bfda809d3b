// LLVM's part: from the LLVM dialect to optimised object code for a target processor.
#pragma once

#include "compiler/kernel/processor.h"

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

/// The levels of x86-64 that code can be made for, lowest first.
inline constexpr const char *kLevels[] = {"x86-64-v2", "x86-64-v3", "x86-64-v4"};
/// All of them in one program (levels.h).
inline constexpr const char *kMulti = "multi";

struct TargetOptions {
  std::string target = "native"; // or one of kLevels, or kMulti

  /// The processor's name and features as LLVM knows them; of kMulti what all its processors have.
  std::string processor() const;
  std::string features() const;
  /// Bits of the vectors that kernels should use: 512 with AVX-512, 256 with AVX2, else 128.
  int vectorBits() const;
  /// What kernels are shaped for: of `native` with the caches of this machine, else a usual one.
  kernel::Processor shape() const;
  /// Whether the processor we run on has such vectors.
  bool runsHere() const;
};

/// LLVM's form of a compiled module. Add what is missing to `module`, then generate code once.
struct Code {
  TargetOptions target;
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
std::optional<Code> translate(mlir::ModuleOp module, const TargetOptions &options);

} // namespace dlc
