// The thread pool: every item exactly once, kernel after kernel.
#include "runtime/pool.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace dlc::runtime {

constexpr int64_t kMuchWork = 1 << 20;

static void countItems(void *const *buffers, int64_t begin, int64_t end) {
  auto *counts = static_cast<std::atomic<int> *>(buffers[0]);
  for (int64_t i = begin; i < end; ++i)
    ++counts[i];
}

TEST(Pool, RunsEveryItemOnce) {
  for (int threads : {1, 2, 3, 8}) {
    Pool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (int64_t count : {0, 1, 2, 7, 64, 1000})
      for (int64_t work : {int64_t(DLC_PARALLEL_WORK), kMuchWork}) {
        std::vector<std::atomic<int>> counts(static_cast<size_t>(count) + 1);
        void *buffers[] = {counts.data()};
        pool.run(countItems, buffers, count, work);
        for (int64_t i = 0; i < count; ++i)
          ASSERT_EQ(counts[size_t(i)], 1) << "item " << i << " of " << count << " on " << threads;
        ASSERT_EQ(counts[size_t(count)], 0);
      }
  }
}

// A worker that is late for one kernel must not touch the next one, whose fields and sizes differ.
TEST(Pool, ManyKernelsInARow) {
  Pool pool(4);
  std::vector<std::atomic<int>> counts(100);
  void *buffers[] = {counts.data()};
  std::vector<int> expected(100, 0);
  for (int kernel = 0; kernel < 20000; ++kernel) {
    int64_t count = 1 + kernel % 100;
    pool.run(countItems, buffers, count, kMuchWork);
    for (int64_t i = 0; i < count; ++i)
      ++expected[size_t(i)];
  }
  for (size_t i = 0; i < 100; ++i)
    ASSERT_EQ(counts[i], expected[i]);
}

// Waits for the other thread, so that neither can take a share of its part; then notes who came.
static void meet(void *const *buffers, int64_t begin, int64_t) {
  auto *entered = static_cast<std::atomic<int> *>(buffers[0]);
  auto *who = static_cast<std::thread::id *>(buffers[1]);
  for (++*entered; *entered < 2;)
    std::this_thread::yield();
  who[begin] = std::this_thread::get_id();
}

TEST(Pool, EachThreadBeginsWithItsPart) {
  Pool pool(2);
  for (int kernel = 0; kernel < 100; ++kernel) {
    std::atomic<int> entered = 0;
    std::vector<std::thread::id> who(8);
    void *buffers[] = {&entered, who.data()};
    pool.run(meet, buffers, 8, kMuchWork);
    ASSERT_EQ(who[0], std::this_thread::get_id());
    ASSERT_NE(who[4], std::this_thread::get_id());
  }
}

TEST(Pool, WakesSleepingWorkers) {
  Pool pool(3);
  std::vector<std::atomic<int>> counts(10);
  void *buffers[] = {counts.data()};
  for (int round = 1; round <= 5; ++round) {
    usleep(20000); // longer than workers spin
    pool.run(countItems, buffers, 10, kMuchWork);
    EXPECT_EQ(counts[9], round);
  }
}

TEST(Pool, AllowsAtLeastOneThread) { EXPECT_GE(allowedThreads(), 1); }

} // namespace dlc::runtime
