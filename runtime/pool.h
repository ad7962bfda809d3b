// A small persistent thread pool for the compiled kernels.
//
// Workers spin for some microseconds after a kernel, because the next one usually follows at once,
// yield for a millisecond and then sleep on a futex. How items are dealt out to threads has no
// influence on results: the compiler fixed the items, and each is computed by one thread.
#pragma once

#include "runtime/include/dlc/model.h"

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace dlc::runtime {

class Pool {
public:
  // `threads` counts the calling thread; 1 starts no other.
  explicit Pool(int threads);
  ~Pool();
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;

  int threads() const { return int(queues_.size()); }

  // Runs all items of the kernel and returns when they are done. Only one thread may call it at a
  // time.
  void run(dlc_kernel kernel, void *const *buffers, int64_t count, int64_t work);

  // A dlc_parallel whose pool is a Pool.
  static void parallel(void *pool, dlc_kernel kernel, void *const *buffers, int64_t count,
                       int64_t work);

private:
  void serve(int thread);
  void runShares(int thread, uint32_t generation);
  void runQueue(int number, uint32_t generation);

  // Each thread has a queue of its own, so that kernel after kernel it works on the same part of
  // the items, and finds in its cache what it has made; then it helps the others. A ticket holds
  // the kernel's generation (high half) and the queue's next share (low half), so a claim by a late
  // worker fails when its kernel is over: a successful claim proves that the fields below still
  // belong to its generation.
  struct alignas(64) Queue {
    std::atomic<uint64_t> ticket{0};
  };
  std::vector<Queue> queues_;
  // One kernel's work is cut into `shares_` runs of items, the first of which are the first
  // queue's. What one thread writes while others read something else has a cache line of its own.
  alignas(64) std::atomic<uint32_t> shares_{0};
  std::atomic<dlc_kernel> kernel_{nullptr};
  std::atomic<void *const *> buffers_{nullptr};
  std::atomic<int64_t> count_{0};
  alignas(64) std::atomic<uint32_t> done_{0}; // shares completed

  alignas(64) std::atomic<uint32_t> generation_{0}; // what sleeping workers wait on
  std::atomic<int> sleepers_{0};
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> workers_;
};

// Processors this process may use: its affinity mask and its cgroup's CPU quota, at least 1.
int allowedThreads();

} // namespace dlc::runtime
