// What the numbers of a field stand for: the pieces of a text, the names of classes.
#pragma once

#include "runtime/data/dataset.h"
#include "runtime/format/safetensors.h"
#include "runtime/include/dlc/model.h"
#include "runtime/status.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dlc::runtime::data {

// The first numbers of every text's vocabulary; `bytes`, whose vocabulary is fixed, has them too.
enum Mark : int64_t {
  kPadding = 0, // behind a text's end
  kUnknown = 1, // a piece that the training split does not have, or too seldom
  kBegin = 2,   // before the first piece, with `marks = true`
  kEnd = 3,     // behind the last piece, with `marks = true`
  kMarks = DLC_TEXT_MARKS
};

// The characters and the words of a UTF-8 text. Words are runs of letters and digits; every other
// character but white space is a word of its own.
std::vector<std::string_view> cutCharacters(std::string_view text);
std::vector<std::string_view> cutWords(std::string_view text);

// Whether a transform of stdlib/data.nn makes numbers of text.
bool isTokenizer(const std::string &transform);

// The vocabulary of one field.
class Vocabulary {
public:
  Vocabulary(const dlc_model &model, int32_t field);

  bool isText() const { return cut_ != nullptr || isSubwords_; }
  bool isKnown() const { return !entries_.empty(); }
  // The same for every model: nothing that a checkpoint must keep.
  bool isFixed() const { return isFixed_; }
  const std::vector<std::string> &entries() const { return entries_; }
  // What a number stands for; "" for marks and for numbers without a name.
  std::string entry(int64_t number) const;

  // Makes the vocabulary of the training split: of a text's pieces the most frequent, as many as
  // the field has classes, the more frequent first; of classes all names in the order of their
  // bytes, unless every label is a number.
  Status build(const Column &column);
  // Sets a vocabulary made earlier.
  Status set(std::vector<std::string> entries);

  // The numbers of one text, padded to the field's length, or of one class; `isCut` tells whether
  // the text was longer.
  Status encode(const std::string &text, double *values, bool *isCut) const;
  // The text of the numbers up to its end, without marks.
  std::string decode(const std::vector<double> &values) const;
  // A text as `decode` would write it if the vocabulary had all its pieces.
  std::string spelt(const std::string &text) const { return spell(cut(text)); }

private:
  using Cut = std::vector<std::string_view> (*)(std::string_view text);
  std::vector<std::string> cut(const std::string &text) const;
  std::string spell(const std::vector<std::string> &pieces) const;
  Status buildText(const Column &column);
  Status buildClasses(const Column &column);

  const dlc_tensor *field_;
  int64_t length_ = 1; // numbers a sample
  Cut cut_ = nullptr;  // into pieces; null for classes and subwords
  const char *glue_ = "";
  bool marks_ = false, isFixed_ = false, isSubwords_ = false;
  std::vector<std::string> entries_;
  std::unordered_map<std::string, int64_t> numbers_;
};

// Those of all fields of a model.
class Vocabularies {
public:
  explicit Vocabularies(const dlc_model &model);

  Vocabulary &of(int32_t field) { return fields_[size_t(field)]; }
  const Vocabulary &of(int32_t field) const { return fields_[size_t(field)]; }

  // Numbers for the texts of a split. A vocabulary that is not known yet is made from it: the
  // training split comes first. Labels are checked against their number of classes. The texts are
  // kept where scores will compare answers with them.
  Status encode(Dataset *dataset, bool keepsTexts = false);

  // Into a checkpoint and back; a file without them leaves them as they are.
  void save(Metadata *metadata) const;
  Status load(const SafetensorsFile &file);

private:
  const dlc_model &model_;
  std::vector<Vocabulary> fields_;
};

} // namespace dlc::runtime::data
