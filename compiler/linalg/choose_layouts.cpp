// Which layout each tensor has: convolutions say what they want, what shares its memory or is
// computed point by point from it has it, too, and what leaves the block stays as it is.
#include "compiler/contract/contract.h"
#include "compiler/linalg/layout.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace dlc::fuse {

// With fewer channels most lanes of a vector would be idle.
constexpr int64_t kLeastChannels = 16;

// Convolutions of images with fewer channels take the batch for lanes if either side has few.
constexpr int64_t kManyChannels = 32;

static int64_t batch(Value value) { return cast<RankedTensorType>(value.getType()).getDimSize(0); }
static int64_t channels(Value image) {
  return cast<RankedTensorType>(image.getType()).getDimSize(1);
}

// Whether a part of a tensor, put into it or taken from it, has its whole batch.
template <typename SliceOp> static bool hasBatch(SliceOp slice, Value whole) {
  return slice.getStaticOffsets()[0] == 0 && slice.getStaticStrides()[0] == 1 &&
         slice.getStaticSizes()[0] == batch(whole) &&
         rankOf(slice.getSource()) == rankOf(slice.getResult());
}

static bool isFromArgument(Value value) {
  return isa<BlockArgument>(value) || isPaddedArgument(value);
}

// Whether a convolution of these two images takes the batch for lanes: where either has too few
// channels for them, unless that is an argument only: its elements need not be in lanes.
static bool wantsBatchInLanes(Value a, Value b) {
  auto isFew = [](Value image) {
    return channels(image) < kLeastChannels && !isFromArgument(image);
  };
  return batch(a) % kLanes == 0 && (isFew(a) || isFew(b)) &&
         std::max(channels(a), channels(b)) < kManyChannels;
}

// --- classes of tensors --------------------------------------------------------------------------

void Layouts::note(Value value) {
  if (rankOf(value) < 2)
    return;
  number[value] = tensors.size();
  tensors.push_back(value);
}

void Layouts::tie(Value a, Value b) {
  if (rankOf(a) > 1 && rankOf(b) > 1)
    ties.join(number.lookup(a), number.lookup(b));
}

void Layouts::tieOperations(SmallVectorImpl<Value> &kept, SmallVectorImpl<Value> &reshaped) {
  for (Operation &op : block) {
    if (auto nest = dyn_cast<linalg::LinalgOp>(op); nest && nest.hasPureTensorSemantics()) {
      for (auto [init, result] : llvm::zip(nest.getDpsInits(), op.getResults()))
        tie(init, result);
      if (contract::get<contract::Rows>(&op)) { // rows lie as their index finds them
        llvm::append_range(kept, op.getOperands());
        llvm::append_range(kept, op.getResults());
      }
    } else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
      tie(insert.getDest(), insert.getResult());
      if (!isPaddedArgument(insert))
        tie(insert.getSource(), insert.getResult());
      if (!hasBatch(insert, insert.getResult()))
        kept.push_back(insert.getResult());
    } else if (auto extract = dyn_cast<tensor::ExtractSliceOp>(op)) {
      tie(extract.getSource(), extract.getResult());
      if (!hasBatch(extract, extract.getSource()))
        kept.push_back(extract.getResult());
    } else if (reshapesEach(op)) {
      tie(op.getOperand(0), op.getResult(0));
      reshaped.push_back(op.getResult(0));
    } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
      SetVector<Value> captured;
      getUsedValuesDefinedAbove(loop.getRegion(), captured);
      for (ValueRange values : {ValueRange(captured.getArrayRef()), ValueRange(op.getOperands()),
                                ValueRange(op.getResults())})
        llvm::append_range(kept, values);
    } else if (!isa<tensor::EmptyOp>(op)) {
      llvm::append_range(kept, op.getOperands());
      llvm::append_range(kept, op.getResults());
    }
  }
}

// --- their layouts -------------------------------------------------------------------------------

void Layouts::decide(Value value, Layout layout) {
  if (rankOf(value) > 1)
    layouts[classOf(value)] = layout;
}

void Layouts::decideConvolutions() {
  for (auto op : block.getOps<linalg::GenericOp>())
    if (std::optional<Direction> direction = convolutionOf(op)) {
      convolutions[op] = *direction;
      Value a = op.getInputs()[0];
      Value b = *direction == Direction::Filter ? op.getInputs()[1] : op.getResult(0);
      if (isImage(a) && isImage(b) && wantsBatchInLanes(a, b))
        decide(a, Layout::BatchInLanes), decide(b, Layout::BatchInLanes);
    }
}

// What is computed point by point from images with the batch in the lanes, or to them, has it
// there too. Whether a layout changed.
bool Layouts::spreadLanes(const llvm::BitVector &isKept) {
  bool changes = false;
  for (auto op : block.getOps<linalg::GenericOp>()) {
    Value origin;
    for (Value operand : op->getOperands())
      if (rankOf(operand) >= 4 && of(operand) == Layout::BatchInLanes)
        origin = operand;
    if (!origin || convolutions.contains(op))
      continue;
    for (Value operand : op->getOperands())
      if (rankOf(operand) >= 4 && of(operand) != Layout::BatchInLanes &&
          !isKept[classOf(operand)] && batch(operand) == batch(origin)) {
        decide(operand, Layout::BatchInLanes);
        changes = true;
      }
  }
  return changes;
}

llvm::SmallSet<unsigned, 2> Layouts::batchLoops(linalg::GenericOp op) const {
  llvm::SmallSet<unsigned, 2> loops;
  for (OpOperand &operand : op->getOpOperands())
    if (hasLanes(operand.get())) {
      auto loop = dyn_cast<AffineDimExpr>(op.getMatchingIndexingMap(&operand).getResult(0));
      loops.insert(loop ? loop.getPosition() : op.getNumLoops());
    }
  return loops;
}

bool Layouts::canSplitBatch(linalg::GenericOp op) const {
  llvm::SmallSet<unsigned, 2> loops = batchLoops(op);
  return loops.empty() || (loops.size() == 1 && *loops.begin() < op.getNumLoops());
}

Layouts::Layouts(Block &block) : block(block) {
  for (BlockArgument argument : block.getArguments())
    note(argument);
  SmallVector<Value> kept(block.getArguments()), reshaped;
  for (Operation &op : block) {
    for (Value operand : op.getOperands())
      if (operand.getParentBlock() != &block && !number.contains(operand)) {
        note(operand);
        kept.push_back(operand);
      }
    for (Value result : op.getResults())
      note(result);
  }
  ties.grow(tensors.size());
  tieOperations(kept, reshaped);
  ties.compress();

  // What is decided later prevails.
  layouts.assign(ties.getNumClasses(), Layout::ChannelsLast);
  for (Value value : tensors)
    if (!isImage(value) || channels(value) < kLeastChannels || isPaddedArgument(value))
      decide(value, Layout::AsIs);
  for (Value value : reshaped)
    decide(value, Layout::AsIs);
  decideConvolutions();
  llvm::BitVector isKept(ties.getNumClasses());
  for (Value value : kept)
    if (rankOf(value) > 1) {
      decide(value, Layout::AsIs);
      isKept.set(classOf(value));
    }
  while (spreadLanes(isKept))
    ;
  if (!llvm::all_of(block.getOps<linalg::GenericOp>(),
                    [&](linalg::GenericOp op) { return canSplitBatch(op); }))
    llvm::replace(layouts, Layout::BatchInLanes, Layout::AsIs);
}

} // namespace dlc::fuse
