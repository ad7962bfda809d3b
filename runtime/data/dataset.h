// One split of the data in memory, and the loaders that read it.
#pragma once

#include "runtime/include/dlc/model.h"
#include "runtime/numbers.h"
#include "runtime/status.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dlc::runtime::data {

class Files;

// One field of all samples, sample after sample: numbers, a text a sample until Vocabularies makes
// numbers of them, or a file a sample.
struct Column : Numbers {
  int64_t perSample = 0;
  std::shared_ptr<Files> files;   // null where the samples are no files
  std::vector<std::string> texts; // UTF-8
  bool areNames = false;          // texts are names of classes even where they look like numbers
  int64_t cutTexts = 0;           // texts that were longer than the field
  // For messages: the file it was read from, and the samples' numbers there; empty: all, in order.
  std::string origin;
  std::vector<int64_t> places;

  void append(double value); // Cell::F64 only
  // Finds one sample's numbers, in the column or in its file.
  Status find(int64_t sample, struct SampleNumbers *found) const;
};

// Where one sample's numbers are: `count` of them; the field's others are 0.
struct SampleNumbers {
  const Numbers *in = nullptr;
  int64_t first = 0, count = 0;
  Numbers room; // for those that are nowhere else

  // All numbers of the field.
  void read(int64_t perSample, double *values) const;
};

struct Dataset {
  int64_t count = 0;
  std::vector<Column> columns; // one for each of dlc_model.fields
  // What a sample's place in `split(by = …)` depends on; empty where it is the sample's number.
  std::vector<uint64_t> groups;
};

// Reads a split, whose texts Vocabularies::encode() then makes numbers of. `folder` is --data, or
// "" for the data block's own folder.
Status loadSplit(const dlc_model &model, const std::string &split, const std::string &folder,
                 Dataset *dataset);

// Reads the training split and the one to evaluate on ("" for none), from one file where the one is
// a share of the other.
Status loadTraining(const dlc_model &model, const std::string &evaluation,
                    const std::string &folder, Dataset *train, Dataset *evaluated);

// The splits the data block has: "train, test".
bool hasSplit(const dlc_model &model, const std::string &split);
std::string splitNames(const dlc_model &model);

// The position of a field by name, or -1.
int32_t findField(const dlc_model &model, const std::string &name);

// Whether a field can hold a number: finite in the model's precision, an int where it must be one,
// a class below their number. Says what is wrong with it: "has the label 7, but …".
Status checkNumber(const dlc_tensor &field, double value);

// An argument of a loader by its name, or null.
const dlc_argument *findArgument(const dlc_source &source, const char *name);

// A loader of stdlib/data.nn. File names are relative to `folder`.
struct LoaderCall {
  const dlc_model &model;
  const dlc_source &source;
  std::string folder;
  std::string by; // the column whose cells group the samples, for Dataset::groups; "" for none

  const dlc_argument *argument(const char *name) const { return findArgument(source, name); }
  // The path of the file that a text argument names.
  Status path(const char *argument, std::string *path) const;
  // The path of a file that must exist.
  Status resolve(const std::string &name, std::string *path) const;
};
Status loadIdx(const LoaderCall &call, Dataset *dataset);
Status loadCsv(const LoaderCall &call, Dataset *dataset);
Status loadFolders(const LoaderCall &call, Dataset *dataset);
// The same under a name that the linker is told where a data block has the loader.
extern "C" void dlc_folders(const LoaderCall &call, Dataset *dataset, Status *status);
Status loadLines(const LoaderCall &call, Dataset *dataset);
Status loadNpy(const LoaderCall &call, Dataset *dataset);
Status loadRows(const LoaderCall &call, Dataset *dataset);

// How a CSV file is written, and which of its columns are read.
struct CsvFormat {
  char separator = ',';            // a tab: then quotes are characters like any other
  bool hasHeader = false;          // the first line names the columns
  std::vector<std::string> chosen; // columns by their names, in the fields' order; empty: all
  std::optional<double> missing; // stands for an empty cell of numbers; without it that is an error
  std::string by;                // the column whose cells become groups; "" for none
  // For `predict`, whose tables may lack the names, or hold the other fields as well: then they
  // have so many columns, and those to read stand at these positions.
  bool isHeaderOptional = false;
  size_t wholeColumns = 0;
  std::vector<size_t> wholePositions;
};
// The format of a data block's call of `csv`.
Status csvFormat(const dlc_source &source, CsvFormat *format);

// What the columns of one field hold: numbers, a text, a class, by its name or number, or a file's
// name. All but numbers are read as texts; Vocabularies makes numbers of classes.
struct CsvField {
  enum Kind { Number, Text, Class, File };
  const char *name;
  int64_t count; // columns
  Kind kind;
};
CsvField csvField(const dlc_model &model, int32_t field);

// Reads each line's cells into the fields' columns. Also used by `predict`, for a file that holds
// the model's inputs only.
Status readCsv(const std::string &path, const CsvFormat &format,
               const std::vector<CsvField> &fields, std::vector<Column> *columns,
               std::vector<uint64_t> *groups);

} // namespace dlc::runtime::data
