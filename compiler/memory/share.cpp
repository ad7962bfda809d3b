// The pass -dlc-share-loops.
#include "compiler/memory/share.h"
#include "compiler/contract/contract.h"
#include "compiler/memory/buffers.h"
#include "compiler/passes/passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <map>

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_SHAREPASS
#include "compiler/passes/passes.h.inc"

} // namespace dlc

namespace dlc::memory {

namespace {

constexpr int64_t kFewestRows = 8; // that fill a register tile
constexpr int64_t kMostGroups = 8;

} // namespace

int64_t rowsOfGroup(int64_t batch) {
  for (int64_t groups = kMostGroups; groups > 1; --groups)
    if (batch % groups == 0 && batch / groups >= kFewestRows)
      return batch / groups;
  return batch;
}

bool mayBeShared(scf::ForOp loop) {
  std::optional<int64_t> batch;
  bool isAlike = true;
  loop.walk([&](linalg::GenericOp op) {
    for (Value result : op->getResults()) {
      ArrayRef<int64_t> shape = cast<RankedTensorType>(result.getType()).getShape();
      isAlike &= !shape.empty() && shape[0] == batch.value_or(shape[0]);
      if (!shape.empty())
        batch = shape[0];
    }
  });
  return isAlike && batch && rowsOfGroup(*batch) < *batch;
}

namespace {

/// Where a buffer is looked at: a constant and multiples of turns' numbers, in bytes.
struct Place {
  Value buffer;
  int64_t constant = 0;
  std::map<void *, std::pair<Value, int64_t>> terms; // by number
};

/// What an op takes of a buffer.
struct Access {
  Place place;
  int64_t rows = 0, rowBytes = 0; // of the view
  bool isByRows = false;          // goes along the rows with the nest's loop over them
  bool isWritten = false;
  int64_t bytes() const { return rows * rowBytes; }
};

memref::ViewOp rootOf(Value operand) {
  while (Operation *op = operand.getDefiningOp()) {
    if (auto view = dyn_cast<memref::ViewOp>(op))
      return view;
    if (!isa<memref::SubViewOp, memref::ExpandShapeOp>(op))
      return {};
    operand = op->getOperand(0);
  }
  return {};
}

/// Adds `factor` times a sum of turns' numbers; false if it is no such sum.
bool add(Value number, int64_t factor, Place &place) {
  if (std::optional<int64_t> constant = getConstantIntValue(number)) {
    place.constant += factor * *constant;
    return true;
  }
  Operation *op = number.getDefiningOp();
  if (!op) {
    auto &term = place.terms[number.getAsOpaquePointer()];
    term = {number, term.second + factor};
    return true;
  }
  if (isa<arith::AddIOp>(op))
    return add(op->getOperand(0), factor, place) && add(op->getOperand(1), factor, place);
  if (isa<arith::SubIOp>(op))
    return add(op->getOperand(0), factor, place) && add(op->getOperand(1), -factor, place);
  std::optional<int64_t> by =
      isa<arith::MulIOp>(op) ? getConstantIntValue(op->getOperand(1)) : std::nullopt;
  return by && add(op->getOperand(0), factor * *by, place);
}

/// The first and the last byte's place, over all turns.
std::pair<int64_t, int64_t> boundsOf(const Access &access) {
  int64_t low = access.place.constant, high = low + access.bytes();
  for (const auto &[key, term] : access.place.terms) {
    Value number = term.first;
    auto loop = dyn_cast<scf::ForOp>(number.getParentBlock()->getParentOp());
    int64_t last = loop ? *getConstantIntValue(loop.getUpperBound()) - 1 : 0;
    (term.second < 0 ? low : high) += term.second * last;
  }
  return {low, high};
}

class Sharing {
public:
  explicit Sharing(scf::ForOp loop) : loop(loop) {}

  /// Whether the rows of the batch need nothing of each other.
  bool canShare() {
    SmallVector<linalg::GenericOp> nests;
    SmallVector<contract::GuardOp> guards;
    bool isKnown = true;
    loop.walk([&](Operation *op) {
      if (auto nest = dyn_cast<linalg::GenericOp>(op))
        nests.push_back(nest);
      else if (op->getParentOfType<linalg::GenericOp>() == nullptr)
        isKnown &=
            isa<scf::ForOp, scf::YieldOp, memref::ViewOp, memref::SubViewOp, memref::ExpandShapeOp,
                arith::ConstantOp, arith::AddIOp, arith::SubIOp, arith::MulIOp, contract::GuardOp>(
                op);
      if (auto guard = dyn_cast<contract::GuardOp>(op))
        guards.push_back(guard);
    });
    if (!isKnown || nests.empty() || !findBatch(nests.front()) || rowsOfGroup(batch) == batch)
      return false;
    return llvm::all_of(nests, [&](linalg::GenericOp nest) { return note(nest); }) &&
           llvm::all_of(guards, [&](contract::GuardOp guard) { return note(guard); }) &&
           llvm::all_of(accesses, [&](const Access &access) { return isApart(access); });
  }

  void share() {
    const int64_t rows = rowsOfGroup(batch);
    ImplicitLocOpBuilder b(loop.getLoc(), loop);
    auto index = [&](int64_t i) { return arith::ConstantIndexOp::create(b, i).getResult(); };
    Value zero = index(0), count = index(batch / rows), one = index(1);
    auto groups = scf::ForOp::create(b, zero, count, one);
    contract::set<contract::Shared>(groups, b.getUnitAttr());
    loop->moveBefore(groups.getBody()->getTerminator());
    SmallVector<OpOperand *> moved;
    loop.walk([&](linalg::GenericOp nest) {
      int rowLoop = loopOverRows(nest);
      for (OpOperand &operand : nest->getOpOperands())
        if (nest.getMatchingIndexingMap(&operand).isFunctionOfDim(rowLoop))
          moved.push_back(&operand);
    });
    // A thread looks at its own rows; a mask for all is none of rows.
    loop.walk([&](contract::GuardOp guard) {
      if (hasRows(guard))
        moved.push_back(&guard.getMaskMutable());
    });
    for (OpOperand *operand : moved)
      operand->set(partOf(operand->get(), groups.getInductionVar(), rows));
  }

private:
  bool findBatch(linalg::GenericOp nest) {
    memref::ViewOp view = rootOf(nest.getDpsInits()[0]);
    if (!view || view.getType().getRank() == 0)
      return false;
    batch = view.getType().getShape()[0];
    return true;
  }

  /// The loop that goes along the first axis of all that a nest writes; -1 if there is none.
  int loopOverRows(linalg::GenericOp nest) const {
    int found = -1;
    for (OpOperand &init : nest.getDpsInitsMutable()) {
      AffineMap map = nest.getMatchingIndexingMap(&init);
      auto dim = map.getNumResults() > 0 ? dyn_cast<AffineDimExpr>(map.getResult(0))
                                         : AffineDimExpr(nullptr);
      if (!dim || (found >= 0 && int(dim.getPosition()) != found))
        return -1;
      found = dim.getPosition();
    }
    return found;
  }

  bool note(linalg::GenericOp nest) {
    int rowLoop = loopOverRows(nest);
    bool isOther = contract::get<contract::Convolution>(nest) ||
                   contract::get<contract::Rows>(nest) || contract::get<contract::Nonzero>(nest) ||
                   contract::get<contract::Padding>(nest);
    if (rowLoop < 0 || isOther || nest.getStaticLoopRanges()[rowLoop] != batch ||
        nest.getIteratorTypesArray()[rowLoop] != utils::IteratorType::parallel)
      return false;
    bool asksForRow = false;
    nest.getBody()->walk([&](linalg::IndexOp op) { asksForRow |= int(op.getDim()) == rowLoop; });
    return !asksForRow && llvm::all_of(nest->getOpOperands(), [&](OpOperand &operand) {
      return note(nest, operand, rowLoop);
    });
  }

  bool hasRows(contract::GuardOp guard) const {
    auto mask = cast<MemRefType>(guard.getMask().getType());
    return mask.getRank() > 0 && mask.getShape()[0] == batch;
  }

  bool note(contract::GuardOp guard) {
    return note(guard.getMask(), hasRows(guard), /*isWritten=*/false);
  }

  bool note(linalg::GenericOp nest, OpOperand &operand, int rowLoop) {
    if (!isa<MemRefType>(operand.get().getType()))
      return true; // a number
    AffineMap map = nest.getMatchingIndexingMap(&operand);
    bool isByRows = map.isFunctionOfDim(rowLoop);
    if (isByRows && (map.getResult(0) != getAffineDimExpr(rowLoop, map.getContext()) ||
                     llvm::any_of(map.getResults().drop_front(), [&](AffineExpr other) {
                       return other.isFunctionOfDim(rowLoop);
                     })))
      return false;
    return note(operand.get(), isByRows, nest.isDpsInit(&operand));
  }

  bool note(Value operand, bool isByRows, bool isWritten) {
    memref::ViewOp view = rootOf(operand);
    if (!view || (isByRows && !keepsRows(operand)))
      return false;
    Access access{{view.getSource(), 0, {}}, 1, bytesOf(view.getType()), isByRows, isWritten};
    if (!add(view.getByteShift(), 1, access.place))
      return false;
    if (isByRows) {
      access.rows = batch;
      access.rowBytes /= batch;
    }
    accesses.push_back(access);
    return true;
  }

  /// Whether the views from the root on leave the first axis, of all rows, as it is.
  bool keepsRows(Value operand) const {
    auto shaped = cast<MemRefType>(operand.getType());
    if (shaped.getRank() == 0 || shaped.getShape()[0] != batch)
      return false;
    Operation *op = operand.getDefiningOp();
    if (isa<memref::ViewOp>(op))
      return true;
    if (auto part = dyn_cast<memref::SubViewOp>(op)) {
      bool isWhole = part.getStaticOffsets()[0] == 0 && part.getStaticStrides()[0] == 1 &&
                     part.getType().getRank() == part.getSourceType().getRank();
      return isWhole && keepsRows(part.getSource());
    }
    auto expanded = cast<memref::ExpandShapeOp>(op);
    return expanded.getReassociationIndices()[0].size() == 1 && keepsRows(expanded.getSrc());
  }

  /// Whether what lies where this is written lies there row by row as well.
  bool isApart(const Access &written) const {
    if (!written.isWritten)
      return true;
    auto [low, high] = boundsOf(written);
    auto isWhole = [&](int64_t distance) { return distance % written.bytes() == 0; };
    return llvm::all_of(accesses, [&](const Access &other) {
      auto [from, to] = boundsOf(other);
      if (other.place.buffer != written.place.buffer || to <= low || high <= from)
        return true;
      bool areAlike = other.isByRows && other.rowBytes == written.rowBytes &&
                      isWhole(other.place.constant - written.place.constant);
      for (const Access *access : {&written, &other})
        for (const auto &[key, term] : access->place.terms)
          areAlike &= isWhole(term.second);
      return areAlike;
    });
  }

  /// The rows of a group in what an operand is.
  Value partOf(Value operand, Value group, int64_t rows) {
    Operation *op = operand.getDefiningOp();
    ImplicitLocOpBuilder b(op->getLoc(), op);
    b.setInsertionPointAfter(op);
    SmallVector<int64_t> shape(cast<MemRefType>(operand.getType()).getShape());
    shape[0] = rows;
    if (auto view = dyn_cast<memref::ViewOp>(op)) {
      int64_t bytes = bytesOf(view.getType()) / batch * rows;
      auto type = MemRefType::get(shape, view.getType().getElementType());
      return memref::ViewOp::create(b, type, view.getSource(), shifted(view, group, bytes),
                                    ValueRange{});
    }
    Value source = partOf(op->getOperand(0), group, rows);
    b.setInsertionPointAfterValue(source);
    if (auto part = dyn_cast<memref::SubViewOp>(op)) {
      SmallVector<OpFoldResult> sizes = part.getMixedSizes();
      sizes[0] = b.getIndexAttr(rows);
      return memref::SubViewOp::create(b, source, part.getMixedOffsets(), sizes,
                                       part.getMixedStrides());
    }
    return memref::ExpandShapeOp::create(b, shape, source,
                                         cast<memref::ExpandShapeOp>(op).getReassociationIndices());
  }

  /// The place of a group's first byte: one value for each place, by which one sees that it is the
  /// same.
  Value shifted(memref::ViewOp view, Value group, int64_t bytes) {
    Value shift = view.getByteShift();
    std::optional<int64_t> constant = getConstantIntValue(shift);
    Value &known =
        shifts[{constant ? nullptr : shift.getAsOpaquePointer(), constant.value_or(0), bytes}];
    if (known)
      return known;
    ImplicitLocOpBuilder b(view.getLoc(), view);
    if (constant)
      b.setInsertionPointToStart(loop.getBody());
    else
      b.setInsertionPointAfterValue(shift);
    Value distance =
        arith::MulIOp::create(b, group, arith::ConstantIndexOp::create(b, bytes).getResult());
    Value base = constant ? arith::ConstantIndexOp::create(b, *constant).getResult() : shift;
    return known = arith::AddIOp::create(b, base, distance);
  }

  scf::ForOp loop;
  int64_t batch = 0;
  SmallVector<Access> accesses;
  std::map<std::tuple<void *, int64_t, int64_t>, Value> shifts;
};

struct SharePass : impl::SharePassBase<SharePass> {
  void runOnOperation() override { shareIn(getOperation().front()); }

  // The outermost loops that can be.
  void shareIn(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(block))
      if (auto loop = dyn_cast<scf::ForOp>(op)) {
        Sharing sharing(loop);
        if (sharing.canShare())
          sharing.share();
        else
          shareIn(*loop.getBody());
      }
  }
};

} // namespace

} // namespace dlc::memory
