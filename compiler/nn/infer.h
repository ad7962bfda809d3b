// Result types of the operations, from their signatures in stdlib/ops.nn.
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"

#include <optional>
#include <string>
#include <vector>

namespace dlc::nn {

/// The types of the results of `op` ("conv2d", without the dialect's name) for operands of these
/// types and this configuration. On failure the reason is reported at `location`, if there is one.
llvm::FailureOr<llvm::SmallVector<mlir::Type>>
inferResultTypes(llvm::StringRef op, mlir::TypeRange operands, mlir::DictionaryAttr configuration,
                 std::optional<mlir::Location> location);

/// The operations that stdlib/ops.nn declares.
std::vector<std::string> signatureNames();
bool hasSignature(llvm::StringRef op);

/// InferTypeOpInterface for every operation with a signature.
template <typename OpT>
llvm::LogicalResult
inferFromSignature(mlir::MLIRContext *context, std::optional<mlir::Location> location,
                   mlir::ValueRange operands, mlir::DictionaryAttr attributes,
                   mlir::OpaqueProperties properties, llvm::SmallVectorImpl<mlir::Type> &types) {
  mlir::DictionaryAttr configuration = attributes;
  if constexpr (!std::is_same_v<typename OpT::Properties, mlir::EmptyProperties>)
    if (auto *typed = properties.as<typename OpT::Properties *>())
      configuration = llvm::cast<mlir::DictionaryAttr>(OpT::getPropertiesAsAttr(context, *typed));
  auto results = inferResultTypes(OpT::getOperationName().split('.').second, operands.getTypes(),
                                  configuration, location);
  if (failed(results))
    return llvm::failure();
  types = std::move(*results);
  return llvm::success();
}

} // namespace dlc::nn
