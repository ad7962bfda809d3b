// Adds up the fields before one.
#include "compiler/target/call.h"

#include "compiler/target/target.h"
#include "llvm/Support/MathExtras.h"

namespace dlc {

std::optional<LocatedField> fieldOf(llvm::ArrayRef<CallField> fields, llvm::StringRef name) {
  constexpr int64_t kNumberBytes = 8;
  int64_t end = 0;
  for (const CallField &field : fields) {
    bool isInside = field.form == CallField::Inside;
    int64_t offset = llvm::alignTo(end, isInside ? kNumberBytes : kPointerBytes);
    if (field.name == name)
      return LocatedField{field.form, offset};
    end = offset + (isInside ? field.bytes : kPointerBytes);
  }
  return std::nullopt;
}

} // namespace dlc
