// Saving and loading a network's weights, and everything a training needs to continue.
#pragma once

#include "runtime/format/safetensors.h"
#include "runtime/state/metrics.h"
#include "runtime/state/network.h"
#include "runtime/state/optimizer.h"
#include "runtime/status.h"

#include <string>
#include <vector>

namespace dlc::runtime {

// Where a training stands between two optimizer steps.
struct Progress {
  explicit Progress(const dlc_model &model)
      : partial(model), dropEpochs(size_t(model.setting_count)) {}

  uint64_t seed = 0;
  int64_t batch = 0;   // samples an optimizer step
  int64_t samples = 0; // of the training split
  int64_t epochs = 0;  // to be done in all
  int64_t totalSteps = 0;
  int64_t epoch = 0;       // done
  int64_t stepInEpoch = 0; // done of the next epoch
  int64_t step = 0;        // done in all
  uint64_t calls = 0;      // of the network's step function
  Averages partial;        // of the epoch begun
  bool hasBest = false;
  double best = 0;      // the value of what chooses best.safetensors
  int64_t bestStep = 0; // when it was reached
  int64_t bestEpoch = 0;
  std::vector<double> dropEpochs; // when each setting `….drops` of a schedule was last raised
  int64_t logBytes = 0;           // the length of log.jsonl
};

// Names the first weight or state that is NaN or infinite: "`dense.weight`[3, 0] is NaN".
Status checkFinite(const dlc_model &model, const Buffer &weights, const Buffer &state);

// Weights and state by their names, with the model's name, the vocabularies, the epoch and the step
// as metadata. `weights` and `state` may be earlier ones of the network.
Status saveWeights(const std::string &path, const Network &network, const Buffer &weights,
                   const Buffer &state, const Progress &progress);

// Every weight must be in the file with the model's shape, and nothing the model does not have; all
// must be finite. States and vocabularies may be missing (a file another program made): they stay
// as they are, and so does all without a path.
Status loadWeights(const std::string &path, Network *network);

// One file with weights, state, optimizer slots and progress: replaced as a whole, it is consistent
// whenever a run is killed.
Status saveResume(const std::string &path, const Network &network, const Optimizer &optimizer,
                  const Progress &progress);
Status loadResume(const std::string &path, Network *network, Optimizer *optimizer,
                  Progress *progress);

} // namespace dlc::runtime
