// Searches once more, keeps the losers, and writes them as a table.
#include "compiler/kernel/plan/ranking.h"
#include "compiler/kernel/plan/cost.h"
#include "compiler/kernel/plan/search.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace dlc::kernel {

std::string rankingOf(const Nest &nest, const Processor &processor, const Schedule &chosen,
                      unsigned count) {
  std::vector<Schedule> schedules = rankSchedules(nest, processor);
  llvm::erase(schedules, chosen);
  schedules.insert(schedules.begin(), chosen); // it may be forced, and none that the search came to
  schedules.resize(std::min<size_t>(schedules.size(), count));
  CostModel model(nest, processor);
  std::string text;
  llvm::raw_string_ostream os(text);
  os << llvm::formatv("{0,12}{1,11}{2,11}{3,9}{4,11}{5,9}{6,11}{7,11}{8,8}  {9}\n", "cycles",
                      "issue", "packing", "items", "from L2", "runs", "from afar", "prefetch",
                      "uneven", "schedule");
  for (const Schedule &schedule : schedules) {
    Estimate e = model.estimate(schedule);
    os << (schedule == chosen ? "*" : " ")
       << llvm::format("%11.0f%11.0f%11.0f%9.0f%11.0f%9.0f%11.0f%11.0f%8.2f  ", e.total, e.issue,
                       e.packing, e.items, e.fromL2, e.runs, e.fromAfar, e.prefetched, e.unevenness)
       << describe(nest, schedule) << "\n";
  }
  return text;
}

} // namespace dlc::kernel
