// The cost model: what a schedule of a nest takes on a processor, in cycles.
#pragma once
#include "compiler/kernel/plan/schedule.h"
#include <cmath>

namespace dlc::kernel {

/// How much longer few or uneven items keep several threads than even ones.
double idleness(int64_t items);

/// How many vectors a tile may have for its registers: fewer where exp or one of its kin are
/// computed, since polynomials have constants.
int64_t mostVectors(const Nest &nest, const Processor &processor);

/// What a schedule takes, in cycles. Its parts hide behind each other: the total is less than their
/// sum.
struct Estimate {
  double issue = 0;      // instructions, if all operands are at hand
  double packing = 0;    // copies of blocks
  double items = 0;      // entering them
  double fromL2 = 0;     // bytes to the first cache
  double runs = 0;       // the first lines of runs, which nobody has foreseen
  double fromAfar = 0;   // bytes to the L2, and
  double prefetched = 0; // those of them that are prefetched
  double unevenness = 1; // times what even items take
  double total = 0;
};

class CostModel {
public:
  CostModel(const Nest &nest, const Processor &processor);

  /// What lanes and register tile take if all operands are at hand, and what packing takes at
  /// least. Infinite if the tile does not fit the registers.
  double inRegisters(const Schedule &schedule) const;
  /// All of it: issue, packing, and what the caches make of blocks and loop orders. If the total is
  /// not below `bound`, it is any number that is not, and parts may be missing.
  Estimate estimate(const Schedule &schedule, double bound = HUGE_VAL) const;
  double total(const Schedule &schedule, double bound = HUGE_VAL) const {
    return estimate(schedule, bound).total;
  }

private:
  struct Counts;

  const Nest &nest;
  const Processor &processor;
  double operationCost, epilogueCost;
  int64_t vectorLimit;
  bool isContraction;

  static constexpr double kNever = 1e30;

  double accessCost(const Access &access, const Schedule &s, bool isPacked, double unitCost) const;
  double shareOutsidePadding(const Schedule &s) const;
  Counts countsOf(const Schedule &s) const;
  bool fitsRegisters(const Schedule &s, int64_t points) const;
  double passCost(const Schedule &s, int64_t points, int64_t prefetches) const;
  double tileCost(const Schedule &s, const Counts &counts, int64_t prefetches) const;
  double issue(const Schedule &s) const;
  double packing(const Schedule &s, int64_t &bytes) const;
};

} // namespace dlc::kernel
