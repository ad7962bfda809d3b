// Text files whose lines are texts or classes, a field each: parallel texts, labelled texts.
#include "runtime/data/lines.h"

#include "runtime/data/dataset.h"
#include "runtime/text.h"

#include <algorithm>

namespace dlc::runtime::data {

// What a file is that is no text at all, and what to do; "" if nothing is known of it.
static const char *foreignFormat(std::string_view text) {
  if (text.starts_with("PK\x03\x04"))
    return "this is an archive, as of a spreadsheet: export it as CSV";
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return "this is UTF-16: save it as UTF-8";
  return "";
}

Status TextFile::read(const std::string &path) {
  DLC_TRY(readUnpacked(path, &bytes));
  text = {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
  if (const char *what = foreignFormat(text); *what)
    return inputError("`%s`: %s", path.c_str(), what);
  if (text.starts_with("\xEF\xBB\xBF")) // a byte order mark
    text.remove_prefix(3);
  if (text.empty())
    return inputError("`%s` is empty", path.c_str());
  size_t invalid = std::min(findInvalidUtf8(text), text.find('\0'));
  if (invalid != text.npos)
    return inputError(
        "`%s`, line %lld: this is no UTF-8 text (the byte 0x%02X); save it as UTF-8", path.c_str(),
        static_cast<long long>(std::count(text.begin(), text.begin() + int64_t(invalid), '\n')) + 1,
        unsigned(static_cast<unsigned char>(text[invalid])));
  return Status();
}

std::string_view takeLine(std::string_view *text) {
  size_t end = text->find('\n');
  std::string_view line = text->substr(0, end);
  text->remove_prefix(end == text->npos ? text->size() : end + 1);
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  return line;
}

// A line for each sample: what stands before its end, or, where it is a class's name, between the
// white space around it.
static Status readLines(const std::string &path, const CsvField &field, Column *column) {
  TextFile file;
  DLC_TRY(file.read(path));
  for (std::string_view rest = file.text; !rest.empty();) {
    std::string_view line = takeLine(&rest);
    if (field.kind == CsvField::Class && (line = trim(line)).empty())
      return inputError("`%s`, line %zu: the line is empty, and `%s` needs a class: leave the line "
                        "out of all files, or write a name such as `unknown`",
                        path.c_str(), column->texts.size() + 1, field.name);
    column->texts.emplace_back(line);
  }
  return Status();
}

Status loadLines(const LoaderCall &call, Dataset *dataset) {
  const dlc_argument *files = call.argument("files");
  std::vector<std::string> names = files ? split(files->text, '\n') : std::vector<std::string>();
  if (names.size() != size_t(call.model.field_count))
    return internalError("the loader `lines` was compiled with %zu files for %d fields",
                         names.size(), call.model.field_count);
  for (int32_t i = 0; i < call.model.field_count; ++i) {
    Column &column = dataset->columns[size_t(i)];
    DLC_TRY(call.resolve(names[size_t(i)], &column.origin));
    DLC_TRY(readLines(column.origin, csvField(call.model, i), &column));
    const Column &first = dataset->columns[0];
    if (column.texts.size() != first.texts.size())
      return inputError("`%s` has %zu lines and `%s` has %zu: the lines of a number are one sample",
                        column.origin.c_str(), column.texts.size(), first.origin.c_str(),
                        first.texts.size());
  }
  dataset->count = int64_t(dataset->columns[0].texts.size());
  return Status();
}

} // namespace dlc::runtime::data
