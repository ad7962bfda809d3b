// The walk that lowers nn to linalg by the table of rules, and the builder they use.
#include "compiler/linalg/lower.h"
#include "compiler/linalg/rules.h"
#include "compiler/passes/passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
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

SmallVector<StringRef> loweredOperations() { return SmallVector<StringRef>(rules().keys()); }

// Booleans take a byte in memory.
static Type storedType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (tensor && tensor.getElementType().isInteger(1))
    return tensor.clone(IntegerType::get(type.getContext(), 8));
  return type;
}

namespace {

struct LinalgPass : impl::LinalgPassBase<LinalgPass> {
  void runOnOperation() override {
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (failed(lowerFunction(function)))
        return signalPassFailure();
  }

  LogicalResult lowerFunction(func::FuncOp function) {
    Block &block = function.front();
    for (BlockArgument argument : block.getArguments())
      argument.setType(storedType(argument.getType()));
    IRMapping lowered;
    SmallVector<Operation *> operations(llvm::make_pointer_range(block));
    for (Operation *op : operations) {
      SmallVector<Value> operands;
      for (Value operand : op->getOperands())
        operands.push_back(lowered.lookupOrDefault(operand));
      if (isa<func::ReturnOp>(op)) {
        op->setOperands(operands);
        continue;
      }
      if (!isa<nn::NnDialect>(op->getDialect()))
        continue;
      auto rule = rules().find(op->getName().stripDialect());
      if (rule == rules().end())
        return op->emitOpError("has no lowering to linalg");
      Builder b(op->getLoc(), op);
      lowered.map(op->getResult(0), rule->second(b, op, operands));
    }
    for (Operation *op : llvm::reverse(operations))
      if (isa<nn::NnDialect>(op->getDialect()))
        op->erase();
    Operation *end = block.getTerminator();
    function.setFunctionType(
        FunctionType::get(&getContext(), block.getArgumentTypes(), end->getOperandTypes()));
    return success();
  }
};

} // namespace

} // namespace dlc::lower
