// Finds the memory of each tensor, in the order of the code.
#include "compiler/memory/assign.h"
#include "compiler/contract/contract.h"
#include "compiler/linalg/epilogue.h"
#include "compiler/memory/arena.h"
#include "compiler/memory/share.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace dlc::memory {
namespace {

// Memory of one value or of several, one after the other.
struct Memory {
  int64_t bytes = 0;
  int first = 0, last = 0;
  std::optional<Allocation> allocation; // known: outside the arena
};

class Assigner {
public:
  Assigner(func::FuncOp function, const Layouts &layouts, const Aliasing &aliasing)
      : function(function), layouts(layouts), aliasing(aliasing) {}

  FailureOr<Assignment> run() {
    number(function.front());
    noteUses();
    assignArguments();
    if (failed(assignBlock(function.front())))
      return failure();
    bindResults();
    planIntervals();
    for (auto [value, memory] : memoryOf)
      assignment.allocations[value] = *memories[memory].allocation;
    for (auto &[op, copies] : waiting)
      for (auto [from, memory] : copies)
        assignment.copies[op].push_back({from, *memories[memory].allocation});
    return std::move(assignment);
  }

private:
  func::FuncOp function;
  const Layouts &layouts;
  const Aliasing &aliasing;
  Assignment assignment;
  llvm::DenseMap<Operation *, int> steps;               // of a loop, where its first turn begins
  llvm::DenseMap<Operation *, int> ends;                // of loops
  llvm::DenseMap<unsigned, std::pair<int, int>> groups; // their first and last steps
  llvm::DenseSet<Operation *> shared;                   // loops, perhaps
  int nextStep = 0;
  llvm::DenseMap<Value, int> lastRead; // by root; in a loop that it is not made in, the loop's end
  llvm::DenseMap<Value, unsigned> memoryOf; // of roots
  SmallVector<Memory> memories;
  struct Copy {
    Value from;
    unsigned to; // memory
  };
  llvm::MapVector<Operation *, SmallVector<Copy>> waiting; // for the memory to be allocated

  func::ReturnOp terminator() { return cast<func::ReturnOp>(function.front().getTerminator()); }

  void number(Block &block) {
    for (Operation &op : block) {
      steps[&op] = nextStep++;
      if (auto group = contract::get<contract::Group>(&op))
        groups.try_emplace(group.getNumber(), steps[&op], 0).first->second.second = steps[&op];
      if (auto loop = dyn_cast<scf::ForOp>(op)) {
        number(*loop.getBody());
        ends[loop] = nextStep++;
        if (mayBeShared(loop))
          shared.insert(loop);
      }
    }
  }

  // The first and the last step of the group of nests that a step is in; of others, the step
  // itself.
  std::pair<int, int> around(int step) const {
    for (std::pair<int, int> group : llvm::make_second_range(groups))
      if (group.first <= step && step <= group.second)
        return group;
    return {step, step};
  }

  // What is used in a loop and is not made in the same turn is needed until the loop's end.
  void noteUses() {
    for (auto [op, step] : steps)
      for (Value operand : op->getOperands()) {
        Value root = rootOf(operand);
        Operation *at = root.getParentBlock()->findAncestorOpInBlock(*op);
        int &last = lastRead.try_emplace(root, -1).first->second;
        last = std::max(last, at == op ? step : ends[at]);
      }
  }

  // Until when a value is needed: what is used in a group, until the group's end.
  int lastUse(Value root) const { return around(lastRead.lookup(root)).second; }

  LogicalResult assignBlock(Block &block) {
    for (Operation &op : block)
      if (failed(assignResults(op)))
        return failure();
    return success();
  }

  // Threads are not at the same place of a loop or a group that they share: there nothing takes the
  // bytes of something else.
  void assign(Value value, Memory memory) {
    for (auto loop = value.getParentRegion()->getParentOfType<scf::ForOp>(); loop;
         loop = loop->getParentOfType<scf::ForOp>())
      if (shared.contains(loop)) {
        memory.first = std::min(memory.first, steps[loop]);
        memory.last = std::max(memory.last, ends[loop]);
      }
    memory.first = around(memory.first).first;
    memory.last = around(memory.last).second;
    memoryOf[value] = memories.size();
    memories.push_back(memory);
  }

  void assignArguments() {
    for (BlockArgument argument : function.getArguments()) {
      Allocation allocation = layouts.argument(function.getArgAttrDict(argument.getArgNumber()),
                                               argument.getArgNumber());
      assign(argument, {bytesOf(argument.getType()), -1, lastUse(argument), allocation});
    }
  }

  // The memory of the tensor that an insertion helps to make, from now on.
  unsigned memoryOfWhole(tensor::InsertSliceOp insert, int step) {
    Value whole = aliasing.wholeOf(insert);
    int last = std::max(steps[whole.getDefiningOp()], lastUse(whole));
    if (!memoryOf.contains(whole))
      assign(whole, {bytesOf(whole.getType()), step, last, {}});
    return memoryOf[whole];
  }

  // Whether anyone reads the filled tensor itself; a nest that it starts does not.
  static bool isRead(Value filled) {
    return llvm::any_of(filled.getUses(), [](OpOperand &use) {
      if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::ExtractSliceOp>(
              use.getOwner()))
        return isRead(use.getOwner()->getResult(0));
      // What is inserted or carried is filled where it will lie.
      if (isa<tensor::InsertSliceOp, scf::ForOp, scf::YieldOp>(use.getOwner()))
        return false;
      auto generic = dyn_cast<linalg::GenericOp>(use.getOwner());
      return !generic || generic.isDpsInput(&use);
    });
  }

  LogicalResult assignResults(Operation &op) {
    int step = steps[&op];
    bool hasNoMemory =
        isa<tensor::EmptyOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::ExtractSliceOp,
            func::ReturnOp>(op) ||
        llvm::all_of(op.getResultTypes(), llvm::IsaPred<IndexType>); // or no result at all
    if (hasNoMemory)
      return success();
    if (auto loop = dyn_cast<scf::ForOp>(op))
      return assignLoop(loop);
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      if (auto value = dyn_cast<DenseElementsAttr>(constant.getValue()))
        assign(constant, {bytesOf(value.getType()), -1, step, addConstant(value)});
      return success();
    }
    if (auto fill = dyn_cast<linalg::FillOp>(op)) {
      if (Value filled = fill.getResult(0); isRead(filled))
        assign(filled, {bytesOf(filled.getType()), step, lastUse(filled), {}});
      return success();
    }
    if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
      if (!aliasing.wholeOf(insert))
        return op.emitOpError("goes into a tensor that is neither a fill nor made of such parts");
      memoryOf[insert.getResult()] = memoryOfWhole(insert, step);
      return success();
    }
    auto generic = dyn_cast<linalg::GenericOp>(op);
    if (!generic)
      return op.emitOpError("cannot be bufferized");
    linalg::GenericOp sum = fuse::sumBefore(generic);
    int first = sum ? steps[sum] : step;
    for (OpResult result : generic->getResults()) {
      OpOperand *init = generic.getDpsInitOperand(result.getResultNumber());
      if (generic.payloadUsesValueFromOperand(init) && !filling(init->get()))
        return op.emitOpError("goes on from a tensor that is no fill");
      int last = around(std::max(step, lastUse(result))).second;
      if (tensor::InsertSliceOp insert = aliasing.insertionOf(result)) {
        memoryOf[result] = memoryOfWhole(insert, first);
        Memory &whole = memories[memoryOf[result]];
        whole.last = std::max(whole.last, last);
      } else if (std::optional<unsigned> carried = carriedMemory(generic, result)) {
        memoryOf[result] = *carried;
      } else if (std::optional<unsigned> operand = replaceable(generic, result)) {
        memoryOf[result] = *operand;
        memories[*operand].last = last;
      } else {
        assign(result, {bytesOf(result.getType()), first, last, {}});
      }
    }
    return success();
  }

  // The loop that the value is carried by, from turn to turn, and its number there.
  static OpOperand *nextOf(Value value) {
    for (OpOperand &use : value.getUses())
      if (isa<scf::YieldOp>(use.getOwner()))
        return &use;
    return nullptr;
  }

  // The memory of the carried value that the result becomes, if what that was is not needed any
  // more, but perhaps element by element.
  std::optional<unsigned> carriedMemory(linalg::GenericOp op, OpResult result) {
    OpOperand *next = nextOf(result);
    if (!next)
      return std::nullopt;
    auto loop = cast<scf::ForOp>(next->getOwner()->getParentOp());
    Value carried = loop.getRegionIterArg(next->getOperandNumber());
    unsigned memory = memoryOf.lookup(carried);
    int last = lastUse(carried), step = steps[op];
    linalg::GenericOp sum = fuse::sumBefore(op);
    // A sum runs together with its epilogue: no result may stand before all of it is read.
    if (last > step || (sum && reads(sum, memory)))
      return std::nullopt;
    bool isElementwise =
        op.getNumReductionLoops() == 0 && op.getIndexingMapMatchingResult(result).isIdentity();
    if (last == step && !(isElementwise && readsInPlace(op, memory)))
      return std::nullopt;
    bool isTaken =
        llvm::any_of(op->getResults(), [&](Value other) { return liesIn(memory, other); });
    return isTaken ? std::nullopt : std::optional(memory);
  }

  // The memory of the value that a loop's carried value starts from, if only the loop takes it.
  std::optional<unsigned> startingMemory(scf::ForOp loop, OpOperand &init) {
    auto made = init.get().getDefiningOp<linalg::GenericOp>();
    if (!made || made->getBlock() != loop->getBlock() || lastUse(init.get()) != steps[loop] ||
        aliasing.insertionOf(init.get()))
      return std::nullopt;
    unsigned memory = memoryOf.lookup(init.get());
    bool isTaken =
        llvm::any_of(loop.getRegionIterArgs(), [&](Value other) { return liesIn(memory, other); });
    if (isTaken || memories[memory].allocation || memories[memory].last != steps[loop])
      return std::nullopt;
    return memory;
  }

  LogicalResult assignLoop(scf::ForOp loop) {
    for (OpOperand &init : loop.getInitArgsMutable()) {
      BlockArgument carried = loop.getTiedLoopRegionIterArg(&init);
      OpResult result = loop.getTiedLoopResult(&init);
      int last = std::max(ends[loop], lastUse(result));
      tensor::InsertSliceOp stacking = stackingOf(carried);
      if (stacking && !init.get().getDefiningOp<tensor::EmptyOp>())
        return loop.emitOpError("stacks onto a tensor that is not empty");
      std::optional<unsigned> start = startingMemory(loop, init);
      if (start) {
        memoryOf[carried] = *start;
        memories[*start].last = last;
      } else {
        assign(carried, {bytesOf(carried.getType()), steps[loop], last, {}});
        if (!stacking)
          waiting[loop].push_back({init.get(), memoryOf[carried]});
      }
      memoryOf[result] = memoryOf[carried];
      if (stacking)
        memoryOf[stacking.getResult()] = memoryOf[carried];
    }
    if (failed(assignBlock(*loop.getBody())))
      return failure();
    for (auto [carried, next] : llvm::zip(loop.getRegionIterArgs(), loop.getYieldedValues()))
      if (!liesIn(memoryOf[carried], rootOf(next)) || !isWhole(next))
        waiting[loop.getBody()->getTerminator()].push_back({next, memoryOf[carried]});
    return success();
  }

  Allocation addConstant(DenseElementsAttr value) {
    int64_t offset = aligned(assignment.constants.size());
    assignment.constants.resize(offset);
    ArrayRef<char> raw = value.getRawData();
    int64_t bytes = bytesOf(value.getType());
    // The raw data of a splat is one element.
    while (int64_t(assignment.constants.size()) < offset + bytes)
      assignment.constants.append(raw.begin(), raw.end());
    return {std::nullopt, 0, offset};
  }

  // The memory of an operand that dies here and that the result may take over element by element.
  std::optional<unsigned> replaceable(linalg::GenericOp op, OpResult result) {
    bool isReturned =
        llvm::any_of(terminator().getOperands(), [&](Value v) { return rootOf(v) == result; });
    if (isReturned || op.getNumReductionLoops() > 0 ||
        !op.getIndexingMapMatchingResult(result).isIdentity())
      return std::nullopt;
    for (OpOperand *operand : op.getDpsInputOperands()) {
      auto memory = memoryOf.find(rootOf(operand->get()));
      if (memory == memoryOf.end())
        continue;
      const Memory &candidate = memories[memory->second];
      bool dies = candidate.last == steps[op] || diesInGroup(op, rootOf(operand->get()), candidate);
      if (candidate.allocation || !dies || candidate.bytes != bytesOf(result.getType()) ||
          candidate.first == steps[op])
        continue;
      if (linalg::GenericOp sum = fuse::sumBefore(op); sum && reads(sum, memory->second))
        continue;
      if (readsInPlace(op, memory->second))
        return memory->second;
    }
    return std::nullopt;
  }

  // Whether a value that was made in the nest's group, until whose end its memory is taken, is read
  // here for the last time: each part of the batch may overwrite its own part of it.
  bool diesInGroup(linalg::GenericOp op, Value root, const Memory &memory) const {
    auto [first, last] = around(steps.lookup(op));
    return first < last && memory.first == first && memory.last == last &&
           lastRead.lookup(root) == steps.lookup(op) && !aliasing.insertionOf(root);
  }

  bool liesIn(unsigned memory, Value root) const {
    auto of = memoryOf.find(root);
    return of != memoryOf.end() && of->second == memory;
  }

  bool reads(linalg::GenericOp op, unsigned memory) const {
    return llvm::any_of(op.getDpsInputs(),
                        [&](Value input) { return liesIn(memory, rootOf(input)); });
  }

  // Whether the nest reads of this memory only the element it is about to write, and no other
  // result has taken it.
  bool readsInPlace(linalg::GenericOp op, unsigned memory) {
    for (OpOperand *operand : op.getDpsInputOperands())
      if (liesIn(memory, rootOf(operand->get())) &&
          !op.getMatchingIndexingMap(operand).isIdentity())
        return false;
    return llvm::none_of(op->getResults(), [&](Value other) { return liesIn(memory, other); });
  }

  // Whether `memory`, written from its first step on, may lie where an argument lies.
  bool mayOverwrite(const Allocation &allocation, const Memory &memory, Value value) {
    for (BlockArgument argument : function.getArguments()) {
      const Memory &old = memories[memoryOf[argument]];
      if (!(*old.allocation == allocation) || old.last < memory.first)
        continue;
      auto writer = value.getDefiningOp<linalg::GenericOp>();
      bool isElementwise = old.last == memory.first && writer && steps[writer] == memory.first &&
                           writer.getNumReductionLoops() == 0 &&
                           readsInPlace(writer, memoryOf[argument]);
      if (!isElementwise)
        return false;
    }
    return true;
  }

  void bindResults() {
    for (OpOperand &operand : terminator()->getOpOperands()) {
      unsigned number = operand.getOperandNumber();
      Allocation allocation =
          layouts.result(function.getResultAttrDict(number), operand.get().getType(), number);
      Value root = rootOf(operand.get());
      Memory &memory = memories[memoryOf[root]];
      bool isAll = isWhole(operand.get());
      if (isAll && memory.allocation && *memory.allocation == allocation)
        continue;
      if (isAll && !memory.allocation && mayOverwrite(allocation, memory, root))
        memory.allocation = allocation;
      else
        assignment.copies[terminator()].push_back({operand.get(), allocation});
    }
  }

  void planIntervals() {
    SmallVector<Interval> intervals;
    SmallVector<Memory *> planned;
    for (Memory &memory : memories)
      if (!memory.allocation) {
        intervals.push_back({memory.bytes, memory.first, memory.last});
        planned.push_back(&memory);
      }
    assignment.arenaBytes = planArena(intervals);
    for (auto [memory, interval] : llvm::zip(planned, intervals))
      memory->allocation = Allocation{contract::BufferKind::Arena, 0, interval.offset};
  }
};

} // namespace

FailureOr<Assignment> assignMemory(func::FuncOp function, const Layouts &layouts,
                                   const Aliasing &aliasing) {
  return Assigner(function, layouts, aliasing).run();
}

} // namespace dlc::memory
