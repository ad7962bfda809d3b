// CSV files: one sample a line, numbers only.
#include "runtime/data/dataset.h"

#include "runtime/format/gzip.h"
#include "runtime/text.h"

namespace dlc::runtime::data {

static Status readLine(const std::string &path, int64_t number, std::string_view line,
                       char separator, int64_t columns, std::vector<double> *values) {
  int64_t found = 0;
  for (const std::string &cell : split(line, separator)) {
    double value = 0;
    if (!parseNumber(trim(cell), &value))
      return inputError("`%s`, line %lld, column %lld: `%.40s` is not a finite number%s",
                        path.c_str(), static_cast<long long>(number),
                        static_cast<long long>(found + 1), std::string(trim(cell)).c_str(),
                        number == 1 ? " (if the first line names the columns, say `header = true`)"
                                    : "");
    if (++found <= columns)
      values->push_back(value);
  }
  if (found != columns)
    return inputError("`%s`, line %lld: %lld columns, but a sample needs %lld numbers",
                      path.c_str(), static_cast<long long>(number), static_cast<long long>(found),
                      static_cast<long long>(columns));
  return Status();
}

Status readCsv(const std::string &path, bool header, char separator, int64_t columns,
               std::vector<double> *values) {
  Bytes text;
  DLC_TRY(readUnpacked(path, &text));
  std::string_view rest(reinterpret_cast<const char *>(text.data()), text.size());
  if (rest.substr(0, 3) == "\xEF\xBB\xBF") // a byte order mark
    rest.remove_prefix(3);
  for (int64_t number = 1; !rest.empty(); ++number) {
    size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    if ((number == 1 && header) || trim(line).empty())
      continue;
    DLC_TRY(readLine(path, number, line, separator, columns, values));
  }
  if (values->empty())
    return inputError("`%s` has no samples", path.c_str());
  return Status();
}

Status loadCsv(const LoaderCall &call, Dataset *dataset) {
  std::string path;
  DLC_TRY(call.path("file", &path));
  const dlc_argument *header = call.argument("header"), *separator = call.argument("separator");
  if (separator && (separator->kind != DLC_TEXT || std::string(separator->text).size() != 1))
    return inputError("the separator of `csv` must be one character");
  int64_t perLine = 0;
  for (Column &column : dataset->columns) {
    perLine += column.perSample;
    column.origin = path;
  }
  std::vector<double> values;
  DLC_TRY(readCsv(path, header && header->numbers[0] != 0, separator ? separator->text[0] : ',',
                  perLine, &values));
  dataset->count = int64_t(values.size()) / perLine;
  const double *next = values.data();
  for (int64_t row = 0; row < dataset->count; ++row)
    for (Column &column : dataset->columns)
      for (int64_t i = 0; i < column.perSample; ++i)
        column.append(*next++);
  return Status();
}

} // namespace dlc::runtime::data
