// Random nests under random schedules, interpreted.
#include "compiler/tools/schedules.h"

#include "compiler/contract/contract.h"
#include "compiler/interp/evaluate.h"
#include "compiler/kernel/pass.h"
#include "compiler/kernel/plan/forced.h"
#include "compiler/kernel/plan/space.h"
#include "compiler/passes/passes.h"
#include "compiler/pipeline.h"
#include "compiler/tools/compiled.h"
#include "compiler/tools/kernel_interp.h"
#include "compiler/tools/op_test.h"
#include "compiler/tools/random_function.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/Parallel.h"

#include <cmath>
#include <random>

using namespace mlir;
using dlc::interp::Tensor;

namespace dlc::tools {

namespace {

constexpr int64_t kDraws = 12; // of a function's processor and schedules

/// A seed for something of several numbers.
uint64_t mixed(std::initializer_list<uint64_t> numbers) {
  uint64_t seed = 0;
  for (uint64_t number : numbers) {
    seed = (seed ^ number) * 0x9E3779B97F4A7C15;
    seed ^= seed >> 32;
  }
  return seed;
}

class Random {
public:
  explicit Random(uint64_t seed) : engine(seed) {}
  uint64_t below(uint64_t n) { return engine() % n; }
  double uniform() { return double(engine() >> 11) * 0x1p-53; }
  template <typename T> T among(std::initializer_list<T> values) {
    return values.begin()[below(values.size())];
  }

private:
  std::mt19937_64 engine;
};

Processor drawProcessor(Random &random) {
  auto processor = Processor::withVectorBits(random.among({128u, 256u, 512u}));
  processor.l1 = {random.among<int64_t>({16, 32, 48, 64}) << 10,
                  random.among<int64_t>({2, 4, 8, 12, 16})};
  processor.l2 = {random.among<int64_t>({16, 64, 256, 512, 1024, 2048}) << 10,
                  random.among<int64_t>({2, 4, 8, 16, 20})};
  processor.l3Bytes = random.among<int64_t>({1, 8, 32}) << 20;
  return processor;
}

/// Draws schedules, blocks of tiles, and which of several ways a nest is computed.
class Drawing : public kernel::Chooser {
public:
  explicit Drawing(uint64_t seed) : random(seed), takesTiles(random.below(4) > 0) {}

  std::pair<kernel::Schedule, double> schedule(const kernel::Nest &nest,
                                               const Processor &processor) const override {
    // The costs of the fused nests' many nests are added up: it would hardly ever be the cheapest.
    double cost = takesTiles && !nest.isShared ? 1e-9 : random.uniform();
    kernel::Space space(nest, processor);
    return {space.draw([this](uint64_t n) { return random.below(n); }), cost};
  }
  double judge(double) const override { return random.uniform(); }

private:
  mutable Random random;
  bool takesTiles;
};

/// One function, and its kernels under any number of schedules.
class Subject {
public:
  /// Null if the function cannot be lowered.
  static std::optional<Subject> make(func::FuncOp function, uint64_t seed) {
    Subject subject(function);
    OpBuilder builder(function.getContext());
    subject.bufferized = ModuleOp::create(builder, function.getLoc());
    func::FuncOp clone = function.clone();
    clone.removeArgAttrsAttr();
    clone->setDiscardableAttrs(DictionaryAttr::get(function.getContext()));
    subject.bufferized->push_back(clone);
    PassManager passes(function.getContext());
    addLinalgPasses(passes);
    addMemoryPasses(passes, seed % 2 == 0 ? kSmallGroups : GroupPassOptions());
    if (failed(passes.run(*subject.bufferized)))
      return std::nullopt;
    if (failed(subject.evaluate(seed)))
      return std::nullopt;
    return subject;
  }

  /// How many nests had a schedule. Nothing, with a report, if a result is wrong.
  std::optional<int64_t> test(const Processor &processor,
                              std::shared_ptr<const kernel::Chooser> chooser) {
    OwningOpRef<ModuleOp> module = bufferized->clone();
    PassManager passes(function.getContext());
    passes.addPass(kernel::createKernelPass(processor, std::move(chooser)));
    if (failed(passes.run(*module)))
      return std::nullopt;
    schedules.clear();
    for (auto kernel : module->getOps<func::FuncOp>())
      if (auto text = contract::get<contract::Schedule>(kernel))
        schedules.push_back({kernel.getName().str(), text.str()});
    std::unique_ptr<KernelInterp> code = KernelInterp::make(*module);
    if (!code)
      return std::nullopt;
    std::string fault;
    auto found = code->run(function.getName(), function.getFunctionType(), arguments, fault);
    if (!found)
      return function.emitError() << "kernels: " << fault, std::nullopt;
    for (auto [i, want] : llvm::enumerate(wanted))
      if (failed(compare(i, (*found)[i], want)))
        return std::nullopt;
    return int64_t(schedules.size());
  }

  /// The kernels' names and schedules of the last test.
  std::vector<std::pair<std::string, std::string>> schedules;

private:
  func::FuncOp function;
  OwningOpRef<ModuleOp> bufferized;
  std::vector<Tensor> arguments, wanted;

  explicit Subject(func::FuncOp function) : function(function) {}

  LogicalResult evaluate(uint64_t seed) {
    Random random(seed);
    for (Type type : function.getArgumentTypes()) {
      Tensor &tensor = arguments.emplace_back(cast<RankedTensorType>(type).getShape().vec());
      for (double &number : tensor.numbers)
        number = 2 * random.uniform() - 1;
      tensor = rounded(std::move(tensor), type);
    }
    auto results = interp::evaluate(function, arguments);
    if (failed(results))
      return failure();
    wanted = std::move(*results);
    return success();
  }

  // What rounding makes in f32 is below 1e-5 of the largest number, tiles included; a term of a sum
  // that is missing is far above.
  LogicalResult compare(size_t result, const Tensor &found, const Tensor &want) {
    double largest = 1;
    for (double number : want.numbers)
      largest = std::max(largest, std::fabs(number));
    bool isSingle = getElementTypeOrSelf(function.getResultTypes()[result]).isF32();
    double tolerance = (isSingle ? 2e-5 : 1e-11) * largest;
    for (int64_t k = 0; k < want.size(); ++k)
      if (!(std::fabs(found.numbers[k] - want.numbers[k]) <= tolerance))
        return function.emitError()
               << "kernels: result " << result << " at " << describeElement(k, want) << " is "
               << describeNumber(found.numbers[k]) << ", the evaluator gives "
               << describeNumber(want.numbers[k]);
    return success();
  }
};

void print(const Subject &subject, const Processor &processor) {
  llvm::outs() << "  vectors of " << processor.vectorBytes << " bytes\n";
  for (const auto &[name, schedule] : subject.schedules)
    llvm::outs() << "  " << name << ": " << schedule << "\n";
}

/// The draws for one function; `pairs` is counted up.
LogicalResult testFunction(func::FuncOp function, uint64_t number, const ScheduleTest &test,
                           int64_t &pairs) {
  std::optional<Subject> subject = Subject::make(function, mixed({test.seed, number}));
  if (!subject)
    return failure();
  auto run = [&](const Processor &processor, std::shared_ptr<const kernel::Chooser> chooser) {
    std::optional<int64_t> nests = subject->test(processor, std::move(chooser));
    pairs += nests.value_or(0);
    if (!nests)
      function.print(llvm::outs());
    if (!nests || test.prints)
      print(*subject, processor);
    return success(nests.has_value());
  };
  if (!test.forced.empty()) {
    auto chooser = std::make_shared<kernel::ForcedChooser>(test.forced);
    if (failed(run(Processor::withVectorBits(8 * test.vectorBytes), chooser)))
      return failure();
    if (chooser->unused().size() == test.forced.size())
      return function.emitError("kernels: no nest has such a schedule");
    return success();
  }
  for (int64_t draw = test.draw.value_or(0); draw < test.draw.value_or(kDraws - 1) + 1; ++draw) {
    uint64_t seed = mixed({test.seed, number, uint64_t(draw) + 1});
    Random random(seed);
    Processor processor = drawProcessor(random);
    if (failed(run(processor, std::make_shared<Drawing>(seed + 1)))) {
      llvm::outs() << "  again: the options --seed=" << test.seed << " --function=" << number
                   << " --draw=" << draw << "\n";
      return failure();
    }
  }
  return success();
}

} // namespace

LogicalResult testSchedules(MLIRContext &context, const ScheduleTest &test) {
  llvm::parallel::strategy = llvm::hardware_concurrency(1); // draws come in one order
  int64_t pairs = 0, functions = 0;
  for (int64_t number = test.function.value_or(0); pairs < test.pairs; ++number) {
    std::string text = randomFunction(mixed({test.seed, uint64_t(number), 0}));
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    if (!module) {
      llvm::outs() << text;
      return failure();
    }
    if (test.prints)
      llvm::outs() << text;
    auto function = *module->getOps<func::FuncOp>().begin();
    if (failed(testFunction(function, uint64_t(number), test, pairs)))
      return failure();
    ++functions;
    if (test.function)
      break;
  }
  llvm::outs() << "passed " << pairs << " schedules of nests of " << functions
               << " random functions\n";
  return success();
}

LogicalResult testSchedules(ModuleOp module, const ScheduleTest &test) {
  llvm::parallel::strategy = llvm::hardware_concurrency(1);
  int64_t pairs = 0;
  for (auto [number, function] : llvm::enumerate(module.getOps<func::FuncOp>()))
    if (failed(testFunction(function, number, test, pairs)))
      return failure();
  llvm::outs() << "passed " << pairs << " schedules of nests\n";
  return success();
}

} // namespace dlc::tools
