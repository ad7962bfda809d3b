// The dialect `nn`: its registration, constants, verifiers and names.
#include "compiler/nn/loops.h"
#include "compiler/nn/nn.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

#include "compiler/nn/dialect.cpp.inc"
#include "compiler/nn/interfaces.cpp.inc"
#define GET_OP_CLASSES
#include "compiler/nn/ops.cpp.inc"

namespace dlc::nn {

void NnDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "compiler/nn/ops.cpp.inc"
      >();
}

// --- constants ---------------------------------------------------------------------------------

Operation *NnDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type,
                                          Location location) {
  auto numbers = dyn_cast<ElementsAttr>(value);
  if (!numbers || numbers.getType() != type)
    return nullptr;
  return ConstantOp::create(builder, location, numbers);
}

LogicalResult ConstantOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                           ValueRange operands, DictionaryAttr attributes,
                                           OpaqueProperties properties, RegionRange regions,
                                           SmallVectorImpl<Type> &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  types.push_back(adaptor.getValue().getType());
  return success();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

ConstantOp constant(OpBuilder &builder, Location location, RankedTensorType type, double number) {
  Type kind = type.getElementType();
  Attribute element = isa<FloatType>(kind)
                          ? Attribute(builder.getFloatAttr(kind, number))
                          : builder.getIntegerAttr(kind, static_cast<int64_t>(number));
  return ConstantOp::create(builder, location, DenseElementsAttr::get(type, element));
}

// --- verifiers ---------------------------------------------------------------------------------

/// A gradient has the type of the value it belongs to: what `op` gives for these operands.
static LogicalResult verifyGradientOf(Operation *gradientOp, StringRef op, TypeRange operands,
                                      Type dy) {
  auto types = inferResultTypes(op, operands,
                                gradientOp->getPropertiesAsAttribute()
                                    ? cast<DictionaryAttr>(gradientOp->getPropertiesAsAttribute())
                                    : gradientOp->getAttrDictionary(),
                                gradientOp->getLoc());
  if (failed(types))
    return failure();
  if (types->front() != dy)
    return gradientOp->emitOpError() << "takes the gradient of the result of `" << op
                                     << "`, of type " << types->front() << ", found " << dy;
  return success();
}

LogicalResult Conv2dGradInputOp::verify() {
  return verifyGradientOf(*this, "conv2d", {getDx().getType(), getW().getType()},
                          getDy().getType());
}

LogicalResult Conv2dGradWeightOp::verify() {
  return verifyGradientOf(*this, "conv2d", {getX().getType(), getDw().getType()},
                          getDy().getType());
}

LogicalResult MaxPool2dGradOp::verify() {
  return verifyGradientOf(*this, "max_pool2d", getX().getType(), getDy().getType());
}

LogicalResult AvgPool2dGradOp::verify() {
  return verifyGradientOf(*this, "avg_pool2d", getDx().getType(), getDy().getType());
}

// --- loops -------------------------------------------------------------------------------------

Block::BlockArgListType LoopOp::getCarriedArguments() {
  return getBlock().getArguments().take_front(getInits().size());
}
Block::BlockArgListType LoopOp::getSliceArguments() {
  return getBlock().getArguments().drop_front(getInits().size());
}
OperandRange LoopOp::getNext() {
  return getBlock().getTerminator()->getOperands().take_front(getInits().size());
}
OperandRange LoopOp::getStackedOperands() {
  return getBlock().getTerminator()->getOperands().drop_front(getInits().size());
}
ResultRange LoopOp::getFinal() { return getResults().take_front(getInits().size()); }
ResultRange LoopOp::getStacked() { return getResults().drop_front(getInits().size()); }

SmallVector<Operation *> LoopOp::getInvariants() {
  SmallPtrSet<Operation *, 8> known;
  SmallVector<Operation *> invariants;
  for (Operation &op : getBlock().without_terminator()) {
    bool isSame =
        isPure(&op) && llvm::all_of(op.getOperands(), [&](Value operand) {
          return operand.getParentBlock() != &getBlock() || known.contains(operand.getDefiningOp());
        });
    if (isSame && op.getNumRegions() == 0) {
      known.insert(&op);
      invariants.push_back(&op);
    }
  }
  return invariants;
}

GuardOp LoopOp::getGuard() {
  auto guards = getBlock().getOps<GuardOp>();
  return guards.empty() ? GuardOp() : *guards.begin();
}

LogicalResult LoopOp::verifyRegions() {
  Block &block = getBlock();
  if (llvm::range_size(block.getOps<GuardOp>()) > 1)
    return emitOpError("has two guards");
  if (!isa_and_nonnull<YieldOp>(block.empty() ? nullptr : &block.back()))
    return emitOpError("needs a block that ends in nn.yield");
  size_t carried = getInits().size(), yielded = block.getTerminator()->getNumOperands();
  if (block.getNumArguments() != carried + getSlices().size())
    return emitOpError("needs a block argument for each carried value and each slice");
  if (yielded < carried || getNumResults() != yielded)
    return emitOpError("needs a result for each value that its block yields, of which the first ")
           << carried << " are carried";
  auto stackOf = [&](Type type) { return wholeType(type, getCount()); };
  for (unsigned i = 0; i < carried; ++i)
    for (Type type :
         {block.getArgument(i).getType(), getNext()[i].getType(), getResult(i).getType()})
      if (type != getInits()[i].getType())
        return emitOpError("carries a value of type ")
               << getInits()[i].getType() << " that becomes " << type;
  for (auto [slices, slice] : llvm::zip(getSlices(), getSliceArguments()))
    if (slices.getType() != stackOf(slice.getType()))
      return emitOpError("needs slices of type ")
             << stackOf(slice.getType()) << ", found " << slices.getType();
  for (auto [value, stacked] : llvm::zip(getStackedOperands(), getStacked()))
    if (stacked.getType() != stackOf(value.getType()))
      return emitOpError("stacks to ") << stackOf(value.getType()) << ", not " << stacked.getType();
  return success();
}

// --- creation by name --------------------------------------------------------------------------

Operation *create(OpBuilder &builder, Location location, StringRef op, ValueRange operands,
                  ArrayRef<NamedAttribute> configuration, Type real) {
  OperationState state(location, (NnDialect::getDialectNamespace() + "." + op).str());
  state.addOperands(operands);
  state.addAttributes(configuration);
  if (state.name.isRegistered() && llvm::is_contained(state.name.getAttributeNames(), "element"))
    state.addAttribute("element", TypeAttr::get(real));
  auto types = inferResultTypes(op, operands.getTypes(),
                                state.attributes.getDictionary(builder.getContext()), location);
  if (failed(types))
    return nullptr;
  state.addTypes(*types);
  return builder.create(state);
}

// --- names -------------------------------------------------------------------------------------

SmallVector<StringRef> namesIn(Location location) {
  SmallVector<StringRef> names;
  if (auto name = dyn_cast<NameLoc>(location))
    names.push_back(name.getName());
  if (auto fused = dyn_cast<FusedLoc>(location))
    for (Location part : fused.getLocations())
      llvm::append_range(names, namesIn(part));
  return names;
}

StringRef nameIn(Location location) {
  SmallVector<StringRef> names = namesIn(location);
  return names.empty() ? StringRef() : names.front();
}

Location addName(Location location, StringRef name) {
  SmallVector<Location> parts = {NameLoc::get(StringAttr::get(location.getContext(), name))};
  if (!isa<UnknownLoc>(location))
    parts.push_back(location);
  return FusedLoc::get(location.getContext(), parts);
}

/// Without its names, but for the places they may hold.
static void collectPlaces(Location location, SmallVectorImpl<Location> &places) {
  if (auto name = dyn_cast<NameLoc>(location))
    collectPlaces(name.getChildLoc(), places);
  else if (auto fused = dyn_cast<FusedLoc>(location))
    for (Location part : fused.getLocations())
      collectPlaces(part, places);
  else if (!isa<UnknownLoc>(location))
    places.push_back(location);
}

Location withName(Location location, StringRef name) {
  SmallVector<Location> places;
  collectPlaces(location, places);
  Location place = FusedLoc::get(location.getContext(), places);
  return name.empty() ? place : addName(place, name);
}

// --- names of one among several results --------------------------------------------------------

/// The names of the results of an operation that has several; null if there are none.
static ArrayAttr listIn(Location location) {
  auto fused = dyn_cast<FusedLoc>(location);
  return fused ? dyn_cast_or_null<ArrayAttr>(fused.getMetadata()) : ArrayAttr();
}

static bool isOneOfSeveral(Value value) {
  return value.getDefiningOp() && value.getDefiningOp()->getNumResults() > 1;
}

StringRef nameOf(Value value) {
  if (!isOneOfSeveral(value))
    return nameIn(value.getLoc());
  ArrayAttr names = listIn(value.getLoc());
  return names ? cast<StringAttr>(names[cast<OpResult>(value).getResultNumber()]).getValue()
               : StringRef();
}

Location withNames(Location location, ArrayRef<StringRef> names) {
  SmallVector<Location> places;
  collectPlaces(location, places);
  return FusedLoc::get(places, Builder(location.getContext()).getStrArrayAttr(names),
                       location.getContext());
}

void addName(Value value, StringRef name) {
  if (!isOneOfSeveral(value))
    return value.setLoc(addName(value.getLoc(), name));
  Operation *op = value.getDefiningOp();
  SmallVector<StringRef> names;
  for (Value result : op->getResults())
    names.push_back(result == value ? name : nameOf(result));
  op->setLoc(withNames(op->getLoc(), names));
}

} // namespace dlc::nn
