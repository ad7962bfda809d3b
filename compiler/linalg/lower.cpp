// The walk that lowers nn to linalg by the table of rules, and the builder they use.
#include "compiler/linalg/lower.h"
#include "compiler/contract/contract.h"
#include "compiler/linalg/rules.h"
#include "compiler/passes/passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include <numeric>

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_LINALGPASS
#include "compiler/passes/passes.h.inc"

} // namespace dlc

namespace dlc::lower {

// --- the builder ------------------------------------------------------------------------------

Value Builder::empty(Shape shape, Type element) {
  return tensor::EmptyOp::create(*this, shape, element);
}

Value Builder::filled(Shape shape, TypedAttr value) {
  Value number = arith::ConstantOp::create(*this, value);
  return linalg::FillOp::create(*this, number, empty(shape, value.getType())).getResult(0);
}

Value Builder::number(Type real, double value) {
  return arith::ConstantOp::create(*this, getFloatAttr(real, value));
}

Value Builder::integer(int64_t value, unsigned bits) {
  return arith::ConstantOp::create(
      *this, IntegerAttr::get(getIntegerType(bits), APInt(bits, value, true, true)));
}

AffineMap Builder::map(unsigned rank, ArrayRef<AffineExpr> results) {
  return AffineMap::get(rank, 0, results, getContext());
}

AffineMap Builder::dims(unsigned rank, ArrayRef<unsigned> positions) {
  SmallVector<AffineExpr> results;
  for (unsigned position : positions)
    results.push_back(dim(position));
  return map(rank, results);
}

SmallVector<Value> Builder::generic(ValueRange inputs, ValueRange outputs, ArrayRef<AffineMap> maps,
                                    unsigned reductions, Bodies body) {
  unsigned rank = maps.front().getNumDims();
  SmallVector<utils::IteratorType> iterators(rank - reductions, utils::IteratorType::parallel);
  iterators.append(reductions, utils::IteratorType::reduction);
  auto op = linalg::GenericOp::create(*this, TypeRange(outputs), inputs, outputs, maps, iterators,
                                      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
                                        Builder b(loc, nested);
                                        linalg::YieldOp::create(b, body(b, arguments));
                                      });
  return SmallVector<Value>(op.getResults());
}

Value Builder::generic(ValueRange inputs, Value output, ArrayRef<AffineMap> maps,
                       unsigned reductions, Body body) {
  return generic(
      inputs, ValueRange(output), maps, reductions,
      [&](Builder &b, ValueRange arguments) { return SmallVector<Value>{body(b, arguments)}; })[0];
}

Value Builder::multiplyAdd(Builder &b, ValueRange arguments) {
  Value product = arith::MulFOp::create(b, arguments[0], arguments[1]);
  return arith::AddFOp::create(b, arguments.back(), product);
}

// By way of one axis, which every shape folds to and unfolds from.
Value Builder::reshape(Value x, Shape shape) {
  if (shapeOf(x) == shape)
    return x;
  int64_t count = typeOf(x).getNumElements();
  auto flat = RankedTensorType::get({count}, elementOf(x));
  auto wanted = RankedTensorType::get(shape, elementOf(x));
  auto all = [](size_t rank) {
    SmallVector<ReassociationIndices> groups;
    if (rank > 0) {
      groups.emplace_back(rank);
      std::iota(groups[0].begin(), groups[0].end(), 0);
    }
    return groups;
  };
  if (shapeOf(x).empty())
    x = tensor::ExpandShapeOp::create(*this, flat, x, all(0));
  else if (shapeOf(x).size() > 1)
    x = tensor::CollapseShapeOp::create(*this, flat, x, all(shapeOf(x).size()));
  if (shape.empty())
    return tensor::CollapseShapeOp::create(*this, wanted, x, all(0));
  if (shape.size() == 1)
    return x;
  return tensor::ExpandShapeOp::create(*this, wanted, x, all(shape.size()));
}

TypedAttr splat(Value value) {
  DenseElementsAttr numbers;
  if (!matchPattern(value, m_Constant(&numbers)) || !numbers.isSplat())
    return {};
  return cast<TypedAttr>(numbers.getSplatValue<Attribute>());
}

// --- the walk ---------------------------------------------------------------------------------

static const Rules &rules() {
  static const Rules table = [] {
    Rules rules;
    addElementwiseRules(rules);
    addShapeRules(rules);
    addContractionRules(rules);
    addWindowRules(rules);
    addRandomRules(rules);
    return rules;
  }();
  return table;
}

SmallVector<StringRef> loweredOperations() {
  SmallVector<StringRef> names(rules().keys());
  names.push_back("loop"); // by the walk itself
  return names;
}

// Booleans take a byte in memory.
static Type storedType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (tensor && tensor.getElementType().isInteger(1))
    return tensor.clone(IntegerType::get(type.getContext(), 8));
  return type;
}

namespace {

/// The lowering of one function.
class Lowering {
public:
  LogicalResult lower(func::FuncOp function) {
    Block &block = function.front();
    for (BlockArgument argument : block.getArguments())
      argument.setType(storedType(argument.getType()));
    Operation *end = block.getTerminator();
    OpBuilder place(end);
    if (failed(lower(block, place)))
      return failure();
    end->setOperands(lowered(end->getOperands()));
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isa<nn::NnDialect>(op.getDialect()))
        op.erase();
    function.setFunctionType(
        FunctionType::get(function.getContext(), block.getArgumentTypes(), end->getOperandTypes()));
    return success();
  }

private:
  SmallVector<Value> lowered(ValueRange values) const {
    return llvm::map_to_vector(values, [&](Value v) { return map.lookupOrDefault(v); });
  }

  /// What the block computes, at `place`.
  LogicalResult lower(Block &block, OpBuilder &place) {
    SmallVector<Operation *> operations(llvm::make_pointer_range(block.without_terminator()));
    for (Operation *op : operations) {
      if (!isa<nn::NnDialect>(op->getDialect()))
        continue;
      Builder b(op->getLoc(), place);
      if (auto loop = dyn_cast<nn::LoopOp>(op)) {
        if (failed(lower(b, loop)))
          return failure();
        continue;
      }
      if (auto guard = dyn_cast<nn::GuardOp>(op)) {
        // Of a loop of one turn nothing is left but its block.
        if (cast<nn::LoopOp>(guard->getParentOp()).getCount() > 1)
          contract::GuardOp::create(b, map.lookupOrDefault(guard.getMask()));
        continue;
      }
      auto rule = rules().find(op->getName().stripDialect());
      if (rule == rules().end())
        return op->emitOpError("has no lowering to linalg");
      map.map(op->getResults(), rule->second(b, op, lowered(op->getOperands())));
    }
    return success();
  }

  // The part of a stack that belongs to a turn: element `index` of the first axis.
  struct Slice {
    SmallVector<OpFoldResult> offsets, sizes, strides;

    Slice(Builder &b, Value index, RankedTensorType stack)
        : offsets(stack.getRank(), b.getIndexAttr(0)), strides(stack.getRank(), b.getIndexAttr(1)) {
      for (int64_t size : stack.getShape())
        sizes.push_back(b.getIndexAttr(size));
      offsets[0] = index, sizes[0] = b.getIndexAttr(1);
    }
  };

  // A loop carries its stacked results, too, and puts each turn's part into them.
  LogicalResult lower(Builder &b, nn::LoopOp loop) {
    SmallVector<Value> inits = lowered(loop.getInits());
    for (Value stacked : loop.getStacked())
      inits.push_back(
          b.empty(shapeOf(stacked), getElementTypeOrSelf(storedType(stacked.getType()))));
    auto bound = [&](int64_t i) -> Value { return arith::ConstantIndexOp::create(b, i); };
    auto result = scf::ForOp::create(b, bound(0), bound(loop.getCount()), bound(1), inits);
    Builder inside(loop.getLoc(), OpBuilder::atBlockBegin(result.getBody()));
    Value index = result.getInductionVar();
    if (loop.getReversed())
      index = arith::SubIOp::create(
          inside, arith::ConstantIndexOp::create(inside, loop.getCount() - 1), index);
    size_t carried = loop.getInits().size();
    map.map(loop.getCarriedArguments(), result.getRegionIterArgs().take_front(carried));
    for (auto [stack, slice] : llvm::zip(lowered(loop.getSlices()), loop.getSliceArguments())) {
      Slice part(inside, index, typeOf(stack));
      auto type = cast<RankedTensorType>(storedType(slice.getType()));
      map.map(slice, tensor::ExtractSliceOp::create(inside, type, stack, part.offsets, part.sizes,
                                                    part.strides));
    }
    // The body stands between what a turn begins with and what it ends with.
    Operation *last = result.getBody()->empty() ? nullptr : &result.getBody()->back();
    if (failed(lower(loop.getBlock(), inside)))
      return failure();
    SmallVector<Value> next = lowered(loop.getNext());
    for (auto [value, whole] : llvm::zip(lowered(loop.getStackedOperands()),
                                         result.getRegionIterArgs().drop_front(carried))) {
      Builder at(loop.getLoc(), inside);
      // What the turn begins with is stacked at once: its memory may be wanted for what comes next.
      if (value.getParentBlock() != result.getBody() || isa<BlockArgument>(value))
        last ? at.setInsertionPointAfter(last) : at.setInsertionPointToStart(result.getBody());
      Slice part(at, index, typeOf(whole));
      next.push_back(
          tensor::InsertSliceOp::create(at, value, whole, part.offsets, part.sizes, part.strides));
    }
    scf::YieldOp::create(inside, next);
    map.map(loop.getResults(), result.getResults());
    return success();
  }

  IRMapping map;
};

struct LinalgPass : impl::LinalgPassBase<LinalgPass> {
  void runOnOperation() override {
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (failed(Lowering().lower(function)))
        return signalPassFailure();
  }
};

} // namespace

} // namespace dlc::lower
