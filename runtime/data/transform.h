// What the data block does to each sample before the network sees it.
#pragma once

#include "runtime/include/dlc/model.h"
#include "runtime/status.h"

#include <cstdint>
#include <string>
#include <vector>

namespace dlc::runtime::data {

// Which sample is transformed: augmentation draws its random numbers by these alone, so that they
// do not depend on order, threads or where a run was interrupted.
struct SampleAddress {
  bool training = false; // else transforms marked training_only are left out
  uint64_t seed = 0;
  int64_t epoch = 0;
  int64_t sample = 0;
};

// All transforms of a model, checked once.
class Transforms {
public:
  // Names a transform, field or argument that does not fit.
  Status prepare(const dlc_model &model);

  // Transforms one sample's numbers of the field in place.
  void apply(int32_t field, const SampleAddress &address, double *values) const;

private:
  struct Step;
  using Apply = void (*)(const Step &, const SampleAddress &, double *values);
  struct Step {
    int32_t field;
    bool trainingOnly;
    uint32_t number; // its place among the transforms, part of its random numbers' address
    Apply apply;
    int64_t channels, height, width; // an image's, else the element count is channels
    std::vector<double> first, second;
  };

  static void scale(const Step &, const SampleAddress &, double *);
  static void normalize(const Step &, const SampleAddress &, double *);
  static void randomCrop(const Step &, const SampleAddress &, double *);
  static void randomFlip(const Step &, const SampleAddress &, double *);

  std::vector<Step> steps_;
};

} // namespace dlc::runtime::data
