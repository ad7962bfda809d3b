// The dialect `nn`: its registration, constants, verifiers and names.
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
  Attribute element = builder.getFloatAttr(type.getElementType(), number);
  return ConstantOp::create(builder, location, DenseElementsAttr::get(type, element));
}

// --- verifiers ---------------------------------------------------------------------------------

/// A gradient has the type of the value it belongs to: what `op` gives for these operands.
static LogicalResult verifyGradientOf(Operation *gradientOp, StringRef op, TypeRange operands,
                                      Type dy) {
  auto type = inferResultType(op, operands,
                              gradientOp->getPropertiesAsAttribute()
                                  ? cast<DictionaryAttr>(gradientOp->getPropertiesAsAttribute())
                                  : gradientOp->getAttrDictionary(),
                              gradientOp->getLoc());
  if (failed(type))
    return failure();
  if (*type != dy)
    return gradientOp->emitOpError() << "takes the gradient of the result of `" << op
                                     << "`, of type " << *type << ", found " << dy;
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

// --- creation by name --------------------------------------------------------------------------

Value create(OpBuilder &builder, Location location, StringRef op, ValueRange operands,
             ArrayRef<NamedAttribute> configuration, Type real) {
  OperationState state(location, (NnDialect::getDialectNamespace() + "." + op).str());
  state.addOperands(operands);
  state.addAttributes(configuration);
  if (state.name.isRegistered() && llvm::is_contained(state.name.getAttributeNames(), "element"))
    state.addAttribute("element", TypeAttr::get(real));
  auto type = inferResultType(op, operands.getTypes(),
                              state.attributes.getDictionary(builder.getContext()), location);
  if (failed(type))
    return nullptr;
  state.addTypes(*type);
  return builder.create(state)->getResult(0);
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

} // namespace dlc::nn
