// What dlc-test proves of a function of `nn` operations.
#include "compiler/tools/op_test.h"

#include "compiler/grad/differentiate.h"
#include "compiler/interp/evaluate.h"
#include "compiler/nn/nn.h"

#include "mlir/IR/Verifier.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/InterleavedRange.h"

#include <cmath>
#include <numeric>
#include <random>

using namespace mlir;
using dlc::interp::Tensor;

namespace dlc::tools {

namespace {

bool isReal(Type type) { return isa<FloatType>(getElementTypeOrSelf(type)); }

/// "argument 1 (operand 1 of nn.mul)"
std::string describeArgument(BlockArgument argument) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << "argument " << argument.getArgNumber();
  for (OpOperand &use : argument.getUses())
    stream << (&use == &*argument.use_begin() ? " (" : ", ") << "operand " << use.getOperandNumber()
           << " of " << use.getOwner()->getName();
  stream << (argument.use_empty() ? "" : ")");
  return text;
}

} // namespace

std::string describeNumber(double number) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.15g", number);
  return text;
}

std::string describeElement(int64_t offset, const Tensor &tensor) {
  SmallVector<int64_t> index(tensor.shape.size());
  for (size_t axis = index.size(); axis-- > 0; offset /= tensor.shape[axis])
    index[axis] = offset % tensor.shape[axis];
  std::string text;
  llvm::raw_string_ostream(text) << "[" << llvm::interleaved(index) << "]";
  return text;
}

// --- arguments ---------------------------------------------------------------------------------

std::vector<Tensor> randomArguments(func::FuncOp function) {
  std::mt19937_64 random(20240229); // any fixed number
  auto uniform = [&] { return double(random() >> 11) * 0x1p-53; };

  // One cell of the range for each real number; an even count makes 0 the edge of a cell.
  int64_t count = 0;
  for (Type type : function.getArgumentTypes())
    if (isReal(type))
      count += cast<RankedTensorType>(type).getNumElements();
  std::vector<int64_t> cells(std::max<int64_t>(8, count + count % 2));
  std::iota(cells.begin(), cells.end(), 0);
  for (size_t i = cells.size() - 1; i > 0; --i)
    std::swap(cells[i], cells[random() % (i + 1)]);
  auto cell = cells.begin();

  std::vector<Tensor> arguments;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
    Tensor tensor(cast<RankedTensorType>(type).getShape().vec());
    double low = -1, high = 1;
    if (auto range = function.getArgAttrOfType<ArrayAttr>(i, "test.range")) {
      low = cast<FloatAttr>(range[0]).getValueAsDouble();
      high = cast<FloatAttr>(range[1]).getValueAsDouble();
    }
    auto below = function.getArgAttrOfType<IntegerAttr>(i, "test.below");
    uint64_t integers = getElementTypeOrSelf(type).isInteger(1) ? 2
                        : below                                 ? below.getInt()
                                                                : uint64_t(1) << 31;
    for (double &number : tensor.numbers)
      if (isReal(type)) {
        double place = (double(*cell++) + 0.3 + 0.4 * uniform()) / double(cells.size());
        number = low + (high - low) * place;
      } else {
        number = double(random() % integers);
      }
    arguments.push_back(std::move(tensor));
  }
  return arguments;
}

static ArrayRef<Attribute> statedInputs(func::FuncOp function) {
  auto inputs = function->getAttrOfType<ArrayAttr>("test.inputs");
  return inputs ? inputs.getValue() : ArrayRef<Attribute>();
}

std::vector<Tensor> statedArguments(func::FuncOp function) {
  std::vector<Tensor> arguments;
  for (Attribute numbers : statedInputs(function))
    arguments.push_back(interp::toTensor(cast<DenseElementsAttr>(numbers)));
  return arguments;
}

// --- values ------------------------------------------------------------------------------------

bool hasValues(func::FuncOp function) { return function->hasAttr("test.expected"); }

LogicalResult testValues(func::FuncOp function) {
  auto expected = function->getAttrOfType<ArrayAttr>("test.expected");
  SmallVector<Type> inputTypes, expectedTypes;
  for (Attribute numbers : statedInputs(function))
    inputTypes.push_back(cast<DenseElementsAttr>(numbers).getType());
  for (Attribute numbers : expected)
    expectedTypes.push_back(cast<DenseElementsAttr>(numbers).getType());
  if (function.getFunctionType() !=
      FunctionType::get(function.getContext(), inputTypes, expectedTypes))
    return function.emitError("test.inputs and test.expected do not have the function's types");

  auto results = interp::evaluate(function, statedArguments(function));
  if (failed(results))
    return failure();

  constexpr double kTolerance = 1e-9; // relative: expectations are written with ten digits or more
  bool passed = true;
  for (auto [i, result] : llvm::enumerate(*results)) {
    Tensor wanted = interp::toTensor(cast<DenseElementsAttr>(expected[i]));
    for (int64_t k = 0; k < wanted.size(); ++k) {
      double found = result.numbers[k], want = wanted.numbers[k];
      bool equal = found == want || (std::isnan(found) && std::isnan(want)) ||
                   std::fabs(found - want) <= kTolerance * std::fabs(want);
      if (!equal && passed)
        function.emitError() << "values: result " << i << " at " << describeElement(k, result)
                             << " is " << describeNumber(found) << ", expected "
                             << describeNumber(want);
      passed &= equal;
    }
  }
  return success(passed);
}

// --- gradient ----------------------------------------------------------------------------------

namespace {

/// The sum of the real results, weighted.
double weigh(ArrayRef<Tensor> results, ArrayRef<Tensor> weights) {
  double total = 0;
  for (auto [result, weight] : llvm::zip_equal(results, weights))
    for (int64_t i = 0; i < weight.size(); ++i)
      total += weight.numbers[i] * result.numbers[i];
  return total;
}

/// A function of the same arguments, and a gradient for each real result, that returns the
/// gradients of the arguments `wanted`.
FailureOr<OwningOpRef<func::FuncOp>> gradientFunction(func::FuncOp function,
                                                      ArrayRef<BlockArgument> wanted) {
  OwningOpRef<func::FuncOp> clone = function.clone();
  Block &block = clone->getBody().front();
  auto results = cast<func::ReturnOp>(block.getTerminator());
  OpBuilder builder(results);

  SmallVector<Value> targets;
  for (BlockArgument argument : wanted)
    targets.push_back(block.getArgument(argument.getArgNumber()));
  SmallVector<grad::Seed> seeds;
  for (Value result : results.getOperands())
    if (isReal(result.getType()))
      seeds.push_back({result, block.addArgument(result.getType(), result.getLoc())});

  auto gradients = grad::backpropagate(builder, seeds, targets);
  if (failed(gradients))
    return failure();
  for (auto [target, gradient] : llvm::zip_equal(targets, *gradients))
    if (!gradient)
      gradient =
          nn::constant(builder, target.getLoc(), cast<RankedTensorType>(target.getType()), 0);
  results->setOperands(*gradients);
  clone->removeArgAttrsAttr();
  clone->removeResAttrsAttr();
  clone->setFunctionType(
      builder.getFunctionType(block.getArgumentTypes(), results.getOperandTypes()));
  if (failed(verify(*clone)))
    return failure();
  return clone;
}

/// Whether the rules refuse to differentiate by the argument.
bool isRefused(func::FuncOp function, BlockArgument argument) {
  ScopedDiagnosticHandler silence(function.getContext(), [](Diagnostic &) { return success(); });
  return failed(gradientFunction(function, argument));
}

/// The derivative of a function of one number at 0, by five points and two steps: nothing if the
/// two disagree, because there is a kink.
template <typename F> std::optional<double> derivative(F f, double step) {
  auto fivePoints = [&](double h) {
    return (f(-2 * h) - 8 * f(-h) + 8 * f(h) - f(2 * h)) / (12 * h);
  };
  double coarse = fivePoints(step), fine = fivePoints(step / 2);
  if (std::fabs(coarse - fine) > 1e-5 * std::max({std::fabs(coarse), std::fabs(fine), 1e-3}))
    return std::nullopt;
  return coarse;
}

/// At most `limit` places, evenly spread over all.
std::vector<int64_t> someOf(int64_t count, int64_t limit) {
  std::vector<int64_t> places;
  for (int64_t i = 0; i < std::min(count, limit); ++i)
    places.push_back(count <= limit ? i : i * count / limit);
  return places;
}

constexpr double kGradientTolerance = 1e-6;
constexpr double kStep = 5e-4;      // error of the five points about step^4, rounding 1e-16 / step
constexpr double kRounding = 1e-12; // of the differences
constexpr int64_t kMostElements = 60; // of an argument: each costs eight evaluations

/// Compares one argument's gradient by the rules with differences of `value`.
template <typename F>
LogicalResult compareGradient(func::FuncOp function, BlockArgument argument, Tensor &x,
                              const Tensor &gradient, F value) {
  auto fail = [&] {
    return function.emitError() << "gradient of " << describeArgument(argument) << ": ";
  };
  double largest = 0;
  for (double number : gradient.numbers) {
    if (!std::isfinite(number))
      return fail() << "is not finite";
    largest = std::max(largest, std::fabs(number));
  }
  if (function.getArgAttr(argument.getArgNumber(), "test.zero_gradient"))
    return largest == 0 ? success()
                        : LogicalResult(fail() << "is not zero, as test.zero_gradient says");

  std::vector<int64_t> places = someOf(x.size(), kMostElements);
  size_t kinks = 0;
  for (int64_t i : places) {
    double at = x.numbers[i];
    auto difference = derivative(
        [&](double step) {
          x.numbers[i] = at + step;
          return value();
        },
        kStep);
    x.numbers[i] = at;
    if (!difference) {
      ++kinks;
      continue;
    }
    // Elements that are small beside the others carry the others' rounding.
    double scale =
        std::max({std::fabs(gradient.numbers[i]), std::fabs(*difference), largest / 100});
    double tolerance = std::max(kGradientTolerance * scale, kRounding);
    if (std::fabs(gradient.numbers[i] - *difference) > tolerance)
      return fail() << "at " << describeElement(i, x) << " the rule gives "
                    << describeNumber(gradient.numbers[i]) << " and differences give "
                    << describeNumber(*difference);
  }
  if (kinks * 5 > places.size())
    return fail() << kinks << " of " << places.size()
                  << " elements are at a kink: choose another test.range";
  if (largest == 0)
    return fail() << "is all zero; if that is right, say test.zero_gradient";
  return success();
}

} // namespace

bool hasGradient(func::FuncOp function) {
  return !function->hasAttr("test.large") && llvm::any_of(function.getArgumentTypes(), isReal) &&
         llvm::any_of(function.getResultTypes(), isReal);
}

LogicalResult testGradient(func::FuncOp function) {
  SmallVector<BlockArgument> wanted;
  for (BlockArgument argument : function.getArguments()) {
    bool mustRefuse = bool(function.getArgAttr(argument.getArgNumber(), "test.refused_gradient"));
    if (mustRefuse && !isRefused(function, argument))
      return function.emitError() << "gradient of " << describeArgument(argument)
                                  << ": is not refused, as test.refused_gradient says";
    if (!mustRefuse && isReal(argument.getType()))
      wanted.push_back(argument);
  }
  auto gradientsOf = gradientFunction(function, wanted);
  if (failed(gradientsOf))
    return failure();

  std::vector<Tensor> arguments = randomArguments(function), weights, seeds;
  std::mt19937_64 random(7); // any fixed number
  for (Type type : function.getResultTypes()) {
    Tensor weight(cast<RankedTensorType>(type).getShape().vec());
    if (isReal(type)) {
      for (double &number : weight.numbers) // either sign, and none near zero
        number = (random() % 2 ? 1 : -1) * (0.5 + double(random() >> 11) * 0x1p-53);
      seeds.push_back(weight);
    }
    weights.push_back(std::move(weight));
  }

  std::vector<Tensor> all = arguments;
  all.insert(all.end(), seeds.begin(), seeds.end());
  auto gradients = interp::evaluate(gradientsOf->get(), all);
  if (failed(gradients))
    return failure();

  if (failed(interp::evaluate(function, arguments)))
    return failure();

  auto value = [&] { return weigh(*interp::evaluate(function, arguments), weights); };
  bool passed = true;
  for (auto [argument, gradient] : llvm::zip_equal(wanted, *gradients))
    passed &= succeeded(
        compareGradient(function, argument, arguments[argument.getArgNumber()], gradient, value));
  return success(passed);
}

} // namespace dlc::tools
