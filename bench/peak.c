/* What one core can do at best: single-precision FMA in registers, and reading memory.
 * Reads lines `fma` or `read` and answers each with GFLOP/s or GB/s, the best of a few short runs.
 * Built by bench/run for the processor it runs on. */
#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

#ifdef __AVX512F__
typedef __m512 vec;
#define LANES 16
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define SET(x) _mm512_set1_ps(x)
#define LOAD(p) _mm512_loadu_ps(p)
#define ADD(a, b) _mm512_add_ps(a, b)
#else
typedef __m256 vec;
#define LANES 8
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define SET(x) _mm256_set1_ps(x)
#define LOAD(p) _mm256_loadu_ps(p)
#define ADD(a, b) _mm256_add_ps(a, b)
#endif

enum { kChains = 12 }; /* enough independent sums to hide the latency */

static double fmaGflops(void) {
  vec acc[kChains], b = SET(1.0000001f), c = SET(1e-9f);
  for (int i = 0; i < kChains; ++i)
    acc[i] = SET(1.0f + i);
  const long rounds = 400000; /* about 1 ms, less than a turn of the scheduler */
  double begin = now();
  for (long r = 0; r < rounds; ++r)
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i)
      acc[i] = FMA(acc[i], b, c);
  double seconds = now() - begin;
  volatile float sink = 0;
  for (int i = 0; i < kChains; ++i)
    sink += ((float *)&acc[i])[0];
  return 2.0 * LANES * kChains * rounds / seconds * 1e-9;
}

static double readGbytes(void) {
  const size_t count = (size_t)64 << 20; /* 256 MB: beyond every cache */
  static float *data;
  if (!data) {
    data = aligned_alloc(64, count * sizeof(float));
    for (size_t i = 0; i < count; ++i)
      data[i] = 1;
  }
  vec s[4] = {SET(0), SET(0), SET(0), SET(0)};
  double begin = now();
  for (size_t i = 0; i < count; i += (size_t)4 * LANES)
    for (size_t k = 0; k < 4; ++k)
      s[k] = ADD(s[k], LOAD(data + i + k * LANES));
  double seconds = now() - begin;
  volatile float sink = ((float *)&s[0])[0] + ((float *)&s[1])[0] + ((float *)&s[2])[0] + ((float *)&s[3])[0];
  (void)sink;
  return count * sizeof(float) / seconds * 1e-9;
}

static double best(double (*measure)(void), int times) {
  double result = 0;
  for (int i = 0; i < times; ++i) {
    double found = measure();
    result = found > result ? found : result;
  }
  return result;
}

int main(void) {
  char line[16];
  while (fgets(line, sizeof line, stdin)) {
    printf("%.2f\n", line[0] == 'f' ? best(fmaGflops, 10) : best(readGbytes, 3));
    fflush(stdout);
  }
  return 0;
}
