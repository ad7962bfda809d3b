// CSV files, one sample a line, as libcsv reads them (RFC 4180).
#include "runtime/data/dataset.h"

#include "runtime/data/files.h"
#include "runtime/data/lines.h"
#include "runtime/data/vocabulary.h"
#include "runtime/file.h"
#include "runtime/tensor.h"
#include "runtime/text.h"

#include <algorithm>
#include <csv.h>

namespace dlc::runtime::data {

namespace {

// What a line holds. Of more cells than anybody asks for only the number is kept.
struct Row {
  std::vector<std::string> cells;
  size_t count = 0; // of all cells
  int64_t line = 1; // where it begins
};

// A header of more columns than this is no header.
constexpr size_t kMostColumns = size_t(1) << 18;

// Cuts a text into rows of cells and hands each to the reader; what it says stops the reading.
class Rows {
public:
  using Read = Status (*)(void *reader, Row &row);

  // `most`: so many cells of a row are kept; the reader may change it.
  Rows(const std::string &path, char separator, const size_t &most, Read read, void *reader)
      : path_(path), separator_(separator), most_(most), read_(read), reader_(reader) {}

  Status run(std::string_view text) {
    if (separator_ == '\t')
      return runPlain(text);
    csv_parser parser;
    csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);
    csv_set_delim(&parser, static_cast<unsigned char>(separator_));
    csv_set_blk_size(&parser, kBlock);
    // A line at a time, so that a fault has a line's number. A quoted cell may go on in the next.
    for (; !text.empty() && !status_.failed(); ++line_) {
      size_t length = std::min(text.find('\n'), text.size() - 1) + 1;
      if (isRowEnded_ && !trim(text.substr(0, length)).empty()) {
        row_.line = line_;
        isRowEnded_ = false;
      }
      if (csv_parse(&parser, text.data(), length, addCell, endRow, this) != length)
        status_ = inputError("`%s`, line %lld: %s", path_.c_str(), static_cast<long long>(line_),
                             csv_error(&parser) == CSV_EPARSE
                                 ? "a quote stands inside a cell; the whole cell must be quoted, "
                                   "and a quote in it written twice"
                                 : csv_strerror(csv_error(&parser)));
      text.remove_prefix(length);
    }
    if (!status_.failed() && csv_fini(&parser, addCell, endRow, this) != 0)
      status_ = inputError("`%s`, line %lld: a quoted cell begins here and never ends; put a quote "
                           "behind it, or write a quote that belongs to the text twice",
                           path_.c_str(), static_cast<long long>(row_.line));
    csv_free(&parser);
    return status_;
  }

private:
  static constexpr size_t kBlock = 4096; // bytes by which the parser's memory grows

  // Cells without quotes, between tabs.
  Status runPlain(std::string_view text) {
    for (; !text.empty() && !status_.failed(); ++line_) {
      std::string_view line = takeLine(&text);
      if (line.empty())
        continue;
      row_.line = line_;
      for (size_t tab = 0; tab != line.npos;) {
        tab = line.find(separator_);
        add(line.substr(0, tab));
        if (tab != line.npos)
          line.remove_prefix(tab + 1);
      }
      endRow(0, this);
    }
    return status_;
  }

  void add(std::string_view cell) {
    if (row_.count++ < most_)
      row_.cells.emplace_back(cell);
  }

  static void addCell(void *data, size_t length, void *self) {
    static_cast<Rows *>(self)->add({static_cast<const char *>(data), length});
  }

  static void endRow(int, void *self) {
    auto *rows = static_cast<Rows *>(self);
    if (!rows->status_.failed())
      rows->status_ = rows->read_(rows->reader_, rows->row_);
    rows->row_.cells.clear();
    rows->row_.count = 0;
    rows->isRowEnded_ = true;
  }

  const std::string &path_;
  char separator_;
  const size_t &most_;
  Read read_;
  void *reader_;
  int64_t line_ = 1; // being read
  bool isRowEnded_ = true;
  Row row_;
  Status status_;
};

// Whether a cell says that nobody knows the number: how R, NumPy, pandas and databases write it.
bool isMissing(std::string_view cell) {
  constexpr std::string_view kNames[] = {"",    "?",   "NA",   "N/A",  "n/a",  "NaN",
                                         "nan", "NAN", "null", "NULL", "None", "none"};
  return std::find(std::begin(kNames), std::end(kNames), cell) != std::end(kNames);
}

class Reader {
public:
  Reader(const std::string &path, const CsvFormat &format, const std::vector<CsvField> &fields,
         std::vector<Column> *columns, std::vector<uint64_t> *groups)
      : path_(path), format_(format), fields_(fields), columns_(columns), groups_(groups),
        needsHeader_(format.hasHeader || !format.chosen.empty()) {
    for (const CsvField &field : fields)
      needed_ += size_t(field.count);
    expected_ = needed_;
    most_ = needsHeader_ ? kMostColumns : std::max(needed_, format.wholeColumns);
  }

  const size_t &most() const { return most_; }
  bool hasHeader() const { return hasHeader_; }

  Status read(Row &row) {
    if (needsHeader_ && !(format_.isHeaderOptional && isSample(row)))
      return readHeader(row);
    needsHeader_ = false;
    // A table of whole samples, of which some columns are wanted: the first line tells.
    if (!hasSample_ && chosen_.empty() && row.count != needed_ &&
        row.count == format_.wholeColumns) {
      chosen_ = format_.wholePositions;
      expected_ = row.count;
    }
    hasSample_ = true;
    most_ = expected_;
    if (row.count != expected_)
      return wrongCount(row);
    if (groupColumn_ >= 0)
      groups_->push_back(hashText(trim(row.cells[size_t(groupColumn_)])));
    size_t next = 0;
    for (size_t i = 0; i < fields_.size(); ++i)
      for (int64_t j = 0; j < fields_[i].count; ++j, ++next) {
        size_t column = chosen_.empty() ? next : chosen_[next];
        DLC_TRY(readCell(i, row.cells[column], row.line, column));
      }
    return Status();
  }

private:
  // Whether a row that may be a header is a sample already.
  bool isSample(const Row &row) const {
    if (row.count != needed_ && row.count != format_.wholeColumns)
      return false;
    if (!format_.chosen.empty())
      return row.count == needed_ &&
             std::none_of(row.cells.begin(), row.cells.end(), [&](const std::string &cell) {
               return std::find(format_.chosen.begin(), format_.chosen.end(), trim(cell)) !=
                      format_.chosen.end();
             });
    bool hasNumber = false;
    double value = 0;
    size_t next = 0;
    for (const CsvField &field : fields_)
      for (int64_t j = 0; j < field.count; ++j, ++next) {
        size_t column = row.count == needed_ ? next : format_.wholePositions[next];
        if (field.kind != CsvField::Number)
          continue;
        std::string_view cell = trim(row.cells[column]);
        if (!isMissing(cell) && !parseNumber(cell, &value))
          return false;
        hasNumber = true;
      }
    return hasNumber;
  }

  Status wrongCount(const Row &row) const {
    std::string remedy;
    if (row.count == 1)
      remedy = separatorRemedy(row.cells[0]);
    if (remedy.empty() && isNamed_)
      remedy = row.count > expected_
                   ? "; a cell that holds the separator must be quoted"
                   : "; every separator must be there, also those before empty cells";
    else if (remedy.empty() && row.count > expected_)
      remedy = "; where the first line names them, `columns = [\"…\"]` reads some";
    return inputError("`%s`, line %lld: %zu column%s, but %s %zu%s", path_.c_str(),
                      static_cast<long long>(row.line), row.count, row.count == 1 ? "" : "s",
                      isNamed_ ? "the first line names" : "a sample needs", expected_,
                      remedy.c_str());
  }

  // What to say where a whole line came as one cell.
  std::string separatorRemedy(std::string_view line) const {
    for (auto [character, name] : {std::pair{';', ";"}, {'\t', "\\t"}, {',', ","}, {'|', "|"}})
      if (character != format_.separator && line.find(character) != line.npos)
        return dlc::runtime::format("; if its columns stand between such, say `separator = \"%s\"`",
                                    name);
    return "";
  }

  Status findColumn(const std::vector<std::string> &names, const std::string &name, int64_t line,
                    size_t *column) const {
    auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      constexpr size_t kMostNames = 40;
      std::vector<std::string> some;
      for (size_t i = 0; i < std::min(names.size(), kMostNames); ++i)
        some.push_back(shortened(names[i]));
      if (names.size() > kMostNames)
        some.emplace_back("…");
      std::string remedy = names.size() == 1 ? separatorRemedy(names[0]) : "";
      return inputError("`%s`, line %lld: there is no column `%s`%s (there are %s)%s",
                        path_.c_str(), static_cast<long long>(line), name.c_str(),
                        didYouMean(name, some).c_str(), join(some, ", ").c_str(), remedy.c_str());
    }
    if (std::find(found + 1, names.end(), name) != names.end())
      return inputError("`%s`, line %lld: two columns are named `%s`; rename one of them",
                        path_.c_str(), static_cast<long long>(line), name.c_str());
    *column = size_t(found - names.begin());
    return Status();
  }

  Status readHeader(Row &row) {
    if (row.count > kMostColumns)
      return inputError("`%s`, line %lld: %zu columns; this is no line of names", path_.c_str(),
                        static_cast<long long>(row.line), row.count);
    std::vector<std::string> names = std::move(row.cells);
    for (std::string &name : names)
      if (std::string_view word = trim(name); word.size() != name.size())
        name = std::string(word);
    for (const std::string &name : format_.chosen)
      DLC_TRY(findColumn(names, name, row.line, &chosen_.emplace_back()));
    if (!chosen_.empty() && chosen_.size() != needed_)
      return inputError("`columns` names %zu columns, but the fields need %zu", chosen_.size(),
                        needed_);
    needsHeader_ = false;
    hasHeader_ = true;
    if (!chosen_.empty()) {
      isNamed_ = true;
      expected_ = row.count;
    } else if (row.count != expected_ && row.count != format_.wholeColumns) {
      return wrongCount(row);
    }
    if (!format_.by.empty()) {
      size_t column = 0;
      DLC_TRY(findColumn(names, format_.by, row.line, &column));
      groupColumn_ = int64_t(column);
    }
    return Status();
  }

  Status readCell(size_t field, std::string &cell, int64_t line, size_t column) {
    Column &into = (*columns_)[field];
    auto fault = [&](const std::string &what) {
      return inputError("`%s`, line %lld, column %zu: %s", path_.c_str(),
                        static_cast<long long>(line), column + 1, what.c_str());
    };
    if (fields_[field].kind == CsvField::Text) {
      into.texts.push_back(std::move(cell));
      return Status();
    }
    std::string_view word = trim(cell);
    if (fields_[field].kind == CsvField::File && word.empty())
      return fault(dlc::runtime::format("the cell is empty, and `%s` needs the name of a file",
                                        fields_[field].name));
    if (fields_[field].kind != CsvField::Number) {
      if (word.empty())
        return fault(dlc::runtime::format("the cell is empty, and `%s` needs a class: leave the "
                                          "line out, or write a name such as "
                                          "`unknown`",
                                          fields_[field].name));
      into.texts.emplace_back(word);
      return Status();
    }
    double value = 0;
    if (isMissing(word) && format_.missing)
      value = *format_.missing;
    else if (word.empty())
      return fault("the cell is empty; `missing = 0.0` would read such cells as 0");
    else if (isMissing(word))
      return fault(
          dlc::runtime::format("`%s` is not a finite number; `missing = 0.0` would read such "
                               "cells as 0",
                               std::string(word).c_str()));
    else if (!parseNumber(word, &value))
      return fault(notNumber(word, line));
    into.append(value);
    return Status();
  }

  std::string notNumber(std::string_view word, int64_t line) const {
    std::string text = shortened(word), pointed(text), remedy;
    double value = 0;
    std::replace(pointed.begin(), pointed.end(), ',', '.');
    if (line == 1 && !hasHeader_)
      remedy = " (if the first line names the columns, say `header = true`)";
    else if (pointed != text && parseNumber(pointed, &value))
      remedy = "; numbers are written with a point: " + pointed;
    return dlc::runtime::format("`%s` is not a finite number%s", text.c_str(), remedy.c_str());
  }

  const std::string &path_;
  const CsvFormat &format_;
  const std::vector<CsvField> &fields_;
  std::vector<Column> *columns_;
  std::vector<uint64_t> *groups_;
  size_t needed_ = 0;              // columns of the fields
  size_t expected_ = 0, most_ = 0; // columns of a row, and those of them to keep
  bool needsHeader_;               // the next row may be the header
  bool hasHeader_ = false, isNamed_ = false, hasSample_ = false;
  std::vector<size_t> chosen_; // positions in a row; empty: all
  int64_t groupColumn_ = -1;
};

} // namespace

Status readCsv(const std::string &path, const CsvFormat &format,
               const std::vector<CsvField> &fields, std::vector<Column> *columns,
               std::vector<uint64_t> *groups) {
  TextFile file;
  DLC_TRY(file.read(path));
  Reader reader(path, format, fields, columns, groups);
  auto read = [](void *self, Row &row) { return static_cast<Reader *>(self)->read(row); };
  DLC_TRY(Rows(path, format.separator, reader.most(), read, &reader).run(file.text));
  const Column &first = columns->front();
  if (first.count() == 0 && first.texts.empty())
    return inputError("`%s` has no samples%s", path.c_str(),
                      reader.hasHeader() ? " below the names of its columns" : "");
  return Status();
}

Status csvFormat(const dlc_source &source, CsvFormat *format) {
  const dlc_argument *separator = findArgument(source, "separator");
  const dlc_argument *header = findArgument(source, "header");
  const dlc_argument *chosen = findArgument(source, "columns");
  const dlc_argument *missing = findArgument(source, "missing");
  if (separator && (separator->kind != DLC_TEXT || std::string(separator->text).size() != 1))
    return inputError("the separator of `csv` must be one character");
  if (separator)
    format->separator = separator->text[0];
  format->hasHeader = header && header->numbers[0] != 0;
  if (chosen && chosen->kind == DLC_TEXT)
    format->chosen = split(chosen->text, '\n');
  if (missing && missing->kind == DLC_NUMBERS && missing->count > 0)
    format->missing = missing->numbers[0];
  return Status();
}

CsvField csvField(const dlc_model &model, int32_t field) {
  const dlc_tensor &tensor = model.fields[field];
  if (Vocabulary(model, field).isText())
    return {tensor.name, 1, CsvField::Text};
  if (FileReader(model, field).isFile())
    return {tensor.name, 1, CsvField::File};
  if (tensor.classes > 0 && elementCount(tensor) == 1)
    return {tensor.name, 1, CsvField::Class};
  return {tensor.name, elementCount(tensor), CsvField::Number};
}

// The files that a column's texts name. One that is missing is told now, not in mid-training.
static Status openFiles(const LoaderCall &call, int32_t field, Column *column) {
  std::vector<std::string> paths;
  for (const std::string &name : column->texts) {
    std::string path = joinPath(call.folder, name);
    if (!fileExists(path))
      return inputError("`%s`: sample %zu names the file `%s`, which does not exist: a file is "
                        "looked for in the data folder, which --data DIR names",
                        column->origin.c_str(), paths.size(), path.c_str());
    paths.push_back(std::move(path));
  }
  column->texts = {};
  column->files = std::make_shared<Files>(FileReader(call.model, field), std::move(paths));
  return Status();
}

Status loadCsv(const LoaderCall &call, Dataset *dataset) {
  std::string path;
  DLC_TRY(call.path("file", &path));
  CsvFormat format;
  DLC_TRY(csvFormat(call.source, &format));
  format.by = call.by;
  std::vector<CsvField> fields;
  for (int32_t i = 0; i < call.model.field_count; ++i) {
    dataset->columns[size_t(i)].origin = path;
    fields.push_back(csvField(call.model, i));
  }
  DLC_TRY(readCsv(path, format, fields, &dataset->columns, &dataset->groups));
  const Column &first = dataset->columns[0];
  dataset->count =
      first.texts.empty() ? first.count() / first.perSample : int64_t(first.texts.size());
  for (int32_t i = 0; i < call.model.field_count; ++i)
    if (FileReader(call.model, i).isFile())
      DLC_TRY(openFiles(call, i, &dataset->columns[size_t(i)]));
  return Status();
}

} // namespace dlc::runtime::data
