// Writes a function once more, over buffers.
#include "compiler/memory/bufferize.h"
#include "compiler/linalg/epilogue.h"
#include "compiler/memory/arena.h"
#include "compiler/memory/zeros.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
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

constexpr StringLiteral kPadding = "dlc.padding";

class Bufferizer {
public:
  Bufferizer(func::FuncOp function, const Assignment &assignment, const Aliasing &aliasing)
      : function(function), assignment(assignment), aliasing(aliasing),
        builder(function.getLoc(), function) {}

  void run() {
    noteBuffer({"arena"}, RankedTensorType::get({assignment.arenaBytes}, builder.getI8Type()));
    for (Operation &op : function.front())
      if (isa<linalg::GenericOp, linalg::FillOp, tensor::InsertSliceOp, func::ReturnOp>(op))
        for (ValueRange values : {ValueRange(op.getOperands()), ValueRange(op.getResults())})
          for (Value value : values)
            if (assignment.placeOf(value))
              noteBuffer(placeOf(value), value.getType());
    for (const Assignment::Copy &copy : assignment.copies)
      noteBuffer(copy.to, copy.from.getType());

    builder.setInsertionPoint(function);
    auto placed =
        func::FuncOp::create(builder, function.getName(), builder.getFunctionType({}, {}));
    placed.setVisibility(function.getVisibility());
    builder.setInsertionPoint(placed);
    Block *body = placed.addEntryBlock();
    addBuffers(placed, body);
    builder.setInsertionPointToEnd(body);
    for (Operation &op : function.front())
      rewriteOperation(op);
    for (const Assignment::Copy &copy : assignment.copies) {
      Value from = view(placeOf(copy.from), copy.from.getType());
      Value to = view(copy.to, copy.from.getType());
      emitCopy(builder, from, to, {});
    }
    func::ReturnOp::create(builder);
    placed->setAttr("dlc.arena_bytes", builder.getI64IntegerAttr(assignment.arenaBytes));
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
  std::map<std::pair<std::string, int64_t>, Buffer> buffers;

  // A tensor without memory, which only gives a nest its shape, lies anywhere.
  Place placeOf(Value value) const {
    const Place *place = assignment.placeOf(value);
    return place ? *place : Place{"arena"};
  }

  void noteBuffer(const Place &place, Type type) {
    Buffer &buffer = buffers[{place.buffer.str(), place.index}];
    buffer.bytes = std::max(buffer.bytes, place.offset + bytesOf(type));
  }

  void addBuffers(func::FuncOp placed, Block *body) {
    SmallVector<Type> types;
    SmallVector<DictionaryAttr> attributes;
    for (auto &[key, buffer] : buffers) {
      auto type = MemRefType::get({buffer.bytes}, builder.getI8Type());
      if (key.first == "constants") {
        buffer.value = constantBuffer(body);
        continue;
      }
      buffer.value = body->addArgument(type, function.getLoc());
      types.push_back(type);
      attributes.push_back(builder.getDictionaryAttr(
          {builder.getNamedAttr("dlc.buffer", builder.getStringAttr(key.first)),
           builder.getNamedAttr("nn.index", builder.getI64IntegerAttr(key.second))}));
    }
    placed.setFunctionType(builder.getFunctionType(types, {}));
    placed.setAllArgAttrs(attributes);
  }

  Value constantBuffer(Block *body) {
    SmallVector<char> constants(assignment.constants);
    constants.resize(aligned(constants.size()));
    auto type = MemRefType::get({int64_t(constants.size())}, builder.getI8Type());
    auto value = DenseElementsAttr::getFromRawBuffer(
        RankedTensorType::get(type.getShape(), type.getElementType()), constants);
    std::string name = "constants_" + function.getName().str();
    memref::GlobalOp::create(builder, name, builder.getStringAttr("private"), type, value,
                             /*constant=*/true, builder.getI64IntegerAttr(kAlignment));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(body);
    return memref::GetGlobalOp::create(builder, type, name);
  }

  Value view(const Place &place, Type type) {
    auto shaped = cast<ShapedType>(type);
    Value buffer = buffers.at({place.buffer.str(), place.index}).value;
    Value offset = arith::ConstantIndexOp::create(builder, place.offset);
    return memref::ViewOp::create(builder,
                                  MemRefType::get(shaped.getShape(), shaped.getElementType()),
                                  buffer, offset, ValueRange{});
  }

  Value part(tensor::InsertSliceOp insert, Value whole) {
    return memref::SubViewOp::create(builder, whole, insert.getMixedOffsets(),
                                     insert.getMixedSizes(), insert.getMixedStrides());
  }

  Value viewOf(Value value) {
    tensor::InsertSliceOp insert = aliasing.insertionOf(value);
    if (!insert)
      return view(placeOf(value), value.getType());
    Value target = part(insert, view(placeOf(value), insert.getType()));
    if (value == insert.getSource())
      return target;
    auto collapse = insert.getSource().getDefiningOp<tensor::CollapseShapeOp>();
    return memref::ExpandShapeOp::create(builder, cast<ShapedType>(value.getType()).getShape(),
                                         target, collapse.getReassociationIndices());
  }

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
    Value whole = view(placeOf(insert.getResult()), insert.getType());
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
    builder.setLoc(op.getLoc());
    if (auto fill = dyn_cast<linalg::FillOp>(op)) {
      TypedAttr number;
      Value filled = fill.getResult(0);
      if (assignment.placeOf(filled) && matchPattern(fill.getInputs()[0], m_Constant(&number)))
        emitFill(view(placeOf(filled), filled.getType()), number);
      return;
    }
    if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
      if (aliasing.insertionOf(insert.getSource()) == insert)
        return; // it was written there
      Value whole = view(placeOf(insert.getResult()), insert.getType());
      fillAround(insert);
      Value to = part(insert, whole);
      if (TypedAttr number = filling(insert.getSource()))
        emitFill(to, number);
      else
        emitCopy(builder, viewOf(insert.getSource()), to, {});
      return;
    }
    auto generic = dyn_cast<linalg::GenericOp>(op);
    if (!generic)
      return;
    SmallVector<Value> inputs, outputs;
    for (Value input : generic.getInputs())
      inputs.push_back(isa<RankedTensorType>(input.getType()) ? viewOf(input) : input);
    linalg::GenericOp sum = fuse::sumBefore(generic);
    // A sum and its epilogue follow each other: what lies around either's results is filled before.
    if (!sum)
      fillAroundResults(generic);
    if (linalg::GenericOp epilogue = epilogueOf(generic))
      fillAroundResults(epilogue);
    SmallVector<Attribute> starts;
    for (OpResult result : generic->getResults()) {
      unsigned i = result.getResultNumber();
      outputs.push_back(viewOf(result));
      TypedAttr start = startOf(generic, i);
      starts.push_back(start ? Attribute(start) : builder.getUnitAttr());
    }
    sinkConstants(*generic.getBlock());
    auto placed = linalg::GenericOp::create(
        builder, inputs, outputs, generic.getIndexingMapsArray(), generic.getIteratorTypesArray());
    placed->setAttr("dlc.start", builder.getArrayAttr(starts));
    if (ArrayAttr bounds = nonzeroOf(generic))
      placed->setAttr("dlc.nonzero", bounds);
    if (SmallVector<Attribute> marks = paddings.readBy(generic); !marks.empty())
      placed->setAttr(kPadding, builder.getArrayAttr(marks));
    if (sum) {
      placed->setAttr("dlc.epilogue", generic->getAttr("dlc.epilogue"));
      if (sum->hasOneUse())
        placed->setAttr("dlc.epilogue_alone", builder.getUnitAttr());
    }
    placed.getRegion().takeBody(generic.getRegion());
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
      fill->setAttr(kPadding, builder.getArrayAttr(padding));
  }
};

} // namespace

linalg::GenericOp emitCopy(ImplicitLocOpBuilder &builder, Value from, Value to, TypeRange result) {
  unsigned rank = cast<ShapedType>(to.getType()).getRank();
  SmallVector<AffineMap> maps(2, builder.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  return linalg::GenericOp::create(
      builder, result, from, to, maps, loops,
      [](OpBuilder &b, Location loc, ValueRange a) { linalg::YieldOp::create(b, loc, a[0]); });
}

void bufferize(func::FuncOp function, const Assignment &assignment, const Aliasing &aliasing) {
  Bufferizer(function, assignment, aliasing).run();
}

} // namespace dlc::memory
