// The layout of images in memory: the channels last, or where those are few the batch, to give
// vectors something to do.
#pragma once
#include "compiler/contract/contract.h"
#include "compiler/target/target.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/IntEqClasses.h"
#include "llvm/ADT/SmallSet.h"

namespace dlc::fuse {

/// So many images of the batch lie side by side, whatever the target: all share this stage.
constexpr int64_t kLanes = kMostLanes;

/// How a tensor [N, C, H, W] lies in memory: as it is, as [N, H, W, C], or, with any axes after the
/// first, as [N / 16, C, H, W, 16].
enum class Layout { AsIs, ChannelsLast, BatchInLanes };

/// Axis i of the memory is axis order[i] of the tensor.
using Order = llvm::ArrayRef<int64_t>;
constexpr int64_t kChannelsLast[] = {0, 2, 3, 1};

llvm::SmallVector<int64_t> permuted(llvm::ArrayRef<int64_t> values, Order order);
mlir::RankedTensorType permuted(mlir::RankedTensorType type, Order order);
mlir::AffineMap permuted(mlir::AffineMap map, Order order);

/// A number of each axis, the batch's split into that of the blocks and that of the lanes.
llvm::SmallVector<int64_t> laidOut(llvm::ArrayRef<int64_t> numbers, Layout layout, int64_t blocks,
                                   int64_t lanes);
mlir::RankedTensorType laidOut(mlir::RankedTensorType type, Layout layout);

/// 0 for what is no tensor.
unsigned rankOf(mlir::Value value);
bool isImage(mlir::Value value);
/// A reshape that leaves the batch alone, if op is one.
bool reshapesEach(mlir::Operation &op);
/// An argument between zeros: a copy of it, whose order is free.
bool isPaddedArgument(mlir::Value value);

using contract::Direction;

/// What a convolution computes. Null for other nests, and for convolutions into which a producer
/// has gone that turned the axes of the image: their operands lie as they are. Before its maps are
/// rewritten.
std::optional<Direction> convolutionOf(mlir::linalg::GenericOp op);

void setMap(mlir::linalg::GenericOp op, mlir::OpOperand &operand, mlir::AffineMap map);

/// The layouts of the tensors of a block (choose_layouts.cpp). Values that share their memory or
/// the order of their elements have one. What the block takes from around it or from a turn of a
/// loop, what it gives to the next turn and what a loop within it takes and gives stay as they are.
class Layouts {
public:
  explicit Layouts(mlir::Block &block);

  Layout of(mlir::Value value) const {
    return number.contains(value) ? layouts[classOf(value)] : Layout::AsIs;
  }
  bool isChannelsLast(mlir::Value value) const { return of(value) == Layout::ChannelsLast; }
  bool hasLanes(mlir::Value value) const { return of(value) == Layout::BatchInLanes; }
  /// The loops over the batch of the operands that have it in their lanes: a dimension's number.
  llvm::SmallSet<unsigned, 2> batchLoops(mlir::linalg::GenericOp op) const;

  llvm::SmallVector<mlir::Value> tensors; // of two axes and more
  llvm::DenseMap<mlir::Operation *, Direction> convolutions;

private:
  mlir::Block &block;
  llvm::DenseMap<mlir::Value, unsigned> number; // in `tensors`
  llvm::IntEqClasses ties;
  llvm::SmallVector<Layout> layouts; // by class

  void note(mlir::Value value);
  void tie(mlir::Value a, mlir::Value b);
  void tieOperations(llvm::SmallVectorImpl<mlir::Value> &kept,
                     llvm::SmallVectorImpl<mlir::Value> &reshaped);
  unsigned classOf(mlir::Value value) const { return ties[number.lookup(value)]; }
  void decide(mlir::Value value, Layout layout);
  void decideConvolutions();
  bool spreadLanes(const llvm::BitVector &isKept);
  bool canSplitBatch(mlir::linalg::GenericOp op) const;
};

/// Gives a convolution whose image has its channels last weights that are packed to fit: rows and
/// columns first, the lanes' channel last. One that makes weights makes them so, or as a sum of
/// each lane, and what was made is moved back (pack_weights.cpp).
void packConvolution(mlir::IRRewriter &rewriter, mlir::linalg::GenericOp op,
                     const Layouts &layouts);

/// A tensor whose elements are those of `value` at `axes`, which are of its own dimensions.
mlir::Value copyOf(mlir::IRRewriter &rewriter, mlir::Location loc, mlir::Value value,
                   mlir::RankedTensorType type, llvm::ArrayRef<mlir::AffineExpr> axes);

} // namespace dlc::fuse
