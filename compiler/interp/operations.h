// What each operation computes, as a table by its name.
#pragma once

#include "compiler/interp/tensor.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

namespace dlc::interp {

/// One result of an operation to evaluate: its operands' values, its configuration, the result's
/// shape and number.
struct Call {
  mlir::Operation *op;
  llvm::ArrayRef<const Tensor *> operands;
  std::vector<int64_t> resultShape;
  unsigned result = 0;

  const Tensor &operand(unsigned i) const { return *operands[i]; }
  llvm::ArrayRef<int64_t> numbers(llvm::StringRef name) const {
    return op->getAttrOfType<mlir::DenseI64ArrayAttr>(name).asArrayRef();
  }
  int64_t number(llvm::StringRef name) const {
    return op->getAttrOfType<mlir::IntegerAttr>(name).getInt();
  }
};

using Evaluation = Tensor (*)(const Call &);

/// The evaluation of `op` ("conv2d"), or null.
Evaluation evaluationOf(llvm::StringRef op);

} // namespace dlc::interp
