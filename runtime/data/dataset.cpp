// The table of loaders, and what is checked of every split whatever loaded it.
#include "runtime/data/dataset.h"

#include "runtime/data/files.h"
#include "runtime/data/vocabulary.h"
#include "runtime/file.h"
#include "runtime/format/npy.h"
#include "runtime/tensor.h"
#include "runtime/text.h"

#include <algorithm>
#include <cstring>

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
} kLoaders[] = {{"csv", loadCsv},
                {"folders", loadLinkedFolders},
                {"idx", loadIdx},
                {"npy", loadNpy},
                {"rows", loadRows}};

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

const dlc_argument *LoaderCall::argument(const char *name) const {
  for (int32_t i = 0; i < source.argument_count; ++i)
    if (strcmp(source.arguments[i].name, name) == 0)
      return &source.arguments[i];
  return nullptr;
}

bool LoaderCall::isText(int32_t field) const {
  return Vocabulary(model, field).isText() || FileReader(model, field).isFile() ||
         (model.fields[field].classes > 0 && elementCount(model.fields[field]) == 1);
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

Status loadSplit(const dlc_model &model, const std::string &split, const std::string &folder,
                 Dataset *dataset) {
  if (model.field_count == 0)
    return inputError("`%s` was compiled without a data block, so it has no data to read",
                      model.name);
  const dlc_source *source = nullptr;
  for (int32_t i = 0; i < model.source_count; ++i)
    if (split == model.sources[i].split)
      source = &model.sources[i];
  if (!source)
    return inputError("the data `%s` has no split `%s`; it has %s", model.data_name, split.c_str(),
                      splitNames(model).c_str());
  LoaderCall call{model, *source, folder.empty() ? model.data_folder : folder};
  dataset->columns.resize(size_t(model.field_count));
  for (int32_t i = 0; i < model.field_count; ++i)
    dataset->columns[i].perSample = elementCount(model.fields[i]);
  for (const auto &loader : kLoaders)
    if (strcmp(loader.name, source->loader) == 0) {
      DLC_TRY(loader.load(call, dataset));
      if (dataset->count == 0)
        return inputError("`%s`: the split `%s` of the data `%s` has no samples",
                          dataset->columns[0].origin.c_str(), split.c_str(), model.data_name);
      return Status();
    }
  return internalError("the model asks for the loader `%s`, which this runtime does not have",
                       source->loader);
}

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
