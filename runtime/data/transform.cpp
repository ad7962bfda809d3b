// What the data block does to each sample before the network sees it.
#include "runtime/data/transform.h"

#include "runtime/data/dataset.h"
#include "runtime/data/files.h"
#include "runtime/data/resample.h"
#include "runtime/data/vocabulary.h"
#include "runtime/random.h"
#include "runtime/tensor.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace dlc::runtime::data {

// Programs whose data block has neither sounds nor `speed` are linked without it.
extern "C" __attribute__((weak)) decltype(dlc_resample) dlc_resample;

Status Transforms::prepare(const dlc_model &model) {
  static constexpr struct {
    const char *name;
    Apply apply;
    const char *first, *second; // the names of its arguments, or null
    bool image;
  } kTransforms[] = {{"cutout", cutout, "size", nullptr, true},
                     {"noise", noise, "deviation", nullptr, false},
                     {"normalize", normalize, "mean", "std", false},
                     {"random_crop", randomCrop, "pad", nullptr, true},
                     {"random_flip", randomFlip, "probability", nullptr, true},
                     {"random_resized_crop", randomResizedCrop, "least", nullptr, true},
                     {"rotate", rotate, "degrees", nullptr, true},
                     {"scale", scale, "factor", nullptr, false},
                     {"speed", speed, "least", "most", false}};

  for (int32_t i = 0; i < model.transform_count; ++i) {
    const dlc_transform &transform = model.transforms[i];
    if (isTokenizer(transform.name) || isFileReader(transform.name))
      continue; // Vocabularies and Files do these
    auto known =
        std::find_if(std::begin(kTransforms), std::end(kTransforms),
                     [&](const auto &entry) { return strcmp(entry.name, transform.name) == 0; });
    if (known == std::end(kTransforms))
      return internalError(
          "the model asks for the transform `%s`, which this runtime does not have",
          transform.name);
    int32_t field = findField(model, transform.field);
    if (field < 0)
      return internalError("the transform `%s` is for a field `%s`, which the data does not have",
                           transform.name, transform.field);
    const dlc_tensor &tensor = model.fields[field];
    if (known->image && tensor.rank < 2)
      return inputError("`%s` needs an image [channels, height, width], but `%s` is %s",
                        transform.name, tensor.name, shapeText(tensor).c_str());
    Step step{field, transform.training_only != 0, uint32_t(i), known->apply, 1, 1, 1, {}, {}};
    if (tensor.rank >= 2) {
      step.height = tensor.shape[tensor.rank - 2];
      step.width = tensor.shape[tensor.rank - 1];
    }
    if (int64_t pixels = step.height * step.width)
      step.channels = elementCount(tensor) / pixels;
    // A matrix-like field has no channels of its own: its first axis counts only from rank 3.
    int64_t channels = tensor.rank >= 3 ? tensor.shape[0] : tensor.rank == 1 ? tensor.shape[0] : 1;
    for (auto [name, values] :
         {std::pair{known->first, &step.first}, {known->second, &step.second}}) {
      if (!name)
        continue;
      for (int32_t j = 0; j < transform.argument_count; ++j)
        if (const dlc_argument &given = transform.arguments[j];
            strcmp(given.name, name) == 0 && given.kind == DLC_NUMBERS)
          values->assign(given.numbers, given.numbers + given.count);
      bool perChannel = known->apply == normalize && int64_t(values->size()) == channels;
      if (values->size() != 1 && !perChannel)
        return inputError("`%s` of `%s`: `%s` has %zu numbers, but %s", transform.name, tensor.name,
                          name, values->size(),
                          known->apply == normalize ? "needs one, or one a channel" : "needs one");
    }
    if (known->apply == speed && !dlc_resample)
      return internalError("the program was linked without what changes a sound's speed");
    if (known->apply == normalize &&
        std::find(step.second.begin(), step.second.end(), 0.0) != step.second.end())
      return inputError("`normalize` of `%s` divides by std = 0", tensor.name);
    steps_.push_back(std::move(step));
  }
  for (int32_t field = 0; field < model.field_count; ++field)
    lookups_.push_back(lookupOf(field));
  return Status();
}

// With so many channels that differ a table would outgrow the caches.
static constexpr int64_t kMostGroups = 16;

Transforms::Lookup Transforms::lookupOf(int32_t field) const {
  Lookup lookup;
  std::vector<Step> leading; // for one pixel
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i].field != field)
      continue;
    if (!steps_[i].isPointwise() || steps_[i].trainingOnly)
      break;
    leading.push_back(steps_[i]);
    lookup.end = i + 1;
    lookup.groups = std::max(
        {lookup.groups, int64_t(steps_[i].first.size()), int64_t(steps_[i].second.size())});
  }
  if (leading.empty() || lookup.groups > kMostGroups)
    return {};
  lookup.values.resize(size_t(lookup.groups) * 256);
  std::vector<double> pixel(size_t(lookup.groups));
  for (size_t byte = 0; byte < 256; ++byte) {
    std::fill(pixel.begin(), pixel.end(), double(byte));
    for (Step &step : leading) {
      step.channels = lookup.groups, step.height = step.width = 1;
      step.apply(step, {}, pixel.data());
    }
    for (size_t group = 0; group < pixel.size(); ++group)
      lookup.values[group * 256 + byte] = pixel[group];
  }
  return lookup;
}

bool Transforms::applies(const Step &step, int32_t field, const SampleAddress &address) const {
  return step.field == field && (address.training || !step.trainingOnly);
}

void Transforms::applyFrom(size_t first, int32_t field, const SampleAddress &address,
                           double *values) const {
  for (size_t i = first; i < steps_.size(); ++i)
    if (applies(steps_[i], field, address))
      steps_[i].apply(steps_[i], address, values);
}

void Transforms::apply(int32_t field, const SampleAddress &address, double *values) const {
  applyFrom(0, field, address, values);
}

const Transforms::Lookup *Transforms::lookupFor(int32_t field, const SampleNumbers &sample,
                                                int64_t perSample) const {
  bool isLookedUp = sample.in->cell == Cell::U8 && sample.count == perSample &&
                    size_t(field) < lookups_.size() && !lookups_[size_t(field)].values.empty();
  return isLookedUp ? &lookups_[size_t(field)] : nullptr;
}

// What the table's `groups` of 256 numbers say of a sample's bytes.
template <class T>
static void lookUpBytes(const std::vector<double> &table, int64_t groups,
                        const SampleNumbers &sample, T *values) {
  const unsigned char *bytes = sample.in->bytes.data() + sample.first;
  int64_t perGroup = sample.count / groups;
  for (int64_t group = 0; group < groups; ++group) {
    const double *of = table.data() + group * 256;
    for (int64_t i = group * perGroup; i < (group + 1) * perGroup; ++i)
      values[i] = T(of[bytes[i]]);
  }
}

void Transforms::read(int32_t field, const SampleAddress &address, const SampleNumbers &sample,
                      int64_t perSample, double *values) const {
  const Lookup *lookup = lookupFor(field, sample, perSample);
  if (lookup)
    lookUpBytes(lookup->values, lookup->groups, sample, values);
  else
    sample.read(perSample, values);
  applyFrom(lookup ? lookup->end : 0, field, address, values);
}

bool Transforms::lookUp(int32_t field, const SampleAddress &address, const SampleNumbers &sample,
                        int64_t perSample, float *row) const {
  const Lookup *lookup = lookupFor(field, sample, perSample);
  if (!lookup || std::any_of(steps_.begin() + int64_t(lookup->end), steps_.end(),
                             [&](const Step &step) { return applies(step, field, address); }))
    return false;
  lookUpBytes(lookup->values, lookup->groups, sample, row);
  return true;
}

bool Transforms::isSlow() const {
  return std::any_of(steps_.begin(), steps_.end(), [](const Step &step) {
    return step.apply == randomResizedCrop || step.apply == rotate || step.apply == speed ||
           step.apply == noise;
  });
}

// --- the transforms ------------------------------------------------------------------------------

double Transforms::Step::random(const SampleAddress &at, uint32_t which) const {
  return Random(at.seed, Purpose::Augment)
      .uniform(uint64_t(at.sample), uint32_t(at.epoch), number * 4 + which);
}

void Transforms::scale(const Step &step, const SampleAddress &, double *values) {
  int64_t count = step.count();
  double factor = step.first[0];
  for (int64_t i = 0; i < count; ++i)
    values[i] *= factor;
}

void Transforms::normalize(const Step &step, const SampleAddress &, double *values) {
  int64_t count = step.count();
  auto groups = int64_t(std::max(step.first.size(), step.second.size()));
  int64_t perGroup = count / groups;
  for (int64_t group = 0; group < groups; ++group) {
    double mean = step.first[step.first.size() > 1 ? size_t(group) : 0];
    double std = step.second[step.second.size() > 1 ? size_t(group) : 0];
    double *start = values + group * perGroup;
    for (int64_t i = 0; i < perGroup; ++i)
      start[i] = (start[i] - mean) / std;
  }
}

void Transforms::randomCrop(const Step &step, const SampleAddress &at, double *values) {
  auto pad = int64_t(step.first[0]);
  auto place = [&](uint32_t which) { // uniform in -pad … pad
    return int64_t(step.random(at, which) * double(2 * pad + 1)) - pad;
  };
  int64_t down = place(0), right = place(1), h = step.height, w = step.width;
  std::vector<double> source(values, values + step.count());
  for (int64_t c = 0; c < step.channels; ++c)
    for (int64_t y = 0; y < h; ++y)
      for (int64_t x = 0; x < w; ++x) {
        int64_t fromY = y + down, fromX = x + right;
        bool inside = fromY >= 0 && fromY < h && fromX >= 0 && fromX < w;
        values[(c * h + y) * w + x] = inside ? source[size_t((c * h + fromY) * w + fromX)] : 0.0;
      }
}

void Transforms::randomFlip(const Step &step, const SampleAddress &at, double *values) {
  if (step.random(at, 0) >= step.first[0])
    return;
  for (int64_t row = 0; row < step.channels * step.height; ++row)
    std::reverse(values + row * step.width, values + (row + 1) * step.width);
}

// Takes each pixel from between four others: `place` says where, from the row and the column, in
// rows and columns of the image as it was. Outside of it everything is 0.
template <class Place> void Transforms::warp(const Step &step, double *values, Place place) {
  int64_t h = step.height, w = step.width, pixels = h * w;
  std::vector<double> source(values, values + step.count());
  for (int64_t i = 0; i < h; ++i)
    for (int64_t j = 0; j < w; ++j) {
      auto [y, x] = place(double(i), double(j));
      auto top = int64_t(std::floor(y)), left = int64_t(std::floor(x));
      double down = y - double(top), right = x - double(left);
      for (int64_t c = 0; c < step.channels; ++c) {
        auto at = [&](int64_t row, int64_t column) {
          bool inside = row >= 0 && row < h && column >= 0 && column < w;
          return inside ? source[size_t(c * pixels + row * w + column)] : 0.0;
        };
        values[c * pixels + i * w + j] =
            (1 - down) * ((1 - right) * at(top, left) + right * at(top, left + 1)) +
            down * ((1 - right) * at(top + 1, left) + right * at(top + 1, left + 1));
      }
    }
}

void Transforms::randomResizedCrop(const Step &step, const SampleAddress &at, double *values) {
  double area = step.first[0] + step.random(at, 0) * (1 - step.first[0]);
  double ratio = std::pow(4.0 / 3, 2 * step.random(at, 1) - 1); // 3:4 to 4:3
  double h = double(step.height), w = double(step.width);
  double high = std::min(h, h * std::sqrt(area / ratio));
  double wide = std::min(w, w * std::sqrt(area * ratio));
  double top = step.random(at, 2) * (h - high), left = step.random(at, 3) * (w - wide);
  warp(step, values, [&](double i, double j) {
    double y = top + (i + 0.5) * high / h - 0.5, x = left + (j + 0.5) * wide / w - 0.5;
    return std::pair(std::clamp(y, 0.0, h - 1), std::clamp(x, 0.0, w - 1));
  });
}

void Transforms::rotate(const Step &step, const SampleAddress &at, double *values) {
  constexpr double kDegree = 3.14159265358979323846 / 180;
  double angle = (2 * step.random(at, 0) - 1) * step.first[0] * kDegree;
  double sine = std::sin(angle), cosine = std::cos(angle);
  double middleY = double(step.height - 1) / 2, middleX = double(step.width - 1) / 2;
  warp(step, values, [&](double i, double j) {
    double y = i - middleY, x = j - middleX;
    return std::pair(middleY + cosine * y + sine * x, middleX + cosine * x - sine * y);
  });
}

void Transforms::cutout(const Step &step, const SampleAddress &at, double *values) {
  auto size = int64_t(step.first[0]);
  auto begin = [&](uint32_t which, int64_t side) {
    return int64_t(step.random(at, which) * double(side)) - size / 2;
  };
  int64_t top = begin(0, step.height), left = begin(1, step.width);
  int64_t bottom = std::min(top + size, step.height), right = std::min(left + size, step.width);
  top = std::max(top, int64_t(0));
  left = std::max(left, int64_t(0));
  for (int64_t c = 0; c < step.channels; ++c)
    for (int64_t y = top; y < bottom; ++y) {
      double *row = values + (c * step.height + y) * step.width;
      std::fill(row + left, row + right, 0.0);
    }
}

void Transforms::speed(const Step &step, const SampleAddress &at, double *values) {
  constexpr double kParts = 1000; // so finely is a speed told from another
  double factor = step.first[0] + step.random(at, 0) * (step.second[0] - step.first[0]);
  int64_t count = step.count();
  std::vector<float> sound(values, values + count), played;
  dlc_resample(sound, std::max(std::llround(kParts * factor), 1LL), int64_t(kParts), count,
               Resampling::Good, &played);
  std::copy(played.begin(), played.end(), values);
}

void Transforms::noise(const Step &step, const SampleAddress &at, double *values) {
  Random random(at.seed, Purpose::Augment);
  for (int64_t i = 0; i < step.count(); ++i) // fewer samples than 2^32, fewer numbers in each
    values[i] += step.first[0] * random.normal(uint64_t(i + 1) << 32 | uint64_t(at.sample),
                                               uint32_t(at.epoch), step.number * 4);
}

} // namespace dlc::runtime::data
