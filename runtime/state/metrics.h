// The mean loss and metrics of an epoch or a split.
#pragma once

#include "runtime/format/json.h"
#include "runtime/state/network.h"

#include <string>
#include <vector>

namespace dlc::runtime {

class Averages {
public:
  explicit Averages(const dlc_model &model)
      : sums(1 + size_t(model.metric_count)), model_(&model) {}

  // Adds the network's results of one call, in which each sample weighed 1 / `total`.
  void add(const Network &network, int64_t total);
  void countSamples(int64_t samples) { count += samples; }

  double loss() const { return mean(0); }
  double metric(int32_t i) const { return mean(1 + size_t(i)); }
  bool areFinite() const;
  bool hasAccuracy() const;
  // The higher, the better the weights: the metric named `accuracy`, or the loss without one.
  double worth() const;
  // "loss 0.4153  accuracy 0.8532".
  std::string text() const;
  // The members `loss` and one for each metric, or, with `nested`, `metrics` as an object.
  void write(JsonWriter *json, bool nested) const;
  void writeMetrics(JsonWriter *json) const;

  std::vector<double> sums; // of the loss and of each metric
  int64_t count = 0;        // of samples

private:
  double mean(size_t i) const { return count > 0 ? sums[i] / double(count) : 0; }
  int32_t accuracy() const; // its position, or -1
  const dlc_model *model_;
};

} // namespace dlc::runtime
