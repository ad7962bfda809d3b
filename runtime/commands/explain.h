// `step --explain`: every value of a training step with its formula and its numbers.
#pragma once

#include "runtime/format/json.h"
#include "runtime/state/optimizer.h"

namespace dlc::runtime {

class Explanation {
public:
  // Runs the step on the batch, keeping every value, and then one update on a copy of the weights.
  Explanation(Network &network, const data::Batch &batch, Optimizer &optimizer);

  // Backpropagation step by step: forward, loss, backward, gradients, update.
  void print() const;
  // The members `values` and `updated`.
  void write(JsonWriter *json) const;

private:
  // A tensor's numbers as it is explained: only real samples, and a batch of one without its
  // axis.
  struct Numbers {
    std::vector<int64_t> shape;
    std::vector<double> values;
  };
  Numbers numbersOf(const dlc_tensor &tensor, const char *data) const;
  int digits() const { return model_.precision == DLC_F64 ? 9 : 7; }
  void printSection(const char *title, int32_t kind) const;
  void printUpdate() const;

  const dlc_model &model_;
  int64_t samples_;
  Buffer trace_, before_, after_; // after_ has no data without a train block
  Buffer gradients_;
  double rate_ = 0;
};

} // namespace dlc::runtime
