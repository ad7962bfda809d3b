// What the numbers of a field stand for: the pieces of a text, the names of classes.
#include "runtime/data/vocabulary.h"

#include "runtime/data/subwords.h"
#include "runtime/format/json.h"
#include "runtime/tensor.h"
#include "runtime/text.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace dlc::runtime::data {

// --- pieces of a text ----------------------------------------------------------------------------

using Pieces = std::vector<std::string_view>;

// Loaders let only UTF-8 through.
Pieces cutCharacters(std::string_view text) {
  Pieces pieces;
  while (!text.empty()) {
    size_t length = utf8Length(text);
    pieces.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return pieces;
}

static Pieces cutBytes(std::string_view text) {
  Pieces pieces;
  for (size_t i = 0; i < text.size(); ++i)
    pieces.push_back(text.substr(i, 1));
  return pieces;
}

static bool isWordByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

Pieces cutWords(std::string_view text) {
  Pieces pieces;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin;
    while (end < text.size() && isWordByte(text[end]))
      ++end;
    if (end == begin)
      ++end;
    if (!strchr(" \t\r\n\v\f", text[begin]))
      pieces.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return pieces;
}

namespace {

struct Tokenizer {
  const char *name;
  Pieces (*cut)(std::string_view); // null where the vocabulary itself says how
  const char *glue;                // between pieces, where they are joined again
  bool isFixed;                    // the vocabulary is all 256 bytes
};

constexpr Tokenizer kTokenizers[] = {{"bytes", cutBytes, "", true},
                                     {"characters", cutCharacters, "", false},
                                     {"subwords", nullptr, "", false},
                                     {"words", cutWords, " ", false}};

const Tokenizer *findTokenizer(const std::string &name) {
  for (const Tokenizer &tokenizer : kTokenizers)
    if (name == tokenizer.name)
      return &tokenizer;
  return nullptr;
}

} // namespace

bool isTokenizer(const std::string &transform) { return findTokenizer(transform); }

// --- one field -----------------------------------------------------------------------------------

Vocabulary::Vocabulary(const dlc_model &model, int32_t field)
    : field_(&model.fields[field]), length_(elementCount(model.fields[field])) {
  for (int32_t i = 0; i < model.transform_count; ++i) {
    const dlc_transform &transform = model.transforms[i];
    const Tokenizer *tokenizer = findTokenizer(transform.name);
    if (!tokenizer || strcmp(transform.field, field_->name) != 0)
      continue;
    cut_ = tokenizer->cut;
    isSubwords_ = !cut_;
    glue_ = tokenizer->glue;
    for (int32_t j = 0; j < transform.argument_count; ++j)
      if (strcmp(transform.arguments[j].name, "marks") == 0)
        marks_ = transform.arguments[j].numbers[0] != 0;
    isFixed_ = tokenizer->isFixed;
    if (isFixed_) {
      std::vector<std::string> bytes(kMarks);
      for (int byte = 0; byte < 256; ++byte)
        bytes.emplace_back(1, char(byte));
      (void)set(std::move(bytes)).failed(); // the checker has seen that there is room for them
    }
  }
}

std::string Vocabulary::entry(int64_t number) const {
  return number >= 0 && number < int64_t(entries_.size()) ? entries_[size_t(number)] : "";
}

Status Vocabulary::set(std::vector<std::string> entries) {
  if (int64_t(entries.size()) > field_->classes)
    return inputError("the vocabulary of `%s` has %zu entries, but the model has room for %lld",
                      field_->name, entries.size(), static_cast<long long>(field_->classes));
  entries_ = std::move(entries);
  numbers_.clear();
  for (size_t i = isText() ? size_t(kMarks) : 0; i < entries_.size(); ++i)
    numbers_.emplace(entries_[i], int64_t(i));
  return Status();
}

Status Vocabulary::build(const Column &column) {
  return isText() ? buildText(column) : buildClasses(column);
}

// A text's pieces in a row; those of subwords begin with the blanks before them.
std::vector<std::string> Vocabulary::cut(const std::string &text) const {
  std::vector<std::string> pieces;
  if (!isSubwords_) {
    for (std::string_view piece : cut_(text))
      pieces.emplace_back(piece);
    return pieces;
  }
  for (const std::string &part : cutParts(text))
    for (std::string &piece : cutSubwords(part, numbers_))
      pieces.push_back(std::move(piece));
  return pieces;
}

std::string Vocabulary::spell(const std::vector<std::string> &pieces) const {
  std::string text;
  for (const std::string &piece : pieces) {
    text += text.empty() ? "" : glue_;
    text += piece;
  }
  return isSubwords_ && text.starts_with(" ") ? text.substr(1) : text;
}

Status Vocabulary::buildText(const Column &column) {
  std::vector<std::string> entries(kMarks);
  if (isSubwords_) {
    for (std::string &piece : learnSubwords(column.texts, field_->classes - kMarks))
      entries.push_back(std::move(piece));
    return set(std::move(entries));
  }
  std::unordered_map<std::string_view, int64_t> counts;
  for (const std::string &text : column.texts)
    for (std::string_view piece : cut_(text))
      ++counts[piece];
  std::vector<std::pair<std::string_view, int64_t>> ranked(counts.begin(), counts.end());
  std::sort(ranked.begin(), ranked.end(), [](const auto &a, const auto &b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  for (const auto &[piece, count] : ranked)
    if (int64_t(entries.size()) < field_->classes)
      entries.emplace_back(piece);
  return set(std::move(entries));
}

Status Vocabulary::buildClasses(const Column &column) {
  double number = 0;
  bool areNumbers = !column.areNames && std::all_of(column.texts.begin(), column.texts.end(),
                                                    [&](const std::string &text) {
                                                      return parseNumber(text, &number);
                                                    });
  if (areNumbers)
    return Status(); // they need no names
  std::vector<std::string> names = column.texts;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (int64_t(names.size()) > field_->classes)
    return inputError(
        "`%s`: the labels have %zu different names (`%s`, `%s`, …), but `%s` has %lld "
        "classes: write `%s: class[%zu]`",
        column.origin.c_str(), names.size(), shortened(names[0]).c_str(),
        shortened(names[1]).c_str(), field_->name, static_cast<long long>(field_->classes),
        field_->name, names.size());
  return set(std::move(names));
}

// The first names of many, for a message.
static std::string someOf(const std::vector<std::string> &names) {
  constexpr size_t kMost = 20;
  std::vector<std::string> some;
  for (size_t i = 0; i < std::min(names.size(), kMost); ++i)
    some.push_back(shortened(names[i]));
  if (names.size() > kMost)
    some.emplace_back("…");
  return join(some, ", ");
}

Status Vocabulary::encode(const std::string &text, double *values, bool *isCut) const {
  *isCut = false;
  if (!isText()) {
    auto found = numbers_.find(text);
    if (found != numbers_.end())
      *values = double(found->second);
    else if (isKnown())
      return inputError("has the class `%s`, which the training split does not have%s (it has %s)",
                        shortened(text).c_str(), didYouMean(text, entries_).c_str(),
                        someOf(entries_).c_str());
    else if (!parseNumber(text, values))
      return inputError(
          "has the class `%s`, which is no number, but the training split has numbers",
          shortened(text).c_str());
    else
      return checkNumber(*field_, *values);
    return Status();
  }
  std::fill(values, values + length_, double(kPadding));
  std::vector<std::string> pieces = cut(text);
  int64_t begin = marks_ ? 1 : 0, room = length_ - 2 * begin;
  auto count = int64_t(pieces.size());
  *isCut = count > room;
  count = std::min(count, room);
  if (marks_) {
    values[0] = kBegin;
    values[1 + count] = kEnd;
  }
  for (int64_t i = 0; i < count; ++i) {
    auto found = numbers_.find(pieces[size_t(i)]);
    values[begin + i] = double(found == numbers_.end() ? int64_t(kUnknown) : found->second);
  }
  return Status();
}

std::string Vocabulary::decode(const std::vector<double> &values) const {
  std::vector<std::string> pieces;
  for (double value : values) {
    auto number = int64_t(value);
    if (number == kEnd || number == kPadding)
      break;
    if (number != kBegin)
      pieces.push_back(number == kUnknown ? "\xEF\xBF\xBD" : entry(number)); // U+FFFD
  }
  return spell(pieces);
}

static Status inSample(const Column &column, int64_t sample, const Status &status) {
  if (!column.places.empty())
    sample = column.places[size_t(sample)];
  return inputError("`%s`: sample %lld %s", column.origin.c_str(), static_cast<long long>(sample),
                    status.message().c_str());
}

// --- all fields ----------------------------------------------------------------------------------

Vocabularies::Vocabularies(const dlc_model &model) : model_(model) {
  for (int32_t i = 0; i < model.field_count; ++i)
    fields_.emplace_back(model, i);
}

static Status checkLabels(const dlc_tensor &field, const Column &column) {
  for (int64_t i = 0; i < column.count(); ++i)
    if (Status status = checkNumber(field, column.at(i)); status.failed())
      return inSample(column, i / column.perSample, status);
  return Status();
}

static Status encodeColumn(const Vocabulary &vocabulary, Column *column) {
  std::vector<double> values(size_t(column->perSample));
  std::vector<int32_t> numbers;
  numbers.reserve(column->texts.size() * values.size());
  for (size_t sample = 0; sample < column->texts.size(); ++sample) {
    bool isCut = false;
    Status status = vocabulary.encode(column->texts[sample], values.data(), &isCut);
    if (status.failed())
      return inSample(*column, int64_t(sample), status);
    column->cutTexts += isCut;
    for (double value : values)
      numbers.push_back(int32_t(value));
  }
  column->cell = Cell::I32;
  auto *begin = reinterpret_cast<const unsigned char *>(numbers.data());
  column->bytes.assign(begin, begin + numbers.size() * sizeof(int32_t));
  return Status();
}

Status Vocabularies::encode(Dataset *dataset, bool keepsTexts) {
  for (int32_t i = 0; i < model_.field_count; ++i) {
    Column &column = dataset->columns[size_t(i)];
    if (!column.texts.empty()) {
      if (!of(i).isKnown())
        DLC_TRY(of(i).build(column));
      DLC_TRY(encodeColumn(of(i), &column));
      if (!keepsTexts)
        column.texts = {};
    }
    if (model_.fields[i].classes > 0)
      DLC_TRY(checkLabels(model_.fields[i], column));
  }
  return Status();
}

static std::string metadataKey(const dlc_tensor &field) {
  return std::string("vocabulary.") + field.name;
}

void Vocabularies::save(Metadata *metadata) const {
  for (int32_t i = 0; i < model_.field_count; ++i) {
    if (!of(i).isKnown() || of(i).isFixed())
      continue;
    JsonWriter json;
    json.beginArray();
    for (const std::string &entry : of(i).entries())
      json.string(entry);
    json.endArray();
    metadata->emplace_back(metadataKey(model_.fields[i]), json.text());
  }
}

Status Vocabularies::load(const SafetensorsFile &file) {
  for (int32_t i = 0; i < model_.field_count; ++i) {
    std::string key = metadataKey(model_.fields[i]), text = file.metadata(key);
    if (text.empty())
      continue;
    JsonValue value;
    std::vector<std::string> entries;
    bool isSound = !parseJson(text, &value).failed() && value.kind == JsonValue::kArray;
    for (const JsonValue &item : value.items) {
      isSound = isSound && item.kind == JsonValue::kString;
      entries.push_back(item.string);
    }
    if (!isSound)
      return inputError("`%s`: its `%s` is no list of texts", file.path().c_str(), key.c_str());
    if (Status status = of(i).set(std::move(entries)); status.failed())
      return inputError("`%s`: %s", file.path().c_str(), status.message().c_str());
  }
  return Status();
}

} // namespace dlc::runtime::data
