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

class CostModel {
public:
  CostModel(const Nest &nest, const Processor &processor);

  /// What lanes and register tile take if all operands are at hand, and what packing takes at
  /// least. Infinite if the tile does not fit the registers.
  double inRegisters(const Schedule &schedule) const;
  /// All of it: issue, packing, and what the caches make of blocks and loop orders. If that is not
  /// below `bound`, any number that is not.
  double total(const Schedule &schedule, double bound = HUGE_VAL) const;

private:
  struct Loop {
    unsigned dim;
    int64_t trips;
  };
  struct Operand;
  /// What a cache has to fetch.
  struct Traffic {
    double bytes = 0;
    double runs = 0; // of lines that follow one another
  };

  const Nest &nest;
  const Processor &processor;
  double operationCost, epilogueCost;
  int64_t vectorLimit;
  bool isContraction;

  double accessCost(const Access &access, const Schedule &s, bool isPacked, double unitCost) const;
  double shareOutsidePadding(const Schedule &s) const;
  double issue(const Schedule &s) const;
  double packing(const Schedule &s, int64_t &bytes) const;
  std::vector<Operand> operandsOf(const Schedule &s) const;
  Traffic traffic(const Schedule &s, llvm::ArrayRef<Operand> operands, const Cache &cache) const;
  double refetches(const Schedule &s, const Operand &operand) const;
  double prefetchTraffic(const Schedule &s, int64_t &occupied) const;
};

} // namespace dlc::kernel
