/* What this machine can do at best: single-precision FMA in registers, and reading memory.
 * Prints one JSON object. Built by bench/run for the processor it runs on. */
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
  const long rounds = 4000000;
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
  for (size_t i = 0; i < count; i += 4 * LANES)
    for (int k = 0; k < 4; ++k)
      s[k] = ADD(s[k], LOAD(data + i + k * LANES));
  double seconds = now() - begin;
  volatile float sink = ((float *)&s[0])[0] + ((float *)&s[1])[0] + ((float *)&s[2])[0] + ((float *)&s[3])[0];
  (void)sink;
  return count * sizeof(float) / seconds * 1e-9;
}

int main(void) {
  double flops = 0, bytes = 0;
  for (int i = 0; i < 5; ++i) {
    double f = fmaGflops(), b = readGbytes();
    flops = f > flops ? f : flops;
    bytes = b > bytes ? b : bytes;
  }
  printf("{\"fma_gflops\": %.1f, \"read_gbytes\": %.1f}\n", flops, bytes);
  return 0;
}
