// One split of the data in memory, and the loaders that read it.
#pragma once

#include "runtime/include/dlc/model.h"
#include "runtime/numbers.h"
#include "runtime/status.h"

#include <cstdint>
#include <string>
#include <vector>

namespace dlc::runtime::data {

// One field's numbers of all samples, sample after sample.
struct Column : Numbers {
  int64_t perSample = 0;
  std::string origin; // the file it was read from, for messages

  void append(double value); // Cell::F64 only
};

struct Dataset {
  int64_t count = 0;
  std::vector<Column> columns; // one for each of dlc_model.fields
};

// Reads a split; labels are checked against their number of classes. `folder` is --data, or "" for
// the data block's own folder.
Status loadSplit(const dlc_model &model, const std::string &split, const std::string &folder,
                 Dataset *dataset);

// The splits the data block has: "train, test".
bool hasSplit(const dlc_model &model, const std::string &split);
std::string splitNames(const dlc_model &model);

// The position of a field by name, or -1.
int32_t findField(const dlc_model &model, const std::string &name);

// A loader of stdlib/data.nn. File names are relative to `folder`.
struct LoaderCall {
  const dlc_model &model;
  const dlc_source &source;
  std::string folder;

  const dlc_argument *argument(const char *name) const;
  // The path of the file that a text argument names.
  Status path(const char *argument, std::string *path) const;
  // The path of a file that must exist.
  Status resolve(const std::string &name, std::string *path) const;
};
Status loadIdx(const LoaderCall &call, Dataset *dataset);
Status loadCsv(const LoaderCall &call, Dataset *dataset);
Status loadNpy(const LoaderCall &call, Dataset *dataset);
Status loadRows(const LoaderCall &call, Dataset *dataset);

// Also used by `predict` for a file that holds the model's inputs only: reads rows of `columns`
// numbers each.
Status readCsv(const std::string &path, bool header, char separator, int64_t columns,
               std::vector<double> *values);

} // namespace dlc::runtime::data
