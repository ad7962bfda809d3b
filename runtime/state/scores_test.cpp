// Scores against values worked out by hand.
#include "runtime/state/scores.h"

#include <gtest/gtest.h>

#include <cmath>

namespace dlc::runtime {

using data::cutCharacters;
using data::cutWords;

TEST(Bleu, IsTheMeanOfFourPrecisions) {
  Bleu bleu;
  bleu.add(cutWords("the cat sat on the mat"),
           cutWords("the cat is on the mat")); // 5/6 3/5 1/4 0/3
  EXPECT_EQ(bleu.value(), 0);
  bleu.add(cutWords("it is as it was"), cutWords("it is as it was")); // 5/5 4/4 3/3 2/2
  EXPECT_NEAR(bleu.value(), 100 * std::pow(10.0 / 11 * 7 / 9 * 4 / 7 * 2 / 5, 0.25), 1e-12);
}

TEST(Bleu, CountsAWordAsOftenAsTheReferenceHasIt) {
  Bleu bleu;
  bleu.add(cutWords("the the the the the the"), cutWords("the cat is on the mat")); // 2/6 0/5 …
  bleu.add(cutWords("it is as it was"), cutWords("it is as it was"));
  EXPECT_NEAR(bleu.value(), 100 * std::pow(7.0 / 11 * 4 / 9 * 3 / 7 * 2 / 5, 0.25), 1e-12);
}

TEST(Bleu, ShortAnswersPayForWhatTheyLack) {
  Bleu bleu;
  bleu.add(cutWords("so it is there"), cutWords("so it is there again, too"));
  EXPECT_NEAR(bleu.value(), 100 * std::exp(1 - 7.0 / 4), 1e-12);
  Bleu longer;
  longer.add(cutWords("so it is there again"), cutWords("so it is there"));
  EXPECT_NEAR(longer.value(), 100 * std::pow(4.0 / 5 * 3 / 4 * 2 / 3 * 1 / 2, 0.25), 1e-12);
}

TEST(Bleu, NoAnswersAreWorthNothing) {
  Bleu bleu;
  EXPECT_EQ(bleu.value(), 0);
  bleu.add({}, cutWords("so it is there"));
  EXPECT_EQ(bleu.value(), 0);
}

TEST(ErrorRate, CountsEditsOverAllReferences) {
  ErrorRate rate;
  rate.add(cutWords("the cat sat"), cutWords("the black cat sat down")); // two are missing
  EXPECT_NEAR(rate.value(), 2.0 / 5, 1e-15);
  rate.add(cutWords("no a dog"), cutWords("a log")); // one too many, one wrong
  EXPECT_NEAR(rate.value(), 4.0 / 7, 1e-15);
  ErrorRate letters;
  letters.add(cutCharacters("Füße"), cutCharacters("Fuß"));
  EXPECT_NEAR(letters.value(), 2.0 / 3, 1e-15);
}

TEST(ErrorRate, MeetsEmptyTexts) {
  ErrorRate rate;
  rate.add({}, {});
  EXPECT_EQ(rate.value(), 0);
  rate.add(cutWords("a b"), {});
  EXPECT_EQ(rate.value(), 2); // of no words: as if of one
}

TEST(Confusion, GivesPrecisionRecallAndF1) {
  Confusion table(4);
  for (auto [label, answer] : {std::pair{0, 0}, {0, 0}, {0, 0}, {0, 1}, {1, 1}, {1, 1}, {2, 1}})
    table.add(label, answer);
  EXPECT_EQ(table.count(0, 1), 1);
  EXPECT_EQ(table.count(1, 0), 0);
  EXPECT_EQ(table.precision(1), 2.0 / 4);
  EXPECT_EQ(table.recall(0), 3.0 / 4);
  EXPECT_EQ(table.recall(2), 0);
  EXPECT_EQ(table.precision(2), 0); // never answered
  EXPECT_NEAR(table.f1(0), 2 * 1 * 0.75 / 1.75, 1e-15);
  // Class 3 does not occur, class 2 does.
  EXPECT_NEAR(table.macroF1(), (6.0 / 7 + 2.0 / 3 + 0) / 3, 1e-15);
  EXPECT_NEAR(table.macroPrecision(), (1 + 2.0 / 4 + 0) / 3, 1e-15);
  EXPECT_NEAR(table.macroRecall(), (3.0 / 4 + 1 + 0) / 3, 1e-15);
}

TEST(Perplexity, IsTheNumberOfEqualAnswers) {
  Perplexity perplexity;
  EXPECT_EQ(perplexity.value(), 0); // of nothing
  perplexity.add({2, 2, 2, 2}, 1);
  EXPECT_NEAR(perplexity.value(), 4, 1e-14);
  perplexity.add({1000, 1000 - std::log(15), -1000}, 1); // of probability 1/16
  EXPECT_NEAR(perplexity.value(), 8, 1e-11);             // the geometric mean of 4 and 16
}

} // namespace dlc::runtime
