// The buffers of a call, and where in them arguments and results lie.
#include "compiler/memory/buffers.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace dlc::memory {

int64_t bytesOf(Type type) {
  auto shaped = cast<ShapedType>(type);
  return shaped.getNumElements() * shaped.getElementTypeBitWidth() / 8;
}

int64_t Layout::offset(int64_t index) const {
  int64_t sum = 0;
  for (auto [i, size] : bytes)
    if (i < index)
      sum += aligned(size);
  return sum;
}

static std::pair<StringRef, int64_t> kindAndIndex(DictionaryAttr attributes, StringRef kind,
                                                  int64_t index) {
  if (attributes) {
    if (auto given = attributes.getAs<StringAttr>("nn.kind"))
      kind = given, index = 0;
    if (auto given = attributes.getAs<IntegerAttr>("nn.index"))
      index = given.getInt();
  }
  return {kind, index};
}

Layouts::Layouts(ModuleOp module) {
  for (func::FuncOp function : module.getOps<func::FuncOp>())
    for (BlockArgument argument : function.getArguments()) {
      auto kind = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "nn.kind");
      auto index = function.getArgAttrOfType<IntegerAttr>(argument.getArgNumber(), "nn.index");
      if (!kind || !index)
        continue;
      if (kind == "param")
        weights.bytes[index.getInt()] = bytesOf(argument.getType());
      if (kind == "state")
        state.bytes[index.getInt()] = bytesOf(argument.getType());
    }
}

Place Layouts::argument(DictionaryAttr attributes, int64_t order) const {
  auto [kind, index] = kindAndIndex(attributes, "input", order);
  if (kind == "param")
    return {"weights", 0, weights.offset(index)};
  if (kind == "state")
    return {"state", 0, state.offset(index)};
  if (kind == "setting")
    return {"settings", 0, index * int64_t(sizeof(double))};
  if (kind == "weight")
    return {"weights"};
  if (kind == "gradient")
    return {"gradients"};
  return {kind, kind == "input" || kind == "slot" ? index : 0};
}

Place Layouts::result(DictionaryAttr attributes, Type type, int64_t order) const {
  auto [kind, index] = kindAndIndex(attributes, "output", order);
  if (kind == "loss")
    return {"results"};
  if (kind == "metric")
    return {"results", 0, (1 + index) * bytesOf(type)};
  if (kind == "state")
    return {"state", 0, state.offset(index)};
  if (kind == "gradient")
    return {"gradients", 0, weights.offset(index)};
  if (kind == "weight")
    return {"weights"};
  if (kind == "trace")
    return {"trace", 0, cast<IntegerAttr>(attributes.get("nn.offset")).getInt()};
  return {kind, kind == "output" || kind == "slot" ? index : 0};
}

} // namespace dlc::memory
