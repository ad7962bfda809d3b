// What the data block does to each sample before the network sees it.
#include "runtime/data/transform.h"

#include "runtime/data/dataset.h"
#include "runtime/data/files.h"
#include "runtime/data/vocabulary.h"
#include "runtime/random.h"
#include "runtime/tensor.h"

#include <algorithm>
#include <cstring>

namespace dlc::runtime::data {

Status Transforms::prepare(const dlc_model &model) {
  static constexpr struct {
    const char *name;
    Apply apply;
    const char *first, *second; // the names of its arguments, or null
    bool image;
  } kTransforms[] = {{"normalize", normalize, "mean", "std", false},
                     {"random_crop", randomCrop, "pad", nullptr, true},
                     {"random_flip", randomFlip, "probability", nullptr, true},
                     {"scale", scale, "factor", nullptr, false}};

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

void Transforms::scale(const Step &step, const SampleAddress &, double *values) {
  int64_t count = step.channels * step.height * step.width;
  double factor = step.first[0];
  for (int64_t i = 0; i < count; ++i)
    values[i] *= factor;
}

void Transforms::normalize(const Step &step, const SampleAddress &, double *values) {
  int64_t count = step.channels * step.height * step.width;
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
  Random random(at.seed, Purpose::Augment);
  auto place = [&](uint32_t which) { // uniform in -pad … pad
    double unit = random.uniform(uint64_t(at.sample), uint32_t(at.epoch), step.number * 4 + which);
    return int64_t(unit * double(2 * pad + 1)) - pad;
  };
  int64_t down = place(0), right = place(1), h = step.height, w = step.width;
  std::vector<double> source(values, values + step.channels * h * w);
  for (int64_t c = 0; c < step.channels; ++c)
    for (int64_t y = 0; y < h; ++y)
      for (int64_t x = 0; x < w; ++x) {
        int64_t fromY = y + down, fromX = x + right;
        bool inside = fromY >= 0 && fromY < h && fromX >= 0 && fromX < w;
        values[(c * h + y) * w + x] = inside ? source[size_t((c * h + fromY) * w + fromX)] : 0.0;
      }
}

void Transforms::randomFlip(const Step &step, const SampleAddress &at, double *values) {
  Random random(at.seed, Purpose::Augment);
  if (random.uniform(uint64_t(at.sample), uint32_t(at.epoch), step.number * 4) >= step.first[0])
    return;
  for (int64_t row = 0; row < step.channels * step.height; ++row)
    std::reverse(values + row * step.width, values + (row + 1) * step.width);
}

} // namespace dlc::runtime::data
