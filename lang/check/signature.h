// The shape rules of the primitive operations, evaluated from their signatures in stdlib/ops.nn.
//
// They serve the checker, with symbolic dimensions, and the compiler's dialect, with constant ones.
#pragma once

#include "lang/net/net.h"
#include "lang/syntax/ast.h"

namespace dlc::lang {

using Attributes = std::map<std::string, Attribute>;

/// Why a rule refused its operands; the caller words the diagnostic for its own site.
struct SignatureError {
  enum class Kind { Arguments, Element, Rank, Shape, Classes, Window, Configuration };
  Kind kind = Kind::Configuration;
  std::string message;   // "`K` is 784 in `a` and 512 in `b`"
  int operand = -1;      // the operand that disagrees, -1 for the configuration
  int otherOperand = -1; // the one it disagrees with, or -1
  int axis = -1;         // of `operand`, or -1
  int otherAxis = -1;
};

using Inferred = std::variant<std::vector<TensorType>, SignatureError>;

/// Whether a declared type leaves open which element it is (`real`, `number`, `any`): all such of
/// one signature are the same.
bool isOpen(const ast::Type &declared);

class Signatures {
public:
  /// Reads the declarations; they must outlive this. A malformed one is a fault of ours: it aborts.
  explicit Signatures(const ast::File &ops);

  bool contains(const std::string &op) const;
  /// Whether it gives a tuple, though perhaps of one tensor: declared as `-> rules`.
  bool givesSeveral(const std::string &op) const;
  std::vector<std::string> names() const;
  /// The declaration, for its parameters' names, order and documentation.
  const ast::Item &declaration(const std::string &op) const;

  /// The results' types, or why there are none.
  Inferred infer(const std::string &op, const std::vector<TensorType> &operands,
                 const Attributes &attributes) const;

private:
  std::map<std::string, const ast::Item *> items;
};

} // namespace dlc::lang
