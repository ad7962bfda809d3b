// The shape rules that a signature in stdlib/ops.nn cannot say: one entry of a table an operation.
#pragma once

#include "lang/check/signature.h"

namespace dlc::lang {

/// What is special about an operation; a part that is not is null.
struct ShapeRule {
  const char *op;
  /// What must hold of the operands and the configuration besides the patterns.
  std::optional<SignatureError> (*check)(const std::vector<TensorType> &operands,
                                         const Attributes &attributes) = nullptr;
  /// The types of the results, declared as `-> rule` or `-> rules`.
  Inferred (*infer)(const std::string &op, const std::vector<TensorType> &operands,
                    const Attributes &attributes) = nullptr;
  /// Adds to a result that has its shape.
  void (*finish)(const std::vector<TensorType> &operands, TensorType &result) = nullptr;
};

/// Null for an operation whose signature says all.
const ShapeRule *shapeRule(const std::string &op);

/// Lists of a window's configuration have one number a side; strides and dilations are positive.
std::optional<SignatureError> checkWindow(const std::string &op, const Attributes &attributes);
/// "a 5x5 window does not fit the padded input of 3x3".
SignatureError windowError(const std::vector<TensorType> &operands, const Attributes &attributes);

SignatureError configurationError(std::string message);
SignatureError operandError(SignatureError::Kind kind, int operand, std::string message);

} // namespace dlc::lang
