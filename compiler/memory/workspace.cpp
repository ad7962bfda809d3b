// Grows the arenas of bufferized functions.
#include "compiler/memory/workspace.h"
#include "compiler/contract/contract.h"
#include "compiler/memory/buffers.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace dlc::memory {

Value Workspaces::create(OpBuilder &b, Location loc, MemRefType type) {
  Operation *around = b.getInsertionBlock()->getParentOp(); // a loop, perhaps
  auto function = dyn_cast<func::FuncOp>(around);
  if (!function)
    function = around->getParentOfType<func::FuncOp>();
  BlockArgument arena = *llvm::find_if(function.getArguments(), [&](BlockArgument argument) {
    return contract::bufferOf(function, argument.getArgNumber()).getKind() == BufferKind::Arena;
  });
  int64_t bytes = contract::get<contract::ArenaBytes>(function).getInt();
  int64_t begin = aligned(planned.try_emplace(function, bytes).first->second);
  bytes = std::max(bytes, begin + bytesOf(type));
  arena.setType(MemRefType::get({bytes}, b.getI8Type()));
  function.setFunctionType(b.getFunctionType(function.front().getArgumentTypes(), {}));
  contract::set<contract::ArenaBytes>(function, b.getI64IntegerAttr(bytes));
  Value offset = arith::ConstantIndexOp::create(b, loc, begin);
  return memref::ViewOp::create(b, loc, type, arena, offset, ValueRange{});
}

} // namespace dlc::memory
