// Largest first, lowest offset first.
#include "compiler/memory/arena.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

namespace dlc::memory {

int64_t planArena(llvm::MutableArrayRef<Interval> intervals) {
  llvm::SmallVector<Interval *> order(llvm::make_pointer_range(intervals));
  llvm::stable_sort(order,
                    [](const Interval *a, const Interval *b) { return a->bytes > b->bytes; });

  int64_t end = 0;
  llvm::SmallVector<const Interval *> planned; // by offset
  for (Interval *interval : order) {
    int64_t offset = 0;
    for (const Interval *other : planned) {
      bool meet = interval->first <= other->last && other->first <= interval->last;
      if (!meet)
        continue;
      if (offset + interval->bytes <= other->offset)
        break;
      offset = std::max(offset, aligned(other->offset + other->bytes));
    }
    interval->offset = offset;
    end = std::max(end, aligned(offset + interval->bytes));
    auto *at = llvm::lower_bound(planned, offset,
                                 [](const Interval *p, int64_t o) { return p->offset < o; });
    planned.insert(at, interval);
  }
  return end;
}

} // namespace dlc::memory
