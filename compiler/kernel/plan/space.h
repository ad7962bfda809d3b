// Every schedule that a nest may have: what the search looks through, and what tests draw from.
#pragma once
#include "compiler/kernel/plan/schedule.h"

namespace dlc::kernel {

class Space {
public:
  Space(const Nest &nest, const Processor &processor) : nest(nest), processor(processor) {}

  /// Calls `body` with each choice of lanes and register tile; nothing else is set in it.
  void forEachTile(llvm::function_ref<void(const Schedule &)> body) const;
  /// Sets everything but lanes and tile, as simply as can be: no blocks, what lies closest together
  /// innermost, copies of what the lanes would have to gather.
  void complete(Schedule &schedule) const;

  /// Sizes of blocks worth a try: even parts of the dimension. None where it is not cut.
  llvm::SmallVector<int64_t> blocksOf(const Schedule &schedule, unsigned dim) const;
  /// Cuts the reduction at `level`: what is outside goes by single points, what is inside stays
  /// whole.
  void blockReduction(Schedule &schedule, unsigned level, int64_t block) const;
  /// Whether it pays to cut the nest into blocks at all: not what stays in the cache as it is.
  bool hasBlocks() const { return nest.isShared || nest.hasReduction(); }

  /// Any of the schedules; `below(n)` gives a random number below n.
  Schedule draw(llvm::function_ref<uint64_t(uint64_t)> below) const;

private:
  const Nest &nest;
  const Processor &processor;

  void forEachTile(Schedule schedule, llvm::function_ref<void(const Schedule &)> body) const;
  void forEachSquare(const Schedule &schedule,
                     llvm::function_ref<void(const Schedule &)> body) const;
};

} // namespace dlc::kernel
