// Moving the cursor, and what is written at every turn: index arithmetic, loops, branches.
#include "compiler/kernel/emit/cursor.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace dlc::kernel {

Cursor::Cursor(ImplicitLocOpBuilder &b, const Nest &nest, const Schedule &schedule, Frame &frame)
    : b(b), nest(nest), schedule(schedule), frame(frame), ivs(nest.rank()),
      extents(nest.rank(), 1) {
  for (int64_t size : nest.sizes)
    ranges.push_back({Value(), size});
}

void Cursor::advance(unsigned dim, Value steps) {
  for (auto [stream, position] : llvm::zip(streams, positions))
    if (stream.across[dim] != 0 && stream.along < 0)
      position = plus(position, times(steps, stream.across[dim]));
}

Value Cursor::index(int64_t i) const { return arith::ConstantIndexOp::create(b, i); }

Value Cursor::plus(Value a, Value c) const {
  return a ? (c ? arith::AddIOp::create(b, a, c).getResult() : a) : c;
}

Value Cursor::plus(Value a, int64_t i) const { return i == 0 && a ? a : plus(a, index(i)); }

Value Cursor::minus(Value a, Value c) const {
  return c ? arith::SubIOp::create(b, a, c).getResult() : a;
}

Value Cursor::times(Value a, int64_t i) const {
  return i == 1 ? a : arith::MulIOp::create(b, a, index(i)).getResult();
}

void Cursor::loop(Value begin, Value end, int64_t step,
                  llvm::function_ref<void(Value)> body) const {
  auto forOp = scf::ForOp::create(b, begin, end, index(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  body(forOp.getInductionVar());
}

Values Cursor::loop(Value begin, Value end, int64_t step, const Values &values,
                    llvm::function_ref<Values(Value, Values)> body) const {
  auto forOp = scf::ForOp::create(b, begin, end, index(step), values);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  Values next = body(forOp.getInductionVar(), Values(forOp.getRegionIterArgs()));
  scf::YieldOp::create(b, next);
  return Values(forOp->result_begin(), forOp->result_end());
}

void Cursor::over(unsigned dim, int64_t step, llvm::function_ref<void(Value, int64_t)> body) const {
  int64_t size = nest.sizes[dim], full = size / step * step, rest = size - full;
  Range range = ranges[dim];
  auto whole = [&](Value iv) { body(iv, step); };
  if (!range.begin) {
    if (full == step)
      whole(index(0));
    else if (full > step)
      loop(index(0), index(full), step, whole);
    if (rest > 0)
      body(index(full), rest);
    return;
  }
  Value end = plus(range.begin, range.extent);
  if (size % range.extent == 0 && range.extent % step == 0) {
    if (range.extent == step)
      return whole(range.begin);
    return loop(range.begin, end, step, whole);
  }
  if (full > 0)
    loop(range.begin, arith::MinUIOp::create(b, end, index(full)), step, whole);
  if (rest == 0)
    return;
  Value isLastBlock = arith::CmpIOp::create(b, arith::CmpIPredicate::ugt, end, index(full));
  auto branch = scf::IfOp::create(b, isLastBlock, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  body(index(full), rest);
}

Values Cursor::either(Value condition, TypeRange types, llvm::function_ref<Values()> yes,
                      llvm::function_ref<Values()> no) const {
  auto branch = scf::IfOp::create(b, types, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  auto fill = [&](Block *block, llvm::function_ref<Values()> body) {
    b.setInsertionPointToStart(block);
    Values yielded = body();
    if (!types.empty()) // else the terminator is there already
      scf::YieldOp::create(b, yielded);
  };
  fill(branch.thenBlock(), yes);
  fill(branch.elseBlock(), no);
  return Values(branch->result_begin(), branch->result_end());
}

} // namespace dlc::kernel
