// What is said of a whole split's answers at once: BLEU, error rates, F1, the table of confusions.
#include "runtime/state/scores.h"

#include "runtime/tensor.h"
#include "runtime/text.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>

namespace dlc::runtime {

// --- BLEU ----------------------------------------------------------------------------------------

static std::map<Pieces, int64_t> grams(const Pieces &words, size_t n) {
  std::map<Pieces, int64_t> counts;
  for (size_t i = 0; i + n <= words.size(); ++i)
    ++counts[Pieces(words.begin() + int64_t(i), words.begin() + int64_t(i + n))];
  return counts;
}

void Bleu::add(const Pieces &answer, const Pieces &reference) {
  answers_ += int64_t(answer.size());
  references_ += int64_t(reference.size());
  for (size_t n = 1; n <= right_.size(); ++n) {
    std::map<Pieces, int64_t> wanted = grams(reference, n);
    for (const auto &[gram, count] : grams(answer, n)) {
      auto found = wanted.find(gram);
      right_[n - 1] += found == wanted.end() ? 0 : std::min(count, found->second);
      all_[n - 1] += count;
    }
  }
}

double Bleu::value() const {
  double logarithms = 0;
  for (size_t i = 0; i < right_.size(); ++i) {
    if (right_[i] == 0)
      return 0;
    logarithms += std::log(double(right_[i]) / double(all_[i]));
  }
  double brevity = std::min(0.0, 1 - double(references_) / double(answers_));
  return 100 * std::exp(brevity + logarithms / double(right_.size()));
}

// --- edits ---------------------------------------------------------------------------------------

// Levenshtein's distance, a row of the table at a time.
static int64_t editDistance(const Pieces &a, const Pieces &b) {
  std::vector<int64_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    int64_t diagonal = row[0];
    row[0] = int64_t(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      int64_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

void ErrorRate::add(const Pieces &answer, const Pieces &reference) {
  edits_ += editDistance(answer, reference);
  length_ += int64_t(reference.size());
}

double ErrorRate::value() const {
  return edits_ == 0 ? 0 : double(edits_) / double(std::max(length_, int64_t(1)));
}

// --- classes -------------------------------------------------------------------------------------

static double share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : double(part) / double(whole);
}

int64_t Confusion::labelled(int64_t which) const {
  auto row = counts_.begin() + which * classes_;
  return std::accumulate(row, row + classes_, int64_t(0));
}

int64_t Confusion::answered(int64_t which) const {
  int64_t total = 0;
  for (int64_t label = 0; label < classes_; ++label)
    total += count(label, which);
  return total;
}

double Confusion::precision(int64_t which) const {
  return share(count(which, which), answered(which));
}

double Confusion::recall(int64_t which) const {
  return share(count(which, which), labelled(which));
}

double Confusion::f1(int64_t which) const {
  return share(2 * count(which, which), labelled(which) + answered(which));
}

double Confusion::mean(double (Confusion::*of)(int64_t) const) const {
  double total = 0;
  int64_t occurring = 0;
  for (int64_t which = 0; which < classes_; ++which) {
    total += (this->*of)(which);
    occurring += labelled(which) + answered(which) > 0;
  }
  return occurring == 0 ? 0 : total / double(occurring);
}

// --- perplexity ----------------------------------------------------------------------------------

void Perplexity::add(const std::vector<double> &logits, int64_t label) {
  double largest = *std::max_element(logits.begin(), logits.end()), total = 0;
  for (double logit : logits)
    total += std::exp(logit - largest);
  sum_ += std::log(total) + largest - logits[size_t(label)];
  ++labels_;
}

// --- the scores of stdlib/metric.nn --------------------------------------------------------------

namespace {

struct Kind {
  const char *name;
  enum { Words, Characters, Classes, Labels } compares;
  enum { Highest, Lowest, NoNumber } best;
};

constexpr Kind kKinds[] = {{"bleu", Kind::Words, Kind::Highest},
                           {"word_error_rate", Kind::Words, Kind::Lowest},
                           {"character_error_rate", Kind::Characters, Kind::Lowest},
                           {"macro_f1", Kind::Classes, Kind::Highest},
                           {"macro_precision", Kind::Classes, Kind::Highest},
                           {"macro_recall", Kind::Classes, Kind::Highest},
                           {"perplexity", Kind::Labels, Kind::Lowest},
                           {"confusion_matrix", Kind::Classes, Kind::NoNumber}};

// The compiler lets no others through.
const Kind &kindOf(const dlc_score &score) {
  return *std::find_if(std::begin(kKinds), std::end(kKinds),
                       [&](const Kind &kind) { return strcmp(kind.name, score.function) == 0; });
}

} // namespace

int32_t textField(const dlc_model &model, int32_t output) {
  for (int32_t i = 0; i < model.score_count; ++i) {
    auto compares = kindOf(model.scores[i]).compares;
    if (model.scores[i].output == output &&
        (compares == Kind::Words || compares == Kind::Characters))
      return model.scores[i].field;
  }
  return -1;
}

Scores::Scores(const Network &network) : network_(&network) {
  const dlc_model &model = network.model;
  for (int32_t i = 0; i < model.score_count; ++i) {
    const dlc_score &score = model.scores[i];
    if (kindOf(score).compares == Kind::Classes)
      tallies_.emplace_back(Confusion(model.fields[score.field].classes));
    else if (kindOf(score).compares == Kind::Labels)
      tallies_.emplace_back(Perplexity());
    else if (kindOf(score).best == Kind::Highest)
      tallies_.emplace_back(Bleu());
    else
      tallies_.emplace_back(ErrorRate());
  }
}

std::string Scores::answeredText(const dlc_score &score, int64_t row) const {
  const dlc_tensor &output = network_->model.outputs[score.output];
  const void *data = network_->outputs[size_t(score.output)].data();
  int64_t count = elementsPerSample(output);
  std::vector<double> numbers;
  for (int64_t i = row * count; i < (row + 1) * count; ++i)
    numbers.push_back(readElement(data, output.dtype, i));
  return network_->vocabularies.of(score.field).decode(numbers);
}

int64_t Scores::answeredClass(const dlc_score &score, int64_t row) const {
  const dlc_tensor &output = network_->model.outputs[score.output];
  const void *logits = network_->outputs[size_t(score.output)].data();
  int64_t classes = output.shape[1], best = 0;
  for (int64_t i = 1; i < classes; ++i)
    if (readElement(logits, output.dtype, row * classes + i) >
        readElement(logits, output.dtype, row * classes + best))
      best = i;
  return best;
}

void Scores::addTexts(const dlc_score &score, const std::string &answer,
                      const std::string &reference, Tally *tally) const {
  auto cut = kindOf(score).compares == Kind::Words ? data::cutWords : data::cutCharacters;
  if (auto *bleu = std::get_if<Bleu>(tally))
    bleu->add(cut(answer), cut(reference));
  else if (auto *errors = std::get_if<ErrorRate>(tally))
    errors->add(cut(answer), cut(reference));
}

void Scores::addLabels(const dlc_score &score, const data::Column &column, int64_t sample,
                       int64_t row, Perplexity *perplexity) const {
  const dlc_tensor &output = network_->model.outputs[score.output];
  const void *data = network_->outputs[size_t(score.output)].data();
  int64_t classes = output.shape[output.rank - 1];
  bool isText = network_->vocabularies.of(score.field).isText();
  std::vector<double> logits(static_cast<size_t>(classes));
  for (int64_t i = 0; i < column.perSample; ++i) {
    auto label = int64_t(column.at(sample * column.perSample + i));
    if (isText && label == data::kPadding)
      continue;
    for (int64_t j = 0; j < classes; ++j)
      logits[size_t(j)] =
          readElement(data, output.dtype, (row * column.perSample + i) * classes + j);
    perplexity->add(logits, label);
  }
}

void Scores::add(const data::Dataset &dataset, int64_t first, int64_t samples) {
  for (size_t i = 0; i < tallies_.size(); ++i) {
    const dlc_score &score = network_->model.scores[i];
    const data::Column &column = dataset.columns[size_t(score.field)];
    for (int64_t row = 0; row < samples; ++row)
      if (auto *confusion = std::get_if<Confusion>(&tallies_[i]))
        confusion->add(int64_t(column.at(first + row)), answeredClass(score, row));
      else if (auto *perplexity = std::get_if<Perplexity>(&tallies_[i]))
        addLabels(score, column, first + row, row, perplexity);
      else
        addTexts(score, answeredText(score, row),
                 network_->vocabularies.of(score.field).spelt(column.texts[size_t(first + row)]),
                 &tallies_[i]);
  }
}

double Scores::valueOf(const dlc_score &score, const Tally &tally) {
  if (auto *bleu = std::get_if<Bleu>(&tally))
    return bleu->value();
  if (auto *errors = std::get_if<ErrorRate>(&tally))
    return errors->value();
  if (auto *perplexity = std::get_if<Perplexity>(&tally))
    return perplexity->value();
  const Confusion &confusion = *std::get_if<Confusion>(&tally);
  std::string_view function = score.function;
  return function == "macro_precision" ? confusion.macroPrecision()
         : function == "macro_recall"  ? confusion.macroRecall()
                                       : confusion.macroF1();
}

bool Scores::first(double *value) const {
  for (size_t i = 0; i < tallies_.size(); ++i) {
    const dlc_score &score = network_->model.scores[i];
    auto best = kindOf(score).best;
    if (best == Kind::NoNumber)
      continue;
    *value = best == Kind::Highest ? valueOf(score, tallies_[i]) : -valueOf(score, tallies_[i]);
    return true;
  }
  return false;
}

std::string Scores::text() const {
  std::string text;
  for (size_t i = 0; i < tallies_.size(); ++i)
    if (const dlc_score &score = network_->model.scores[i]; kindOf(score).best != Kind::NoNumber)
      text += format("  %s %.4f", score.name, valueOf(score, tallies_[i]));
  return text;
}

void Scores::write(JsonWriter *json) const {
  for (size_t i = 0; i < tallies_.size(); ++i)
    if (const dlc_score &score = network_->model.scores[i]; kindOf(score).best != Kind::NoNumber)
      json->key(score.name).number(valueOf(score, tallies_[i]));
}

// --- tables --------------------------------------------------------------------------------------

// Its name in the data, else its number.
std::string Scores::className(const dlc_score &score, int64_t which) const {
  std::string name = network_->vocabularies.of(score.field).entry(which);
  return name.empty() ? format("%lld", static_cast<long long>(which)) : name;
}

static size_t widthOf(const std::string &text) { return data::cutCharacters(text).size(); }

// The text to `width` columns: behind blanks, or before them.
static std::string right(const std::string &text, size_t width) {
  return std::string(width - std::min(width, widthOf(text)), ' ') + text;
}
static std::string left(const std::string &text, size_t width) {
  return text + std::string(width - std::min(width, widthOf(text)), ' ');
}

std::string Scores::tables() const {
  std::string text;
  for (size_t i = 0; i < tallies_.size(); ++i) {
    const dlc_score &score = network_->model.scores[i];
    if (kindOf(score).best != Kind::NoNumber)
      continue;
    const Confusion &table = *std::get_if<Confusion>(&tallies_[i]);
    int64_t classes = table.classes();
    std::vector<std::string> names;
    size_t widest = 6;
    for (int64_t which = 0; which < classes; ++which) {
      names.push_back(className(score, which));
      widest = std::max(widest, widthOf(names.back()));
    }
    // A column is as wide as its class's name and its largest number.
    std::vector<size_t> widths;
    for (int64_t answer = 0; answer < classes; ++answer) {
      size_t width = widthOf(names[size_t(answer)]);
      for (int64_t label = 0; label < classes; ++label)
        width = std::max(width, std::to_string(table.count(label, answer)).size());
      widths.push_back(width);
    }
    text += format("\n%s: a line a class, and what it was taken for\n", score.name);
    text += left("", widest);
    for (int64_t answer = 0; answer < classes; ++answer)
      text += "  " + right(names[size_t(answer)], widths[size_t(answer)]);
    text += "  precision  recall      f1\n";
    for (int64_t label = 0; label < classes; ++label) {
      text += left(names[size_t(label)], widest);
      for (int64_t answer = 0; answer < classes; ++answer)
        text += "  " + right(std::to_string(table.count(label, answer)), widths[size_t(answer)]);
      text += format("  %9.4f  %6.4f  %6.4f\n", table.precision(label), table.recall(label),
                     table.f1(label));
    }
  }
  return text;
}

void Scores::writeTables(JsonWriter *json) const {
  for (size_t i = 0; i < tallies_.size(); ++i) {
    const dlc_score &score = network_->model.scores[i];
    if (kindOf(score).best != Kind::NoNumber)
      continue;
    const Confusion &table = *std::get_if<Confusion>(&tallies_[i]);
    json->key(score.name).beginArray();
    for (int64_t label = 0; label < table.classes(); ++label) {
      json->beginObject()
          .key("class")
          .string(className(score, label))
          .key("taken_for")
          .beginArray();
      for (int64_t answer = 0; answer < table.classes(); ++answer)
        json->integer(table.count(label, answer));
      json->endArray().key("precision").number(table.precision(label));
      json->key("recall").number(table.recall(label)).key("f1").number(table.f1(label)).endObject();
    }
    json->endArray();
  }
}

} // namespace dlc::runtime
