// Schedules as text, there and back.
#include "compiler/kernel/plan/panels.h"
#include "compiler/kernel/plan/prefetch.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace dlc::kernel {

std::string describe(const Nest &nest, const Schedule &schedule) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (unsigned d : llvm::concat<const unsigned>(schedule.parallelOrder, schedule.reductionOrder)) {
    os << d << (nest.reduces[d] ? "r:" : "p:") << nest.sizes[d];
    if (schedule.tile[d] > 1)
      os << "/" << schedule.tile[d];
    if (schedule.block[d] < nest.sizes[d])
      os << "@" << schedule.block[d];
    os << " ";
  }
  if (schedule.vectorDim >= 0)
    os << "lanes " << schedule.lanes << " of " << schedule.vectorDim << " ";
  for (auto [i, isPacked] : llvm::enumerate(schedule.packed))
    if (isPacked)
      os << "packs " << i << " ";
  if (schedule.prefetched >= 0)
    os << "prefetches " << schedule.prefetched << " ";
  os << "items " << itemCount(nest, schedule);
  return text;
}

namespace {

// Takes a text from its front, word by word.
struct Reader {
  StringRef rest;
  bool take(StringRef word) {
    rest = rest.ltrim();
    return rest.consume_front(word);
  }
  template <typename Number> bool takeNumber(Number &number) {
    return !rest.consumeInteger(10, number);
  }
};

} // namespace

// "1p:512/64@256": which dimension, which kind, its size, tile and block.
static bool parseLoop(Reader &text, const Nest &nest, Schedule &s) {
  unsigned d = 0;
  int64_t size = 0;
  if (!text.takeNumber(d) || d >= nest.rank() || !text.take(nest.reduces[d] ? "r:" : "p:") ||
      !text.takeNumber(size) || size != nest.sizes[d] || s.block[d] != 0)
    return false;
  s.block[d] = size;
  if (text.take("/") && !text.takeNumber(s.tile[d]))
    return false;
  if (text.take("@") && !text.takeNumber(s.block[d]))
    return false;
  (nest.reduces[d] ? s.reductionOrder : s.parallelOrder).push_back(d);
  return s.tile[d] > 0 && s.block[d] > 0;
}

// Whether it is one that can be emitted.
static bool isSound(const Nest &nest, const Schedule &s) {
  if (llvm::is_contained(s.block, 0))
    return false; // a dimension is missing
  int v = s.vectorDim;
  if (v >= 0 && (v >= int(nest.rank()) || s.tile[v] % s.lanes != 0))
    return false;
  if (s.vectorReduces(nest) &&
      (nest.outputs.size() != 1 || !combiner(nest, 0) || nest.epilogue || s.tile[v] != s.lanes ||
       int(s.reductionOrder.back()) != v || s.block[v] != nest.sizes[v]))
    return false;
  for (unsigned d = 0; d < nest.rank(); ++d) {
    bool isCut = s.block[d] < nest.sizes[d];
    if (nest.reduces[d] ? int(d) != v && s.tile[d] != 1 : isCut && s.block[d] % s.tile[d] != 0)
      return false;
  }
  for (unsigned i = 0; i < nest.inputs.size(); ++i)
    if (s.packed[i] && (!nest.inputs[i].element || !panelsOf(nest, s, i)))
      return false;
  return s.prefetched < 0 ||
         (nest.inputs[s.prefetched].element && prefetchOf(nest, s, s.prefetched).has_value());
}

std::optional<Schedule> parseSchedule(const Nest &nest, StringRef line) {
  Reader text{line.trim()};
  Schedule s;
  s.tile.assign(nest.rank(), 1);
  s.block.assign(nest.rank(), 0);
  s.packed.assign(nest.inputs.size(), false);
  auto parsePart = [&] {
    unsigned input = 0, lanes = 0;
    int64_t items = 0;
    if (text.take("lanes ")) {
      bool isRead = text.takeNumber(lanes) && text.take("of ") && text.takeNumber(s.vectorDim);
      s.lanes = lanes;
      return isRead && lanes > 0 && llvm::isPowerOf2_32(lanes);
    }
    if (text.take("packs ")) {
      bool isRead = text.takeNumber(input) && input < nest.inputs.size();
      return isRead && (s.packed[input] = true);
    }
    if (text.take("prefetches "))
      return text.takeNumber(s.prefetched) && s.prefetched < int(nest.inputs.size());
    if (text.take("items ")) // follows from the rest
      return text.takeNumber(items);
    return parseLoop(text, nest, s);
  };
  for (; !text.rest.empty(); text.rest = text.rest.ltrim())
    if (!parsePart())
      return std::nullopt;
  return isSound(nest, s) ? std::optional(std::move(s)) : std::nullopt;
}

} // namespace dlc::kernel
