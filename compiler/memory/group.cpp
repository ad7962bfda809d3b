// The pass -dlc-group.
#include "compiler/contract/contract.h"
#include "compiler/linalg/epilogue.h"
#include "compiler/memory/aliasing.h"
#include "compiler/memory/buffers.h"
#include "compiler/memory/share.h"
#include "compiler/passes/passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

#include <numeric>

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_GROUPPASS
#include "compiler/passes/passes.h.inc"

} // namespace dlc

namespace dlc::memory {
namespace {

constexpr int64_t kPartBytes = 1 << 20; // of what is made for a part: it stays in the L2
constexpr int64_t kWholeBytes =
    64 << 10; // of an input that each part reads: a bias, a mask, no weights

struct GroupPass : impl::GroupPassBase<GroupPass> {
  using GroupPassBase::GroupPassBase;

  void runOnOperation() override {
    groups = 0;
    for (Operation &op : getOperation().front())
      visit(op);
    close();
  }

private:
  SmallVector<linalg::GenericOp> nests; // that may become a group
  int64_t rows = 0;                     // what their numbers of rows have in common
  unsigned groups = 0;

  void visit(Operation &op) {
    if (auto nest = dyn_cast<linalg::GenericOp>(op)) {
      if (take(nest))
        return;
      close();
      take(nest);
    } else if (!isa<arith::ConstantOp, linalg::FillOp, tensor::EmptyOp, tensor::ExpandShapeOp,
                    tensor::CollapseShapeOp, tensor::ExtractSliceOp, tensor::InsertSliceOp>(op)) {
      close();
    }
  }

  /// Whether the nest can go on with those before it.
  bool take(linalg::GenericOp nest) {
    std::optional<unsigned> rowLoop = loopOverRows(nest);
    if (!rowLoop)
      return false;
    int64_t common = std::gcd(rows, nest.getStaticLoopRanges()[*rowLoop]);
    linalg::GenericOp sum = fuse::sumBefore(nest);
    if (common < fewestParts || !goesByRows(nest, common) ||
        (sum && !llvm::is_contained(nests, sum)))
      return false;
    for (OpOperand *input : nest.getDpsInputOperands()) {
      auto type = dyn_cast<RankedTensorType>(input->get().getType());
      bool isWhole = type && !nest.getMatchingIndexingMap(input).isFunctionOfDim(*rowLoop);
      if (isWhole &&
          (bytesOf(type) > kWholeBytes || llvm::is_contained(nests, makerOf(input->get()))))
        return false;
    }
    nests.push_back(nest);
    rows = common;
    return true;
  }

  static linalg::GenericOp makerOf(Value value) {
    return rootOf(value).getDefiningOp<linalg::GenericOp>();
  }

  /// Makes a group of the nests if it pays.
  void close() {
    if (!nests.empty()) // no group ends between a sum and its epilogue
      if (auto next = dyn_cast<linalg::GenericOp>(nests.back()->getNextNode());
          next && fuse::sumBefore(next) == nests.back())
        nests.pop_back();
    int64_t made = 0, handedOn = 0;
    for (linalg::GenericOp nest : nests)
      for (Value result : nest->getResults()) {
        made += bytesOf(result.getType());
        if (isReadWithin(result))
          handedOn += bytesOf(result.getType());
      }
    if (handedOn > 0 && handedOn >= leastBytes) {
      int64_t parts = fewestParts;
      while (parts < rows && (rows % parts != 0 || made / parts > kPartBytes))
        ++parts;
      auto group = contract::GroupAttr::get(&getContext(), groups++, parts);
      for (linalg::GenericOp nest : nests)
        contract::set<contract::Group>(nest, group);
    }
    nests.clear();
    rows = 0;
  }

  bool isReadWithin(Value made) const {
    return llvm::any_of(nests, [&](linalg::GenericOp nest) {
      return llvm::any_of(nest.getDpsInputs(), [&](Value input) {
        return isa<RankedTensorType>(input.getType()) && rootOf(input) == made;
      });
    });
  }
};

} // namespace
} // namespace dlc::memory
