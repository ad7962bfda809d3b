// What is said of a whole split's answers at once: BLEU, error rates, F1, the table of confusions.
#pragma once

#include "runtime/data/dataset.h"
#include "runtime/format/json.h"
#include "runtime/state/network.h"

#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dlc::runtime {

using Pieces = std::vector<std::string_view>;

// BLEU-4 of a corpus, 0 to 100 (Papineni et al. 2002): the geometric mean of the shares of n-grams,
// n = 1 to 4, that stand in the references, times exp(1 - r/c) where the answers' c words are fewer
// than the references' r.
class Bleu {
public:
  void add(const Pieces &answer, const Pieces &reference);
  double value() const;

private:
  std::array<int64_t, 4> right_{}, all_{};
  int64_t answers_ = 0, references_ = 0; // their words
};

// How many insertions, deletions and replacements make the references of the answers, over the
// references' length.
class ErrorRate {
public:
  void add(const Pieces &answer, const Pieces &reference);
  double value() const;

private:
  int64_t edits_ = 0, length_ = 0;
};

// How often each class was taken for each.
class Confusion {
public:
  explicit Confusion(int64_t classes) : classes_(classes), counts_(size_t(classes * classes)) {}

  void add(int64_t label, int64_t answer) { ++counts_[size_t(label * classes_ + answer)]; }
  int64_t classes() const { return classes_; }
  int64_t count(int64_t label, int64_t answer) const {
    return counts_[size_t(label * classes_ + answer)];
  }
  int64_t labelled(int64_t which) const; // samples of that class
  int64_t answered(int64_t which) const; // answers of that class
  // 0 where there is nothing to divide by.
  double precision(int64_t which) const;
  double recall(int64_t which) const;
  double f1(int64_t which) const;
  // The means over the classes that occur, as label or as answer.
  double macroF1() const { return mean(&Confusion::f1); }
  double macroPrecision() const { return mean(&Confusion::precision); }
  double macroRecall() const { return mean(&Confusion::recall); }

private:
  double mean(double (Confusion::*of)(int64_t) const) const;
  int64_t classes_;
  std::vector<int64_t> counts_;
};

// exp of the mean of -log(softmax(logits)[label]).
class Perplexity {
public:
  void add(const std::vector<double> &logits, int64_t label);
  double value() const { return labels_ > 0 ? std::exp(sum_ / double(labels_)) : 0; }

private:
  double sum_ = 0;
  int64_t labels_ = 0;
};

// All scores of a model (stdlib/metric.nn) over one split.
class Scores {
public:
  explicit Scores(const Network &network);

  // Adds the network's outputs for the split's samples from `first` on.
  void add(const data::Dataset &dataset, int64_t first, int64_t samples);

  // The first score that is a number, the higher the better; false where there is none.
  bool first(double *value) const;

  // "  bleu 38.1000": of those that are numbers.
  std::string text() const;
  void write(JsonWriter *json) const;
  // The tables of confusions, with precision, recall and F1 of each class.
  std::string tables() const;
  void writeTables(JsonWriter *json) const;

private:
  using Tally = std::variant<Bleu, ErrorRate, Confusion, Perplexity>;
  void addTexts(const dlc_score &score, const std::string &answer, const std::string &reference,
                Tally *tally) const;
  void addLabels(const dlc_score &score, const data::Column &column, int64_t sample, int64_t row,
                 Perplexity *perplexity) const;
  static double valueOf(const dlc_score &score, const Tally &tally);
  std::string answeredText(const dlc_score &score, int64_t row) const;
  int64_t answeredClass(const dlc_score &score, int64_t row) const;
  std::string className(const dlc_score &score, int64_t which) const;

  const Network *network_;
  std::vector<Tally> tallies_; // of each of dlc_model.scores
};

// The field whose texts a score compares an output's with, or -1.
int32_t textField(const dlc_model &model, int32_t output);

} // namespace dlc::runtime
