// What the data block does to each sample before the network sees it.
#pragma once

#include "runtime/include/dlc/model.h"
#include "runtime/status.h"

#include <cstdint>
#include <string>
#include <vector>

namespace dlc::runtime::data {

struct SampleNumbers;

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
  // Reads a sample's numbers of the field, `perSample` with the zeros that follow a short one, and
  // transforms them. Gives the same numbers as reading and then apply(); bytes are looked up.
  void read(int32_t field, const SampleAddress &address, const SampleNumbers &sample,
            int64_t perSample, double *values) const;
  // Writes what read() gives to a row of f32 without a detour, if there is nothing to do to the
  // sample but to look up its bytes; else false.
  bool lookUp(int32_t field, const SampleAddress &address, const SampleNumbers &sample,
              int64_t perSample, float *row) const;

  // Whether one thread could take longer for a batch's augmentation than a step takes.
  bool isSlow() const;

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

    bool isPointwise() const { return apply == scale || apply == normalize; }
    int64_t count() const { return channels * height * width; }
    // The number `which` (0 to 3) of the transform for a sample, uniform in [0, 1).
    double random(const SampleAddress &at, uint32_t which) const;
  };
  // What the pointwise transforms that come first make of each byte.
  struct Lookup {
    size_t end = 0;             // of the steps it stands for, in `steps_`
    int64_t groups = 1;         // channels that differ
    std::vector<double> values; // [groups][256]; empty: there is nothing to look up
  };

  static void scale(const Step &, const SampleAddress &, double *);
  static void normalize(const Step &, const SampleAddress &, double *);
  static void randomCrop(const Step &, const SampleAddress &, double *);
  static void randomFlip(const Step &, const SampleAddress &, double *);
  static void randomResizedCrop(const Step &, const SampleAddress &, double *);
  static void rotate(const Step &, const SampleAddress &, double *);
  static void cutout(const Step &, const SampleAddress &, double *);
  static void speed(const Step &, const SampleAddress &, double *);
  static void noise(const Step &, const SampleAddress &, double *);
  template <class Place> static void warp(const Step &, double *values, Place place);

  Lookup lookupOf(int32_t field) const;
  // Or null.
  const Lookup *lookupFor(int32_t field, const SampleNumbers &sample, int64_t perSample) const;
  bool applies(const Step &step, int32_t field, const SampleAddress &address) const;
  void applyFrom(size_t first, int32_t field, const SampleAddress &address, double *values) const;

  std::vector<Step> steps_;
  std::vector<Lookup> lookups_; // by field
};

} // namespace dlc::runtime::data
