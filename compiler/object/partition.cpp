// A module cut into parts of which code is made at the same time.
#include "compiler/object/partition.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/Instructions.h"

#include <numeric>

using namespace llvm;

namespace dlc {
namespace {

// A part costs a few milliseconds of its own; this many instructions take some sixty.
constexpr size_t kPartInstructions = 2000;
constexpr size_t kMostParts = 32;

/// Whether it can be made elsewhere than the data: data does not refer to it, nor is it an entry
/// point.
bool canMove(const Function &function) {
  return function.hasLocalLinkage() &&
         all_of(function.users(), [](const User *user) { return isa<Instruction>(user); });
}

/// The part of each function: the largest first, each to where there is least.
std::vector<size_t> distribute(ArrayRef<Function *> functions) {
  std::vector<size_t> sizes, order, parts(functions.size());
  for (Function *function : functions)
    sizes.push_back(function->getInstructionCount());
  size_t total = std::accumulate(sizes.begin(), sizes.end(), size_t(0));
  std::vector<size_t> loads(std::clamp(total / kPartInstructions, size_t(1), kMostParts));
  for (size_t i = 0; i < functions.size(); ++i)
    if (canMove(*functions[i]))
      order.push_back(i);
    else
      loads[0] += sizes[i];
  stable_sort(order, [&](size_t a, size_t b) { return sizes[a] > sizes[b]; });
  for (size_t i : order) {
    parts[i] = std::min_element(loads.begin(), loads.end()) - loads.begin();
    loads[parts[i]] += sizes[i];
  }
  return parts;
}

} // namespace

Partition::Partition(Module &module) {
  std::vector<Function *> all;
  for (Function &function : module)
    if (!function.isDeclaration())
      all.push_back(&function);
  std::vector<size_t> parts = distribute(all);
  functions.resize(1);
  for (auto [function, part] : zip(all, parts)) {
    functions.resize(std::max(functions.size(), part + 1));
    functions[part].insert(function->getName());
  }
  for (auto [function, part] : zip(all, parts)) {
    bool isShared = any_of(function->users(), [&, part = part](const User *user) {
      auto *call = dyn_cast<Instruction>(user);
      return call && !functions[part].contains(call->getFunction()->getName());
    });
    if (!isShared || !function->hasLocalLinkage())
      continue;
    function->setLinkage(GlobalValue::ExternalLinkage);
    function->setVisibility(GlobalValue::HiddenVisibility);
  }
  raw_svector_ostream stream(bitcode);
  WriteBitcodeToFile(module, stream);
}

std::unique_ptr<Module> Partition::load(size_t part, LLVMContext &context) const {
  MemoryBufferRef bytes(StringRef(bitcode.data(), bitcode.size()), "model");
  Expected<std::unique_ptr<Module>> module = getLazyBitcodeModule(bytes, context);
  if (!module) {
    errs() << "fault: cannot read a part of the module: " << toString(module.takeError()) << "\n";
    return nullptr;
  }
  for (Function &function : **module)
    if (!functions[part].contains(function.getName()) && !function.isDeclaration())
      function.deleteBody(); // not yet read
  for (GlobalVariable &data : (*module)->globals())
    if (part > 0 && !data.isDeclaration() && !data.hasLocalLinkage()) {
      data.setInitializer(nullptr);
      data.setLinkage(GlobalValue::ExternalLinkage);
    }
  if (Error error = (*module)->materializeAll()) {
    errs() << "fault: cannot read a part of the module: " << toString(std::move(error)) << "\n";
    return nullptr;
  }
  return std::move(*module);
}

} // namespace dlc
