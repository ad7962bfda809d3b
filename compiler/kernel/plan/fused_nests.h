// Nests that run one after the other on each block of something larger, so that what one hands to
// the next stays in the cache.
#pragma once
#include "compiler/kernel/plan/schedule.h"

namespace dlc::kernel {

struct FusedNests {
  /// Where a buffer of a member begins: in a buffer of the fused nests, at `offset + sum(strides[l]
  /// * iv[l])` elements, given its loops.
  struct Operand {
    unsigned buffer = 0; // of `buffers`, then of `scratch`
    int64_t offset = 0;
    llvm::SmallVector<int64_t> strides; // of `items`, then of `steps`
  };
  /// When a member runs: always, or only in the last turn of a loop, or in all others.
  struct When {
    enum Turn { Always, Last, NotLast } turn = Always;
    unsigned loop = 0; // of `items`, then of `steps`
  };
  /// A nest on a block. `calls`: how often an item runs it, on average.
  struct Member {
    Nest nest;
    llvm::SmallVector<Operand> operands; // for each of the nest's buffers
    double calls = 1;
    When when = {};
    Schedule schedule = {};
  };

  std::string name;
  llvm::SmallVector<mlir::MemRefType> buffers;      // the arguments
  llvm::SmallVector<mlir::MemRefType> scratch;      // an item's own
  llvm::SmallVector<int64_t> items;                 // an item is a point of these loops
  llvm::SmallVector<int64_t> steps;                 // loops within an item
  llvm::SmallVector<Member, 0> once;                // before the first of several items
  llvm::SmallVector<Member, 0> before, each, after; // the steps of an item
  std::shared_ptr<mlir::Region> bodies;             // of the nests

  int64_t itemCount() const;
  int64_t stepCount() const; // of an item
  template <typename Body> void forEachMember(Body body) {
    for (auto *members : {&once, &before, &each, &after})
      for (Member &member : *members)
        body(member);
  }
};

/// In one line, for people.
std::string describe(const FusedNests &fused);

/// Chooses the schedule of each member; the cycles that the whole should take.
double chooseSchedules(FusedNests &fused, const Processor &processor, const Chooser &chooser);

} // namespace dlc::kernel
