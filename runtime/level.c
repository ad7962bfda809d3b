/* Which level of x86-64 the processor has, and the choice of kernels by it. */
#include "runtime/level.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A shared library of a model shows nothing of this, so that two of them stay apart. */
#pragma GCC visibility push(hidden)

int dlc_processor_level(void) {
#ifdef __x86_64__
  __builtin_cpu_init();
  return __builtin_cpu_supports("x86-64-v4")   ? 4
         : __builtin_cpu_supports("x86-64-v3") ? 3
         : __builtin_cpu_supports("x86-64-v2") ? 2
                                               : 1;
#else
  return 0;
#endif
}

int dlc_level(void) {
  static atomic_int known; /* 0 until the first call, which several threads may make */
  int level = atomic_load_explicit(&known, memory_order_relaxed);
  if (level > 0)
    return level;
  level = dlc_processor_level();
  const char *wanted = getenv("DLC_LEVEL");
  if (wanted && strlen(wanted) == 2 && wanted[0] == 'v' && wanted[1] >= '2' && wanted[1] <= '4' &&
      wanted[1] - '0' < level)
    level = wanted[1] - '0';
  atomic_store_explicit(&known, level, memory_order_relaxed);
  return level;
}

void *dlc_choose(void *v2, void *v3, void *v4) {
  int level = dlc_level();
  if (level < 2) {
    fputs("error: the kernels need a processor of x86-64-v2 (SSE4.2, POPCNT) or newer\n", stderr);
    exit(1);
  }
  return level == 2 ? v2 : level == 3 ? v3 : v4;
}
