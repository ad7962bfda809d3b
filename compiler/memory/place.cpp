// Places every tensor of straight-line code:
//   - an argument lies in its buffer, a result is written where it is wanted, if that holds no
//     argument that is still to be read;
//   - a reshaped value shares the memory of its source;
//   - an elementwise result takes the place of an operand that is not needed any more;
//   - what is a part of a larger tensor is written there straight away (aliasing.h);
//   - all else gets an interval of the arena.
// The epilogue of a sum (linalg/epilogue.h) may write while the sum still reads.
// A linalg.fill costs nothing where it only starts a reduction.
#include "compiler/linalg/epilogue.h"
#include "compiler/memory/aliasing.h"
#include "compiler/memory/arena.h"
#include "compiler/memory/buffers.h"
#include "compiler/passes/passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include <map>

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_PLACEPASS
#include "compiler/passes/passes.h.inc"

} // namespace dlc

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

// Memory of one value or of several, one after the other.
struct Memory {
  int64_t bytes = 0;
  int first = 0, last = 0;
  std::optional<Place> place; // known: outside the arena
};

class Placer {
public:
  Placer(func::FuncOp function, const Layouts &layouts)
      : function(function), layouts(layouts), aliasing(function),
        builder(function.getLoc(), function) {}

  LogicalResult run() {
    copyReturnedArguments();
    number();
    for (BlockArgument argument : function.getArguments()) {
      Place place = layouts.argument(function.getArgAttrDict(argument.getArgNumber()),
                                     argument.getArgNumber());
      assign(argument, {bytesOf(argument.getType()), -1, lastUse[argument], place});
    }
    for (Operation &op : function.front())
      if (failed(assignResults(op)))
        return failure();
    bindResults();
    planIntervals();
    rewrite();
    return success();
  }

private:
  func::FuncOp function;
  const Layouts &layouts;
  Aliasing aliasing;
  ImplicitLocOpBuilder builder;
  llvm::DenseMap<Operation *, int> steps;
  llvm::DenseMap<Value, int> lastUse; // by root
  llvm::DenseMap<Value, unsigned> memoryOf;
  SmallVector<Memory> memories;
  SmallVector<char> constants;
  struct Copy {
    Value from;
    Place to;
  };
  llvm::DenseMap<Operation *, DistinctAttr> paddings; // of insertions
  SmallVector<Copy> copies; // of results that cannot be written where they are wanted
  int64_t arenaBytes = 0;

  func::ReturnOp terminator() { return cast<func::ReturnOp>(function.front().getTerminator()); }

  // An argument that is a result under another name is copied before anything is overwritten.
  void copyReturnedArguments() {
    builder.setInsertionPointToStart(&function.front());
    for (OpOperand &operand : terminator()->getOpOperands()) {
      auto argument = dyn_cast<BlockArgument>(rootOf(operand.get()));
      if (!argument)
        continue;
      unsigned number = operand.getOperandNumber();
      auto type = cast<RankedTensorType>(operand.get().getType());
      Place from = layouts.argument(function.getArgAttrDict(argument.getArgNumber()),
                                    argument.getArgNumber());
      if (from == layouts.result(function.getResultAttrDict(number), type, number))
        continue;
      if (Operation *view = operand.get().getDefiningOp())
        builder.setInsertionPointAfter(view);
      Value empty = tensor::EmptyOp::create(builder, type.getShape(), type.getElementType());
      operand.set(emitCopy(operand.get(), empty, type).getResult(0));
    }
  }

  void number() {
    int step = 0;
    for (Operation &op : function.front()) {
      steps[&op] = step++;
      for (Value operand : op.getOperands())
        lastUse[rootOf(operand)] = steps[&op];
    }
  }

  void assign(Value value, Memory memory) {
    memoryOf[value] = memories.size();
    memories.push_back(memory);
  }

  // The memory of the tensor that an insertion helps to make, from now on.
  unsigned memoryOfWhole(tensor::InsertSliceOp insert, int step) {
    Value whole = aliasing.wholeOf(insert);
    int last = std::max(steps[whole.getDefiningOp()], lastUse.lookup(whole));
    if (!memoryOf.contains(whole))
      assign(whole, {bytesOf(whole.getType()), step, last, {}});
    return memoryOf[whole];
  }

  // Whether anyone reads the filled tensor itself; a nest that it starts does not.
  static bool isRead(Value filled) {
    return llvm::any_of(filled.getUses(), [](OpOperand &use) {
      if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(use.getOwner()))
        return isRead(use.getOwner()->getResult(0));
      if (isa<tensor::InsertSliceOp>(use.getOwner()))
        return false; // what is inserted is filled in its place
      auto generic = dyn_cast<linalg::GenericOp>(use.getOwner());
      return !generic || generic.isDpsInput(&use);
    });
  }

  LogicalResult assignResults(Operation &op) {
    int step = steps[&op];
    if (isa<tensor::EmptyOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp, func::ReturnOp>(op))
      return success();
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      if (auto value = dyn_cast<DenseElementsAttr>(constant.getValue()))
        assign(constant, {bytesOf(value.getType()), -1, step, addConstant(value)});
      return success();
    }
    if (auto fill = dyn_cast<linalg::FillOp>(op)) {
      if (Value filled = fill.getResult(0); isRead(filled))
        assign(filled, {bytesOf(filled.getType()), step, lastUse[filled], {}});
      return success();
    }
    if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
      if (!aliasing.wholeOf(insert))
        return op.emitOpError("goes into a tensor that is neither a fill nor made of such parts");
      memoryOf[insert.getResult()] = memoryOfWhole(insert, step);
      return success();
    }
    auto generic = dyn_cast<linalg::GenericOp>(op);
    if (!generic)
      return op.emitOpError("cannot be placed in memory");
    linalg::GenericOp sum = fuse::sumBefore(generic);
    int first = sum ? steps[sum] : step;
    for (OpResult result : generic->getResults()) {
      OpOperand *init = generic.getDpsInitOperand(result.getResultNumber());
      if (generic.payloadUsesValueFromOperand(init) && !filling(init->get()))
        return op.emitOpError("goes on from a tensor that is no fill");
      int last = std::max(step, lastUse.lookup(result));
      if (tensor::InsertSliceOp insert = aliasing.insertionOf(result)) {
        memoryOf[result] = memoryOfWhole(insert, first);
        Memory &whole = memories[memoryOf[result]];
        whole.last = std::max(whole.last, last);
      } else if (std::optional<unsigned> operand = replaceable(generic, result)) {
        memoryOf[result] = *operand;
        memories[*operand].last = last;
      } else {
        assign(result, {bytesOf(result.getType()), first, last, {}});
      }
    }
    return success();
  }

  Place addConstant(DenseElementsAttr value) {
    int64_t offset = aligned(constants.size());
    constants.resize(offset);
    ArrayRef<char> raw = value.getRawData();
    int64_t bytes = bytesOf(value.getType());
    while (int64_t(constants.size()) < offset + bytes) // the raw data of a splat is one element
      constants.append(raw.begin(), raw.end());
    return {"constants", 0, offset};
  }

  // What a reduction starts from; null for a result that is written without being read.
  static TypedAttr startOf(linalg::GenericOp op, unsigned result) {
    OpOperand *init = op.getDpsInitOperand(result);
    return op.payloadUsesValueFromOperand(init) ? filling(init->get()) : TypedAttr();
  }

  // Whether it puts an image between zeros.
  static bool isPadding(tensor::InsertSliceOp insert) {
    auto number = dyn_cast_or_null<FloatAttr>(filling(insert.getDest()));
    return number && number.getValue().isZero() && insert.hasUnitStride();
  }

  // The bounds of what is no zero in the inputs that are padded images; null if none is.
  ArrayAttr nonzeroOf(linalg::GenericOp op) {
    bool isPadded = false;
    SmallVector<Attribute> all(op.getNumDpsInputs(), builder.getUnitAttr());
    for (auto [i, input] : llvm::enumerate(op.getDpsInputs())) {
      auto insert = input.getDefiningOp<tensor::InsertSliceOp>();
      if (!insert || !isPadding(insert))
        continue;
      SmallVector<int64_t> bounds;
      for (auto [offset, size] : llvm::zip(insert.getStaticOffsets(), insert.getStaticSizes()))
        bounds.append({offset, offset + size});
      all[i] = builder.getDenseI64ArrayAttr(bounds);
      isPadded = true;
    }
    return isPadded ? builder.getArrayAttr(all) : ArrayAttr();
  }

  // A mark of its own for each image in whose padding only nests read; null for others.
  Attribute paddingOf(tensor::InsertSliceOp insert) {
    if (!insert || !isPadding(insert) ||
        !llvm::all_of(insert->getUsers(), llvm::IsaPred<linalg::GenericOp>))
      return {};
    DistinctAttr &mark = paddings[insert];
    if (!mark)
      mark = DistinctAttr::create(builder.getUnitAttr());
    return mark;
  }

  // Those that the nest reads.
  SmallVector<Attribute> paddingsRead(linalg::GenericOp op) {
    SmallVector<Attribute> marks;
    for (Value input : op.getDpsInputs())
      if (Attribute mark = paddingOf(input.getDefiningOp<tensor::InsertSliceOp>()))
        marks.push_back(mark);
    return marks;
  }

  // The memory of an operand that dies here and that the result may take over element by element.
  std::optional<unsigned> replaceable(linalg::GenericOp op, OpResult result) {
    bool isReturned =
        llvm::any_of(terminator().getOperands(), [&](Value v) { return rootOf(v) == result; });
    if (isReturned || op.getNumReductionLoops() > 0 ||
        !op.getIndexingMapMatchingResult(result).isIdentity())
      return std::nullopt;
    for (OpOperand *operand : op.getDpsInputOperands()) {
      auto memory = memoryOf.find(rootOf(operand->get()));
      if (memory == memoryOf.end())
        continue;
      const Memory &candidate = memories[memory->second];
      if (candidate.place || candidate.last != steps[op] ||
          candidate.bytes != bytesOf(result.getType()) || candidate.first == steps[op])
        continue;
      if (linalg::GenericOp sum = fuse::sumBefore(op); sum && reads(sum, memory->second))
        continue;
      if (readsInPlace(op, memory->second))
        return memory->second;
    }
    return std::nullopt;
  }

  bool liesIn(unsigned memory, Value root) const {
    auto of = memoryOf.find(root);
    return of != memoryOf.end() && of->second == memory;
  }

  bool reads(linalg::GenericOp op, unsigned memory) const {
    return llvm::any_of(op.getDpsInputs(),
                        [&](Value input) { return liesIn(memory, rootOf(input)); });
  }

  // Whether the nest reads of this memory only the element it is about to write, and no other
  // result has taken it.
  bool readsInPlace(linalg::GenericOp op, unsigned memory) {
    for (OpOperand *operand : op.getDpsInputOperands())
      if (liesIn(memory, rootOf(operand->get())) &&
          !op.getMatchingIndexingMap(operand).isIdentity())
        return false;
    return llvm::none_of(op->getResults(), [&](Value other) { return liesIn(memory, other); });
  }

  // Whether `memory`, written from its first step on, may lie where an argument lies.
  bool mayOverwrite(const Place &place, const Memory &memory, Value value) {
    for (BlockArgument argument : function.getArguments()) {
      const Memory &old = memories[memoryOf[argument]];
      if (!(*old.place == place) || old.last < memory.first)
        continue;
      auto writer = value.getDefiningOp<linalg::GenericOp>();
      bool isElementwise = old.last == memory.first && writer && steps[writer] == memory.first &&
                           writer.getNumReductionLoops() == 0 &&
                           readsInPlace(writer, memoryOf[argument]);
      if (!isElementwise)
        return false;
    }
    return true;
  }

  void bindResults() {
    for (OpOperand &operand : terminator()->getOpOperands()) {
      unsigned number = operand.getOperandNumber();
      Place place =
          layouts.result(function.getResultAttrDict(number), operand.get().getType(), number);
      Value root = rootOf(operand.get());
      Memory &memory = memories[memoryOf[root]];
      if (memory.place && *memory.place == place)
        continue;
      if (!memory.place && mayOverwrite(place, memory, root))
        memory.place = place;
      else
        copies.push_back({operand.get(), place});
    }
  }

  void planIntervals() {
    SmallVector<Interval> intervals;
    SmallVector<Memory *> planned;
    for (Memory &memory : memories)
      if (!memory.place) {
        intervals.push_back({memory.bytes, memory.first, memory.last});
        planned.push_back(&memory);
      }
    arenaBytes = planArena(intervals);
    for (auto [memory, interval] : llvm::zip(planned, intervals))
      memory->place = Place{"arena", 0, interval.offset};
  }

  // --- the function over buffers --------------------------------------------------------------
  struct Buffer {
    int64_t bytes = 0;
    Value value;
  };
  std::map<std::pair<std::string, int64_t>, Buffer> buffers;

  // A tensor without memory, which only gives a nest its shape, lies anywhere.
  Place placeOf(Value value) {
    auto memory = memoryOf.find(rootOf(value));
    return memory == memoryOf.end() ? Place{"arena"} : *memories[memory->second].place;
  }

  void noteBuffer(const Place &place, Type type) {
    Buffer &buffer = buffers[{place.buffer.str(), place.index}];
    buffer.bytes = std::max(buffer.bytes, place.offset + bytesOf(type));
  }

  void rewrite() {
    noteBuffer({"arena"}, RankedTensorType::get({arenaBytes}, builder.getI8Type()));
    for (Operation &op : function.front())
      if (isa<linalg::GenericOp, linalg::FillOp, tensor::InsertSliceOp, func::ReturnOp>(op))
        for (ValueRange values : {ValueRange(op.getOperands()), ValueRange(op.getResults())})
          for (Value value : values)
            if (memoryOf.contains(rootOf(value)))
              noteBuffer(placeOf(value), value.getType());
    for (const Copy &copy : copies)
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
    for (const Copy &copy : copies) {
      Value from = view(placeOf(copy.from), copy.from.getType());
      Value to = view(copy.to, copy.from.getType());
      emitCopy(from, to, {});
    }
    func::ReturnOp::create(builder);
    placed->setAttr("dlc.arena_bytes", builder.getI64IntegerAttr(arenaBytes));
    function.erase();
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
    Attribute mark = paddingOf(insert);
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
      if (memoryOf.contains(filled) && matchPattern(fill.getInputs()[0], m_Constant(&number)))
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
        emitCopy(viewOf(insert.getSource()), to, {});
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
    if (SmallVector<Attribute> marks = paddingsRead(generic); !marks.empty())
      placed->setAttr(kPadding, builder.getArrayAttr(marks));
    if (sum) {
      placed->setAttr("dlc.epilogue", generic->getAttr("dlc.epilogue"));
      if (lastUse[sum->getResult(0)] == steps[generic])
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

  // Of tensors with `result` their type, else of buffers.
  linalg::GenericOp emitCopy(Value from, Value to, TypeRange result) {
    unsigned rank = cast<ShapedType>(to.getType()).getRank();
    SmallVector<AffineMap> maps(2, builder.getMultiDimIdentityMap(rank));
    SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
    return linalg::GenericOp::create(
        builder, result, from, to, maps, loops,
        [](OpBuilder &b, Location loc, ValueRange a) { linalg::YieldOp::create(b, loc, a[0]); });
  }
};

struct PlacePass : impl::PlacePassBase<PlacePass> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions)
      separateInsertions(function);
    Layouts layouts(getOperation());
    for (func::FuncOp function : functions)
      if (failed(Placer(function, layouts).run()))
        return signalPassFailure();
  }
};

} // namespace

} // namespace dlc::memory
