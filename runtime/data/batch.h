// The batches a training or an evaluation runs over, prepared ahead in a thread.
#pragma once

#include "runtime/buffer.h"
#include "runtime/data/dataset.h"
#include "runtime/data/transform.h"
#include "runtime/pool.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace dlc::runtime::data {

// The buffers one call of the network reads.
struct Batch {
  explicit Batch(const dlc_model &model);

  // Where row `row` of input `input` begins.
  void *row(const dlc_model &model, int32_t input, int64_t row);
  // Puts one sample's numbers into input `input`, as its row `row`.
  void setRow(const dlc_model &model, int32_t input, int64_t row,
              const std::vector<double> &values);
  // Gives rows 0 … count-1 the weight 1 / total and the rest, which is padding, 0.
  void weigh(const dlc_model &model, int64_t count, int64_t total);
  void clear();
  // Numbers uniform in [-1, 1) and labels uniform over their classes.
  void fillRandom(const dlc_model &model, uint64_t seed);

  std::vector<Buffer> inputs;   // one for each of dlc_model.inputs
  std::vector<void *> pointers; // to them
  Buffer sampleWeights;
  int64_t count = 0;     // samples that are not padding
  int64_t stepCount = 0; // samples of the optimizer step this call belongs to
  bool startsStep = true, endsStep = true;
};

// Which samples in which order.
struct Plan {
  const dlc_model *model = nullptr;
  const Dataset *dataset = nullptr;
  const Transforms *transforms = nullptr;
  bool training = false; // augment
  bool shuffle = false;
  uint64_t seed = 0;
  int64_t samplesPerStep = 0;            // at most dataset->count
  int64_t firstEpoch = 0, firstStep = 0; // where to begin: epochs and steps in the epoch from 0
  int64_t epochs = 1;
  int threads = 1; // for files and slow augmentation; other data is prepared by one

  int64_t stepsPerEpoch() const { return (dataset->count + samplesPerStep - 1) / samplesPerStep; }
};

// Fills rows of batches. Each thread needs one of its own.
class RowFiller {
public:
  explicit RowFiller(const Plan &plan);
  // Fills row `row` with the sample, transformed. Inputs that are no field of the data stay zero.
  // Fails where the sample is a file that cannot be read.
  Status fill(int64_t sample, int64_t epoch, int64_t row, Batch *batch);

private:
  const Plan &plan_;
  std::vector<int32_t> fields_; // of each input; -1 for none
  std::vector<double> values_;
};

// Checks that each of the model's inputs (with `lossToo`, those of the loss as well) is a field of
// the data with as many numbers.
Status checkFields(const dlc_model &model, bool lossToo);

// Hands out the batches of a plan in order, while a thread prepares the next ones.
class Stream {
public:
  explicit Stream(const Plan &plan);
  ~Stream();
  Stream(const Stream &) = delete;
  Stream &operator=(const Stream &) = delete;

  // The next batch, valid until the following call; null after the last, or where one failed.
  const Batch *next();
  // What failed, once next() has returned null.
  const Status &status() const { return status_; }

private:
  void produce();
  void finish(Status status);
  Status fill(RowFiller *filler, const std::vector<int64_t> &order, int64_t at, int64_t rows,
              int64_t epoch, Batch *batch);
  Batch *waitForSpace(); // null when stopping
  void publish();

  // So many batches are ready, being filled or in use: three, and more of small ones, whose steps
  // are over before a thread wakes up (milliseconds on a busy machine), as long as they leave the
  // caches to the network.
  static constexpr int64_t kLeastAhead = 3, kMostAhead = 256, kAheadBytes = 512 << 10;
  static constexpr int64_t kRowWork = 1 << 20; // a file's row for the pool, in its rough operations

  Plan plan_;
  std::vector<int64_t> lengths_; // of all samples, for buckets; else empty
  int64_t ahead_;
  // A thread that found all of them full fills them again when so many are left, the one in use
  // among them: waking it costs the network's thread tens of microseconds.
  int64_t refill_;
  std::vector<Batch> ring_;
  std::unique_ptr<Pool> pool_; // null where one thread is enough
  Status status_;
  int64_t produced_ = 0, consumed_ = 0; // batches; the one in use counts as not yet consumed
  bool inUse_ = false, finished_ = false, stopping_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
};

} // namespace dlc::runtime::data
