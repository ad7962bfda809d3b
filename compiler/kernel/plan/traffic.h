// What the caches have to fetch, given a schedule's blocks and loop orders.
#pragma once
#include "compiler/kernel/plan/footprint.h"
#include "compiler/kernel/plan/schedule.h"

namespace dlc::kernel {

// Bytes a cycle from the L2 to the first cache, and from what lies behind the L2.
constexpr double kL2Rate = 32, kL3Rate = 20, kFarRate = 8;

class Traffic {
public:
  Traffic(const Nest &nest, const Processor &processor, const Schedule &schedule);

  struct Sum {
    double bytes = 0;
    double runs = 0; // of lines that follow one another
  };
  /// What comes into the first cache.
  Sum toL1() const;
  /// Bytes that come into the L2 but for those that are prefetched, as if all came from memory.
  double toL2() const;
  /// Bytes that are prefetched behind the arithmetic. `occupied`: the L2 has to hold the part at
  /// hand and the next.
  double prefetched(int64_t &occupied) const;

private:
  struct Loop {
    unsigned dim;
    int64_t trips;
  };
  /// An operand as the loops inside the blocks read it.
  struct Operand {
    llvm::SmallVector<int64_t> strides;
    Traversal traversal;
    bool isInput = true, isPrefetched = false, isNear = false;
  };
  /// What a cache fetches of an operand.
  struct Fetched {
    double bytes;
    Footprint first;    // of the innermost loop's body
    Footprint streamed; // what is read in one go
    Footprint whole;    // of all loops
    bool isFollowed = false;
  };

  const Nest &nest;
  const Processor &processor;
  const Schedule &s;
  bool isContraction;
  std::vector<Operand> operands;

  llvm::SmallVector<Loop> loops() const;
  std::vector<Fetched> fetchedBy(const Cache &cache) const;
  double refetches(const Operand &operand) const;
};

} // namespace dlc::kernel
