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
constexpr int64_t kMostParts = 8;

} // namespace

int64_t partsOfLoop(int64_t batch) {
  for (int64_t parts = kMostParts; parts > 1; --parts)
    if (batch % parts == 0 && batch / parts >= kFewestRows)
      return parts;
  return 1;
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
  return isAlike && batch && partsOfLoop(*batch) > 1;
}

std::optional<unsigned> loopOverRows(linalg::GenericOp nest) {
  std::optional<unsigned> found;
  for (OpOperand &init : nest.getDpsInitsMutable()) {
    AffineMap map = nest.getMatchingIndexingMap(&init);
    auto dim = map.getNumResults() > 0 ? dyn_cast<AffineDimExpr>(map.getResult(0))
                                       : AffineDimExpr(nullptr);
    if (!dim || (found && dim.getPosition() != *found))
      return std::nullopt;
    found = dim.getPosition();
  }
  return found;
}

bool goesByRows(linalg::GenericOp nest, int64_t parts) {
  std::optional<unsigned> rowLoop = loopOverRows(nest);
  bool isOther = contract::get<contract::Convolution>(nest) ||
                 contract::get<contract::Rows>(nest) || contract::get<contract::Nonzero>(nest) ||
                 contract::get<contract::Padding>(nest);
  if (!rowLoop || isOther || nest.getStaticLoopRanges()[*rowLoop] % parts != 0 ||
      nest.getIteratorTypesArray()[*rowLoop] != utils::IteratorType::parallel)
    return false;
  bool asksForRow = false;
  nest.getBody()->walk([&](linalg::IndexOp op) { asksForRow |= op.getDim() == *rowLoop; });
  return !asksForRow && llvm::all_of(nest.getIndexingMapsArray(), [&](AffineMap map) {
    return !map.isFunctionOfDim(*rowLoop) ||
           (map.getResult(0) == getAffineDimExpr(*rowLoop, map.getContext()) &&
            llvm::none_of(map.getResults().drop_front(),
                          [&](AffineExpr other) { return other.isFunctionOfDim(*rowLoop); }));
  });
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
  int64_t bytes = 0;     // of the view
  bool isByRows = false; // a part of the batch takes a part of them
  bool isWritten = false;
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
  int64_t low = access.place.constant, high = low + access.bytes;
  for (const auto &[key, term] : access.place.terms) {
    Value number = term.first;
    auto loop = dyn_cast<scf::ForOp>(number.getParentBlock()->getParentOp());
    int64_t last = loop ? *getConstantIntValue(loop.getUpperBound()) - 1 : 0;
    (term.second < 0 ? low : high) += term.second * last;
  }
  return {low, high};
}

/// Nests, and guards between them, that are to run part by part of the batch.
class Sharing {
public:
  explicit Sharing(int64_t parts) : parts(parts) {}

  /// Whether a part of what the nest makes needs the same part only of what it reads.
  bool add(linalg::GenericOp nest) {
    if (!goesByRows(nest, parts))
      return false;
    unsigned rowLoop = *loopOverRows(nest);
    return llvm::all_of(nest->getOpOperands(), [&](OpOperand &operand) {
      return !isa<MemRefType>(operand.get().getType()) || // a number
             note(operand, nest.getMatchingIndexingMap(&operand).isFunctionOfDim(rowLoop),
                  nest.isDpsInit(&operand));
    });
  }

  /// A thread looks at its own part of a mask of `batch` samples; one for all has no rows.
  bool add(contract::GuardOp guard, int64_t batch) {
    auto mask = cast<MemRefType>(guard.getMask().getType());
    return note(guard.getMaskMutable(), mask.getRank() > 0 && mask.getShape()[0] == batch,
                /*isWritten=*/false);
  }

  /// Whether what is written lies where nothing but the same part of it is read or written.
  bool isApart() const {
    return llvm::all_of(accesses, [&](const Access &access) { return isApart(access); });
  }

  /// A loop over the parts, before an op; empty yet.
  scf::ForOp makeLoop(Operation *before) const {
    ImplicitLocOpBuilder b(before->getLoc(), before);
    auto index = [&](int64_t i) { return arith::ConstantIndexOp::create(b, i).getResult(); };
    Value zero = index(0), count = index(parts), one = index(1);
    auto loop = scf::ForOp::create(b, zero, count, one);
    contract::set<contract::Shared>(loop, b.getUnitAttr());
    return loop;
  }

  /// Gives what was added, now within the loop, its part of each operand.
  void takeParts(scf::ForOp loop) {
    for (OpOperand *operand : parted)
      operand->set(partOf(operand->get(), operand->getOwner(), loop));
  }

private:
  bool note(OpOperand &operand, bool isByRows, bool isWritten) {
    memref::ViewOp view = rootOf(operand.get());
    if (!view || (isByRows && !keepsRows(operand.get())))
      return false;
    Access access{{view.getSource(), 0, {}}, bytesOf(view.getType()), isByRows, isWritten};
    if (!memory::add(view.getByteShift(), 1, access.place))
      return false;
    accesses.push_back(access);
    if (isByRows)
      parted.push_back(&operand);
    return true;
  }

  /// Whether a part of the first axis is the same part of the view's bytes.
  bool keepsRows(Value operand) const {
    auto shaped = cast<MemRefType>(operand.getType());
    if (shaped.getRank() == 0 || shaped.getShape()[0] % parts != 0)
      return false;
    Operation *op = operand.getDefiningOp();
    if (isa<memref::ViewOp>(op))
      return true;
    if (auto part = dyn_cast<memref::SubViewOp>(op)) {
      bool isWhole = part.getStaticOffsets()[0] == 0 && part.getStaticStrides()[0] == 1 &&
                     part.getType().getRank() == part.getSourceType().getRank() &&
                     part.getType().getShape()[0] == part.getSourceType().getShape()[0];
      return isWhole && keepsRows(part.getSource());
    }
    return keepsRows(cast<memref::ExpandShapeOp>(op).getSrc());
  }

  bool isApart(const Access &written) const {
    if (!written.isWritten)
      return true;
    auto [low, high] = boundsOf(written);
    auto isWhole = [&](int64_t distance) { return distance % written.bytes == 0; };
    return llvm::all_of(accesses, [&](const Access &other) {
      auto [from, to] = boundsOf(other);
      if (other.place.buffer != written.place.buffer || to <= low || high <= from)
        return true;
      bool areAlike = other.isByRows && other.bytes == written.bytes &&
                      isWhole(other.place.constant - written.place.constant);
      for (const Access *access : {&written, &other})
        for (const auto &[key, term] : access->place.terms)
          areAlike &= isWhole(term.second);
      return areAlike;
    });
  }

  /// The part of the loop's turn in what an operand of `user` is.
  Value partOf(Value operand, Operation *user, scf::ForOp loop) {
    Operation *op = operand.getDefiningOp();
    SmallVector<int64_t> shape(cast<MemRefType>(operand.getType()).getShape());
    shape[0] /= parts;
    ImplicitLocOpBuilder b(op->getLoc(), user);
    if (auto view = dyn_cast<memref::ViewOp>(op)) {
      auto type = MemRefType::get(shape, view.getType().getElementType());
      return memref::ViewOp::create(b, type, view.getSource(), shifted(view, loop), ValueRange{});
    }
    Value source = partOf(op->getOperand(0), user, loop);
    if (auto part = dyn_cast<memref::SubViewOp>(op)) {
      SmallVector<OpFoldResult> sizes = part.getMixedSizes();
      sizes[0] = b.getIndexAttr(shape[0]);
      return memref::SubViewOp::create(b, source, part.getMixedOffsets(), sizes,
                                       part.getMixedStrides());
    }
    return memref::ExpandShapeOp::create(b, shape, source,
                                         cast<memref::ExpandShapeOp>(op).getReassociationIndices());
  }

  /// The place of a part's first byte: one value for each place, by which one sees that it is the
  /// same.
  Value shifted(memref::ViewOp view, scf::ForOp loop) {
    int64_t bytes = bytesOf(view.getType()) / parts;
    Value shift = view.getByteShift();
    std::optional<int64_t> constant = getConstantIntValue(shift);
    Value &known =
        shifts[{constant ? nullptr : shift.getAsOpaquePointer(), constant.value_or(0), bytes}];
    if (known)
      return known;
    ImplicitLocOpBuilder b(view.getLoc(), view);
    if (constant || !loop->isAncestor(shift.getDefiningOp()))
      b.setInsertionPointToStart(loop.getBody());
    else
      b.setInsertionPointAfterValue(shift);
    Value distance = arith::MulIOp::create(b, loop.getInductionVar(),
                                           arith::ConstantIndexOp::create(b, bytes).getResult());
    Value base = constant ? arith::ConstantIndexOp::create(b, *constant).getResult() : shift;
    return known = arith::AddIOp::create(b, base, distance);
  }

  const int64_t parts;
  SmallVector<Access> accesses;
  SmallVector<OpOperand *> parted;
  std::map<std::tuple<void *, int64_t, int64_t>, Value> shifts;
};

struct SharePass : impl::SharePassBase<SharePass> {
  void runOnOperation() override {
    shareGroups(getOperation().front());
    shareLoops(getOperation().front());
  }

  // The outermost loops that can be.
  void shareLoops(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(block))
      if (auto loop = dyn_cast<scf::ForOp>(op);
          loop && !contract::get<contract::Shared>(loop) && !share(loop))
        shareLoops(*loop.getBody());
  }

  bool share(scf::ForOp loop) {
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
    if (!isKnown || nests.empty())
      return false;
    memref::ViewOp first = rootOf(nests.front().getDpsInits()[0]);
    int64_t batch = first && first.getType().getRank() > 0 ? first.getType().getShape()[0] : 1;
    Sharing sharing(partsOfLoop(batch));
    auto isOfBatch = [&](linalg::GenericOp nest) {
      std::optional<unsigned> rowLoop = loopOverRows(nest);
      return rowLoop && nest.getStaticLoopRanges()[*rowLoop] == batch && sharing.add(nest);
    };
    if (partsOfLoop(batch) == 1 || !llvm::all_of(nests, isOfBatch) ||
        !llvm::all_of(guards, [&](contract::GuardOp guard) { return sharing.add(guard, batch); }) ||
        !sharing.isApart())
      return false;
    scf::ForOp parts = sharing.makeLoop(loop);
    loop->moveBefore(parts.getBody()->getTerminator());
    sharing.takeParts(parts);
    return true;
  }

  // Nests of a group that follow one another.
  void shareGroups(Block &block) {
    SmallVector<linalg::GenericOp> nests;
    contract::GroupAttr group;
    auto close = [&] {
      if (nests.size() > 1)
        share(nests, group.getParts());
      nests.clear();
    };
    for (Operation &op : llvm::make_early_inc_range(block)) {
      if (op.getNumRegions() == 0)
        continue; // a view or a constant
      auto nest = dyn_cast<linalg::GenericOp>(op);
      auto mark = nest ? contract::get<contract::Group>(nest) : nullptr;
      if (!mark || mark != group)
        close();
      group = mark;
      if (mark) {
        contract::drop<contract::Group>(nest);
        nests.push_back(nest);
      }
    }
    close();
  }

  static void share(ArrayRef<linalg::GenericOp> nests, int64_t parts) {
    Sharing sharing(parts);
    if (!llvm::all_of(nests, [&](linalg::GenericOp nest) { return sharing.add(nest); }) ||
        !sharing.isApart())
      return;
    scf::ForOp loop = sharing.makeLoop(nests.back()); // where all that they look at is known
    for (linalg::GenericOp nest : nests)
      nest->moveBefore(loop.getBody()->getTerminator());
    sharing.takeParts(loop);
  }
};

} // namespace

} // namespace dlc::memory
