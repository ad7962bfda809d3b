// A module cut into parts of which code is made at the same time.
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/Module.h"

#include <memory>
#include <vector>

namespace dlc {

/// A module in parts. How it is cut depends on the module alone, not on the machine, so that
/// the same model always becomes the same program.
class Partition {
public:
  /// Cuts a module. Functions that one part has and another calls get names for the linker, hidden
  /// from all else.
  explicit Partition(llvm::Module &module);

  size_t size() const { return functions.size(); }
  /// A part as a module of its own. Several threads may ask, each with a context of its own. Null,
  /// with the reason on stderr, on a fault.
  std::unique_ptr<llvm::Module> load(size_t part, llvm::LLVMContext &context) const;

private:
  std::vector<llvm::StringSet<>> functions; // of each part; the first also has all data
  llvm::SmallVector<char, 0> bitcode;       // of the whole module
};

} // namespace dlc
