// The buffers of a call, and where in them arguments and results lie.
#include "compiler/memory/buffers.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <map>

using namespace mlir;

namespace dlc::memory {

int64_t bytesOf(Type type) {
  auto shaped = cast<ShapedType>(type);
  return shaped.getNumElements() * shaped.getElementTypeBitWidth() / 8;
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

// The buffer that holds what is of a kind by itself; null if none does.
static std::optional<BufferKind> bufferFor(StringRef kind) {
  if (kind == "param" || kind == "weight")
    return BufferKind::Weights;
  if (kind == "setting")
    return BufferKind::Settings;
  if (kind == "gradient")
    return BufferKind::Gradients;
  if (kind == "loss" || kind == "metric")
    return BufferKind::Results;
  return contract::symbolizeBufferKind(kind);
}

// Of tensors with these bytes, by their numbers.
static FlatLayout layoutOf(const std::map<int64_t, int64_t> &bytes) {
  FlatLayout layout;
  for (auto [index, size] : bytes) {
    while (int64_t(layout.offsets.size()) < index)
      layout.add(0); // nobody has one of this number
    layout.add(size);
  }
  return layout;
}

FailureOr<Layouts> Layouts::of(ModuleOp module) {
  std::map<int64_t, int64_t> weights, state; // bytes of each tensor, by its number
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    auto check = [&](DictionaryAttr attributes) {
      StringRef kind = kindAndIndex(attributes, "input", 0).first;
      if (bufferFor(kind))
        return success();
      return LogicalResult(function.emitError("has no buffer for `nn.kind` \"") << kind << "\"");
    };
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      if (failed(check(function.getResultAttrDict(i))))
        return failure();
    for (BlockArgument argument : function.getArguments()) {
      DictionaryAttr attributes = function.getArgAttrDict(argument.getArgNumber());
      if (failed(check(attributes)))
        return failure();
      auto [kind, index] = kindAndIndex(attributes, "input", 0);
      if (kind == "param")
        weights[index] = bytesOf(argument.getType());
      if (kind == "state")
        state[index] = bytesOf(argument.getType());
    }
  }
  Layouts layouts;
  layouts.weights = layoutOf(weights);
  layouts.state = layoutOf(state);
  return layouts;
}

Allocation Layouts::argument(DictionaryAttr attributes, int64_t order) const {
  auto [kind, index] = kindAndIndex(attributes, "input", order);
  BufferKind buffer = *bufferFor(kind);
  if (kind == "param")
    return {buffer, 0, weights.offsets[index]};
  if (kind == "state")
    return {buffer, 0, state.offsets[index]};
  if (kind == "setting")
    return {buffer, 0, index * int64_t(sizeof(double))};
  return {buffer, kind == "input" || kind == "slot" ? index : 0};
}

Allocation Layouts::result(DictionaryAttr attributes, Type type, int64_t order) const {
  auto [kind, index] = kindAndIndex(attributes, "output", order);
  BufferKind buffer = *bufferFor(kind);
  if (kind == "metric")
    return {buffer, 0, (1 + index) * bytesOf(type)};
  if (kind == "state")
    return {buffer, 0, state.offsets[index]};
  if (kind == "gradient")
    return {buffer, 0, weights.offsets[index]};
  if (kind == "trace")
    return {buffer, 0, cast<IntegerAttr>(attributes.get("nn.offset")).getInt()};
  return {buffer, kind == "output" || kind == "slot" ? index : 0};
}

} // namespace dlc::memory
