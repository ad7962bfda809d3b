// CSV files, one sample a line, as libcsv reads them (RFC 4180).
#include "runtime/data/dataset.h"

#include "runtime/data/files.h"
#include "runtime/file.h"
#include "runtime/format/gzip.h"
#include "runtime/text.h"

#include <algorithm>
#include <csv.h>

namespace dlc::runtime::data {

namespace {

// Cuts a text into rows of cells and hands each to the reader; what it says stops the reading.
class Rows {
public:
  using Read = Status (*)(void *reader, const std::vector<std::string> &cells, int64_t line);

  Rows(const std::string &path, char separator, Read read, void *reader)
      : path_(path), separator_(separator), read_(read), reader_(reader) {}

  Status run(std::string_view text) {
    if (separator_ == '\t')
      return runPlain(text);
    csv_parser parser;
    csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);
    csv_set_delim(&parser, static_cast<unsigned char>(separator_));
    // A line at a time, so that a fault has a line's number. A quoted cell may go on in the next.
    for (; !text.empty() && !status_.failed(); ++line_) {
      size_t length = std::min(text.find('\n'), text.size() - 1) + 1;
      if (isRowEnded_ && !trim(text.substr(0, length)).empty()) {
        rowLine_ = line_;
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
      status_ = inputError("`%s`, line %lld: a quoted cell begins here and never ends",
                           path_.c_str(), static_cast<long long>(rowLine_));
    csv_free(&parser);
    return status_;
  }

private:
  // Cells without quotes, between tabs.
  Status runPlain(std::string_view text) {
    for (; !text.empty() && !status_.failed(); ++line_) {
      size_t end = text.find('\n');
      std::string_view line = text.substr(0, end);
      text.remove_prefix(end == text.npos ? text.size() : end + 1);
      if (line.ends_with('\r'))
        line.remove_suffix(1);
      if (line.empty())
        continue;
      rowLine_ = line_;
      cells_ = split(line, separator_);
      endRow(0, this);
    }
    return status_;
  }

  static void addCell(void *data, size_t length, void *self) {
    static_cast<Rows *>(self)->cells_.emplace_back(static_cast<const char *>(data), length);
  }

  static void endRow(int, void *self) {
    auto *rows = static_cast<Rows *>(self);
    if (!rows->status_.failed())
      rows->status_ = rows->read_(rows->reader_, rows->cells_, rows->rowLine_);
    rows->cells_.clear();
    rows->isRowEnded_ = true;
  }

  const std::string &path_;
  char separator_;
  Read read_;
  void *reader_;
  int64_t line_ = 1, rowLine_ = 1; // being read; where its row begins
  bool isRowEnded_ = true;
  std::vector<std::string> cells_;
  Status status_;
};

class Reader {
public:
  Reader(const std::string &path, const CsvFormat &format, const std::vector<CsvField> &fields,
         std::vector<Column> *columns)
      : path_(path), format_(format), fields_(fields), columns_(columns),
        needsHeader_(format.hasHeader || !format.chosen.empty()) {
    for (const CsvField &field : fields)
      needed_ += size_t(field.count);
  }

  Status read(const std::vector<std::string> &cells, int64_t line) {
    if (needsHeader_ && !hasHeader_)
      return readHeader(cells, line);
    size_t expected = format_.chosen.empty() ? needed_ : headerCount_;
    if (cells.size() != expected)
      return inputError("`%s`, line %lld: %zu columns, but %s %zu", path_.c_str(),
                        static_cast<long long>(line), cells.size(),
                        format_.chosen.empty() ? "a sample needs" : "the first line names",
                        expected);
    size_t next = 0;
    for (size_t i = 0; i < fields_.size(); ++i)
      for (int64_t j = 0; j < fields_[i].count; ++j, ++next) {
        size_t column = chosen_.empty() ? next : chosen_[next];
        DLC_TRY(readCell(i, cells[column], line, column));
      }
    return Status();
  }

private:
  Status readHeader(const std::vector<std::string> &cells, int64_t line) {
    hasHeader_ = true;
    headerCount_ = cells.size();
    std::vector<std::string> names;
    for (const std::string &cell : cells)
      names.emplace_back(trim(cell));
    for (const std::string &name : format_.chosen) {
      auto found = std::find(names.begin(), names.end(), name);
      if (found == names.end())
        return inputError("`%s`, line %lld: there is no column `%s`%s (there are %s)",
                          path_.c_str(), static_cast<long long>(line), name.c_str(),
                          didYouMean(name, names).c_str(), join(names, ", ").c_str());
      chosen_.push_back(size_t(found - names.begin()));
    }
    if (!chosen_.empty() && chosen_.size() != needed_)
      return inputError("`columns` names %zu columns, but the fields need %zu", chosen_.size(),
                        needed_);
    return Status();
  }

  Status readCell(size_t field, const std::string &cell, int64_t line, size_t column) {
    Column &into = (*columns_)[field];
    auto fault = [&](const char *what) {
      return inputError("`%s`, line %lld, column %zu: %s", path_.c_str(),
                        static_cast<long long>(line), column + 1, what);
    };
    if (fields_[field].isText) {
      into.texts.push_back(cell);
      return Status();
    }
    double value = 0;
    std::string_view number = trim(cell);
    if (number.empty() && format_.missing)
      value = *format_.missing;
    else if (number.empty())
      return fault("the cell is empty; `missing = 0.0` would read such cells as 0");
    else if (!parseNumber(number, &value))
      return fault(dlc::runtime::format("`%.40s` is not a finite number%s",
                                        std::string(number).c_str(),
                                        line == 1 ? " (if the first line names the columns, say "
                                                    "`header = true`)"
                                                  : "")
                       .c_str());
    into.append(value);
    return Status();
  }

  const std::string &path_;
  const CsvFormat &format_;
  const std::vector<CsvField> &fields_;
  std::vector<Column> *columns_;
  size_t needed_ = 0;
  bool needsHeader_, hasHeader_ = false;
  size_t headerCount_ = 0;
  std::vector<size_t> chosen_; // positions in a row; empty: all
};

} // namespace

Status readCsv(const std::string &path, const CsvFormat &format,
               const std::vector<CsvField> &fields, std::vector<Column> *columns) {
  Bytes bytes;
  DLC_TRY(readUnpacked(path, &bytes));
  std::string_view text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  if (text.starts_with("\xEF\xBB\xBF")) // a byte order mark
    text.remove_prefix(3);
  size_t invalid = std::min(findInvalidUtf8(text), text.find('\0'));
  if (invalid != text.npos)
    return inputError(
        "`%s`, line %lld: this is no UTF-8 text (the byte 0x%02X)", path.c_str(),
        static_cast<long long>(std::count(text.begin(), text.begin() + int64_t(invalid), '\n')) + 1,
        unsigned(static_cast<unsigned char>(text[invalid])));
  Reader reader(path, format, fields, columns);
  auto read = [](void *self, const std::vector<std::string> &cells, int64_t line) {
    return static_cast<Reader *>(self)->read(cells, line);
  };
  DLC_TRY(Rows(path, format.separator, read, &reader).run(text));
  const Column &first = columns->front();
  if (first.count() == 0 && first.texts.empty())
    return inputError("`%s` has no samples", path.c_str());
  return Status();
}

// The files that a column's texts name. One that is missing is told now, not in mid-training.
static Status openFiles(const LoaderCall &call, int32_t field, Column *column) {
  std::vector<std::string> paths;
  for (const std::string &text : column->texts) {
    std::string name(trim(text)), path = joinPath(call.folder, name);
    size_t sample = paths.size();
    if (name.empty())
      return inputError("`%s`: sample %zu names no file for `%s`", column->origin.c_str(), sample,
                        call.model.fields[field].name);
    if (!fileExists(path))
      return inputError("`%s`: sample %zu names the file `%s`, which does not exist: a file is "
                        "looked for in the data folder, which --data DIR names",
                        column->origin.c_str(), sample, path.c_str());
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
  const dlc_argument *separator = call.argument("separator"), *header = call.argument("header");
  const dlc_argument *chosen = call.argument("columns"), *missing = call.argument("missing");
  if (separator && (separator->kind != DLC_TEXT || std::string(separator->text).size() != 1))
    return inputError("the separator of `csv` must be one character");
  if (separator)
    format.separator = separator->text[0];
  format.hasHeader = header && header->numbers[0] != 0;
  if (chosen && chosen->kind == DLC_TEXT)
    format.chosen = split(chosen->text, '\n');
  if (missing && missing->kind == DLC_NUMBERS && missing->count > 0)
    format.missing = missing->numbers[0];
  std::vector<CsvField> fields;
  for (int32_t i = 0; i < call.model.field_count; ++i) {
    bool isText = call.isText(i);
    dataset->columns[size_t(i)].origin = path;
    fields.push_back(
        {call.model.fields[i].name, isText ? 1 : dataset->columns[size_t(i)].perSample, isText});
  }
  DLC_TRY(readCsv(path, format, fields, &dataset->columns));
  const Column &first = dataset->columns[0];
  dataset->count =
      first.texts.empty() ? first.count() / first.perSample : int64_t(first.texts.size());
  for (int32_t i = 0; i < call.model.field_count; ++i)
    if (FileReader(call.model, i).isFile())
      DLC_TRY(openFiles(call, i, &dataset->columns[size_t(i)]));
  return Status();
}

} // namespace dlc::runtime::data
