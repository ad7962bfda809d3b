// The functions of a module as steps, and runs of them.
#include "compiler/tools/kernel_interp.h"

#include "compiler/contract/contract.h"
#include "compiler/tools/kernel_steps.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using dlc::interp::Tensor;

namespace dlc::tools {

namespace {

struct Function {
  mlir::func::FuncOp op;
  Steps steps;
  unsigned numbers = 0, views = 0;
  bool isEntry = false; // not a kernel: its calls run item by item
};

void runAll(const Steps &steps, Frame &frame) {
  for (const Step &step : steps) {
    if (frame.isFaulty())
      return;
    step(frame);
  }
}

} // namespace

struct KernelInterp::Program {
  ModuleOp module;
  llvm::StringMap<std::unique_ptr<Function>> functions;
  Globals globals;

  Function *functionOf(StringRef name);
};

namespace {

/// Makes the steps of one function.
class Compiler {
public:
  Compiler(Function &function, std::function<Function *(StringRef)> functionOf, Globals &globals)
      : function(function), functionOf(std::move(functionOf)), globals(globals) {}

  LogicalResult run() {
    Block &body = function.op.getBody().front();
    slots.declare(body.getArguments());
    FailureOr<Steps> steps = compile(body);
    if (failed(steps))
      return failure();
    function.steps = std::move(*steps);
    function.numbers = slots.numbers, function.views = slots.views;
    return success();
  }

private:
  Function &function;
  std::function<Function *(StringRef)> functionOf;
  Globals &globals;
  Slots slots;

  FailureOr<Steps> compile(Block &block) {
    return compile(llvm::make_range(block.begin(), block.end()));
  }

  FailureOr<Steps> compile(llvm::iterator_range<Block::iterator> operations) {
    Steps steps;
    for (Operation &op : operations) {
      if (auto guard = dyn_cast<contract::GuardOp>(op)) {
        Step step = guarded(guard, llvm::make_range(std::next(op.getIterator()), operations.end()));
        if (!step)
          return failure();
        steps.push_back(std::move(step));
        return steps;
      }
      slots.declare(op.getResults());
      Step step = controlStep(op);
      if (!step)
        step = memoryStep(op, slots, globals);
      if (!step)
        step = numberStep(op, slots);
      if (!step)
        return op.emitError("the interpreter of kernels does not know ") << op.getName(), failure();
      steps.push_back(std::move(step));
    }
    return steps;
  }

  Step controlStep(Operation &op) {
    Step nothing = [](Frame &) {};
    return llvm::TypeSwitch<Operation *, Step>(&op)
        .Case<scf::YieldOp, func::ReturnOp, memref::PrefetchOp>([&](auto) { return nothing; })
        // Kernels take whole buffers; what is left of these has no users.
        .Case<memref::SubViewOp, memref::ExpandShapeOp>([&](auto) { return nothing; })
        .Case<scf::ForOp>([&](auto op) { return loop(op); })
        .Case<scf::IfOp>([&](auto op) { return branch(op); })
        .Case<func::CallOp>([&](auto op) { return call(op); })
        .Default([](Operation *) { return Step(); });
  }

  /// Hands values on all at once: they may be each other's.
  static Step copy(const SmallVector<unsigned> &from, const SmallVector<unsigned> &to) {
    return [=](Frame &frame) {
      SmallVector<Number> values;
      for (unsigned source : from)
        values.push_back(frame.numbers[source]);
      for (auto [target, value] : llvm::zip_equal(to, values))
        frame.numbers[target] = value;
    };
  }

  Step loop(scf::ForOp op) {
    slots.declare(op.getBody()->getArguments());
    FailureOr<Steps> body = compile(*op.getBody());
    if (failed(body))
      return nullptr;
    Step enter = copy(slots.all(op.getInitArgs()), slots.all(op.getRegionIterArgs()));
    Step again = copy(slots.all(op.getBody()->getTerminator()->getOperands()),
                      slots.all(op.getRegionIterArgs()));
    Step leave = copy(slots.all(op.getRegionIterArgs()), slots.all(op.getResults()));
    // Turns that threads share may run in any order: here from the last to the first.
    bool isShared = bool(contract::get<contract::Shared>(op));
    return [=, steps = std::move(*body), iv = slots.of(op.getInductionVar()),
            begin = slots.of(op.getLowerBound()), end = slots.of(op.getUpperBound()),
            by = slots.of(op.getStep())](Frame &frame) {
      enter(frame);
      auto last = int64_t(frame.numbers[end][0]), step = int64_t(frame.numbers[by][0]);
      auto first = int64_t(frame.numbers[begin][0]);
      for (int64_t i = first; i < last && !frame.isFaulty(); i += step) {
        frame.numbers[iv][0] = double(isShared ? first + last - step - i : i);
        runAll(steps, frame);
        again(frame);
      }
      leave(frame);
    };
  }

  /// The rest of the turn, if it is not ended.
  Step guarded(contract::GuardOp guard, llvm::iterator_range<Block::iterator> rest) {
    FailureOr<Steps> goOn = compile(rest), end = compile(guard.getOtherwise().front());
    if (failed(goOn) || failed(end))
      return nullptr;
    return [goOn = std::move(*goOn), end = std::move(*end),
            mask = slots.of(guard.getMask())](Frame &frame) {
      const View &view = frame.views[mask];
      bool isTrue = std::any_of(view.bytes, view.bytes + view.size,
                                [](unsigned char byte) { return byte != 0; });
      runAll(isTrue ? goOn : end, frame);
    };
  }

  Step branch(scf::IfOp op) {
    auto side = [&](Region &region) -> FailureOr<Steps> {
      if (region.empty())
        return Steps();
      FailureOr<Steps> steps = compile(region.front());
      if (succeeded(steps))
        steps->push_back(copy(slots.all(region.front().getTerminator()->getOperands()),
                              slots.all(op.getResults())));
      return steps;
    };
    FailureOr<Steps> yes = side(op.getThenRegion()), no = side(op.getElseRegion());
    if (failed(yes) || failed(no))
      return nullptr;
    return [yes = std::move(*yes), no = std::move(*no), condition = slots.of(op.getCondition())](
               Frame &frame) { runAll(frame.numbers[condition][0] != 0 ? yes : no, frame); };
  }

  Step call(func::CallOp op) {
    Function *callee = functionOf(op.getCallee());
    if (!callee)
      return nullptr;
    bool isByItem = function.isEntry;
    return [=, buffers = slots.all(op.getOperands().drop_back(2)),
            begin = slots.of(op.getOperands().drop_back().back()),
            end = slots.of(op.getOperands().back())](Frame &frame) {
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
};

} // namespace

Function *KernelInterp::Program::functionOf(StringRef name) {
  std::unique_ptr<Function> &function = functions[name];
  if (function)
    return function.get();
  function = std::make_unique<Function>();
  function->op = module.lookupSymbol<func::FuncOp>(name);
  function->isEntry = bool(contract::get<contract::ArenaBytes>(function->op));
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
    contract::BufferAttr buffer = contract::bufferOf(function.op, i);
    int64_t index = buffer.getIndex();
    if (buffer.getKind() == contract::BufferKind::Output)
      outputs[index] = i;
    if (buffer.getKind() != contract::BufferKind::Input)
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
