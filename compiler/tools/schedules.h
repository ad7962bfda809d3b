// Random nests under random schedules: whether every way to run a kernel computes the same.
//
// Which schedule the search takes depends on the processor and its caches; a test of that one
// proves little elsewhere. Here schedules are drawn from everything the search may ever choose
// (compiler/kernel/plan/space.h), for vectors of several widths and caches of many sizes, and the
// kernels are held against the evaluator of `nn`.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"

#include <optional>
#include <string>
#include <vector>

namespace dlc::tools {

struct ScheduleTest {
  uint64_t seed = 1;
  int64_t pairs = 1000;            // of a nest and its schedule, at least
  std::optional<int64_t> function; // only this one, and
  std::optional<int64_t> draw;     // only this draw of its schedules
  bool prints = false;             // each function and its schedules
  /// Not drawn, but these, as kernels carry them, each for all nests that it fits; the others' go
  /// by cost, for vectors of so many bytes.
  std::vector<std::string> forced;
  int64_t vectorBytes = 64;
};

/// Draws functions, and several processors and schedules for each. Reports the first wrong result
/// with its function, its schedules and the command that repeats it.
llvm::LogicalResult testSchedules(mlir::MLIRContext &context, const ScheduleTest &test);

/// The same for the functions of a module.
llvm::LogicalResult testSchedules(mlir::ModuleOp module, const ScheduleTest &test);

} // namespace dlc::tools
