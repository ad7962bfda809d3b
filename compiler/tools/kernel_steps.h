// Kernels as closures over a frame of numbers: each operation becomes a step when it is first met.
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/StringMap.h"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dlc::tools {

constexpr size_t kMostLanes = 16;
constexpr unsigned char kUnset = 0xFF; // as a float: not a number

/// A scalar or a vector. Doubles hold indices, integers and truth, too.
using Number = std::array<double, kMostLanes>;

/// A buffer: some bytes, as elements of a type.
struct View {
  unsigned char *bytes = nullptr;
  int64_t size = 0; // in bytes
};

/// The values of one call of a function.
struct Frame {
  std::vector<Number> numbers;
  std::vector<View> views;
  std::vector<std::vector<unsigned char>> stack; // what the call has allocated
  std::string *fault = nullptr;                  // the first one's text

  bool isFaulty() const { return !fault->empty(); }
};

using Step = std::function<void(Frame &)>;
using Steps = std::vector<Step>;

unsigned lanesOf(mlir::Type type);
/// Bytes of an element in memory, where truth is a byte.
int64_t bytesOf(mlir::Type element);
double loadElement(const unsigned char *at, mlir::Type element);
void storeElement(unsigned char *at, mlir::Type element, double number);

/// Where a function's values are in its frames: among the numbers, or among the views.
class Slots {
public:
  void declare(mlir::ValueRange values) {
    for (mlir::Value value : values)
      slots[value] = llvm::isa<mlir::MemRefType>(value.getType()) ? views++ : numbers++;
  }
  unsigned of(mlir::Value value) const { return slots.lookup(value); }
  llvm::SmallVector<unsigned> all(mlir::ValueRange values) const {
    return llvm::map_to_vector(values, [&](mlir::Value value) { return of(value); });
  }

  unsigned numbers = 0, views = 0;

private:
  llvm::DenseMap<mlir::Value, unsigned> slots;
};

/// The bytes of constant buffers, by name.
using Globals = llvm::StringMap<std::vector<unsigned char>>;

/// What an operation does that reaches memory; null for any other.
Step memoryStep(mlir::Operation &op, const Slots &slots, Globals &globals);
/// What an operation on scalars or vectors does; null for any other.
Step numberStep(mlir::Operation &op, const Slots &slots);

} // namespace dlc::tools
