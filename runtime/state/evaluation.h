// What a network achieves on a whole split.
#pragma once

#include "runtime/state/metrics.h"
#include "runtime/state/scores.h"

namespace dlc::runtime {

struct Evaluation {
  explicit Evaluation(const Network &network) : averages(network.model), scores(network) {}

  Averages averages;
  Scores scores;

  // "loss 0.4153  accuracy 0.8532  bleu 38.1000".
  std::string text() const { return averages.text() + scores.text(); }
  // The members `loss` and one for each metric and score, or, with `nested`, `metrics` as an
  // object.
  void write(JsonWriter *json, bool nested) const;
  // The higher, the better the weights: the metric named `accuracy`, else the first score, else the
  // loss.
  double worth() const;
};

// Runs the network over all of a plan's samples in inference mode. They are not shuffled, and their
// texts have been kept. Fails where a sample is a file that cannot be read.
Status evaluateAll(Network &network, const data::Plan &plan, Evaluation *evaluation);

} // namespace dlc::runtime
