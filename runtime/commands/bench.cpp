// `bench`: how fast the compiled training step and inference are on random data.
#include "runtime/commands/commands.h"
#include "runtime/format/json.h"
#include "runtime/progress.h"
#include "runtime/state/optimizer.h"
#include "runtime/text.h"

#include <algorithm>
#include <cstdio>

namespace dlc::runtime {

// Calls before the clock counts: caches, page tables and the processor's frequency settle.
constexpr int kWarmUpCalls = 5;
constexpr size_t kFewestCalls = 5;
// The weights are set back now and then, so that many steps on one batch do not end in denormal
// numbers.
constexpr size_t kStepsBeforeReset = 64;

// The median milliseconds of `call`, repeated for so many seconds; `reset` is not timed.
template <class Call, class Reset>
static double medianMilliseconds(double seconds, Call call, Reset reset) {
  for (int i = 0; i < kWarmUpCalls; ++i)
    call();
  std::vector<double> times;
  for (double begin = secondsNow();
       times.size() < kFewestCalls || secondsNow() - begin < seconds;) {
    if (times.size() % kStepsBeforeReset == 0)
      reset();
    double start = secondsNow();
    call();
    times.push_back(1e3 * (secondsNow() - start));
  }
  std::nth_element(times.begin(), times.begin() + int64_t(times.size() / 2), times.end());
  return times[times.size() / 2];
}

Status bench(const dlc_model &model, const Options &options) {
  Pool pool(options.threadCount(model));
  Network network(model, pool, model.train_seed);
  data::Batch batch(model);
  batch.fillRandom(model, model.train_seed);
  batch.weigh(model, model.batch, model.batch);
  Optimizer optimizer(model);
  Buffer start(model.weight_bytes);
  start.copyFrom(network.weights);

  double stepMs = 0;
  if (model.step) {
    int64_t count = 0;
    auto step = [&] {
      network.step(batch, uint64_t(++count));
      if (!model.update)
        return;
      optimizer.accumulate(network, true, true);
      optimizer.update(network, count, 1000000);
    };
    auto reset = [&] {
      network.weights.copyFrom(start);
      for (Buffer &slot : optimizer.slots)
        slot.clear();
    };
    stepMs = medianMilliseconds(options.seconds, step, reset);
    network.weights.copyFrom(start);
  }
  double inferMs = medianMilliseconds(options.seconds, [&] { network.infer(batch); }, [] {});
  double oneMs = medianMilliseconds(options.seconds, [&] { network.inferOne(batch); }, [] {});

  auto gflops = [](int64_t flops, double ms) { return ms > 0 ? double(flops) / ms * 1e-6 : 0; };
  auto perSecond = [&](double ms) { return ms > 0 ? int64_t(double(model.batch) / ms * 1e3) : 0; };
  int64_t arena = std::max({model.step_arena_bytes, model.evaluate_arena_bytes,
                            model.infer_arena_bytes, model.infer_one_arena_bytes});
  if (options.json) {
    JsonWriter json;
    json.beginObject().key("threads").integer(pool.threads()).key("batch").integer(model.batch);
    json.key("step_ms")
        .number(stepMs)
        .key("infer_ms")
        .number(inferMs)
        .key("infer_one_ms")
        .number(oneMs);
    json.key("step_gflops").number(gflops(model.step_flops, stepMs));
    json.key("arena_bytes").integer(arena).endObject();
    printf("%s\n", json.text().c_str());
    return Status();
  }
  printf("%s, batch %lld, %d thread%s, medians\n", model.name, static_cast<long long>(model.batch),
         pool.threads(), pool.threads() > 1 ? "s" : "");
  if (model.step)
    printf("  training step   %10.4f ms  %12s samples/s  %8.2f GFLOP/s\n", stepMs,
           grouped(perSecond(stepMs)).c_str(), gflops(model.step_flops, stepMs));
  printf("  inference       %10.4f ms  %12s samples/s  %8.2f GFLOP/s\n", inferMs,
         grouped(perSecond(inferMs)).c_str(), gflops(model.infer_flops, inferMs));
  printf("  one sample      %10.4f ms\n", oneMs);
  printf("  arena           %10s bytes\n", grouped(arena).c_str());
  return Status();
}

} // namespace dlc::runtime
