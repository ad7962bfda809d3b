// A perfect loop nest with a scalar body: what every kernel is before it is scheduled.
#pragma once
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <string>

namespace dlc::kernel {

/// One operand of the nest: element `offset + sum(strides[d] * iv[d])` of a flat buffer.
struct Access {
  unsigned buffer = 0; // the kernel's argument
  mlir::Type element;
  int64_t offset = 0;
  llvm::SmallVector<int64_t> strides; // one for each dimension of the nest
  bool isNear = false;                // the nest before has left it in the L2
  int64_t prefetchDistance = 0;       // elements: what lies so much further on is prefetched

  int64_t stride(unsigned dim) const { return strides[dim]; }
};

/// Where an input is zero for certain, in the padding of an image: row `step * parallel + sign *
/// reduced + offset` of it is something else only from `low` on and below `high`. A sum of products
/// need not go there.
struct Padding {
  unsigned parallel = 0, reduced = 0; // dimensions
  int64_t step = 1, sign = 1, offset = 0;
  int64_t low = 0, high = 0;
};

/// Loops over `sizes` around the block `body`, whose arguments are the inputs' elements and then
/// the outputs' previous ones, and which yields the outputs' new ones.
struct Nest {
  llvm::SmallVector<int64_t> sizes;
  llvm::SmallVector<bool> reduces; // of each dimension
  llvm::SmallVector<Access> inputs, outputs;
  /// What each output starts from; null where it goes on from the buffer's contents.
  llvm::SmallVector<mlir::TypedAttr> starts;
  llvm::SmallVector<mlir::MemRefType> buffers; // flat
  llvm::SmallVector<Padding> paddings;         // of the inputs
  bool knowsPadding = false; // whether there is some and `paddings` says where all of it is
  mlir::Block *body = nullptr;
  /// What is done to each sum of products as soon as it stands: a block whose argument
  /// `epilogueSum` is the sum and whose other ones are elements of `epilogueInputs`, and which
  /// yields the elements of `epilogueOutputs`. Null: nothing, the sums are what is wanted.
  mlir::Block *epilogue = nullptr;
  unsigned epilogueSum = 0;
  llvm::SmallVector<Access> epilogueInputs, epilogueOutputs;
  bool keepsSums = true; // whether they are wanted beside what the epilogue makes of them
  bool isShared =
      true; // threads may share the work; a member of the fused nests (fused_nests.h) is one's own

  unsigned rank() const { return sizes.size(); }
  bool hasReduction() const { return llvm::is_contained(reduces, true); }
  int64_t points() const;
  /// The size of the buffer that an access reads or writes.
  int64_t bytes(const Access &access) const;
  /// Multiplications and additions, two a point, where the body is a product added up; else 0.
  int64_t contractionFlops() const;
  /// A rough count of operations in all, for deciding whether threads pay.
  int64_t work() const;
  template <typename Body> void forEachAccess(Body body) {
    for (auto *accesses : {&inputs, &outputs, &epilogueInputs, &epilogueOutputs})
      for (Access &access : *accesses)
        body(access);
  }
};

/// The nest of a linalg op on buffers. `operands` receives the op's buffer for each of the nest's:
/// the same memory is passed once, so kernels may take their buffers as not overlapping.
/// What its attributes say of starts and padding (contract/contract.td) becomes the nest's.
Nest makeNest(mlir::linalg::LinalgOp op, llvm::SmallVectorImpl<mlir::Value> &operands);

/// Gives the nest of `sum` the op that goes on from its sums (`dlc.epilogue`), element by element.
void addEpilogue(Nest &nest, mlir::linalg::LinalgOp sum, mlir::linalg::LinalgOp epilogue,
                 llvm::SmallVectorImpl<mlir::Value> &operands);

/// Whether the body reads the index of each dimension: such a one cannot be merged with another.
llvm::SmallVector<bool> indexedDims(const Nest &nest);

/// Merges neighbouring dimensions that every access walks as one, and drops those of size 1. With
/// `keepsWindows` a dimension stays by itself where it walks an input as another one does, as a
/// window's columns walk the image's: such an input can then be copied without repetition.
void collapse(Nest &nest, bool keepsWindows = false);

/// A text that two nests share exactly if one kernel serves both.
std::string fingerprint(const Nest &nest);

} // namespace dlc::kernel
