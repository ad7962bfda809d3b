// The table of loaders, and what is checked of every split whatever loaded it.
#include "runtime/data/dataset.h"

#include "runtime/data/files.h"
#include "runtime/data/vocabulary.h"
#include "runtime/file.h"
#include "runtime/format/npy.h"
#include "runtime/tensor.h"
#include "runtime/text.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>
#include <set>
#include <thread>

namespace dlc::runtime::data {

// Programs whose data block does not have the loader are linked without it.
extern "C" __attribute__((weak)) decltype(dlc_folders) dlc_folders;

static Status loadLinkedFolders(const LoaderCall &call, Dataset *dataset) {
  Status status = internalError("the program was linked without the loader `folders`");
  if (dlc_folders)
    dlc_folders(call, dataset, &status);
  return status;
}

static constexpr struct {
  const char *name;
  Status (*load)(const LoaderCall &, Dataset *);
} kLoaders[] = {{"csv", loadCsv}, {"folders", loadLinkedFolders},
                {"idx", loadIdx}, {"lines", loadLines},
                {"npy", loadNpy}, {"rows", loadRows}};

void Column::append(double value) {
  auto *start = reinterpret_cast<unsigned char *>(&value);
  bytes.insert(bytes.end(), start, start + sizeof value);
}

Status Column::find(int64_t sample, SampleNumbers *found) const {
  if (!files) {
    found->in = this;
    found->first = sample * perSample;
    found->count = perSample;
    return Status();
  }
  DLC_TRY(files->read(sample, &found->room, &found->in));
  found->first = 0;
  found->count = found->in->count();
  return Status();
}

void SampleNumbers::read(int64_t perSample, double *values) const {
  in->read(first, count, values);
  std::fill(values + count, values + perSample, 0.0);
}

const dlc_argument *findArgument(const dlc_source &source, const char *name) {
  for (int32_t i = 0; i < source.argument_count; ++i)
    if (strcmp(source.arguments[i].name, name) == 0)
      return &source.arguments[i];
  return nullptr;
}

Status LoaderCall::path(const char *name, std::string *path) const {
  const dlc_argument *file = argument(name);
  if (!file || file->kind != DLC_TEXT)
    return internalError("the loader `%s` was compiled without its argument `%s`", source.loader,
                         name);
  return resolve(file->text, path);
}

Status LoaderCall::resolve(const std::string &name, std::string *path) const {
  *path = joinPath(folder, name);
  if (!folder.empty() && !fileExists(folder))
    return inputError("the data folder `%s` does not exist: name the right one with --data DIR",
                      folder.c_str());
  if (!fileExists(*path))
    return inputError(
        "the data file `%s` does not exist: put it there, or name its folder with --data DIR",
        path->c_str());
  return Status();
}

bool hasSplit(const dlc_model &model, const std::string &split) {
  for (int32_t i = 0; i < model.source_count; ++i)
    if (split == model.sources[i].split)
      return true;
  return false;
}

std::string splitNames(const dlc_model &model) {
  std::vector<std::string> names;
  for (int32_t i = 0; i < model.source_count; ++i)
    names.push_back(model.sources[i].split);
  return join(names, ", ");
}

int32_t findField(const dlc_model &model, const std::string &name) {
  for (int32_t i = 0; i < model.field_count; ++i)
    if (name == model.fields[i].name)
      return i;
  return -1;
}

// --- numbers -------------------------------------------------------------------------------------

Status checkNumber(const dlc_tensor &field, double value) {
  bool isWhole = value == std::floor(value);
  if (field.classes > 0 && !(value >= 0 && value < double(field.classes) && isWhole))
    return inputError("has the label %g, but `%s` has the classes 0 to %lld%s", value, field.name,
                      static_cast<long long>(field.classes - 1),
                      isWhole ? "; other numbers can be names: `c1` for 1" : "");
  if (field.dtype == DLC_I32 && field.classes == 0 && !isWhole)
    return inputError("is %g, but `%s` is of ints", value, field.name);
  if (field.dtype == DLC_I32 && std::abs(value) > INT32_MAX)
    return inputError("is %g, which is beyond the ints of 32 bits", value);
  if (field.dtype == DLC_F32 && !(std::abs(value) <= double(FLT_MAX)))
    return inputError("is %g, which is beyond the numbers of f32", value);
  return Status();
}

// Labels are checked when they are numbers.
static Status checkNumbers(const dlc_model &model, const Dataset &dataset) {
  for (int32_t i = 0; i < model.field_count; ++i) {
    const Column &column = dataset.columns[size_t(i)];
    const dlc_tensor &field = model.fields[i];
    bool isWide = column.cell == Cell::F64 || (column.cell == Cell::F32 && field.dtype == DLC_I32);
    if (!isWide || field.classes > 0)
      continue;
    for (int64_t j = 0; j < column.count(); ++j)
      if (Status status = checkNumber(field, column.at(j)); status.failed())
        return inputError("`%s`: `%s` of sample %lld %s", column.origin.c_str(), field.name,
                          static_cast<long long>(j / column.perSample), status.message().c_str());
  }
  return Status();
}

// --- splits --------------------------------------------------------------------------------------

static const dlc_source *findSource(const dlc_model &model, const std::string &split) {
  for (int32_t i = 0; i < model.source_count; ++i)
    if (split == model.sources[i].split)
      return &model.sources[i];
  return nullptr;
}

// A split that is a share of the training split: `split(0.1)`.
static bool isShare(const dlc_source *source) {
  return source && strcmp(source->loader, "split") == 0;
}

static double shareOf(const dlc_model &model, const char *split) {
  const dlc_source *source = findSource(model, split);
  return isShare(source) ? findArgument(*source, "share")->numbers[0] : 0;
}

// A sample's place in [0, 1), which nothing but its group or its number decides.
static double placeOf(const Dataset &dataset, int64_t sample) {
  uint64_t x = dataset.groups.empty() ? uint64_t(sample) : dataset.groups[size_t(sample)];
  x += 0x9E3779B97F4A7C15; // SplitMix64 (Steele et al. 2014)
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return double((x ^ (x >> 31)) >> 11) * 0x1p-53;
}

// The samples of a split among all that the training split's loader reads: `test` is at the
// beginning, so that a later `validation` takes none of it.
static std::vector<int64_t> samplesOf(const dlc_model &model, const std::string &split,
                                      const Dataset &whole) {
  double test = shareOf(model, "test"), both = test + shareOf(model, "validation");
  std::vector<int64_t> samples;
  for (int64_t i = 0; i < whole.count; ++i) {
    double place = placeOf(whole, i);
    const char *its = place < test ? "test" : place < both ? "validation" : "train";
    if (split == its)
      samples.push_back(i);
  }
  return samples;
}

// Moves samples, given in ascending order; `into` may be `from` itself.
static void moveSamples(Dataset *from, const std::vector<int64_t> &samples, Dataset *into) {
  into->columns.resize(from->columns.size());
  for (size_t i = 0; i < from->columns.size(); ++i) {
    Column &source = from->columns[i], &target = into->columns[i];
    target.cell = source.cell;
    target.perSample = source.perSample;
    target.origin = source.origin;
    target.places = samples;
    target.areNames = source.areNames;
    if (source.files)
      target.files = source.files->some(samples);
    size_t bytes = from->count > 0 ? source.bytes.size() / size_t(from->count) : 0;
    if (into != from) {
      target.bytes.resize(bytes * samples.size());
      target.texts.resize(source.texts.empty() ? 0 : samples.size());
    }
    for (size_t to = 0; to < samples.size(); ++to) {
      auto sample = size_t(samples[to]);
      if (bytes > 0)
        memmove(target.bytes.data() + to * bytes, source.bytes.data() + sample * bytes, bytes);
      if (!source.texts.empty() && &target.texts[to] != &source.texts[sample])
        target.texts[to] = std::move(source.texts[sample]);
    }
    target.bytes.resize(bytes * samples.size());
    target.texts.resize(source.texts.empty() ? 0 : samples.size());
  }
  into->count = int64_t(samples.size());
}

static Status noneLeft(const dlc_model &model, const std::string &split, const Dataset &whole) {
  std::set<uint64_t> groups(whole.groups.begin(), whole.groups.end());
  std::string of = format("the %lld samples of `%s`", static_cast<long long>(whole.count),
                          whole.columns[0].origin.c_str());
  if (!groups.empty())
    of += format(" in %zu groups", groups.size());
  return split == "train" ? inputError("of %s the shares of `test` and `validation` leave none to "
                                       "train on: make them smaller",
                                       of.c_str())
                          : inputError("of %s a share of %g for `%s` has none: make it larger",
                                       of.c_str(), shareOf(model, split.c_str()), split.c_str());
}

// Reads all that a source names.
static Status loadWhole(const dlc_model &model, const dlc_source &source, const std::string &folder,
                        Dataset *dataset) {
  LoaderCall call{model, source, folder.empty() ? model.data_folder : folder, ""};
  if (strcmp(source.split, "train") == 0)
    for (const char *split : {"test", "validation"})
      if (const dlc_source *share = findSource(model, split); isShare(share))
        call.by = findArgument(*share, "by")->text;
  dataset->columns.resize(size_t(model.field_count));
  for (int32_t i = 0; i < model.field_count; ++i)
    dataset->columns[i].perSample = elementCount(model.fields[i]);
  for (const auto &loader : kLoaders)
    if (strcmp(loader.name, source.loader) == 0) {
      DLC_TRY(loader.load(call, dataset));
      if (dataset->count == 0)
        return inputError("`%s`: the split `%s` of the data `%s` has no samples",
                          dataset->columns[0].origin.c_str(), source.split, model.data_name);
      return checkNumbers(model, *dataset);
    }
  return internalError("the model asks for the loader `%s`, which this runtime does not have",
                       source.loader);
}

static Status readingSource(const dlc_model &model, const std::string &split,
                            const dlc_source **source) {
  if (model.field_count == 0)
    return inputError("`%s` was compiled without a data block, so it has no data to read",
                      model.name);
  *source = findSource(model, split);
  if (!*source)
    return inputError("the data `%s` has no split `%s`; it has %s", model.data_name, split.c_str(),
                      splitNames(model).c_str());
  if (isShare(*source))
    *source = findSource(model, "train");
  return Status();
}

Status loadSplit(const dlc_model &model, const std::string &split, const std::string &folder,
                 Dataset *dataset) {
  const dlc_source *source = nullptr;
  DLC_TRY(readingSource(model, split, &source));
  DLC_TRY(loadWhole(model, *source, folder, dataset));
  bool isShared = isShare(findSource(model, "test")) || isShare(findSource(model, "validation"));
  if (strcmp(source->split, "train") != 0 || !isShared)
    return Status();
  std::vector<int64_t> samples = samplesOf(model, split, *dataset);
  if (samples.empty())
    return noneLeft(model, split, *dataset);
  moveSamples(dataset, samples, dataset);
  return Status();
}

Status loadTraining(const dlc_model &model, const std::string &evaluation,
                    const std::string &folder, Dataset *train, Dataset *evaluated) {
  const dlc_source *source = nullptr;
  DLC_TRY(readingSource(model, "train", &source));
  if (isShare(findSource(model, evaluation))) {
    DLC_TRY(loadWhole(model, *source, folder, train));
    std::vector<int64_t> samples = samplesOf(model, "train", *train),
                         others = samplesOf(model, evaluation, *train);
    if (samples.empty() || others.empty())
      return noneLeft(model, samples.empty() ? "train" : evaluation, *train);
    moveSamples(train, others, evaluated);
    moveSamples(train, samples, train);
    return Status();
  }
  // Both splits at once: unpacking is most of what happens before the first step.
  Status status;
  std::thread other([&] {
    if (!evaluation.empty())
      status = loadSplit(model, evaluation, folder, evaluated);
  });
  Status trainStatus = loadSplit(model, "train", folder, train);
  other.join();
  DLC_TRY(trainStatus);
  return status;
}

// --- loaders -------------------------------------------------------------------------------------

Status loadRows(const LoaderCall &call, Dataset *dataset) {
  const dlc_argument *values = call.argument("values");
  if (!values || values->kind != DLC_NUMBERS)
    return internalError("the loader `rows` was compiled without its argument `values`");
  int64_t perRow = 0;
  for (Column &column : dataset->columns) {
    perRow += column.perSample;
    column.origin = "rows";
  }
  if (values->count % perRow != 0)
    return inputError("the rows of `%s` have %lld numbers in all, which is no multiple of the %lld "
                      "that one sample needs",
                      call.source.split, static_cast<long long>(values->count),
                      static_cast<long long>(perRow));
  dataset->count = values->count / perRow;
  const double *next = values->numbers;
  for (int64_t row = 0; row < dataset->count; ++row)
    for (Column &column : dataset->columns)
      for (int64_t i = 0; i < column.perSample; ++i)
        column.append(*next++);
  return Status();
}

Status loadNpy(const LoaderCall &call, Dataset *dataset) {
  const dlc_argument *files = call.argument("files");
  if (!files || files->kind != DLC_TEXT)
    return internalError("the loader `npy` was compiled without its argument `files`");
  std::vector<std::string> names = split(files->text, '\n');
  if (names.size() != dataset->columns.size())
    return inputError("`npy` needs one array a field: the data `%s` has %zu fields, and %zu "
                      "are named",
                      call.model.data_name, dataset->columns.size(), names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    Column &column = dataset->columns[i];
    const dlc_tensor &field = call.model.fields[i];
    std::string file = ArrayName(names[i]).file;
    DLC_TRY(call.resolve(file, &column.origin));
    column.origin += names[i].substr(file.size());
    Array array;
    DLC_TRY(readNpy(column.origin, &array));
    int64_t samples = array.shape.empty() ? 0 : array.shape[0];
    if (array.shape.empty() || array.count() != samples * column.perSample)
      return inputError("`%s` has the shape %s; `%s` needs [samples, …] with %lld numbers a sample",
                        column.origin.c_str(), shapeText(array.shape).c_str(), field.name,
                        static_cast<long long>(column.perSample));
    if (i > 0 && samples != dataset->count)
      return inputError("`%s` has %lld samples, but `%s` has %lld", column.origin.c_str(),
                        static_cast<long long>(samples), dataset->columns[0].origin.c_str(),
                        static_cast<long long>(dataset->count));
    dataset->count = samples;
    static_cast<Numbers &>(column) = std::move(array);
  }
  return Status();
}

} // namespace dlc::runtime::data
