// The cursor: where in the nest of a kernel code is being written.
#pragma once
#include "compiler/kernel/plan/prefetch.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include <map>

namespace dlc::kernel {

using Values = llvm::SmallVector<mlir::Value>;

/// An access as the loops see it: to the kernel's buffer, or to the packed copy of a block.
struct Stream {
  mlir::Value buffer, start;
  mlir::Type element;
  llvm::SmallVector<int64_t> across; // from a step of a dimension's loop to the next, a point each
  llvm::SmallVector<int64_t> within; // between the points of a tile
  bool isWhole = false;              // a vector may be read where not all of its lanes are wanted
  /// An earlier stream that moves as this one does, `beyond` elements before it; -1: none.
  int along = -1;
  int64_t beyond = 0;
};

/// The part of a dimension that the loops at hand run over: [begin, begin + extent) below its size.
struct Range {
  mlir::Value begin; // null: 0
  int64_t extent = 0;
};

/// One accumulator's point of a tile.
struct Point {
  llvm::SmallVector<int64_t> offset; // from the tile's first point, of each dimension
  int64_t active = 1;                // lanes in use: all, but in the last vector of a remainder
};

/// What is the same wherever the cursor stands in a kernel.
struct Frame {
  mlir::func::FuncOp function;
  std::map<unsigned, mlir::Value> panels; // the memory for packed inputs
  std::optional<Prefetch> prefetch;       // how the next part of an input is prefetched, and
  Stream prefetched;                      // from where
  std::map<std::vector<int32_t>, mlir::Value> offsetTables; // of collapsed loops (reduction.cpp)
};

/// A value: what writes the inside of a loop moves a copy there.
struct Cursor {
  /// Before the first loop.
  Cursor(mlir::ImplicitLocOpBuilder &b, const Nest &nest, const Schedule &schedule, Frame &frame);

  mlir::ImplicitLocOpBuilder &b;
  const Nest &nest;
  const Schedule &schedule;
  Frame &frame;

  llvm::SmallVector<Stream> streams; // inputs, outputs; the epilogue's inputs and outputs
  Values positions;                  // the linear index of each; null for one along another
  llvm::SmallVector<Range> ranges;   // the current block of each dimension
  /// Whether no block was summed up before, and whether none will be after; null: always.
  mlir::Value isFirst, isLast;
  Values ivs;                         // the current first point of each dimension
  llvm::SmallVector<int64_t> extents; // points of each dimension in the current tile, and
  llvm::ArrayRef<Point> points;       // all of them
  int64_t active = schedule.lanes;    // lanes that count of a vector along a reduced dimension

  bool isContraction() const { return nest.contractionFlops() > 0; }
  /// Whether the lanes run along a parallel dimension.
  bool hasParallelVector() const {
    return schedule.vectorDim >= 0 && !nest.reduces[schedule.vectorDim];
  }

  /// Moves by so many steps of a dimension.
  void advance(unsigned dim, mlir::Value steps);

  // Arithmetic on indices; a null value counts as 0.
  mlir::Value index(int64_t i) const;
  mlir::Value plus(mlir::Value a, mlir::Value c) const;
  mlir::Value plus(mlir::Value a, int64_t i) const;
  mlir::Value minus(mlir::Value a, mlir::Value c) const;
  mlir::Value times(mlir::Value a, int64_t i) const;

  /// Calls `body` within a loop.
  void loop(mlir::Value begin, mlir::Value end, int64_t step,
            llvm::function_ref<void(mlir::Value iv)> body) const;
  /// The same for a loop that carries values: `body` makes the next of them.
  Values loop(mlir::Value begin, mlir::Value end, int64_t step, const Values &values,
              llvm::function_ref<Values(mlir::Value iv, Values)> body) const;
  /// Calls `body(iv, points)` for steps of `step` points over the current range of a dimension; the
  /// last may have fewer.
  void over(unsigned dim, int64_t step,
            llvm::function_ref<void(mlir::Value iv, int64_t points)> body) const;
  /// What `yes` or `no` yields, of these types.
  Values either(mlir::Value condition, mlir::TypeRange types, llvm::function_ref<Values()> yes,
                llvm::function_ref<Values()> no) const;
};

} // namespace dlc::kernel
