// Kernels as closures over a frame of numbers: each operation becomes one when it is first met.
#include "compiler/tools/kernel_interp.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <cstring>
#include <functional>

using namespace mlir;
using dlc::interp::Tensor;

namespace dlc::tools {

namespace {

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

void runAll(const Steps &steps, Frame &frame) {
  for (const Step &step : steps) {
    if (frame.isFaulty())
      return;
    step(frame);
  }
}

struct Function {
  func::FuncOp op;
  Steps steps;
  unsigned numbers = 0, views = 0;
  bool isEntry = false; // not a kernel: its calls run item by item
};

unsigned lanesOf(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? unsigned(vector.getNumElements()) : 1;
}

/// Bytes of an element in memory, where truth is a byte.
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

} // namespace

struct KernelInterp::Program {
  ModuleOp module;
  llvm::StringMap<std::unique_ptr<Function>> functions;
  llvm::StringMap<std::vector<unsigned char>> globals;

  Function *functionOf(StringRef name);
};

namespace {

/// Makes the closures of one function.
class Compiler {
public:
  Compiler(Function &function, std::function<Function *(StringRef)> functionOf,
           llvm::StringMap<std::vector<unsigned char>> &globals)
      : function(function), functionOf(std::move(functionOf)), globals(globals) {}

  LogicalResult run() {
    Block &body = function.op.getBody().front();
    declare(body.getArguments());
    FailureOr<Steps> steps = compile(body);
    if (failed(steps))
      return failure();
    function.steps = std::move(*steps);
    function.numbers = numbers, function.views = views;
    return success();
  }

private:
  Function &function;
  std::function<Function *(StringRef)> functionOf;
  llvm::StringMap<std::vector<unsigned char>> &globals;
  DenseMap<Value, unsigned> slots; // among the numbers, or among the views
  unsigned numbers = 0, views = 0;

  void declare(ValueRange values) {
    for (Value value : values)
      slots[value] = isa<MemRefType>(value.getType()) ? views++ : numbers++;
  }
  unsigned slot(Value value) const { return slots.lookup(value); }
  SmallVector<unsigned> slotsOf(ValueRange values) const {
    return llvm::map_to_vector(values, [&](Value value) { return slot(value); });
  }

  FailureOr<Steps> compile(Block &block) {
    Steps steps;
    for (Operation &op : block) {
      declare(op.getResults());
      Step step = stepOf(op);
      if (!step)
        return op.emitError("the interpreter of kernels does not know ") << op.getName(), failure();
      steps.push_back(std::move(step));
    }
    return steps;
  }

  // --- control ---------------------------------------------------------------------------------
  /// Hands values on all at once: they may be each other's.
  static Step copy(SmallVector<unsigned> from, SmallVector<unsigned> to) {
    return [=](Frame &frame) {
      SmallVector<Number> values;
      for (unsigned source : from)
        values.push_back(frame.numbers[source]);
      for (auto [target, value] : llvm::zip_equal(to, values))
        frame.numbers[target] = value;
    };
  }

  Step loop(scf::ForOp op) {
    declare(op.getBody()->getArguments());
    FailureOr<Steps> body = compile(*op.getBody());
    if (failed(body))
      return nullptr;
    Step enter = copy(slotsOf(op.getInitArgs()), slotsOf(op.getRegionIterArgs()));
    Step again = copy(slotsOf(op.getBody()->getTerminator()->getOperands()),
                      slotsOf(op.getRegionIterArgs()));
    Step leave = copy(slotsOf(op.getRegionIterArgs()), slotsOf(op.getResults()));
    return [=, steps = std::move(*body), iv = slot(op.getInductionVar()),
            begin = slot(op.getLowerBound()), end = slot(op.getUpperBound()),
            by = slot(op.getStep())](Frame &frame) {
      enter(frame);
      double last = frame.numbers[end][0], step = frame.numbers[by][0];
      for (double i = frame.numbers[begin][0]; i < last && !frame.isFaulty(); i += step) {
        frame.numbers[iv][0] = i;
        runAll(steps, frame);
        again(frame);
      }
      leave(frame);
    };
  }

  Step branch(scf::IfOp op) {
    auto side = [&](Region &region) -> FailureOr<Steps> {
      if (region.empty())
        return Steps();
      FailureOr<Steps> steps = compile(region.front());
      if (succeeded(steps))
        steps->push_back(
            copy(slotsOf(region.front().getTerminator()->getOperands()), slotsOf(op.getResults())));
      return steps;
    };
    FailureOr<Steps> yes = side(op.getThenRegion()), no = side(op.getElseRegion());
    if (failed(yes) || failed(no))
      return nullptr;
    return [yes = std::move(*yes), no = std::move(*no), condition = slot(op.getCondition())](
               Frame &frame) { runAll(frame.numbers[condition][0] != 0 ? yes : no, frame); };
  }

  Step call(func::CallOp op) {
    Function *callee = functionOf(op.getCallee());
    if (!callee)
      return nullptr;
    bool isByItem = function.isEntry;
    return [=, buffers = slotsOf(op.getOperands().drop_back(2)),
            begin = slot(op.getOperands().drop_back().back()),
            end = slot(op.getOperands().back())](Frame &frame) {
      auto run = [&](double from, double to) {
        Frame inner;
        inner.numbers.resize(callee->numbers), inner.views.resize(callee->views);
        inner.fault = frame.fault;
        for (auto [i, buffer] : llvm::enumerate(buffers))
          inner.views[i] = frame.views[buffer];
        inner.numbers[0][0] = from, inner.numbers[1][0] = to;
        runAll(callee->steps, inner);
      };
      double first = frame.numbers[begin][0], last = frame.numbers[end][0];
      if (!isByItem)
        return run(first, last);
      for (double item = last; item-- > first;)
        run(item, item + 1);
    };
  }

  // --- memory ----------------------------------------------------------------------------------
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

  /// `mask`: the slot of one, or -1. Lane i is `position + i * apart` or at `lanes`' distances.
  struct Place {
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

  Place placeOf(Operation *op, Value base, ValueRange indices, Type accessed, Value mask = {},
                Value distances = {}) {
    Place place;
    place.view = slot(base), place.position = slot(indices[0]);
    place.lanes = lanesOf(accessed);
    place.type = getElementTypeOrSelf(accessed);
    place.op = op;
    if (mask)
      place.mask = int(slot(mask));
    if (distances)
      place.distances = int(slot(distances));
    return place;
  }

  Step load(Place place, Value result, Value otherwise = {}) {
    return [=, to = slot(result), other = otherwise ? int(slot(otherwise)) : -1](Frame &frame) {
      Number value = other >= 0 ? frame.numbers[other] : Number{};
      place.forEach(frame, [&](unsigned lane, unsigned char *at) {
        value[lane] = loadElement(at, place.type);
      });
      frame.numbers[to] = value;
    };
  }

  Step store(Place place, Value stored) {
    return [=, from = slot(stored)](Frame &frame) {
      place.forEach(frame, [&](unsigned lane, unsigned char *at) {
        storeElement(at, place.type, frame.numbers[from][lane]);
      });
    };
  }

  // What of it lies beyond its source is a fault when it is used: the shape of a window is a buffer
  // without memory, which nobody reads.
  Step view(memref::ViewOp op) {
    int64_t size = op.getType().getNumElements() * bytesOf(op.getType().getElementType());
    return [=, from = slot(op.getSource()), to = slot(op),
            shift = slot(op.getByteShift())](Frame &frame) {
      View source = frame.views[from];
      auto begin = int64_t(frame.numbers[shift][0]);
      if (begin < 0 || begin > source.size)
        begin = 0, source.size = 0;
      frame.views[to] = {source.bytes + begin, std::min(size, source.size - begin)};
    };
  }

  Step allocate(memref::AllocaOp op) {
    int64_t size = op.getType().getNumElements() * bytesOf(op.getType().getElementType());
    return [=, to = slot(op)](Frame &frame) {
      frame.stack.emplace_back(size, kUnset);
      frame.views[to] = {frame.stack.back().data(), size};
    };
  }

  Step global(memref::GetGlobalOp op) {
    auto definition = op->getParentOfType<ModuleOp>().lookupSymbol<memref::GlobalOp>(op.getName());
    auto data = cast<DenseElementsAttr>(*definition.getInitialValue());
    std::vector<unsigned char> &bytes = globals[op.getName()];
    Type element = data.getElementType();
    if (bytes.empty()) {
      bytes.resize(data.getNumElements() * bytesOf(element));
      for (auto [i, value] : llvm::enumerate(data.getValues<APInt>()))
        std::memcpy(&bytes[i * bytesOf(element)], value.getRawData(), bytesOf(element));
    }
    return [to = slot(op), &bytes](Frame &frame) {
      frame.views[to] = {bytes.data(), int64_t(bytes.size())};
    };
  }

  // --- numbers ---------------------------------------------------------------------------------
  /// A function of each lane by itself.
  template <typename F> Step lanewise(Operation &op, F f) {
    return [=, from = slotsOf(op.getOperands()), to = slot(op.getResult(0)),
            lanes = lanesOf(op.getResult(0).getType())](Frame &frame) {
      Number result{};
      std::array<double, 3> x{};
      for (unsigned lane = 0; lane < lanes; ++lane) {
        for (auto [i, source] : llvm::enumerate(from))
          x[i] = frame.numbers[source][lane];
        result[lane] = f(x);
      }
      frame.numbers[to] = result;
    };
  }
  using X = const std::array<double, 3> &;

  Step constant(arith::ConstantOp op) {
    Number value{};
    auto numberOf = [](Attribute attribute) {
      if (auto real = dyn_cast<FloatAttr>(attribute))
        return real.getValueAsDouble();
      const APInt &integer = cast<IntegerAttr>(attribute).getValue();
      return integer.getBitWidth() == 1 ? double(integer.getZExtValue())
                                        : double(integer.getSExtValue());
    };
    if (auto elements = dyn_cast<DenseElementsAttr>(op.getValue()))
      for (auto [lane, element] : llvm::enumerate(elements.getValues<Attribute>()))
        value[lane] = numberOf(element);
    else
      value[0] = numberOf(op.getValue());
    return [=, to = slot(op)](Frame &frame) { frame.numbers[to] = value; };
  }

  Step compare(arith::CmpIOp op) {
    auto predicate = op.getPredicate();
    return lanewise(*op, [=](X x) -> double {
      auto a = int64_t(x[0]), b = int64_t(x[1]);
      auto ua = uint64_t(a), ub = uint64_t(b);
      switch (predicate) {
      case arith::CmpIPredicate::eq:
        return a == b;
      case arith::CmpIPredicate::ne:
        return a != b;
      case arith::CmpIPredicate::slt:
        return a < b;
      case arith::CmpIPredicate::sle:
        return a <= b;
      case arith::CmpIPredicate::sgt:
        return a > b;
      case arith::CmpIPredicate::sge:
        return a >= b;
      case arith::CmpIPredicate::ult:
        return ua < ub;
      case arith::CmpIPredicate::ule:
        return ua <= ub;
      case arith::CmpIPredicate::ugt:
        return ua > ub;
      case arith::CmpIPredicate::uge:
        return ua >= ub;
      }
      return NAN;
    });
  }

  Step compare(arith::CmpFOp op) {
    auto predicate = op.getPredicate();
    switch (predicate) {
    case arith::CmpFPredicate::OEQ:
      return lanewise(*op, [](X x) { return x[0] == x[1]; });
    case arith::CmpFPredicate::OGT:
      return lanewise(*op, [](X x) { return x[0] > x[1]; });
    case arith::CmpFPredicate::OGE:
      return lanewise(*op, [](X x) { return x[0] >= x[1]; });
    case arith::CmpFPredicate::OLT:
      return lanewise(*op, [](X x) { return x[0] < x[1]; });
    case arith::CmpFPredicate::OLE:
      return lanewise(*op, [](X x) { return x[0] <= x[1]; });
    case arith::CmpFPredicate::UNE:
      return lanewise(*op, [](X x) { return x[0] != x[1]; });
    case arith::CmpFPredicate::UNO:
      return lanewise(*op, [](X x) { return std::isnan(x[0]) || std::isnan(x[1]); });
    default:
      return nullptr;
    }
  }

  Step shuffle(vector::ShuffleOp op) {
    unsigned first = lanesOf(op.getV1().getType());
    return [=, a = slot(op.getV1()), b = slot(op.getV2()), to = slot(op),
            mask = SmallVector<int64_t>(op.getMask())](Frame &frame) {
      Number result{};
      for (auto [lane, from] : llvm::enumerate(mask))
        result[lane] = from < first ? frame.numbers[a][from] : frame.numbers[b][from - first];
      frame.numbers[to] = result;
    };
  }

  Step slice(vector::ExtractStridedSliceOp op) {
    int64_t begin = cast<IntegerAttr>(op.getOffsets()[0]).getInt();
    return [=, from = slot(op.getSource()), to = slot(op),
            lanes = lanesOf(op.getType())](Frame &frame) {
      Number result{};
      std::copy_n(frame.numbers[from].begin() + begin, lanes, result.begin());
      frame.numbers[to] = result;
    };
  }

  Step broadcast(vector::BroadcastOp op) {
    if (isa<VectorType>(op.getSource().getType()))
      return nullptr;
    return [from = slot(op.getSource()), to = slot(op)](Frame &frame) {
      double value = frame.numbers[from][0];
      frame.numbers[to].fill(value);
    };
  }

  Step reduce(vector::ReductionOp op) {
    if (op.getAcc())
      return nullptr;
    bool isSum = op.getKind() == vector::CombiningKind::ADD;
    return [=, from = slot(op.getVector()), to = slot(op),
            lanes = lanesOf(op.getVector().getType())](Frame &frame) {
      double result = frame.numbers[from][0];
      for (unsigned lane = 1; lane < lanes; ++lane) {
        double x = frame.numbers[from][lane];
        result = isSum ? result + x : std::max(result, x);
      }
      frame.numbers[to][0] = result;
    };
  }

  Step mask(vector::ConstantMaskOp op) {
    int64_t active = op.getMaskDimSizes()[0];
    return [=, to = slot(op)](Frame &frame) {
      for (size_t lane = 0; lane < kMostLanes; ++lane)
        frame.numbers[to][lane] = int64_t(lane) < active;
    };
  }

  Step stepOf(Operation &op) {
    Step nothing = [](Frame &) {};
    return llvm::TypeSwitch<Operation *, Step>(&op)
        .Case<scf::YieldOp, func::ReturnOp, memref::PrefetchOp>([&](auto) { return nothing; })
        // Kernels take whole buffers; what is left of these has no users.
        .Case<memref::SubViewOp, memref::ExpandShapeOp>([&](auto) { return nothing; })
        .Case<scf::ForOp>([&](auto op) { return loop(op); })
        .Case<scf::IfOp>([&](auto op) { return branch(op); })
        .Case<func::CallOp>([&](auto op) { return call(op); })
        .Case<memref::ViewOp>([&](auto op) { return view(op); })
        .Case<memref::AllocaOp>([&](auto op) { return allocate(op); })
        .Case<memref::GetGlobalOp>([&](auto op) { return global(op); })
        .Case<memref::LoadOp>([&](auto op) {
          return load(placeOf(op, op.getMemRef(), op.getIndices(), op.getType()), op);
        })
        .Case<memref::StoreOp>([&](auto op) {
          Value value = op.getValueToStore();
          return store(placeOf(op, op.getMemRef(), op.getIndices(), value.getType()), value);
        })
        .Case<vector::LoadOp>([&](auto op) {
          return load(placeOf(op, op.getBase(), op.getIndices(), op.getType()), op);
        })
        .Case<vector::StoreOp>([&](auto op) {
          Value value = op.getValueToStore();
          return store(placeOf(op, op.getBase(), op.getIndices(), value.getType()), value);
        })
        .Case<vector::MaskedLoadOp>([&](auto op) {
          return load(placeOf(op, op.getBase(), op.getIndices(), op.getType(), op.getMask()), op,
                      op.getPassThru());
        })
        .Case<vector::MaskedStoreOp>([&](auto op) {
          Value value = op.getValueToStore();
          return store(placeOf(op, op.getBase(), op.getIndices(), value.getType(), op.getMask()),
                       value);
        })
        .Case<vector::GatherOp>([&](auto op) {
          return load(placeOf(op, op.getBase(), op.getOffsets(), op.getType(), op.getMask(),
                              op.getIndices()),
                      op, op.getPassThru());
        })
        .Case<vector::ScatterOp>([&](auto op) {
          Value value = op.getValueToStore();
          return store(placeOf(op, op.getBase(), op.getOffsets(), value.getType(), op.getMask(),
                               op.getIndices()),
                       value);
        })
        .Case<vector::ShuffleOp>([&](auto op) { return shuffle(op); })
        .Case<vector::ExtractStridedSliceOp>([&](auto op) { return slice(op); })
        .Case<vector::BroadcastOp>([&](auto op) { return broadcast(op); })
        .Case<vector::ReductionOp>([&](auto op) { return reduce(op); })
        .Case<vector::ConstantMaskOp>([&](auto op) { return mask(op); })
        .Case<arith::ConstantOp>([&](auto op) { return constant(op); })
        .Case<arith::CmpIOp>([&](auto op) { return compare(op); })
        .Case<arith::CmpFOp>([&](auto op) { return compare(op); })
        .Case<arith::AddIOp, arith::AddFOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return x[0] + x[1]; }); })
        .Case<arith::SubIOp, arith::SubFOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return x[0] - x[1]; }); })
        .Case<arith::MulIOp, arith::MulFOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return x[0] * x[1]; }); })
        .Case<arith::DivFOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return x[0] / x[1]; }); })
        .Case<arith::DivUIOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return std::floor(x[0] / x[1]); }); })
        .Case<arith::RemUIOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return std::fmod(x[0], x[1]); }); })
        .Case<arith::MinUIOp, arith::MinSIOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return std::min(x[0], x[1]); }); })
        .Case<arith::MaxUIOp, arith::MaxSIOp, arith::MaxNumFOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return std::fmax(x[0], x[1]); }); })
        .Case<arith::MaximumFOp>([&](auto op) {
          return lanewise(*op, [](X x) {
            return std::isnan(x[0]) || std::isnan(x[1]) ? NAN : std::max(x[0], x[1]);
          });
        })
        .Case<arith::AndIOp>([&](auto op) {
          return lanewise(*op, [](X x) { return double(int64_t(x[0]) & int64_t(x[1])); });
        })
        .Case<arith::OrIOp>([&](auto op) {
          return lanewise(*op, [](X x) { return double(int64_t(x[0]) | int64_t(x[1])); });
        })
        .Case<arith::SelectOp>([&](auto op) -> Step {
          bool isScalar = !isa<VectorType>(op.getCondition().getType());
          return [=, from = slotsOf(op->getOperands()), to = slot(op)](Frame &frame) {
            Number result{};
            for (size_t lane = 0; lane < kMostLanes; ++lane) {
              bool isFirst = frame.numbers[from[0]][isScalar ? 0 : lane] != 0;
              result[lane] = frame.numbers[from[isFirst ? 1 : 2]][lane];
            }
            frame.numbers[to] = result;
          };
        })
        .Case<arith::NegFOp>([&](auto op) { return lanewise(*op, [](X x) { return -x[0]; }); })
        .Case<arith::IndexCastOp, arith::ExtFOp, arith::SIToFPOp, arith::ExtUIOp, arith::ExtSIOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return x[0]; }); })
        .Case<arith::TruncFOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return double(float(x[0])); }); })
        .Case<arith::TruncIOp>([&](auto op) -> Step {
          if (!getElementTypeOrSelf(op.getType()).isInteger(1))
            return nullptr;
          return lanewise(*op, [](X x) { return double(int64_t(x[0]) & 1); });
        })
        .Case<math::AbsFOp>([&](auto op) { return lanewise(*op, [](X x) { return fabs(x[0]); }); })
        .Case<math::ErfOp>([&](auto op) { return lanewise(*op, [](X x) { return erf(x[0]); }); })
        .Case<math::ExpOp>([&](auto op) { return lanewise(*op, [](X x) { return exp(x[0]); }); })
        .Case<math::LogOp>([&](auto op) { return lanewise(*op, [](X x) { return log(x[0]); }); })
        .Case<math::SqrtOp>([&](auto op) { return lanewise(*op, [](X x) { return sqrt(x[0]); }); })
        .Case<math::TanhOp>([&](auto op) { return lanewise(*op, [](X x) { return tanh(x[0]); }); })
        .Case<math::SinOp>([&](auto op) { return lanewise(*op, [](X x) { return sin(x[0]); }); })
        .Case<math::CosOp>([&](auto op) { return lanewise(*op, [](X x) { return cos(x[0]); }); })
        .Case<math::PowFOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return pow(x[0], x[1]); }); })
        .Case<math::FloorOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return floor(x[0]); }); })
        .Case<math::CopySignOp>(
            [&](auto op) { return lanewise(*op, [](X x) { return copysign(x[0], x[1]); }); })
        .Default([](Operation *) { return Step(); });
  }
};

} // namespace

Function *KernelInterp::Program::functionOf(StringRef name) {
  std::unique_ptr<Function> &function = functions[name];
  if (function)
    return function.get();
  function = std::make_unique<Function>();
  function->op = module.lookupSymbol<func::FuncOp>(name);
  function->isEntry = function->op->hasAttr("dlc.arena_bytes");
  Compiler compiler(*function, [this](StringRef n) { return functionOf(n); }, globals);
  return succeeded(compiler.run()) ? function.get() : nullptr;
}

KernelInterp::KernelInterp(std::unique_ptr<Program> program) : program(std::move(program)) {}
KernelInterp::~KernelInterp() = default;

std::unique_ptr<KernelInterp> KernelInterp::make(ModuleOp module) {
  auto program = std::make_unique<Program>();
  program->module = module;
  for (auto function : module.getOps<func::FuncOp>())
    if (!program->functionOf(function.getName()))
      return nullptr;
  return std::unique_ptr<KernelInterp>(new KernelInterp(std::move(program)));
}

std::optional<std::vector<Tensor>> KernelInterp::run(StringRef name, FunctionType type,
                                                     ArrayRef<Tensor> arguments,
                                                     std::string &fault) {
  Function &function = *program->functionOf(name);
  Frame frame;
  frame.numbers.resize(function.numbers), frame.views.resize(function.views);
  frame.fault = &fault;
  std::vector<std::vector<unsigned char>> buffers;
  std::vector<int64_t> outputs(type.getNumResults(), -1); // the buffers they are in
  for (BlockArgument argument : function.op.getArguments()) {
    unsigned i = argument.getArgNumber();
    std::vector<unsigned char> &bytes =
        buffers.emplace_back(cast<MemRefType>(argument.getType()).getNumElements(), kUnset);
    auto kind = function.op.getArgAttrOfType<StringAttr>(i, "dlc.buffer").getValue();
    auto index = function.op.getArgAttrOfType<IntegerAttr>(i, "nn.index").getInt();
    if (kind == "output")
      outputs[index] = i;
    if (kind != "input")
      continue;
    Type element = getElementTypeOrSelf(type.getInput(index));
    for (auto [k, number] : llvm::enumerate(arguments[index].numbers))
      storeElement(&bytes[k * bytesOf(element)], element, number);
  }
  for (auto [i, bytes] : llvm::enumerate(buffers)) // they no longer move
    frame.views[i] = {bytes.data(), int64_t(bytes.size())};
  runAll(function.steps, frame);
  if (!fault.empty())
    return std::nullopt;
  std::vector<Tensor> results;
  for (auto [i, result] : llvm::enumerate(type.getResults())) {
    Tensor &tensor = results.emplace_back(cast<RankedTensorType>(result).getShape().vec());
    Type element = getElementTypeOrSelf(result);
    for (int64_t k = 0; k < tensor.size(); ++k)
      tensor.numbers[k] = loadElement(&buffers[outputs[i]][k * bytesOf(element)], element);
  }
  return results;
}

} // namespace dlc::tools
