// Finds the epilogue of each sum of products.
#include "compiler/linalg/epilogue.h"
#include "compiler/contract/contract.h"
#include "compiler/passes/passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_EPILOGUEPASS
#include "compiler/passes/passes.h.inc"

} // namespace dlc

namespace dlc::fuse {

linalg::GenericOp sumBefore(linalg::GenericOp epilogue) {
  auto fact = contract::get<contract::Epilogue>(epilogue);
  return fact ? epilogue.getDpsInputs()[fact.getInput()].getDefiningOp<linalg::GenericOp>()
              : linalg::GenericOp();
}

bool isSumOfProducts(linalg::GenericOp op) {
  if (op.getNumReductionLoops() == 0 || op->getNumResults() != 1 ||
      !op.getIndexingMapMatchingResult(op->getResult(0)).isProjectedPermutation())
    return false;
  auto sum = op.getBody()->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  return sum && llvm::any_of(sum->getOperands(), [](Value term) {
           return term.getDefiningOp<arith::MulFOp>() != nullptr;
         });
}

namespace {

// Fewer sums than this have no epilogue, which would keep the lanes from running along what is
// added up: it costs nothing beside the sums, and one lane a sum is slow, and rounds more.
constexpr int64_t kLeastSums = 16;

// What is so many times smaller than the sums may be made earlier than in the order of the code.
constexpr int64_t kSmaller = 8;

// Moves what makes the value to before the sum, if it is not there already. False if it may not:
// it needs the sum, or makes more than a shape or little, as the scale and shift of each channel.
bool bringBefore(linalg::GenericOp sum, Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != sum->getBlock() || op->isBeforeInBlock(sum))
    return true;
  int64_t elements = cast<ShapedType>(sum->getResult(0).getType()).getNumElements();
  bool isSmall = isa<linalg::GenericOp, linalg::FillOp>(op) &&
                 llvm::all_of(op->getResultTypes(), [&](Type type) {
                   return cast<ShapedType>(type).getNumElements() * kSmaller <= elements;
                 });
  if (op == sum ||
      (!isSmall &&
       !isa<tensor::EmptyOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp, arith::ConstantOp>(
           op)))
    return false;
  if (!llvm::all_of(op->getOperands(), [&](Value v) { return bringBefore(sum, v); }))
    return false;
  op->moveBefore(sum);
  return true;
}

// Whether the nest's loops walk the operand forward, as they do the sums: not across its rows.
bool isInOrder(AffineMap map) {
  return map.isProjectedPermutation() &&
         llvm::is_sorted(llvm::map_range(llvm::seq(map.getNumResults()),
                                         [&](unsigned i) { return map.getDimPosition(i); }));
}

// The input of the nest that is the sum, if it can be the sum's epilogue: then all else that it
// reads stands before the sum.
std::optional<unsigned> sumAmongInputs(linalg::GenericOp nest, linalg::GenericOp sum) {
  if (nest.getNumReductionLoops() > 0 || nest.hasIndexSemantics())
    return std::nullopt;
  std::optional<unsigned> found;
  for (OpOperand &operand : nest->getOpOperands()) {
    if (operand.get() == sum->getResult(0)) {
      if (found || !nest.isDpsInput(&operand) ||
          !nest.getMatchingIndexingMap(&operand).isIdentity())
        return std::nullopt;
      found = operand.getOperandNumber();
      continue;
    }
    if (nest.isDpsInit(&operand) && nest.payloadUsesValueFromOperand(&operand))
      return std::nullopt;
    if (isa<ShapedType>(operand.get().getType()) &&
        !isInOrder(nest.getMatchingIndexingMap(&operand)))
      return std::nullopt;
    if (!bringBefore(sum, operand.get()))
      return std::nullopt;
  }
  return found;
}

struct EpiloguePass : impl::EpiloguePassBase<EpiloguePass> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> sums;
    getOperation().walk([&](linalg::GenericOp op) {
      if (isSumOfProducts(op) &&
          cast<ShapedType>(op->getResult(0).getType()).getNumElements() >= kLeastSums)
        sums.push_back(op);
    });
    for (linalg::GenericOp sum : sums)
      for (Operation &op : llvm::make_early_inc_range(
               llvm::make_range(std::next(sum->getIterator()), sum->getBlock()->end()))) {
        auto nest = dyn_cast<linalg::GenericOp>(op);
        if (!nest || !llvm::is_contained(nest.getDpsInputs(), sum->getResult(0)))
          continue;
        if (std::optional<unsigned> input = sumAmongInputs(nest, sum)) {
          nest->moveAfter(sum);
          auto after = sum->hasOneUse() ? contract::Sum::Dropped : contract::Sum::Kept;
          contract::set<contract::Epilogue>(
              nest, contract::EpilogueAttr::get(&getContext(), *input, after));
          break;
        }
      }
    // What another sum needed may have moved between the two.
    getOperation().walk([](linalg::GenericOp nest) {
      if (linalg::GenericOp sum = sumBefore(nest); sum && sum->getNextNode() != nest)
        contract::drop<contract::Epilogue>(nest);
    });
  }
};

} // namespace

} // namespace dlc::fuse
