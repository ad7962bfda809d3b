// A module cut into parts of which code is made at the same time.
#include "compiler/parts.h"

#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/Instructions.h"

using namespace llvm;

namespace dlc {
namespace {

// A part costs a few milliseconds of its own; this many instructions take some ninety.
constexpr size_t kPartInstructions = 2000;
constexpr size_t kMostParts = 32;

/// Functions that stay together: what only one kernel calls is there to be inlined in it.
struct Group {
  SmallVector<Function *> functions;
  size_t instructions = 0;
  bool isFixed = false; // entry points, and what data refers to: in the first part
};

/// The functions that name this one; also null, if data does.
SmallSetVector<Function *, 4> usersOf(const Function &function) {
  SmallSetVector<Function *, 4> users;
  for (const User *user : function.users()) {
    auto *instruction = dyn_cast<Instruction>(user);
    users.insert(instruction ? const_cast<Function *>(instruction->getFunction()) : nullptr);
  }
  return users;
}

/// In the order of the module.
std::vector<Group> groupsOf(Module &module) {
  EquivalenceClasses<Function *> together;
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    together.insert(&function);
    if (!function.hasLocalLinkage())
      continue;
    auto users = usersOf(function);
    if (users.size() == 1 && users[0] && users[0]->hasLocalLinkage())
      together.unionSets(&function, users[0]);
  }
  MapVector<Function *, Group> groups;
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    Group &group = groups[together.getLeaderValue(&function)];
    group.functions.push_back(&function);
    group.instructions += function.getInstructionCount();
    group.isFixed |= !function.hasLocalLinkage() || usersOf(function).contains(nullptr);
  }
  std::vector<Group> list;
  for (auto &[leader, group] : groups)
    list.push_back(std::move(group));
  return list;
}

/// The part of each group: the largest first, each to where there is least.
std::vector<size_t> distribute(ArrayRef<Group> groups) {
  size_t total = 0;
  for (const Group &group : groups)
    total += group.instructions;
  std::vector<size_t> loads(std::clamp(total / kPartInstructions, size_t(1), kMostParts));
  std::vector<size_t> parts(groups.size()), order;
  for (auto [i, group] : enumerate(groups)) {
    if (group.isFixed)
      loads[0] += group.instructions;
    else
      order.push_back(i);
  }
  stable_sort(order,
              [&](size_t a, size_t b) { return groups[a].instructions > groups[b].instructions; });
  for (size_t i : order) {
    parts[i] = std::min_element(loads.begin(), loads.end()) - loads.begin();
    loads[parts[i]] += groups[i].instructions;
  }
  return parts;
}

} // namespace

Parts::Parts(Module &module) {
  std::vector<Group> groups = groupsOf(module);
  std::vector<size_t> parts = distribute(groups);
  functions.resize(1);
  for (auto [group, part] : zip(groups, parts)) {
    functions.resize(std::max(functions.size(), part + 1));
    for (Function *function : group.functions)
      functions[part].insert(function->getName());
  }
  for (auto [group, part] : zip(groups, parts))
    for (Function *function : group.functions) {
      bool isShared = any_of(usersOf(*function), [&, part = part](Function *user) {
        return user && !functions[part].contains(user->getName());
      });
      if (!isShared || !function->hasLocalLinkage())
        continue;
      function->setLinkage(GlobalValue::ExternalLinkage);
      function->setVisibility(GlobalValue::HiddenVisibility);
    }
  raw_svector_ostream stream(bitcode);
  WriteBitcodeToFile(module, stream);
}

std::unique_ptr<Module> Parts::load(size_t part, LLVMContext &context) const {
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
