// Where the fields of `dlc_call` and `dlc_update` (runtime/include/dlc/model.h) lie in the memory
// of the target, as its C compiler lays them out.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace dlc {

/// A field of a call; `name` is the buffer's (contract/contract.td) where it is one.
struct CallField {
  llvm::StringLiteral name;
  enum Form {
    Pointer, // to the buffer
    Array,   // a pointer to the addresses of buffers
    Inside   // the bytes themselves
  } form = Pointer;
  int64_t bytes = 0; // of what is inside; numbers of 8 bytes
};

inline constexpr CallField kCallFields[] = {
    {"weights"},
    {"gradients"},
    {"state"},
    {"arena"},
    {"input", CallField::Array},
    {"output", CallField::Array},
    {"sample_weight"},
    {"results"},
    {"random_key", CallField::Inside, 16}, // seed and step
    {"parallel"},
    {"pool"},
};

inline constexpr CallField kUpdateFields[] = {
    {"weights"},
    {"gradients"},
    {"slot", CallField::Array},
    {"settings"},
    {"step", CallField::Inside, 8},
    {"total_steps", CallField::Inside, 8},
    {"arena"},
    {"rate"},
    {"parallel"},
    {"pool"},
};

/// A field and the bytes before it in its structure.
struct LocatedField {
  CallField::Form form;
  int64_t offset;
};

/// The field of this name; null if there is none.
std::optional<LocatedField> fieldOf(llvm::ArrayRef<CallField> fields, llvm::StringRef name);

} // namespace dlc
