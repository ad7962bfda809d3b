// In which order an epoch has the samples.
#include "runtime/data/order.h"

#include "runtime/data/files.h"
#include "runtime/random.h"

#include <algorithm>
#include <sys/stat.h>

namespace dlc::runtime::data {

std::vector<int64_t> lengthsOf(const Column &column, int64_t count) {
  std::vector<int64_t> lengths(static_cast<size_t>(count));
  std::vector<double> values(size_t(column.perSample));
  for (int64_t sample = 0; sample < count; ++sample) {
    int64_t &length = lengths[size_t(sample)];
    if (column.files) {
      struct stat file;
      length = stat(column.files->path(sample).c_str(), &file) == 0 ? int64_t(file.st_size) : 0;
      continue;
    }
    SampleNumbers numbers;
    if (column.find(sample, &numbers).failed()) // only files can
      continue;
    numbers.read(column.perSample, values.data());
    auto last = std::find_if(values.rbegin(), values.rend(), [](double v) { return v != 0; });
    length = values.rend() - last;
  }
  return lengths;
}

std::vector<int64_t> orderOfEpoch(int64_t count, uint64_t seed, int64_t epoch, int64_t step,
                                  const std::vector<int64_t> &lengths) {
  constexpr int64_t kStepsOfBucket = 32;
  std::vector<int64_t> order = permutation(count, seed, epoch);
  if (lengths.empty())
    return order;
  const int64_t steps = count / step;
  auto at = [&](int64_t number) { return order.begin() + number * step; };
  auto isShorter = [&](int64_t a, int64_t b) { return lengths[size_t(a)] < lengths[size_t(b)]; };
  for (int64_t first = 0; first < steps; first += kStepsOfBucket)
    std::stable_sort(at(first), at(std::min(first + kStepsOfBucket, steps)), isShorter);
  std::vector<int64_t> mixed;
  for (int64_t number : permutation(steps, seed, epoch, Purpose::Buckets))
    mixed.insert(mixed.end(), at(number), at(number + 1));
  mixed.insert(mixed.end(), at(steps), order.end());
  return mixed;
}

} // namespace dlc::runtime::data
