// The verifiers of the dialect `dlc`: each says which attribute is wrong, and what about it.
#include "compiler/contract/contract.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#include "compiler/contract/enums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "compiler/contract/attributes.cpp.inc"

#include "compiler/contract/dialect.cpp.inc"

#define GET_OP_CLASSES
#include "compiler/contract/ops.cpp.inc"

namespace dlc::contract {

void DlcDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "compiler/contract/attributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "compiler/contract/ops.cpp.inc"
      >();
}

LogicalResult GuardOp::verify() {
  auto mask = cast<ShapedType>(getMask().getType());
  if (!mask.getElementType().isInteger(8) || !mask.hasStaticShape())
    return emitOpError() << "needs a mask of bytes, found " << mask;
  auto guards = (*this)->getBlock()->getOps<GuardOp>();
  if (llvm::range_size(guards) > 1)
    return emitOpError() << "is the second of its loop";
  return success();
}

LogicalResult BufferAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                                 BufferKind kind, int64_t index) {
  bool isOneOfSeveral =
      kind == BufferKind::Input || kind == BufferKind::Output || kind == BufferKind::Slot;
  if (index < 0 || (index > 0 && !isOneOfSeveral))
    return emitError() << "there is no buffer `" << stringifyBufferKind(kind) << "` number "
                       << index;
  return success();
}

// --- nests -------------------------------------------------------------------------------------

namespace {

/// Which operands of a convolution a loop goes along.
struct Along {
  bool image, result, filter;
  bool operator==(const Along &) const = default;
};

Along alongOf(Loop loop) {
  switch (loop) {
  case Loop::N:
  case Loop::H:
  case Loop::W:
  case Loop::Lane:
    return {true, true, false};
  case Loop::C:
  case Loop::R:
  case Loop::S:
    return {true, false, true};
  case Loop::K:
    return {false, true, true};
  case Loop::G:
  case Loop::Part:
    return {true, true, true};
  }
  llvm_unreachable("all loops are named");
}

/// Whether the body yields the product of its first two arguments, added to its last.
bool addsProduct(Block &body) {
  auto sum = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  BlockArgument previous = body.getArguments().back();
  if (llvm::range_size(body) != 3 || !sum || (sum.getLhs() != previous && sum.getRhs() != previous))
    return false;
  Value other = sum.getLhs() == previous ? sum.getRhs() : sum.getLhs();
  auto product = other.getDefiningOp<arith::MulFOp>();
  Value a = body.getArgument(0), b = body.getArgument(1);
  return product && ((product.getLhs() == a && product.getRhs() == b) ||
                     (product.getLhs() == b && product.getRhs() == a));
}

} // namespace

std::string contradiction(ConvolutionAttr convolution, Operation *nest) {
  auto op = dyn_cast<linalg::GenericOp>(nest);
  if (!op || op.getNumDpsInputs() < 2 || op.getNumDpsInits() != 1)
    return "is of a linalg.generic with two inputs and one output";
  if (convolution.getLoops().size() != op.getNumLoops())
    return "has " + std::to_string(convolution.getLoops().size()) + " loops, the nest " +
           std::to_string(op.getNumLoops());
  if (!addsProduct(*op.getBody()))
    return "is of a nest that adds up products of its first two inputs";
  bool isToFilter = convolution.getDirection() == Direction::Filter;
  AffineMap image = op.getMatchingIndexingMap(op.getDpsInputOperand(0)),
            other = op.getMatchingIndexingMap(op.getDpsInputOperand(1)),
            made = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  AffineMap result = isToFilter ? other : made, filter = isToFilter ? made : other;
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray();
  for (auto [d, loop] : llvm::enumerate(convolution.getLoops())) {
    std::string name = "loop " + std::to_string(d) + ", `" + stringifyLoop(loop).str() + "`, ";
    if (llvm::is_contained(convolution.getLoops().take_front(d), loop))
      return name + "is there twice";
    Along wanted = alongOf(loop);
    // The images of a lane may be added up later on.
    if (loop == Loop::Lane && isToFilter)
      wanted.filter = kinds[d] == utils::IteratorType::parallel;
    if (loop == Loop::Part && !isToFilter)
      return name + "is of gradients of filters only";
    if (sizes[d] > 1 && Along{image.isFunctionOfDim(d), result.isFunctionOfDim(d),
                              filter.isFunctionOfDim(d)} != wanted)
      return name + "does not go along the operands as it should";
    bool isSummed = isToFilter ? !wanted.filter : !wanted.result;
    if (isSummed != (kinds[d] == utils::IteratorType::reduction))
      return name + (isSummed ? "is not summed over" : "is summed over");
  }
  return "";
}

namespace {

/// Checks the attributes of one op.
class Verifier {
public:
  explicit Verifier(Operation *op) : op(op) {}

  LogicalResult verify(NamedAttribute attribute) {
    static constexpr struct {
      StringLiteral name;
      LogicalResult (*check)(Verifier &, Attribute);
    } kFacts[] = {
        {Convolution::getNameStr(), check<&Verifier::verifyConvolution>},
        {Rows::getNameStr(), check<&Verifier::verifyRows>},
        {Epilogue::getNameStr(), check<&Verifier::verifyEpilogue>},
        {Group::getNameStr(), check<&Verifier::verifyGroup>},
        {Start::getNameStr(), check<&Verifier::verifyStart>},
        {Nonzero::getNameStr(), check<&Verifier::verifyNonzero>},
        {Padding::getNameStr(), check<&Verifier::verifyPadding>},
        {ArenaBytes::getNameStr(), check<&Verifier::verifyArena>},
        {Flops::getNameStr(), check<&Verifier::verifyFlops>},
        {Schedule::getNameStr(), check<&Verifier::verifySchedule>},
        {Shared::getNameStr(), check<&Verifier::verifyShared>},
        {Work::getNameStr(), check<&Verifier::verifyWork>},
    };
    name = attribute.getName();
    for (const auto &fact : kFacts)
      if (name == fact.name)
        return fact.check(*this, attribute.getValue());
    return fail() << (name == Buffer::getNameStr() ? "is of an argument" : "is not declared");
  }

private:
  Operation *op;
  StringAttr name;

  InFlightDiagnostic fail() { return op->emitOpError() << "`" << name.getValue() << "` "; }

  // Verifies a value by a method, once it is of the kind that the method takes.
  template <auto method> static LogicalResult check(Verifier &verifier, Attribute value) {
    return [&]<typename Attr>(LogicalResult (Verifier::*verify)(Attr)) -> LogicalResult {
      if (auto known = dyn_cast<Attr>(value))
        return (verifier.*verify)(known);
      return verifier.fail() << "cannot be " << value;
    }(method);
  }

  linalg::GenericOp nest() { return dyn_cast<linalg::GenericOp>(op); }
  linalg::GenericOp nestOnBuffers() {
    return nest() && nest().hasPureBufferSemantics() ? nest() : linalg::GenericOp();
  }

  LogicalResult verifyConvolution(ConvolutionAttr value) {
    if (std::string wrong = contradiction(value, op); !wrong.empty())
      return fail() << wrong;
    auto starts = nestOnBuffers() ? get<Start>(op) : ArrayAttr();
    auto start = starts ? dyn_cast<FloatAttr>(starts[0]) : FloatAttr();
    if (nestOnBuffers() && (!start || !start.getValue().isZero()))
      return fail() << "is a sum from zero";
    return success();
  }

  LogicalResult verifyRows(RowsAttr value) {
    if (!nest() || nest().getNumDpsInputs() != 2 || nest().getNumDpsInits() != 1)
      return fail() << "is of a linalg.generic with two inputs and one output";
    if (!getElementTypeOrSelf(nest().getDpsInputs()[1].getType()).isInteger(32))
      return fail() << "has an index of ints for its second input";
    SmallVector<linalg::IndexOp> rows(nest().getBody()->getOps<linalg::IndexOp>());
    if (rows.size() != 1)
      return fail() << "is of a nest that asks for the number of one loop, that over the rows";
    unsigned row = rows.front().getDim();
    bool isSummed = nest().getIteratorTypesArray()[row] == utils::IteratorType::reduction;
    if (isSummed != (value.getDirection() == Transfer::Gather))
      return fail() << (isSummed ? "goes from a table whose rows are summed over"
                                 : "goes into a table, whose rows are not summed over");
    if (!nest().getBody()->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>())
      return fail() << "is of a nest that adds up numbers";
    return success();
  }

  LogicalResult verifyEpilogue(EpilogueAttr value) {
    if (!nest() || value.getInput() >= nest().getNumDpsInputs())
      return fail() << "is of a linalg.generic with an input " << value.getInput();
    if (nest().getNumReductionLoops() > 0)
      return fail() << "is of a nest without sums";
    OpOperand *input = nest().getDpsInputOperand(value.getInput());
    linalg::GenericOp sum = nestBefore();
    bool isOfTensors = isa<RankedTensorType>(input->get().getType());
    if (!sum || sum.getNumReductionLoops() == 0 || sum.getNumDpsInits() != 1 ||
        (isOfTensors && input->get() != sum->getResult(0)) ||
        input->get().getType() != sum.getDpsInits()[0].getType())
      return fail() << "goes on from input " << value.getInput()
                    << ", which is not what the nest before it sums up";
    if (!nest().getMatchingIndexingMap(input).isIdentity())
      return fail() << "goes on from the sums in another order";
    if (value.getSum() == Sum::Dropped && isOfTensors && !input->get().hasOneUse())
      return fail() << "drops sums that are read elsewhere";
    return success();
  }

  // The nest right before this one; views and constants may stand between.
  linalg::GenericOp nestBefore() {
    Operation *before = op->getPrevNode();
    while (before && isMemoryEffectFree(before) && !isa<linalg::LinalgOp>(before))
      before = before->getPrevNode();
    return dyn_cast_or_null<linalg::GenericOp>(before);
  }

  LogicalResult verifyGroup(GroupAttr value) {
    auto isParted = [&](Value output) {
      ArrayRef<int64_t> shape = cast<ShapedType>(output.getType()).getShape();
      return !shape.empty() && shape.front() % value.getParts() == 0;
    };
    if (!nest() || value.getParts() < 2 || !llvm::all_of(nest().getDpsInits(), isParted))
      return fail() << "is of a linalg.generic whose outputs have rows for at least two parts";
    return success();
  }

  LogicalResult verifyStart(ArrayAttr starts) {
    if (!nestOnBuffers() || int64_t(starts.size()) != nest().getNumDpsInits())
      return fail() << "has a start for each output of a linalg.generic on buffers";
    for (auto [start, output] : llvm::zip(starts, nest().getDpsInitsMutable())) {
      unsigned i = output.getOperandNumber() - nest().getNumDpsInputs();
      auto number = dyn_cast<TypedAttr>(start);
      bool goesOn = nest().payloadUsesValueFromOperand(&output);
      if (!number && !isa<UnitAttr>(start))
        return fail() << "of output " << i << " is neither a number nor a unit";
      if (number && number.getType() != getElementTypeOrSelf(output.get().getType()))
        return fail() << "of output " << i << " has the type " << number.getType();
      if (bool(number) != goesOn)
        return fail() << "of output " << i
                      << (goesOn ? " is missing: the nest goes on from it"
                                 : " is not needed: the nest does not go on from it");
    }
    return success();
  }

  LogicalResult verifyNonzero(ArrayAttr all) {
    if (!nestOnBuffers() || int64_t(all.size()) != nest().getNumDpsInputs())
      return fail() << "has bounds for each input of a linalg.generic on buffers";
    for (auto [i, each] : llvm::enumerate(all)) {
      if (isa<UnitAttr>(each))
        continue;
      auto bounds = dyn_cast<DenseI64ArrayAttr>(each);
      ArrayRef<int64_t> shape = nest().getShape(nest().getDpsInputOperand(i));
      if (!bounds || bounds.size() != int64_t(2 * shape.size()))
        return fail() << "of input " << i << " has not two bounds for each axis";
      for (auto [axis, size] : llvm::enumerate(shape))
        if (int64_t low = bounds[2 * axis], high = bounds[2 * axis + 1];
            low < 0 || low > high || high > size)
          return fail() << "of input " << i << " does not lie within axis " << axis;
    }
    return success();
  }

  LogicalResult verifyPadding(ArrayAttr marks) {
    if (!nestOnBuffers() || marks.empty() || !llvm::all_of(marks, llvm::IsaPred<DistinctAttr>))
      return fail() << "has distinct marks of a linalg.generic on buffers";
    if (nest().getNumDpsInputs() > 0)
      return success();
    FloatAttr number;
    if (!matchPattern(nest().getBody()->getTerminator()->getOperand(0), m_Constant(&number)) ||
        !number.getValue().isZero() || marks.size() != 1)
      return fail() << "of a nest without inputs is one image's, which it fills with zeros";
    return success();
  }

  // --- functions and calls --------------------------------------------------------------------
  LogicalResult verifyArena(IntegerAttr bytes) {
    if (!isa<FunctionOpInterface>(op) || bytes.getInt() < 0)
      return fail() << "is a function's number of bytes";
    auto function = dyn_cast<func::FuncOp>(op);
    bool isBufferized =
        function && llvm::all_of(function.getArgumentTypes(), llvm::IsaPred<MemRefType>);
    return isBufferized ? verifyBufferized(function, bytes.getInt()) : success();
  }

  LogicalResult verifyBufferized(func::FuncOp function, int64_t arenaBytes) {
    bool hasArena = false;
    for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
      BufferAttr buffer = bufferOf(function, i);
      if (!buffer)
        return op->emitOpError() << "has no `" << Buffer::getNameStr() << "` of argument " << i;
      for (unsigned k = 0; k < i; ++k)
        if (bufferOf(function, k) == buffer)
          return op->emitOpError() << "has the same `" << Buffer::getNameStr() << "` of arguments "
                                   << k << " and " << i;
      if (buffer.getKind() != BufferKind::Arena)
        continue;
      hasArena = true;
      if (int64_t size = cast<MemRefType>(type).getNumElements(); size != arenaBytes)
        return fail() << "is " << arenaBytes << ", the arena has " << size << " bytes";
    }
    if (!hasArena)
      return fail() << "is of a function with an arena";
    WalkResult walk = function.walk([](Operation *inner) -> WalkResult {
      auto nest = dyn_cast<linalg::GenericOp>(inner);
      if (nest && !get<Start>(nest) &&
          llvm::any_of(nest.getRegionOutputArgs(), [](Value v) { return !v.use_empty(); }))
        return nest.emitOpError() << "has no `" << Start::getNameStr() << "`";
      if (isa<func::CallOp>(inner) && !get<Work>(inner))
        return inner->emitOpError() << "has no `" << Work::getNameStr() << "`";
      return WalkResult::advance();
    });
    return success(!walk.wasInterrupted());
  }

  LogicalResult verifyFlops(IntegerAttr flops) {
    if (!isa<FunctionOpInterface>(op) || !get<ArenaBytes>(op) || flops.getInt() < 0)
      return fail() << "is a number of a function that has `" << ArenaBytes::getNameStr() << "`";
    return success();
  }

  LogicalResult verifySchedule(StringAttr schedule) {
    if (!isa<FunctionOpInterface>(op) || schedule.empty())
      return fail() << "is a kernel's, and says how it runs";
    return success();
  }

  LogicalResult verifyShared(UnitAttr) {
    auto loop = dyn_cast<scf::ForOp>(op);
    auto isFixed = [](Value bound, int64_t number) { return getConstantIntValue(bound) == number; };
    if (!loop || !isFixed(loop.getLowerBound(), 0) || !isFixed(loop.getStep(), 1) ||
        !getConstantIntValue(loop.getUpperBound()))
      return fail() << "is of an scf.for from 0 to a constant by 1";
    if (loop->getNumResults() > 0)
      return fail() << "is of a loop that carries nothing";
    return success();
  }

  LogicalResult verifyWork(IntegerAttr work) {
    if (!isa<func::CallOp>(op) || work.getInt() < 0)
      return fail() << "is a count of operations of a call";
    return success();
  }
};

} // namespace

LogicalResult DlcDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  return Verifier(op).verify(attribute);
}

LogicalResult DlcDialect::verifyRegionArgAttribute(Operation *op, unsigned region,
                                                   unsigned argument, NamedAttribute attribute) {
  if (attribute.getName() != Buffer::getNameStr())
    return op->emitOpError() << "`" << attribute.getName().getValue() << "` is of no argument";
  if (!isa<BufferAttr>(attribute.getValue()))
    return op->emitOpError() << "`" << Buffer::getNameStr() << "` cannot be "
                             << attribute.getValue();
  if (!get<ArenaBytes>(op))
    return op->emitOpError() << "`" << Buffer::getNameStr() << "` is of a function that has `"
                             << ArenaBytes::getNameStr() << "`";
  return success();
}

} // namespace dlc::contract
