// The buffers of a call, and where in them arguments and results lie.
#pragma once
#include "compiler/contract/contract.h"
#include "compiler/memory/arena.h"
#include "mlir/IR/BuiltinOps.h"

namespace dlc::memory {

/// Of a tensor or a buffer.
int64_t bytesOf(mlir::Type type);

using contract::BufferKind;

/// Bytes of one of the call's buffers, or of the function's constants.
struct Allocation {
  std::optional<BufferKind> buffer; // null: the constants
  int64_t index = 0;                // among the buffers of this name
  int64_t offset = 0;

  bool operator==(const Allocation &other) const {
    return buffer == other.buffer && index == other.index && offset == other.offset;
  }
};

/// Where the values lie that a module's functions take and return.
class Layouts {
public:
  /// Fails, with an error, if an argument or result is of a kind that no buffer is for.
  static mlir::FailureOr<Layouts> of(mlir::ModuleOp module);

  // `order`: the number among arguments or results, for those without attributes.
  Allocation argument(mlir::DictionaryAttr attributes, int64_t order) const;
  Allocation result(mlir::DictionaryAttr attributes, mlir::Type type, int64_t order) const;

private:
  FlatLayout weights, state; // by the tensors' numbers
};

} // namespace dlc::memory
