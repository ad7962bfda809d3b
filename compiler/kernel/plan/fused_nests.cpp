// Counts and costs of nests that run one after the other.
#include "compiler/kernel/plan/fused_nests.h"
#include "compiler/kernel/plan/cost.h"

using namespace mlir;

namespace dlc::kernel {

static int64_t product(ArrayRef<int64_t> values) {
  int64_t n = 1;
  for (int64_t value : values)
    n *= value;
  return n;
}

int64_t FusedNests::itemCount() const { return product(items); }

int64_t FusedNests::stepCount() const { return product(steps); }

std::string describe(const FusedNests &fused) {
  std::string text = fused.name;
  llvm::raw_string_ostream(text) << " steps " << fused.stepCount() << " items "
                                 << fused.itemCount();
  return text;
}

double chooseSchedules(FusedNests &fused, const Processor &processor, const Chooser &chooser) {
  double sum = 0;
  fused.forEachMember([&](FusedNests::Member &member) {
    auto [schedule, cost] = chooser.schedule(member.nest, processor);
    member.schedule = schedule;
    sum += member.calls * cost;
  });
  int64_t items = fused.itemCount();
  return sum * items * idleness(items);
}

} // namespace dlc::kernel
