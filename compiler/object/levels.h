// One module for processors of several levels.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>
#include <vector>

namespace dlc {

/// A model lowered to the LLVM dialect for one level.
struct LevelModule {
  std::string level; // of kLevels
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// Joins what one model became for each of kLevels, in their order. Functions and constants get
/// their level as a suffix, functions also as their processor; the entry points `dlc_step` and so
/// on are new ones that call the form `dlc_choose` (runtime/level.h) picks when the program runs.
/// What they say of the arena is the largest.
mlir::OwningOpRef<mlir::ModuleOp> joinLevels(std::vector<LevelModule> levels);

} // namespace dlc
