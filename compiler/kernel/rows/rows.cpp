// A row is copied, or added to, by whole vectors; what is left over by a masked one.
#include "compiler/kernel/rows/rows.h"
#include "compiler/contract/contract.h"
#include "compiler/kernel/emit/emit.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;

namespace dlc::kernel {

// Vectors of a row that an item of an addition takes: enough for whole lines of memory.
constexpr int64_t kVectorsAnItem = 4;

// The operands of the nest (linalg/shape.cpp): the numbers, then the index.
static const Access &numbersOf(const Nest &nest) { return nest.inputs[0]; }
static const Access &indexOf(const Nest &nest) { return nest.inputs[1]; }

std::optional<Rows> rowsOf(linalg::LinalgOp op, const Nest &nest, int64_t vectorBytes) {
  auto fact = contract::get<contract::Rows>(op);
  if (!fact)
    return std::nullopt;
  Rows rows;
  rows.nest = nest;
  rows.gathers = fact.getDirection() == contract::Transfer::Gather;
  SmallVector<bool> indexed = indexedDims(nest);
  for (unsigned d = 0; d < nest.rank(); ++d)
    if (indexed[d])
      rows.row = d;
    else if (nest.outputs[0].stride(d) != 0 && numbersOf(nest).stride(d) != 0)
      rows.column = int(d);
    else
      rows.tokens.push_back(d);
  bool isContiguous = rows.column >= 0 && numbersOf(nest).stride(rows.column) == 1 &&
                      nest.outputs[0].stride(rows.column) == 1;
  if (isContiguous)
    rows.lanes = vectorBytes * 8 / numbersOf(nest).element.getIntOrFloatBitWidth();
  return rows;
}

static int64_t columnsOf(const Rows &rows) {
  return rows.column < 0 ? 1 : rows.nest.sizes[rows.column];
}

int64_t Rows::itemCount() const {
  if (gathers)
    return tokens.empty() ? 1 : nest.sizes[tokens[0]];
  return llvm::divideCeil(columnsOf(*this), kVectorsAnItem * lanes);
}

int64_t Rows::work() const {
  int64_t moved = gathers ? 0 : nest.sizes[row], count = 1;
  for (unsigned d : tokens)
    count *= nest.sizes[d];
  return (moved + count) * columnsOf(*this);
}

std::string Rows::describe() const {
  return std::string(gathers ? "gather" : "scatter_add") + " " + std::to_string(lanes) + " lanes";
}

namespace {

/// Writes one kernel.
class Emitter {
public:
  Emitter(ImplicitLocOpBuilder &b, const Rows &rows, func::FuncOp function)
      : b(b), rows(rows), nest(rows.nest), function(function) {}

  void run() {
    unsigned buffers = nest.buffers.size();
    loop(function.getArgument(buffers), function.getArgument(buffers + 1), 1,
         [&](Value item) { rows.gathers ? gather(item) : add(item); });
  }

private:
  ImplicitLocOpBuilder &b;
  const Rows &rows;
  const Nest &nest;
  func::FuncOp function;

  Value index(int64_t i) { return arith::ConstantIndexOp::create(b, i); }
  Value plus(Value a, Value c) { return arith::AddIOp::create(b, a, c); }
  Value times(Value a, int64_t i) {
    return i == 1 ? a : arith::MulIOp::create(b, a, index(i)).getResult();
  }

  void loop(Value begin, Value end, int64_t step, function_ref<void(Value)> body) {
    auto op = scf::ForOp::create(b, begin, end, index(step));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(op.getBody());
    body(op.getInductionVar());
  }

  // Calls `body` for the tokens of `dims`, with the position of each in the index and in the other
  // access that moves along.
  void overTokens(ArrayRef<unsigned> dims, Value inIndex, const Access &other, Value inOther,
                  function_ref<void(Value, Value)> body) {
    if (dims.empty())
      return body(inIndex, inOther);
    unsigned d = dims.front();
    loop(index(0), index(nest.sizes[d]), 1, [&](Value i) {
      overTokens(dims.drop_front(), plus(inIndex, times(i, indexOf(nest).stride(d))), other,
                 plus(inOther, times(i, other.stride(d))), body);
    });
  }

  // The row of the table that the index names, and whether there is one.
  std::pair<Value, Value> rowAt(Value position) {
    Value number = memref::LoadOp::create(b, function.getArgument(indexOf(nest).buffer), position);
    Value rowCount = arith::ConstantOp::create(b, b.getI32IntegerAttr(nest.sizes[rows.row]));
    Value isThere = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, number, rowCount);
    return {arith::IndexCastOp::create(b, b.getIndexType(), number), isThere};
  }

  VectorType vectorType() { return VectorType::get(rows.lanes, numbersOf(nest).element); }
  Value zero() {
    Type type = rows.lanes > 1 ? Type(vectorType()) : numbersOf(nest).element;
    return arith::ConstantOp::create(b, cast<TypedAttr>(b.getZeroAttr(type)));
  }
  Value mask(int64_t active) {
    return vector::ConstantMaskOp::create(b, VectorType::get(rows.lanes, b.getI1Type()), active);
  }
  Value load(const Access &from, Value position, int64_t active) {
    Value buffer = function.getArgument(from.buffer);
    if (rows.lanes == 1)
      return memref::LoadOp::create(b, buffer, position);
    if (active == rows.lanes)
      return vector::LoadOp::create(b, vectorType(), buffer, position);
    return vector::MaskedLoadOp::create(b, vectorType(), buffer, position, mask(active), zero());
  }
  void store(const Access &to, Value position, Value value, int64_t active) {
    Value buffer = function.getArgument(to.buffer);
    if (rows.lanes == 1)
      memref::StoreOp::create(b, value, buffer, position);
    else if (active == rows.lanes)
      vector::StoreOp::create(b, value, buffer, position);
    else
      vector::MaskedStoreOp::create(b, buffer, position, mask(active), value);
  }

  int64_t columnStride(const Access &access) {
    return rows.column < 0 ? 1 : access.stride(rows.column);
  }

  // Calls `body(column, active)` for the vectors of a row.
  void overRow(function_ref<void(Value, int64_t)> body) {
    int64_t columns = columnsOf(rows), whole = columns / rows.lanes * rows.lanes;
    if (whole > 0)
      loop(index(0), index(whole), rows.lanes, [&](Value column) { body(column, rows.lanes); });
    if (whole < columns)
      body(index(whole), columns - whole);
  }

  void gather(Value item) {
    const Access &table = numbersOf(nest), &result = nest.outputs[0];
    ArrayRef<unsigned> tokens = rows.tokens;
    Value inIndex = index(indexOf(nest).offset), inResult = index(result.offset);
    if (!tokens.empty()) {
      inIndex = plus(inIndex, times(item, indexOf(nest).stride(tokens[0])));
      inResult = plus(inResult, times(item, result.stride(tokens[0])));
      tokens = tokens.drop_front();
    }
    overTokens(tokens, inIndex, result, inResult, [&](Value at, Value to) {
      auto [row, isThere] = rowAt(at);
      auto choice = scf::IfOp::create(b, isThere, /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(choice.thenBlock());
      Value from = plus(index(table.offset), times(row, table.stride(rows.row)));
      overRow([&](Value column, int64_t active) {
        Value number = load(table, plus(from, times(column, columnStride(table))), active);
        store(result, plus(to, times(column, columnStride(result))), number, active);
      });
      b.setInsertionPointToStart(choice.elseBlock());
      overRow([&](Value column, int64_t active) {
        store(result, plus(to, times(column, columnStride(result))), zero(), active);
      });
    });
  }

  // The columns of an item: `vectors` whole vectors, and `rest` numbers.
  void addColumns(Value first, int64_t vectors, int64_t rest) {
    const Access &x = numbersOf(nest), &table = nest.outputs[0];
    SmallVector<std::pair<Value, int64_t>> columns; // and the active lanes
    for (int64_t v = 0; v < vectors; ++v)
      columns.emplace_back(plus(first, index(v * rows.lanes)), rows.lanes);
    if (rest > 0)
      columns.emplace_back(plus(first, index(vectors * rows.lanes)), rest);
    loop(index(0), index(nest.sizes[rows.row]), 1, [&](Value row) {
      Value to = plus(index(table.offset), times(row, table.stride(rows.row)));
      for (auto [column, active] : columns)
        store(table, plus(to, times(column, columnStride(table))), zero(), active);
    });
    overTokens(rows.tokens, index(indexOf(nest).offset), x, index(x.offset),
               [&](Value at, Value from) {
                 auto [row, isThere] = rowAt(at);
                 auto choice = scf::IfOp::create(b, isThere, /*withElseRegion=*/false);
                 OpBuilder::InsertionGuard guard(b);
                 b.setInsertionPointToStart(choice.thenBlock());
                 Value to = plus(index(table.offset), times(row, table.stride(rows.row)));
                 for (auto [column, active] : columns) {
                   Value place = plus(to, times(column, columnStride(table)));
                   Value term = load(x, plus(from, times(column, columnStride(x))), active);
                   Value sum = arith::AddFOp::create(b, load(table, place, active), term);
                   store(table, place, sum, active);
                 }
               });
  }

  void add(Value item) {
    int64_t width = kVectorsAnItem * rows.lanes, columns = columnsOf(rows);
    int64_t whole = columns / width, left = columns % width;
    Value first = times(item, width);
    int64_t vectors = left / rows.lanes, rest = left % rows.lanes;
    if (left == 0)
      return addColumns(first, kVectorsAnItem, 0);
    if (whole == 0)
      return addColumns(first, vectors, rest);
    Value isWhole = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, item, index(whole));
    auto choice = scf::IfOp::create(b, isWhole, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    addColumns(first, kVectorsAnItem, 0);
    b.setInsertionPointToStart(choice.elseBlock());
    addColumns(first, vectors, rest);
  }
};

} // namespace

func::FuncOp emitRows(OpBuilder &builder, Location loc, StringRef name, const Rows &rows) {
  ImplicitLocOpBuilder b(loc, builder);
  func::FuncOp function = openKernel(b, name, rows.nest.buffers);
  Emitter(b, rows, function).run();
  func::ReturnOp::create(b);
  return function;
}

} // namespace dlc::kernel
