// A small persistent thread pool for the compiled kernels.
#include "runtime/pool.h"

#include "runtime/file.h"
#include "runtime/text.h"

#include <algorithm>
#include <cmath>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dlc::runtime {

// Several shares a thread even out threads that are disturbed; each claim costs some 50 ns, so that
// there are more of them only where there is more work.
constexpr int64_t kFewestShares = 4, kMostShares = 16; // a thread
constexpr int64_t kShareWork = 1 << 20;
// About 50 µs of pauses: longer than the serial code between two kernels. Then a worker lets others
// have its processor, but comes back for about a millisecond: another thread's last share of a
// large kernel may take so long, and being woken from sleep takes tens of microseconds.
constexpr int kSpins = 2000, kYields = 2000;

static void pauseProcessor() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

static void futexWait(std::atomic<uint32_t> *word, uint32_t expected) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(word), FUTEX_WAIT_PRIVATE, expected, nullptr,
          nullptr, 0);
}

static void futexWakeAll(std::atomic<uint32_t> *word) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(word), FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr,
          nullptr, 0);
}

Pool::Pool(int threads) : queues_(size_t(threads)) {
  for (int i = 1; i < threads; ++i)
    workers_.emplace_back([this, i] { serve(i); });
}

Pool::~Pool() {
  stopping_ = true;
  ++generation_;
  futexWakeAll(&generation_);
  for (std::thread &worker : workers_)
    worker.join();
}

void Pool::parallel(void *pool, dlc_kernel kernel, void *const *buffers, int64_t count,
                    int64_t work) {
  static_cast<Pool *>(pool)->run(kernel, buffers, count, work);
}

void Pool::run(dlc_kernel kernel, void *const *buffers, int64_t count, int64_t work) {
  if (workers_.empty() || count <= 1) {
    kernel(buffers, 0, count);
    return;
  }
  int64_t fewest = threads() * kFewestShares, most = threads() * kMostShares;
  auto shares = uint32_t(std::min(count, std::clamp(work / kShareWork, fewest, most)));
  uint32_t generation = generation_.load(std::memory_order_relaxed) + 1;
  // No share can be claimed with these tickets. They stand before the fields change, and those are
  // written with release: a late worker that reads a new field cannot claim with an old ticket.
  for (Queue &queue : queues_)
    queue.ticket.store(uint64_t(generation) << 32 | UINT32_MAX, std::memory_order_relaxed);
  kernel_.store(kernel, std::memory_order_release);
  buffers_.store(buffers, std::memory_order_release);
  count_.store(count, std::memory_order_release);
  shares_.store(shares, std::memory_order_release);
  done_.store(0, std::memory_order_relaxed);
  for (Queue &queue : queues_)
    queue.ticket.store(uint64_t(generation) << 32, std::memory_order_release);
  // Sequentially consistent with a worker's `sleepers_`, then sleep: one of the two sees the other.
  generation_.store(generation);
  if (sleepers_.load() > 0)
    futexWakeAll(&generation_);

  runShares(0, generation);
  for (int spins = 0; done_.load(std::memory_order_acquire) != shares; ++spins)
    if (spins < kSpins)
      pauseProcessor();
    else
      sched_yield(); // the thread we wait for may need this processor
}

void Pool::runShares(int thread, uint32_t generation) {
  for (int i = 0; i < threads(); ++i)
    runQueue((thread + i) % threads(), generation);
}

void Pool::runQueue(int number, uint32_t generation) {
  std::atomic<uint64_t> &next = queues_[size_t(number)].ticket;
  uint64_t ticket = next.load(std::memory_order_acquire);
  uint32_t done = 0;
  for (;;) {
    // Read before the claim: afterwards they might belong to the next kernel.
    dlc_kernel kernel = kernel_.load(std::memory_order_acquire);
    void *const *buffers = buffers_.load(std::memory_order_acquire);
    int64_t count = count_.load(std::memory_order_acquire);
    int64_t shares = shares_.load(std::memory_order_acquire);
    int64_t first = shares * number / threads(), end = shares * (number + 1) / threads();
    int64_t share = first + int64_t(ticket & UINT32_MAX);
    if (uint32_t(ticket >> 32) != generation || share >= end)
      break;
    if (!next.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel,
                                    std::memory_order_acquire))
      continue;
    int64_t whole = count / shares, rest = count % shares;
    int64_t begin = share * whole + std::min(share, rest);
    kernel(buffers, begin, begin + whole + (share < rest ? 1 : 0));
    ++done;
    ticket = next.load(std::memory_order_acquire);
  }
  if (done > 0)
    done_.fetch_add(done, std::memory_order_release);
}

void Pool::serve(int thread) {
  uint32_t seen = 0;
  while (!stopping_) {
    for (int spins = 0;
         generation_.load(std::memory_order_acquire) == seen && spins < kSpins + kYields; ++spins)
      spins < kSpins ? pauseProcessor() : void(sched_yield());
    if (generation_.load() == seen) {
      ++sleepers_;
      futexWait(&generation_, seen); // returns at once when the generation has moved on
      --sleepers_;
    }
    uint32_t now = generation_.load();
    if (now == seen)
      continue;
    seen = now;
    runShares(thread, seen);
  }
}

// The quota of a cgroup in processors, rounded up; 0 where there is none.
static int quotaThreads() {
  std::string text, period;
  double quota = 0, length = 0;
  // Version 2: "max 100000" or "150000 100000".
  if (!readFile("/sys/fs/cgroup/cpu.max", &text).failed()) {
    std::vector<std::string> parts = split(std::string(text, 0, text.find('\n')), ' ');
    if (parts.size() == 2 && parseNumber(parts[0], &quota) && parseNumber(parts[1], &length))
      return quota > 0 && length > 0 ? int(std::ceil(quota / length)) : 0;
  }
  if (!readFile("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", &text).failed() &&
      !readFile("/sys/fs/cgroup/cpu/cpu.cfs_period_us", &period).failed() &&
      parseNumber(std::string(text, 0, text.find('\n')), &quota) &&
      parseNumber(std::string(period, 0, period.find('\n')), &length))
    return quota > 0 && length > 0 ? int(std::ceil(quota / length)) : 0;
  return 0;
}

int allowedThreads() {
  cpu_set_t mask;
  int threads = sched_getaffinity(0, sizeof mask, &mask) == 0 ? CPU_COUNT(&mask) : 1;
  if (int quota = quotaThreads())
    threads = std::min(threads, quota);
  return std::max(threads, 1);
}

} // namespace dlc::runtime
