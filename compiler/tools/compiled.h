// Functions of `nn` operations as machine code in this process, made by the compiler's own stages.
#pragma once

#include "compiler/interp/tensor.h"
#include "compiler/kernel/plan/schedule.h"
#include "compiler/object/codegen.h"
#include "compiler/passes/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <memory>

namespace dlc::tools {

/// Under these, nests become groups wherever they can: for tests, whose functions are small.
inline constexpr GroupPassOptions kSmallGroups{0, 2};

/// A copy of the module in which every f64 is an f32.
mlir::OwningOpRef<mlir::ModuleOp> inSinglePrecision(mlir::ModuleOp module);

/// The functions of one module, compiled.
class Compiled {
public:
  /// Compiles a copy of the module for a target that runs here, with schedules by this chooser.
  /// Null, with the reason reported, if that fails.
  static std::unique_ptr<Compiled>
  make(mlir::ModuleOp module, const Target &target, const GroupPassOptions &groups = {},
       std::shared_ptr<const kernel::Chooser> chooser = std::make_shared<kernel::Chooser>());
  ~Compiled();

  /// Runs a function of the module for these arguments, which are rounded to its types. Fails if it
  /// writes beyond its results.
  llvm::FailureOr<std::vector<interp::Tensor>> run(mlir::func::FuncOp function,
                                                   llvm::ArrayRef<interp::Tensor> arguments);

  /// Seconds of one call, medians.
  struct Timing {
    double whole;        // of the function
    double contractions; // in its products and convolutions alone: without what only brings
                         // arguments into a layout, or results out of it
  };
  /// Calls a function of f32 tensors on random numbers, on this thread, for so many seconds. Fails
  /// where a contraction is not a call of its own.
  llvm::FailureOr<Timing> time(mlir::func::FuncOp function, double seconds);

private:
  struct Code;
  explicit Compiled(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code;
};

/// The tensor with its numbers rounded to what the type can hold.
interp::Tensor rounded(interp::Tensor tensor, mlir::Type type);

} // namespace dlc::tools
