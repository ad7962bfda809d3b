// Usual processors, and the caches of this one.
#include "compiler/target/processor.h"

#include "compiler/target/target.h"

#include <unistd.h>

namespace dlc {

Processor Processor::withVectorBits(unsigned bits) {
  for (const Level &level : kLevels)
    if (level.usual.vectorBytes == bits / 8)
      return level.usual;
  return kLevels[0].usual;
}

Processor Processor::ofHost(unsigned bits) {
  Processor processor = withVectorBits(bits);
  auto ask = [](Cache &cache, int size, int ways) {
    // 0 or less, or a single way: not known.
    if (long bytes = sysconf(size), lines = sysconf(ways); bytes > 0 && lines > 1)
      cache = {bytes, lines};
  };
  ask(processor.l1, _SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL1_DCACHE_ASSOC);
  ask(processor.l2, _SC_LEVEL2_CACHE_SIZE, _SC_LEVEL2_CACHE_ASSOC);
  return processor;
}

} // namespace dlc
