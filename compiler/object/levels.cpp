// One module for processors of several levels: the functions of each, and entry points that choose.
#include "compiler/object/levels.h"

#include "compiler/contract/contract.h"
#include "compiler/object/codegen.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace dlc {
namespace {

using contract::ArenaBytes;
using contract::Flops;

/// One entry point in all its forms.
struct Entry {
  SmallVector<LLVM::LLVMFuncOp> forms; // in the order of kLevels
  int64_t arenaBytes = 0;
  IntegerAttr flops;
};

class Join {
public:
  explicit Join(ModuleOp into) : into(into), b(into.getLoc(), into.getContext()) {}

  void add(StringRef level, ModuleOp module) {
    rename(module, "." + level.str());
    SymbolTable known(into);
    for (Operation &op : llvm::make_early_inc_range(*module.getBody())) {
      if (known.lookup(SymbolTable::getSymbolName(&op)))
        continue; // a function of the C library, declared by an earlier level
      op.moveBefore(into.getBody(), into.getBody()->end());
      if (auto function = dyn_cast<LLVM::LLVMFuncOp>(op); function && !function.isExternal())
        adopt(function, level);
    }
  }

  void makeEntries() {
    auto pointer = LLVM::LLVMPointerType::get(b.getContext());
    b.setInsertionPointToStart(into.getBody());
    auto choose = LLVM::LLVMFuncOp::create(
        b, "dlc_choose", LLVM::LLVMFunctionType::get(pointer, {pointer, pointer, pointer}));
    for (auto &[name, entry] : entries) {
      LLVM::LLVMFuncOp form = entry.forms.front();
      b.setLoc(form.getLoc());
      b.setInsertionPointToEnd(into.getBody());
      auto function = LLVM::LLVMFuncOp::create(b, name, form.getFunctionType());
      contract::set<ArenaBytes>(function, b.getI64IntegerAttr(entry.arenaBytes));
      contract::set<Flops>(function, entry.flops);
      Block *body = function.addEntryBlock(b);
      b.setInsertionPointToStart(body);
      SmallVector<Value> operands;
      for (LLVM::LLVMFuncOp each : entry.forms)
        operands.push_back(LLVM::AddressOfOp::create(b, each));
      operands = {LLVM::CallOp::create(b, choose, operands).getResult()};
      llvm::append_range(operands, body->getArguments());
      LLVM::CallOp::create(b, form.getFunctionType(), operands);
      LLVM::ReturnOp::create(b, ValueRange());
    }
  }

private:
  ModuleOp into;
  ImplicitLocOpBuilder b;
  llvm::MapVector<StringAttr, Entry> entries;

  /// Gives what the module defines, wherever it is named, a suffix.
  static void rename(ModuleOp module, const std::string &suffix) {
    llvm::DenseMap<StringAttr, StringAttr> names;
    for (Operation &op : *module.getBody()) {
      auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
      if (function && function.isExternal())
        continue;
      StringAttr name = SymbolTable::getSymbolName(&op);
      auto longer = StringAttr::get(module.getContext(), name.getValue() + suffix);
      names[name] = longer;
      SymbolTable::setSymbolName(&op, longer);
    }
    AttrTypeReplacer replacer;
    replacer.addReplacement([&](FlatSymbolRefAttr symbol) -> std::optional<Attribute> {
      auto found = names.find(symbol.getAttr());
      return found == names.end() ? symbol : FlatSymbolRefAttr::get(found->second);
    });
    replacer.recursivelyReplaceElementsIn(module);
  }

  /// Makes the function one for processors of the level, and notes it if it is an entry point.
  void adopt(LLVM::LLVMFuncOp function, StringRef level) {
    function.setTargetCpu(level);
    auto arena = contract::get<ArenaBytes>(function);
    if (!arena)
      return;
    function.setVisibility_(
        LLVM::Visibility::Hidden); // external: a part of its own may be made of it
    Entry &entry = entries[b.getStringAttr(function.getName().split('.').first)];
    entry.forms.push_back(function);
    entry.arenaBytes = std::max(entry.arenaBytes, arena.getInt());
    entry.flops = contract::get<Flops>(function);
    function->removeAttr(ArenaBytes::getNameStr());
    function->removeAttr(Flops::getNameStr());
  }
};

} // namespace

OwningOpRef<ModuleOp> joinLevels(std::vector<LevelModule> levels) {
  OwningOpRef<ModuleOp> all = ModuleOp::create(levels.front().module->getLoc());
  Join join(*all);
  for (LevelModule &each : levels)
    join.add(each.level, *each.module);
  join.makeEntries();
  return all;
}

} // namespace dlc
