// Writes a function once more, over buffers.
#include "compiler/memory/bufferize.h"
#include "compiler/contract/contract.h"
#include "compiler/linalg/epilogue.h"
#include "compiler/memory/arena.h"
#include "compiler/memory/zeros.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include <map>

using namespace mlir;

namespace dlc::memory {
namespace {

// Constants that fusion left outside the body belong to it.
void sinkConstants(Block &body) {
  for (Operation &op : body)
    for (OpOperand &operand : op.getOpOperands()) {
      Operation *definition = operand.get().getDefiningOp();
      if (!definition || definition->getBlock() == &body)
        continue;
      assert(isa<arith::ConstantOp>(definition) && "a body captures constants only");
      operand.set(OpBuilder::atBlockBegin(&body).clone(*definition)->getResult(0));
    }
}

class Bufferizer {
public:
  Bufferizer(func::FuncOp function, const Assignment &assignment, const Aliasing &aliasing)
      : function(function), assignment(assignment), aliasing(aliasing),
        builder(function.getLoc(), function) {}

  void run() {
    noteBuffer({BufferKind::Arena},
               RankedTensorType::get({assignment.arenaBytes}, builder.getI8Type()));
    function.walk([&](Operation *op) {
      if (isa<linalg::GenericOp, linalg::FillOp, tensor::InsertSliceOp, scf::ForOp, scf::YieldOp,
              func::ReturnOp>(op))
        for (ValueRange values : {ValueRange(op->getOperands()), ValueRange(op->getResults())})
          for (Value value : values)
            if (assignment.allocationOf(value))
              noteBuffer(allocationOf(value), rootOf(value).getType());
    });
    for (auto &[op, copies] : assignment.copies)
      for (const Assignment::Copy &copy : copies)
        noteBuffer(copy.to, copy.from.getType());

    builder.setInsertionPoint(function);
    auto bufferized =
        func::FuncOp::create(builder, function.getName(), builder.getFunctionType({}, {}));
    bufferized.setVisibility(function.getVisibility());
    builder.setInsertionPoint(bufferized);
    Block *body = bufferized.addEntryBlock();
    addBuffers(bufferized, body);
    builder.setInsertionPointToEnd(body);
    rewriteBlock(function.front());
    func::ReturnOp::create(builder);
    contract::set<contract::ArenaBytes>(bufferized,
                                        builder.getI64IntegerAttr(assignment.arenaBytes));
    function.erase();
  }

private:
  func::FuncOp function;
  const Assignment &assignment;
  const Aliasing &aliasing;
  Paddings paddings;
  ImplicitLocOpBuilder builder;

  struct Buffer {
    int64_t bytes = 0;
    Value value;
  };
  std::map<std::pair<std::optional<BufferKind>, int64_t>, Buffer> buffers;

  // A tensor without memory, which only gives a nest its shape, lies anywhere.
  Allocation allocationOf(Value value) const {
    const Allocation *allocation = assignment.allocationOf(value);
    return allocation ? *allocation : Allocation{BufferKind::Arena};
  }

  void noteBuffer(const Allocation &allocation, Type type) {
    Buffer &buffer = buffers[{allocation.buffer, allocation.index}];
    buffer.bytes = std::max(buffer.bytes, allocation.offset + bytesOf(type));
  }

  void addBuffers(func::FuncOp bufferized, Block *body) {
    SmallVector<Type> types;
    SmallVector<DictionaryAttr> attributes;
    for (auto &[key, buffer] : buffers) {
      auto type = MemRefType::get({buffer.bytes}, builder.getI8Type());
      if (!key.first) {
        buffer.value = constantBuffer(body);
        continue;
      }
      buffer.value = body->addArgument(type, function.getLoc());
      types.push_back(type);
      attributes.push_back(builder.getDictionaryAttr(builder.getNamedAttr(
          contract::Buffer::getNameStr(),
          contract::BufferAttr::get(builder.getContext(), *key.first, key.second))));
    }
    bufferized.setFunctionType(builder.getFunctionType(types, {}));
    bufferized.setAllArgAttrs(attributes);
  }

  Value constantBuffer(Block *body) {
    SmallVector<char> constants(assignment.constants);
    constants.resize(aligned(constants.size()));
    auto type = MemRefType::get({int64_t(constants.size())}, builder.getI8Type());
    auto value = DenseElementsAttr::getFromRawBuffer(
        RankedTensorType::get(type.getShape(), type.getElementType()), constants);
    std::string name = "constants_" + function.getName().str();
    memref::GlobalOp::create(builder, name, builder.getStringAttr("private"), type, value,
                             /*constant=*/true, builder.getI64IntegerAttr(DLC_ALIGNMENT));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(body);
    return memref::GetGlobalOp::create(builder, type, name);
  }

  // --- addresses -----------------------------------------------------------------------------

  // Where a tensor without gaps begins: in its allocation, and in a loop so many bytes further for
  // each of these numbers.
  struct Address {
    Allocation allocation;
    SmallVector<std::pair<Value, int64_t>> terms = {};
  };

  Address addressOf(Value value) {
    Operation *op = value.getDefiningOp();
    if (op && isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
      return addressOf(op->getOperand(0));
    if (auto part = dyn_cast_or_null<tensor::ExtractSliceOp>(op))
      return partOf(addressOf(part.getSource()), part.getMixedOffsets(), part.getSourceType());
    return {allocationOf(value)};
  }

  static Address partOf(Address whole, ArrayRef<OpFoldResult> offsets, RankedTensorType type) {
    int64_t bytes = bytesOf(type);
    for (auto [offset, size] : llvm::zip(offsets, type.getShape())) {
      bytes /= size;
      if (std::optional<int64_t> known = getConstantIntValue(offset))
        whole.allocation.offset += *known * bytes;
      else
        whole.terms.push_back({cast<Value>(offset), bytes});
    }
    return whole;
  }

  // The bytes from the buffer's begin. A sum has one value for all that lies there: by it one sees
  // that they are the same bytes.
  Value shift(const Address &address) {
    Value sum = arith::ConstantIndexOp::create(builder, address.allocation.offset);
    if (address.terms.empty())
      return sum;
    std::vector<std::pair<void *, int64_t>> terms;
    for (auto [number, bytes] : address.terms)
      terms.push_back({number.getAsOpaquePointer(), bytes});
    Value &known = shifts[{address.allocation.offset, terms}];
    if (known)
      return known;
    OpBuilder::InsertionGuard guard(builder);
    // Where the innermost turn, which knows all of the numbers, begins.
    builder.setInsertionPointAfterValue(indexOf(address.terms.back().first));
    sum = arith::ConstantIndexOp::create(builder, address.allocation.offset);
    for (auto [number, bytes] : address.terms) {
      Value distance = arith::ConstantIndexOp::create(builder, bytes);
      distance = arith::MulIOp::create(builder, indexOf(number), distance);
      sum = arith::AddIOp::create(builder, sum, distance);
    }
    return known = sum;
  }

  Value view(const Address &address, Type type) {
    auto shaped = cast<ShapedType>(type);
    Value buffer = buffers.at({address.allocation.buffer, address.allocation.index}).value;
    return memref::ViewOp::create(builder,
                                  MemRefType::get(shaped.getShape(), shaped.getElementType()),
                                  buffer, shift(address), ValueRange{});
  }

  // The part of the whole that the insertion writes.
  Value part(tensor::InsertSliceOp insert, Value whole) {
    if (insert.getSourceType().getRank() != insert.getType().getRank()) // a turn's part of a stack
      return view(
          partOf({allocationOf(insert.getResult())}, insert.getMixedOffsets(), insert.getType()),
          insert.getSourceType());
    return memref::SubViewOp::create(builder, whole, insert.getMixedOffsets(),
                                     insert.getMixedSizes(), insert.getMixedStrides());
  }

  Value viewOf(Value value) {
    tensor::InsertSliceOp insert = aliasing.insertionOf(value);
    if (!insert) {
      auto scattered = value.getDefiningOp<tensor::ExtractSliceOp>();
      if (!scattered || isContiguous(scattered))
        return view(addressOf(value), value.getType());
      return memref::SubViewOp::create(builder, viewOf(scattered.getSource()),
                                       scattered.getMixedOffsets(), scattered.getMixedSizes(),
                                       scattered.getMixedStrides());
    }
    Value target = part(insert, view({allocationOf(value)}, insert.getType()));
    if (value == insert.getSource())
      return target;
    auto collapse = insert.getSource().getDefiningOp<tensor::CollapseShapeOp>();
    return memref::ExpandShapeOp::create(builder, cast<ShapedType>(value.getType()).getShape(),
                                         target, collapse.getReassociationIndices());
  }

  // --- loops ---------------------------------------------------------------------------------

  llvm::DenseMap<Value, Value> indices; // of the function to those of the new one
  // By the allocation's offset, and the numbers with what each is multiplied by.
  std::map<std::pair<int64_t, std::vector<std::pair<void *, int64_t>>>, Value> shifts;

  // A loop's number of turn, or what is computed from it, in the new function.
  Value indexOf(Value number) {
    if (std::optional<int64_t> constant = getConstantIntValue(number))
      return arith::ConstantIndexOp::create(builder, *constant);
    return indices.at(number);
  }

  void rewriteLoop(scf::ForOp loop) {
    auto copy = scf::ForOp::create(builder, indexOf(loop.getLowerBound()),
                                   indexOf(loop.getUpperBound()), indexOf(loop.getStep()));
    indices[loop.getInductionVar()] = copy.getInductionVar();
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(copy.getBody()->getTerminator());
    rewriteBlock(*loop.getBody());
  }

  void rewriteBlock(Block &block) {
    for (Operation &op : block) {
      builder.setLoc(op.getLoc());
      if (auto copies = assignment.copies.find(&op); copies != assignment.copies.end())
        for (const Assignment::Copy &copy : copies->second)
          copyTo(copy.to, copy.from);
      rewriteOperation(op);
    }
  }

  void copyTo(const Allocation &allocation, Value value) {
    TypedAttr number = filling(value);
    Value from = number ? Value() : viewOf(value), to = view({allocation}, value.getType());
    if (number)
      emitFill(to, number);
    else
      emitCopy(builder, builder.getLoc(), from, to, {});
  }

  // --- operations ----------------------------------------------------------------------------

  // What a reduction starts from; null for a result that is written without being read.
  static TypedAttr startOf(linalg::GenericOp op, unsigned result) {
    OpOperand *init = op.getDpsInitOperand(result);
    return op.payloadUsesValueFromOperand(init) ? filling(init->get()) : TypedAttr();
  }

  // Fills what the part of a fill leaves free: left and right of it along each axis, as wide as the
  // part along the axes before and as the whole along those after. Margins of single columns are
  // not worth that: then everything is filled, in one go.
  void fillAround(tensor::InsertSliceOp insert) {
    TypedAttr number = filling(insert.getDest());
    if (!number)
      return;
    Value whole = view({allocationOf(insert.getResult())}, insert.getType());
    ArrayRef<int64_t> offsets = insert.getStaticOffsets(), sizes = insert.getStaticSizes();
    ArrayRef<int64_t> wholeSizes = insert.getType().getShape();
    bool isSpread = llvm::any_of(insert.getStaticStrides(), [](int64_t s) { return s != 1; });
    Attribute mark = paddings.of(insert);
    if (isSpread || sizes.back() != wholeSizes.back())
      return emitFill(whole, number, mark);
    SmallVector<int64_t> from(offsets.size(), 0), extent(wholeSizes), steps(offsets.size(), 1);
    for (unsigned axis = 0; axis < offsets.size(); ++axis) {
      int64_t end = offsets[axis] + sizes[axis];
      for (auto [begin, length] :
           {std::pair(int64_t(0), offsets[axis]), std::pair(end, wholeSizes[axis] - end)}) {
        if (length == 0)
          continue;
        from[axis] = begin, extent[axis] = length;
        auto type = memref::SubViewOp::inferResultType(cast<MemRefType>(whole.getType()), from,
                                                       extent, steps);
        emitFill(
            memref::SubViewOp::create(builder, cast<MemRefType>(type), whole, from, extent, steps),
            number, mark);
      }
      from[axis] = offsets[axis], extent[axis] = sizes[axis];
    }
  }

  void fillAroundResults(linalg::GenericOp op) {
    for (Value result : op->getResults())
      if (tensor::InsertSliceOp insert = aliasing.insertionOf(result))
        fillAround(insert);
  }

  void rewriteOperation(Operation &op) {
    if (auto fill = dyn_cast<linalg::FillOp>(op))
      return rewriteFill(fill);
    if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
      return rewriteInsertion(insert);
    if (auto loop = dyn_cast<scf::ForOp>(op))
      return rewriteLoop(loop);
    // A number of a turn that is computed from another: from its end, in a loop that runs back.
    if (auto difference = dyn_cast<arith::SubIOp>(op)) {
      Value copy = arith::SubIOp::create(builder, indexOf(difference.getLhs()),
                                         indexOf(difference.getRhs()));
      indices[difference] = copy;
      return;
    }
    if (auto guard = dyn_cast<contract::GuardOp>(op))
      return rewriteGuard(guard);
    if (auto nest = dyn_cast<linalg::GenericOp>(op))
      rewriteNest(nest);
  }

  void rewriteGuard(contract::GuardOp guard) {
    auto copy = contract::GuardOp::create(builder, viewOf(guard.getMask()));
    OpBuilder::InsertionGuard insertion(builder);
    builder.setInsertionPointToStart(&copy.getOtherwise().emplaceBlock());
    auto loop = cast<scf::ForOp>(guard->getParentOp());
    for (BlockArgument carried : loop.getRegionIterArgs())
      if (tensor::InsertSliceOp stacking = stackingOf(carried))
        emitFill(part(stacking, {}), builder.getZeroAttr(stacking.getType().getElementType()));
  }

  void rewriteFill(linalg::FillOp fill) {
    TypedAttr number;
    Value filled = fill.getResult(0);
    if (assignment.allocationOf(filled) && matchPattern(fill.getInputs()[0], m_Constant(&number)))
      emitFill(view({allocationOf(filled)}, filled.getType()), number);
  }

  void rewriteInsertion(tensor::InsertSliceOp insert) {
    if (aliasing.insertionOf(insert.getSource()) == insert)
      return; // it was written there
    Value whole = view({allocationOf(insert.getResult())}, insert.getType());
    fillAround(insert);
    Value to = part(insert, whole);
    if (TypedAttr number = filling(insert.getSource()))
      emitFill(to, number);
    else
      emitCopy(builder, builder.getLoc(), viewOf(insert.getSource()), to, {});
  }

  void rewriteNest(linalg::GenericOp nest) {
    SmallVector<Value> inputs, outputs;
    for (Value input : nest.getInputs())
      inputs.push_back(isa<RankedTensorType>(input.getType()) ? viewOf(input) : input);
    linalg::GenericOp sum = fuse::sumBefore(nest);
    // A sum and its epilogue follow each other: what lies around either's results is filled before.
    if (!sum)
      fillAroundResults(nest);
    if (linalg::GenericOp epilogue = epilogueOf(nest))
      fillAroundResults(epilogue);
    SmallVector<Attribute> starts;
    for (OpResult result : nest->getResults()) {
      outputs.push_back(viewOf(result));
      TypedAttr start = startOf(nest, result.getResultNumber());
      starts.push_back(start ? Attribute(start) : builder.getUnitAttr());
    }
    sinkConstants(*nest.getBlock());
    auto bufferized = linalg::GenericOp::create(
        builder, inputs, outputs, nest.getIndexingMapsArray(), nest.getIteratorTypesArray());
    contract::set<contract::Start>(bufferized, builder.getArrayAttr(starts));
    if (ArrayAttr bounds = nonzeroOf(nest))
      contract::set<contract::Nonzero>(bufferized, bounds);
    if (SmallVector<Attribute> marks = paddings.readBy(nest); !marks.empty())
      contract::set<contract::Padding>(bufferized, builder.getArrayAttr(marks));
    if (auto rows = contract::get<contract::Rows>(nest))
      contract::set<contract::Rows>(bufferized, rows);
    if (auto convolution = contract::get<contract::Convolution>(nest))
      contract::set<contract::Convolution>(bufferized, convolution);
    if (auto epilogue = contract::get<contract::Epilogue>(nest))
      contract::set<contract::Epilogue>(bufferized, epilogue);
    if (auto group = contract::get<contract::Group>(nest))
      contract::set<contract::Group>(bufferized, group);
    bufferized.getRegion().takeBody(nest.getRegion());
  }

  static linalg::GenericOp epilogueOf(linalg::GenericOp sum) {
    auto next = dyn_cast_or_null<linalg::GenericOp>(sum->getNextNode());
    return next && fuse::sumBefore(next) == sum ? next : linalg::GenericOp();
  }

  void emitFill(Value buffer, TypedAttr number, Attribute padding = {}) {
    auto type = cast<MemRefType>(buffer.getType());
    auto fill = linalg::GenericOp::create(
        builder, ValueRange{}, buffer, builder.getMultiDimIdentityMap(type.getRank()),
        SmallVector<utils::IteratorType>(type.getRank(), utils::IteratorType::parallel),
        [&](OpBuilder &b, Location loc, ValueRange) {
          linalg::YieldOp::create(b, loc, arith::ConstantOp::create(b, loc, number).getResult());
        });
    if (padding)
      contract::set<contract::Padding>(fill, builder.getArrayAttr(padding));
  }
};

} // namespace

void bufferize(func::FuncOp function, const Assignment &assignment, const Aliasing &aliasing) {
  Bufferizer(function, assignment, aliasing).run();
}

} // namespace dlc::memory
