// Runs kernels as they leave the generator: loops, vectors and buffers, one operation at a time.
//
// It needs neither code generation nor the processor that a kernel is for, and sees what machine
// code hides: an access beyond its buffer, a number that nobody wrote.
#pragma once

#include "compiler/interp/tensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <memory>
#include <string>

namespace dlc::tools {

/// A module behind the kernel pass (compiler/kernel/pass.h).
class KernelInterp {
public:
  /// Fails, with a diagnostic, at an operation that it does not know.
  static std::unique_ptr<KernelInterp> make(mlir::ModuleOp module);
  ~KernelInterp();

  /// Runs the function of this name: the inputs and results have these types. Each kernel's items
  /// run last to first, each in a call of its own: they must not depend on order. Nothing, with the
  /// reason in `fault`, if the code reads or writes beyond its buffers.
  std::optional<std::vector<interp::Tensor>> run(llvm::StringRef name, mlir::FunctionType type,
                                                 llvm::ArrayRef<interp::Tensor> arguments,
                                                 std::string &fault);

private:
  struct Program;
  explicit KernelInterp(std::unique_ptr<Program> program);
  std::unique_ptr<Program> program;
};

} // namespace dlc::tools
