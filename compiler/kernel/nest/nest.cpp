// From linalg ops on buffers to loop nests with flat, linear accesses.
#include "compiler/kernel/nest/nest.h"
#include "compiler/contract/contract.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace dlc::kernel {

int64_t Nest::points() const {
  int64_t n = 1;
  for (int64_t size : sizes)
    n *= size;
  return n;
}

int64_t Nest::bytes(const Access &access) const {
  return access.element
             ? buffers[access.buffer].getNumElements() * access.element.getIntOrFloatBitWidth() / 8
             : 0;
}

int64_t Nest::contractionFlops() const {
  if (!hasReduction() || outputs.size() != 1)
    return 0;
  auto sum = body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum)
    return 0;
  for (Value term : sum->getOperands())
    if (term.getDefiningOp<arith::MulFOp>())
      return 2 * points();
  return 0;
}

static int64_t operationsOf(Block &body) {
  return std::max<int64_t>(1, llvm::range_size(body.without_terminator()));
}

int64_t Nest::work() const {
  int64_t sums = 1;
  for (unsigned d = 0; d < rank(); ++d)
    sums *= reduces[d] ? 1 : sizes[d];
  return points() * operationsOf(*body) + (epilogue ? sums * operationsOf(*epilogue) : 0);
}

// Adds `scale * expression` to the access. Indexing maps are linear here: the lowering makes no
// others.
static void addLinear(AffineExpr expression, int64_t scale, Access &access) {
  if (auto dim = dyn_cast<AffineDimExpr>(expression)) {
    access.strides[dim.getPosition()] += scale;
    return;
  }
  if (auto constant = dyn_cast<AffineConstantExpr>(expression)) {
    access.offset += scale * constant.getValue();
    return;
  }
  auto binary = cast<AffineBinaryOpExpr>(expression);
  if (binary.getKind() == AffineExprKind::Add) {
    addLinear(binary.getLHS(), scale, access);
    addLinear(binary.getRHS(), scale, access);
    return;
  }
  assert(binary.getKind() == AffineExprKind::Mul && "indexing maps are linear");
  addLinear(binary.getLHS(), scale * cast<AffineConstantExpr>(binary.getRHS()).getValue(), access);
}

// Where less than this part of an axis is padding, finding it costs about what it saves.
constexpr int64_t kLeastPadding = 9; // one in so many

// Whether the body adds up products of the input as it is: where that is zero, there is nothing to
// add.
static bool isFactor(Nest &nest, unsigned input) {
  BlockArgument argument = nest.body->getArgument(input);
  auto product = argument.hasOneUse() ? dyn_cast<arith::MulFOp>(*argument.user_begin()) : nullptr;
  auto sum = nest.body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  return product && sum && llvm::is_contained(sum->getOperands(), product.getResult());
}

// What the bounds of an input's axes say of the nest's rows: where a parallel and a reduced
// dimension walk an axis together. False if that is not all there is to say.
static bool addPaddings(AffineMap map, ArrayRef<int64_t> shape, ArrayRef<int64_t> bounds,
                        Nest &nest) {
  bool isAll = true;
  for (auto [axis, expression] : llvm::enumerate(map.getResults())) {
    Padding padding{.low = bounds[2 * axis], .high = bounds[2 * axis + 1]};
    int64_t zeros = shape[axis] - (padding.high - padding.low);
    if (zeros * kLeastPadding < shape[axis]) {
      isAll &= zeros == 0;
      continue;
    }
    Access along;
    along.strides.assign(nest.rank(), 0);
    addLinear(expression, 1, along);
    padding.offset = along.offset;
    unsigned parallel = 0, reduced = 0;
    for (unsigned d = 0; d < nest.rank(); ++d)
      if (int64_t step = along.stride(d); step != 0 && nest.reduces[d])
        ++reduced, padding.reduced = d, padding.sign = step;
      else if (step != 0)
        ++parallel, padding.parallel = d, padding.step = step;
    bool isWalked =
        parallel == 1 && reduced == 1 && padding.step > 0 && std::abs(padding.sign) == 1;
    if (isWalked)
      nest.paddings.push_back(padding);
    isAll &= isWalked;
  }
  return isAll;
}

static Access makeAccess(AffineMap map, MemRefType type, unsigned buffer, unsigned rank) {
  Access access;
  access.buffer = buffer;
  access.element = type.getElementType();
  access.strides.assign(rank, 0);
  auto [strides, offset] = type.getStridesAndOffset();
  access.offset = offset;
  for (auto [expression, stride] : llvm::zip(map.getResults(), strides))
    addLinear(expression, stride, access);
  return access;
}

// Two views of the same bytes are the same memory.
static bool isSameMemory(Value a, Value b) {
  if (a == b)
    return true;
  auto x = a.getDefiningOp<memref::ViewOp>(), y = b.getDefiningOp<memref::ViewOp>();
  return x && y && x.getSource() == y.getSource() &&
         isEqualConstantIntOrValue(x.getByteShift(), y.getByteShift()) &&
         cast<MemRefType>(a.getType()).getElementType() ==
             cast<MemRefType>(b.getType()).getElementType();
}

// Of an input that is not read from memory: no element.
static Access unread(unsigned rank) {
  Access access;
  access.strides.assign(rank, 0);
  return access;
}

// How the op's loops walk an operand, which becomes one of the kernel's unless it only gives
// the nest its shape.
static Access accessOf(linalg::LinalgOp op, OpOperand &operand, Nest &nest,
                       SmallVectorImpl<Value> &operands) {
  if (op.isDpsInput(&operand) && !op.payloadUsesValueFromOperand(&operand))
    return unread(op.getNumLoops());
  Value value = operand.get();
  auto type = cast<MemRefType>(value.getType());
  // The access's strides and offset say which part, in which shape.
  if (auto expanded = value.getDefiningOp<memref::ExpandShapeOp>())
    value = expanded.getSrc();
  if (auto part = value.getDefiningOp<memref::SubViewOp>())
    value = part.getSource();
  auto *known = llvm::find_if(operands, [&](Value v) { return isSameMemory(v, value); });
  unsigned buffer = known - operands.begin();
  if (known == operands.end()) {
    operands.push_back(value);
    int64_t elements = cast<MemRefType>(value.getType()).getNumElements();
    nest.buffers.push_back(MemRefType::get({elements}, type.getElementType()));
  }
  return makeAccess(op.getMatchingIndexingMap(&operand), type, buffer, op.getNumLoops());
}

Nest makeNest(linalg::LinalgOp op, SmallVectorImpl<Value> &operands) {
  Nest nest;
  nest.sizes = op.getStaticLoopRanges();
  for (utils::IteratorType kind : op.getIteratorTypesArray())
    nest.reduces.push_back(kind == utils::IteratorType::reduction);
  nest.body = op.getBlock();

  auto nonzero = contract::get<contract::Nonzero>(op);
  nest.knowsPadding = nonzero != nullptr;
  for (auto [i, operand] : llvm::enumerate(op.getDpsInputOperands())) {
    nest.inputs.push_back(accessOf(op, *operand, nest, operands));
    if (auto bounds = nonzero ? dyn_cast<DenseI64ArrayAttr>(nonzero[i]) : DenseI64ArrayAttr())
      nest.knowsPadding &=
          isFactor(nest, i) &&
          addPaddings(op.getMatchingIndexingMap(operand),
                      cast<MemRefType>(operand->get().getType()).getShape(), bounds, nest);
  }
  for (OpOperand &operand : op.getDpsInitsMutable())
    nest.outputs.push_back(accessOf(op, operand, nest, operands));

  auto starts = contract::get<contract::Start>(op);
  for (unsigned i = 0; i < nest.outputs.size(); ++i)
    nest.starts.push_back(starts ? dyn_cast<TypedAttr>(starts[i]) : TypedAttr());
  return nest;
}

void addEpilogue(Nest &nest, linalg::LinalgOp sum, linalg::LinalgOp epilogue,
                 SmallVectorImpl<Value> &operands) {
  AffineMap dims = sum.getMatchingIndexingMap(sum.getDpsInitOperand(0));
  auto walked = [&](OpOperand &operand) {
    Access access = accessOf(epilogue, operand, nest, operands);
    SmallVector<int64_t> strides(nest.rank(), 0);
    for (auto [i, stride] : llvm::enumerate(access.strides))
      strides[dims.getDimPosition(i)] = stride;
    access.strides = std::move(strides);
    return access;
  };
  nest.epilogue = epilogue.getBlock();
  auto fact = contract::get<contract::Epilogue>(epilogue);
  nest.epilogueSum = fact.getInput();
  nest.keepsSums = fact.getSum() == contract::Sum::Kept;
  for (OpOperand *operand : epilogue.getDpsInputOperands()) {
    bool isSum = operand->getOperandNumber() == nest.epilogueSum; // which is at hand
    nest.epilogueInputs.push_back(isSum ? unread(nest.rank()) : walked(*operand));
  }
  for (OpOperand &operand : epilogue.getDpsInitsMutable())
    nest.epilogueOutputs.push_back(walked(operand));
}

SmallVector<bool> indexedDims(const Nest &nest) {
  SmallVector<bool> indexed(nest.rank(), false);
  for (auto index : nest.body->getOps<linalg::IndexOp>())
    indexed[index.getDim()] = true;
  return indexed;
}

// Says no more of a dimension's padding: it changes.
static void forgetPadding(Nest &nest, unsigned dim) {
  llvm::erase_if(nest.paddings,
                 [&](const Padding &p) { return p.parallel == dim || p.reduced == dim; });
}

static void eraseDim(Nest &nest, unsigned dim) {
  forgetPadding(nest, dim);
  for (Padding &padding : nest.paddings) {
    padding.parallel -= padding.parallel > dim;
    padding.reduced -= padding.reduced > dim;
  }
  auto erase = [&](auto &list) { list.erase(list.begin() + dim); };
  erase(nest.sizes);
  erase(nest.reduces);
  nest.forEachAccess([&](Access &access) { erase(access.strides); });
  SmallVector<linalg::IndexOp> indices(nest.body->getOps<linalg::IndexOp>());
  for (linalg::IndexOp index : indices)
    if (index.getDim() > dim)
      index.setDim(index.getDim() - 1);
}

// Whether another dimension walks an input as this one does.
static bool isWindow(const Nest &nest, unsigned dim) {
  for (unsigned d = 0; d < nest.rank(); ++d)
    for (const Access &input : nest.inputs)
      if (d != dim && input.stride(d) != 0 && input.stride(d) == input.stride(dim))
        return true;
  return false;
}

static bool hasPadding(const Nest &nest, unsigned dim) {
  return llvm::any_of(nest.paddings, [&](const Padding &p) { return p.parallel == dim; });
}

void collapse(Nest &nest, bool keepsWindows) {
  SmallVector<bool> indexed = indexedDims(nest);
  for (unsigned d = nest.rank(); d-- > 0;)
    if (nest.sizes[d] == 1 && !indexed[d]) {
      eraseDim(nest, d);
      indexed.erase(indexed.begin() + d);
    }
  for (unsigned d = nest.rank(); d-- > 1;) {
    unsigned outer = d - 1;
    bool isOneWalk = true; // for every access
    nest.forEachAccess([&](const Access &access) {
      isOneWalk &= access.stride(outer) == access.stride(d) * nest.sizes[d];
    });
    if (hasPadding(nest, outer) || (keepsWindows && isWindow(nest, outer)) ||
        nest.reduces[outer] != nest.reduces[d] || indexed[outer] || indexed[d] || !isOneWalk)
      continue;
    nest.sizes[d] *= nest.sizes[outer];
    forgetPadding(nest, d);
    eraseDim(nest, outer);
    indexed.erase(indexed.begin() + outer);
  }
}

std::string fingerprint(const Nest &nest) {
  std::string text;
  llvm::raw_string_ostream os(text);
  auto list = [&](auto &&values) { llvm::interleaveComma(values, os), os << ";"; };
  list(nest.sizes), list(nest.reduces);
  os << nest.isShared << nest.knowsPadding << ";";
  for (auto *accesses : {&nest.inputs, &nest.outputs, &nest.epilogueInputs, &nest.epilogueOutputs})
    for (const Access &access : *accesses)
      os << access.buffer << ":" << (access.element ? access.element : Type(nest.buffers[0])) << "+"
         << access.offset << (access.isNear ? "*" : "@") << access.prefetchDistance << ":",
          list(access.strides);
  for (TypedAttr start : nest.starts)
    os << start << ";";
  list(nest.buffers);
  for (const Padding &p : nest.paddings)
    list(ArrayRef<int64_t>{p.parallel, p.reduced, p.step, p.sign, p.offset, p.low, p.high});

  auto block = [&](Block &body) {
    llvm::DenseMap<Value, unsigned> numbers;
    for (BlockArgument argument : body.getArguments())
      numbers.try_emplace(argument, numbers.size());
    for (Operation &op : body) {
      os << op.getName() << op.getAttrDictionary() << "(";
      list(llvm::map_range(op.getOperands(), [&](Value v) { return numbers.lookup(v); }));
      list(op.getResultTypes());
      for (Value result : op.getResults())
        numbers.try_emplace(result, numbers.size());
    }
  };
  block(*nest.body);
  if (nest.epilogue) {
    os << "epilogue " << nest.epilogueSum << nest.keepsSums;
    block(*nest.epilogue);
  }
  return text;
}

} // namespace dlc::kernel
