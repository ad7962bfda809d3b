// Loads, stores and buffers of kernels: every access is checked.
#include "compiler/tools/kernel_steps.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cstring>

using namespace mlir;

namespace dlc::tools {

unsigned lanesOf(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? unsigned(vector.getNumElements()) : 1;
}

int64_t bytesOf(Type element) {
  return std::max<int64_t>(1, (element.isIndex() ? 64 : element.getIntOrFloatBitWidth()) / 8);
}

double loadElement(const unsigned char *at, Type element) {
  auto as = [&](auto number) {
    std::memcpy(&number, at, sizeof number);
    return double(number);
  };
  return element.isF64()         ? as(double())
         : element.isF32()       ? as(float())
         : element.isInteger(32) ? as(int32_t())
                                 : as(int8_t());
}

void storeElement(unsigned char *at, Type element, double number) {
  auto as = [&](auto typed) { std::memcpy(at, &typed, sizeof typed); };
  if (element.isF64())
    as(number);
  else if (element.isF32())
    as(float(number));
  else if (element.isInteger(32))
    as(int32_t(int64_t(number)));
  else
    as(int8_t(number));
}

namespace {

class Memory {
public:
  Memory(const Slots &slots, Globals &globals) : slots(slots), globals(globals) {}

  // A case an operation.
  Step stepOf(Operation &op) const {
    return llvm::TypeSwitch<Operation *, Step>(&op)
        .Case<memref::ViewOp>([&](auto op) { return view(op); })
        .Case<memref::AllocaOp>([&](auto op) { return allocate(op); })
        .Case<memref::GetGlobalOp>([&](auto op) { return global(op); })
        .Case<memref::LoadOp>([&](auto op) {
          return load(elementsOf(op, op.getMemRef(), op.getIndices(), op.getType()), op);
        })
        .Case<memref::StoreOp>([&](auto op) {
          Value value = op.getValueToStore();
          return store(elementsOf(op, op.getMemRef(), op.getIndices(), value.getType()), value);
        })
        .Case<vector::LoadOp>([&](auto op) {
          return load(elementsOf(op, op.getBase(), op.getIndices(), op.getType()), op);
        })
        .Case<vector::StoreOp>([&](auto op) {
          Value value = op.getValueToStore();
          return store(elementsOf(op, op.getBase(), op.getIndices(), value.getType()), value);
        })
        .Case<vector::MaskedLoadOp>([&](auto op) {
          return load(elementsOf(op, op.getBase(), op.getIndices(), op.getType(), op.getMask()), op,
                      op.getPassThru());
        })
        .Case<vector::MaskedStoreOp>([&](auto op) {
          Value value = op.getValueToStore();
          return store(elementsOf(op, op.getBase(), op.getIndices(), value.getType(), op.getMask()),
                       value);
        })
        .Case<vector::GatherOp>([&](auto op) {
          return load(elementsOf(op, op.getBase(), op.getOffsets(), op.getType(), op.getMask(),
                                 op.getIndices()),
                      op, op.getPassThru());
        })
        .Case<vector::ScatterOp>([&](auto op) {
          Value value = op.getValueToStore();
          return store(elementsOf(op, op.getBase(), op.getOffsets(), value.getType(), op.getMask(),
                                  op.getIndices()),
                       value);
        })
        .Default([](Operation *) { return Step(); });
  }

private:
  const Slots &slots;
  Globals &globals;

  /// Where an element lies; null, with a fault, if that is outside.
  static unsigned char *element(Frame &frame, const View &view, double position, int64_t bytes,
                                Operation *op) {
    if (position >= 0 && (position + 1) * double(bytes) <= double(view.size))
      return view.bytes + int64_t(position) * bytes;
    if (!frame.isFaulty())
      llvm::raw_string_ostream(*frame.fault) << op->getName() << " at element " << int64_t(position)
                                             << " of a buffer of " << view.size / bytes;
    return nullptr;
  }

  /// The elements that an operation reaches: `position` and its neighbours, or what lies at the
  /// `distances` from it, where the `mask` says so. These two are slots, or -1.
  struct Elements {
    unsigned view, position;
    int mask = -1, distances = -1;
    unsigned lanes = 1;
    Type type; // of an element
    Operation *op;

    template <typename Body> void forEach(Frame &frame, Body body) const {
      double at = frame.numbers[position][0];
      for (unsigned lane = 0; lane < lanes; ++lane) {
        if (mask >= 0 && frame.numbers[mask][lane] == 0)
          continue;
        double distance = distances >= 0 ? frame.numbers[distances][lane] : lane;
        if (auto *found = element(frame, frame.views[view], at + distance, bytesOf(type), op))
          body(lane, found);
      }
    }
  };

  Elements elementsOf(Operation *op, Value base, ValueRange indices, Type accessed, Value mask = {},
                      Value distances = {}) const {
    Elements elements;
    elements.view = slots.of(base), elements.position = slots.of(indices[0]);
    elements.lanes = lanesOf(accessed);
    elements.type = getElementTypeOrSelf(accessed);
    elements.op = op;
    if (mask)
      elements.mask = int(slots.of(mask));
    if (distances)
      elements.distances = int(slots.of(distances));
    return elements;
  }

  Step load(const Elements &elements, Value result, Value otherwise = {}) const {
    return [=, to = slots.of(result),
            other = otherwise ? int(slots.of(otherwise)) : -1](Frame &frame) {
      Number value = other >= 0 ? frame.numbers[other] : Number{};
      elements.forEach(frame, [&](unsigned lane, unsigned char *at) {
        value[lane] = loadElement(at, elements.type);
      });
      frame.numbers[to] = value;
    };
  }

  Step store(const Elements &elements, Value stored) const {
    return [=, from = slots.of(stored)](Frame &frame) {
      elements.forEach(frame, [&](unsigned lane, unsigned char *at) {
        storeElement(at, elements.type, frame.numbers[from][lane]);
      });
    };
  }

  // What of it lies beyond its source is a fault when it is used: the shape of a window is a buffer
  // without memory, which nobody reads.
  Step view(memref::ViewOp op) const {
    int64_t size = op.getType().getNumElements() * bytesOf(op.getType().getElementType());
    return [=, from = slots.of(op.getSource()), to = slots.of(op),
            shift = slots.of(op.getByteShift())](Frame &frame) {
      View source = frame.views[from];
      auto begin = int64_t(frame.numbers[shift][0]);
      if (begin < 0 || begin > source.size)
        begin = 0, source.size = 0;
      frame.views[to] = {source.bytes + begin, std::min(size, source.size - begin)};
    };
  }

  Step allocate(memref::AllocaOp op) const {
    int64_t size = op.getType().getNumElements() * bytesOf(op.getType().getElementType());
    return [=, to = slots.of(op)](Frame &frame) {
      frame.stack.emplace_back(size, kUnset);
      frame.views[to] = {frame.stack.back().data(), size};
    };
  }

  Step global(memref::GetGlobalOp op) const {
    auto definition = op->getParentOfType<ModuleOp>().lookupSymbol<memref::GlobalOp>(op.getName());
    auto data = cast<DenseElementsAttr>(*definition.getInitialValue());
    std::vector<unsigned char> &bytes = globals[op.getName()];
    Type element = data.getElementType();
    if (bytes.empty()) {
      bytes.resize(data.getNumElements() * bytesOf(element));
      for (auto [i, value] : llvm::enumerate(data.getValues<APInt>()))
        std::memcpy(&bytes[i * bytesOf(element)], value.getRawData(), bytesOf(element));
    }
    return [to = slots.of(op), &bytes](Frame &frame) {
      frame.views[to] = {bytes.data(), int64_t(bytes.size())};
    };
  }
};

} // namespace

Step memoryStep(Operation &op, const Slots &slots, Globals &globals) {
  return Memory(slots, globals).stepOf(op);
}

} // namespace dlc::tools
