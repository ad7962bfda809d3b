// A compiled model together with the buffers it works on.
#pragma once

#include "runtime/buffer.h"
#include "runtime/data/batch.h"
#include "runtime/data/vocabulary.h"
#include "runtime/pool.h"

#include <vector>

namespace dlc::runtime {

class Network {
public:
  // Weights and state start from their initial values by `seed`.
  Network(const dlc_model &model, Pool &pool, uint64_t seed);
  Network(const Network &) = delete;
  Network &operator=(const Network &) = delete;

  // Training mode: results, outputs, gradients and new state. `call` numbers the calls of a
  // training, for the model's random numbers.
  void step(const data::Batch &batch, uint64_t call) { run(model.step, batch, call); }
  // Inference mode: results and outputs.
  void evaluate(const data::Batch &batch) { run(model.evaluate, batch, 0); }
  // Inference mode: outputs only; reads the model's inputs, not the loss's.
  void infer(const data::Batch &batch) { run(model.infer, batch, 0); }
  // The same for the batch's first sample alone.
  void inferOne(const data::Batch &batch) {
    run(model.infer_one ? model.infer_one : model.infer, batch, 0);
  }
  // As step, with every value written to `trace`.
  void explain(const data::Batch &batch, uint64_t call, void *trace);

  double loss() const { return result(0); }
  double metric(int32_t i) const { return result(1 + i); }

  const dlc_model &model;
  Buffer weights, gradients, state;
  std::vector<Buffer> outputs;
  data::Vocabularies vocabularies; // what numbers of its inputs and classes stand for
  Pool &pool;
  uint64_t seed; // of the model's random numbers

private:
  double result(int32_t i) const;
  dlc_call prepare(const data::Batch &batch, uint64_t call);
  void run(void (*function)(const dlc_call *), const data::Batch &batch, uint64_t call);

  Buffer arena_, results_;
  std::vector<void *> outputPointers_;
};

} // namespace dlc::runtime
