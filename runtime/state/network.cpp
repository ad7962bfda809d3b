// A compiled model together with the buffers it works on.
#include "runtime/state/network.h"

#include "runtime/state/init.h"
#include "runtime/tensor.h"

#include <algorithm>

namespace dlc::runtime {

Network::Network(const dlc_model &table, Pool &threads, uint64_t randomSeed)
    : model(table), weights(table.weight_bytes), gradients(table.weight_bytes),
      state(table.state_bytes), vocabularies(table), pool(threads), seed(randomSeed),
      arena_(std::max({table.step_arena_bytes, table.evaluate_arena_bytes, table.infer_arena_bytes,
                       table.infer_one_arena_bytes, table.explain_arena_bytes})),
      results_((1 + table.metric_count) * dtypeSize(table.precision)) {
  for (int32_t i = 0; i < model.output_count; ++i) {
    outputs.emplace_back(byteCount(model.outputs[i]));
    outputPointers_.push_back(outputs.back().data());
  }
  initializeAll(model, seed, weights.data(), state.data());
}

double Network::result(int32_t i) const { return readElement(results_.data(), model.precision, i); }

dlc_call Network::prepare(const data::Batch &batch, uint64_t call) {
  dlc_call c = {};
  c.weights = weights.data();
  c.gradients = gradients.data();
  c.state = state.data();
  c.arena = arena_.data();
  c.inputs = batch.pointers.data();
  c.outputs = outputPointers_.data();
  c.sample_weights = batch.sampleWeights.data();
  c.results = results_.data();
  c.seed = seed;
  c.step = call;
  c.parallel = Pool::parallel;
  c.pool = &pool;
  return c;
}

void Network::run(void (*function)(const dlc_call *), const data::Batch &batch, uint64_t call) {
  dlc_call c = prepare(batch, call);
  function(&c);
}

void Network::explain(const data::Batch &batch, uint64_t call, void *trace) {
  dlc_call c = prepare(batch, call);
  model.explain(&c, trace);
}

} // namespace dlc::runtime
