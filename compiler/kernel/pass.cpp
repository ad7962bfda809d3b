// Outlines the loop nests of all functions into kernels, alike ones into one.
#include "compiler/kernel/pass.h"
#include "compiler/contract/contract.h"
#include "compiler/kernel/emit/emit.h"
#include "compiler/kernel/plan/forced.h"
#include "compiler/kernel/plan/ranking.h"
#include "compiler/kernel/rows/rows.h"
#include "compiler/kernel/winograd/winograd.h"
#include "compiler/memory/workspace.h"
#include "compiler/passes/passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Parallel.h"

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_KERNELPASS
#include "compiler/passes/passes.h.inc"

} // namespace dlc

namespace dlc::kernel {
namespace {

KernelPassOptions optionsFor(const Processor &processor) {
  auto [vectorBytes, registers, l1, l2, l3Bytes] = processor; // all of it: a new field fails here
  return {vectorBytes, registers, l1.bytes, l1.ways, l2.bytes, l2.ways, l3Bytes, {}, 0};
}

struct KernelPass : impl::KernelPassBase<KernelPass> {
  using KernelPassBase::KernelPassBase;
  KernelPass(const Processor &processor, std::shared_ptr<const Chooser> chooser)
      : KernelPassBase(optionsFor(processor)), chooser(std::move(chooser)) {}

  /// One for all ops whose nests are alike.
  struct Kernel {
    Nest nest;
    std::optional<Nest> apart; // another form, whose windows are dimensions by themselves
    SmallVector<Pretransposed, 0> pretransposed; // others, with an input in another order
    std::optional<Winograd> winograd;            // another way to compute it
    std::optional<Rows> rows;                    // the only way, if there is one
    Location location;
    Schedule schedule = {};
    std::optional<Prepacked> prepacked = {}; // what goes before it
    Schedule prepackSchedule = {};
    func::FuncOp function = {}, prepack = {};
    SmallVector<std::pair<std::string, double>, 0> costs = {}; // of its forms
  };
  /// An op and what its kernel is called with.
  struct Call {
    linalg::GenericOp op, epilogue; // the epilogue may be null
    SmallVector<Value> operands;
    unsigned kernel = 0;
    int64_t work = 0;
  };

  void runOnOperation() override {
    processor = {vectorBytes, registers, {l1Bytes, l1Ways}, {l2Bytes, l2Ways}, l3Bytes};
    std::shared_ptr<const ForcedChooser> forced;
    if (ArrayRef<std::string> texts = *forceSchedule; !texts.empty())
      chooser = forced = std::make_shared<ForcedChooser>(texts);
    kernels.clear(), calls.clear(), numbers.clear(), members.clear(), workspaces = {};
    for (auto function : getOperation().getOps<func::FuncOp>())
      collect(function);
    // The searches change nothing but their own kernel.
    llvm::parallelFor(0, kernels.size(), [&](size_t i) { schedule(kernels[i]); });
    sparePaddings();
    for (Call &call : calls) {
      Kernel &kernel = kernels[call.kernel];
      if (!kernel.function) {
        emit(kernel, "kernel_" + std::to_string(call.kernel));
        if (printSchedules > 0)
          print(kernel);
      }
      replace(call, kernel); // erases the op, and with it the nest's body
    }
    if (forced)
      for (const std::string &text : forced->unused()) {
        getOperation().emitError("no nest has the schedule `") << text << "`";
        signalPassFailure();
      }
  }

  // The calls that a function's nests become, those in loops, too, in the order of the code.
  void collect(func::FuncOp function) {
    int64_t flops = 0;
    SmallVector<linalg::GenericOp> ops;
    function.walk([&](linalg::GenericOp op) { ops.push_back(op); });
    for (ArrayRef<linalg::GenericOp> rest = ops; !rest.empty();) {
      Call call;
      call.op = rest.consume_front();
      Nest nest = makeNest(call.op, call.operands);
      std::optional<Convolution> conv = convolutionOf(call.op, nest);
      // Gradients of filters by tiles have no epilogues.
      if (!rest.empty() && contract::get<contract::Epilogue>(rest.front()) &&
          !(conv && conv->toFilter)) {
        call.epilogue = rest.consume_front();
        addEpilogue(nest, call.op, call.epilogue, call.operands);
      }
      flops += nest.contractionFlops() * turnsAround(call.op);
      call.kernel = kernelFor(nest, conv, call.op);
      const std::optional<Rows> &rows = kernels[call.kernel].rows;
      call.work = rows ? rows->work() : nest.work();
      calls.push_back(std::move(call));
    }
    contract::set<contract::Flops>(function, Builder(&getContext()).getI64IntegerAttr(flops));
  }

  // The number of the kernel that computes a nest: that of one like it, else of a new one.
  unsigned kernelFor(const Nest &whole, const std::optional<Convolution> &conv,
                     linalg::GenericOp op) {
    Nest nest = whole;
    collapse(nest);
    std::optional<Rows> rows = rowsOf(op, nest, processor.vectorBytes);
    // Threads that share a loop have no memory of their own for what would be prepacked.
    bool isShared = isInSharedLoop(op);
    std::string key = fingerprint(nest) +
                      (conv   ? " convolution"
                       : rows ? " rows"
                              : "") +
                      (isShared ? " shared" : "");
    auto [entry, isNew] = numbers.try_emplace(key, kernels.size());
    if (isNew)
      kernels.push_back(
          {nest, formWithWindows(whole),
           isShared ? SmallVector<Pretransposed, 0>() : pretransposedForms(nest),
           conv && !isShared ? winogradOf(whole, *conv, processor, *chooser) : std::nullopt, rows,
           op.getLoc()});
    return entry->second;
  }

  static bool isInSharedLoop(Operation *op) {
    for (auto loop = op->getParentOfType<scf::ForOp>(); loop;
         loop = loop->getParentOfType<scf::ForOp>())
      if (contract::get<contract::Shared>(loop))
        return true;
    return false;
  }

  // How often an op runs in a call of its function.
  static int64_t turnsAround(Operation *op) {
    int64_t turns = 1;
    for (auto loop = op->getParentOfType<scf::ForOp>(); loop;
         loop = loop->getParentOfType<scf::ForOp>())
      turns *= *getConstantIntValue(loop.getUpperBound());
    return turns;
  }

  static std::optional<Nest> formWithWindows(const Nest &nest) {
    if (nest.contractionFlops() == 0 || !nest.body->getOps<linalg::IndexOp>().empty())
      return std::nullopt;
    Nest apart = nest, whole = nest;
    collapse(apart, /*keepsWindows=*/true);
    collapse(whole);
    return apart.rank() == whole.rank() ? std::nullopt : std::optional(apart);
  }

  static SmallVector<Pretransposed, 0> pretransposedForms(const Nest &nest) {
    SmallVector<Pretransposed, 0> forms;
    for (unsigned i = 0; i < nest.inputs.size(); ++i)
      if (std::optional<Pretransposed> pretransposed = pretransposedOf(nest, i))
        forms.push_back(*pretransposed);
    return forms;
  }

  // Chooses how the nest runs, and in which of its forms.
  void schedule(Kernel &kernel) const {
    if (kernel.rows)
      return;
    double cost;
    std::tie(kernel.schedule, cost) = chooser->schedule(kernel.nest, processor);
    kernel.costs.push_back({"as it is", cost});
    if (kernel.apart) {
      auto [other, apart] = chooser->schedule(*kernel.apart, processor);
      kernel.costs.push_back({"windows apart", apart});
      if (apart < cost)
        std::tie(kernel.nest, kernel.schedule, cost) = std::tuple(*kernel.apart, other, apart);
    }
    // What is prepacked is worth it if both together are cheaper.
    auto consider = [&](const std::optional<Prepacked> &prepacked, double rest,
                        const std::string &form, auto take) {
      Schedule first;
      double once = 0;
      if (prepacked)
        std::tie(first, once) = chooser->schedule(prepacked->nest, processor);
      kernel.costs.push_back({form, once + rest});
      if (once + rest >= cost)
        return;
      cost = once + rest, kernel.prepacked = prepacked, kernel.prepackSchedule = first;
      take();
    };
    for (const Pretransposed &pretransposed : kernel.pretransposed) {
      auto [schedule, rest] = chooser->schedule(pretransposed.nest, processor);
      consider(pretransposed.input, rest,
               "buffer " + std::to_string(pretransposed.input.from) + " pre-transposed",
               [&] { kernel.nest = pretransposed.nest, kernel.schedule = schedule; });
    }
    if (!kernel.winograd)
      return;
    double tiled = chooseSchedules(kernel.winograd->fused, processor, *chooser);
    bool isTiled = false;
    consider(kernel.winograd->filter, tiled, kernel.winograd->fused.name, [&] { isTiled = true; });
    if (!isTiled)
      kernel.winograd.reset();
  }

  // The forms that the kernel might have had, and of the one it has the schedules.
  void print(Kernel &kernel) const {
    llvm::raw_ostream &os = llvm::errs();
    os << kernel.function.getName() << "\n";
    for (const auto &[form, cost] : kernel.costs)
      os << llvm::format("%12.0f  ", cost) << form << "\n";
    auto table = [&](func::FuncOp function, const Nest &nest, const Schedule &schedule) {
      if (function != kernel.function)
        os << function.getName() << "\n";
      os << rankingOf(nest, processor, schedule, printSchedules);
    };
    if (kernel.rows)
      return;
    if (kernel.prepacked)
      table(kernel.prepack, kernel.prepacked->nest, kernel.prepackSchedule);
    if (!kernel.winograd)
      return table(kernel.function, kernel.nest, kernel.schedule);
    kernel.winograd->fused.forEachMember([&](const FusedNests::Member &member) {
      table(members.lookup(fingerprint(member.nest)), member.nest, member.schedule);
    });
  }

  // Drops what writes zeros that nobody reads.
  void sparePaddings() {
    llvm::DenseSet<Attribute> read;
    auto marksOf = [](linalg::GenericOp op) {
      auto marks = op ? contract::get<contract::Padding>(op) : nullptr;
      return marks ? marks.getValue() : ArrayRef<Attribute>();
    };
    auto writesZeros = [&](Call &call) {
      return !marksOf(call.op).empty() && call.op.getNumDpsInputs() == 0;
    };
    for (Call &call : calls) {
      const std::optional<Winograd> &winograd = kernels[call.kernel].winograd;
      if (!writesZeros(call) && (!winograd || winograd->readsPadding))
        read.insert_range(marksOf(call.op));
      read.insert_range(marksOf(call.epilogue));
    }
    llvm::erase_if(calls, [&](Call &call) {
      bool isSpared = writesZeros(call) && llvm::none_of(marksOf(call.op), [&](Attribute mark) {
                        return read.contains(mark);
                      });
      if (isSpared)
        call.op->erase();
      return isSpared;
    });
  }

  // The kernel's functions; members that several fused nests have are emitted once.
  void emit(Kernel &kernel, const std::string &name) {
    if (kernel.prepacked)
      kernel.prepack =
          emitOne(kernel.location, name + (kernel.winograd ? "_filter" : "_transposed"),
                  kernel.prepacked->nest, kernel.prepackSchedule);
    if (kernel.rows) {
      auto b = OpBuilder::atBlockEnd(getOperation().getBody());
      kernel.function = emitRows(b, kernel.location, name, *kernel.rows);
      contract::set<contract::Schedule>(kernel.function, b.getStringAttr(kernel.rows->describe()));
      return;
    }
    if (!kernel.winograd) {
      kernel.function = emitOne(kernel.location, name, kernel.nest, kernel.schedule);
      return;
    }
    auto b = OpBuilder::atBlockEnd(getOperation().getBody());
    unsigned count = 0;
    auto functionOf = [&](const FusedNests::Member &member) {
      func::FuncOp &known = members[fingerprint(member.nest)];
      if (!known) {
        std::string memberName = name + "_member_" + std::to_string(count++);
        known = emitOne(kernel.location, memberName, member.nest, member.schedule);
        known->setAttr("llvm.linkage",
                       LLVM::LinkageAttr::get(&getContext(), LLVM::Linkage::Internal));
      }
      return known;
    };
    const Winograd &winograd = *kernel.winograd;
    kernel.function = emitFusedNests(b, kernel.location, name, winograd.fused, functionOf);
    contract::set<contract::Schedule>(kernel.function, b.getStringAttr(describe(winograd.fused)));
  }

  func::FuncOp emitOne(Location loc, StringRef name, const Nest &nest, const Schedule &schedule) {
    auto b = OpBuilder::atBlockEnd(getOperation().getBody());
    func::FuncOp function = emitKernel(b, loc, name, nest, schedule);
    contract::set<contract::Schedule>(function, b.getStringAttr(describe(nest, schedule)));
    return function;
  }

  void replace(Call &call, const Kernel &kernel) {
    OpBuilder b(call.epilogue ? call.epilogue : call.op); // where all operands stand
    auto viewOf = [&](Value operand, MemRefType type) -> Value {
      auto view = operand.getDefiningOp<memref::ViewOp>();
      assert(view && "every buffer is a view of an argument or a constant");
      return memref::ViewOp::create(b, call.op.getLoc(), type, view.getSource(),
                                    view.getByteShift(), ValueRange{});
    };
    auto emitCall = [&](func::FuncOp function, ArrayRef<Value> operands, int64_t items,
                        int64_t work) {
      SmallVector<Value> arguments;
      for (auto [operand, type] : llvm::zip(operands, function.getArgumentTypes()))
        arguments.push_back(viewOf(operand, cast<MemRefType>(type)));
      for (int64_t bound : {int64_t(0), items})
        arguments.push_back(arith::ConstantIndexOp::create(b, call.op.getLoc(), bound));
      auto called = func::CallOp::create(b, call.op.getLoc(), function, arguments);
      contract::set<contract::Work>(called, b.getI64IntegerAttr(work));
    };
    if (const auto &prepacked = kernel.prepacked) {
      Value made = workspaces.create(b, call.op.getLoc(), prepacked->type);
      // Turning an input is a part of the sum's work.
      emitCall(kernel.prepack, {call.operands[prepacked->from], made},
               itemCount(prepacked->nest, kernel.prepackSchedule),
               kernel.winograd ? prepacked->nest.work() : call.work);
      call.operands.push_back(made);
    }
    int64_t items = kernel.rows       ? kernel.rows->itemCount()
                    : kernel.winograd ? kernel.winograd->fused.itemCount()
                                      : itemCount(kernel.nest, kernel.schedule);
    emitCall(kernel.function, call.operands, items, call.work);
    call.op.erase();
    if (call.epilogue)
      call.epilogue.erase();
  }

  std::vector<Kernel> kernels;
  std::vector<Call> calls;
  llvm::StringMap<unsigned> numbers;     // of kernels, by their nests' fingerprints
  llvm::StringMap<func::FuncOp> members; // of fused nests, by their nests' fingerprints
  memory::Workspaces workspaces;
  Processor processor; // as the options say
  std::shared_ptr<const Chooser> chooser = std::make_shared<Chooser>();
};

} // namespace

std::unique_ptr<Pass> createKernelPass(const Processor &processor,
                                       std::shared_ptr<const Chooser> chooser) {
  return std::make_unique<KernelPass>(processor, std::move(chooser));
}

} // namespace dlc::kernel
