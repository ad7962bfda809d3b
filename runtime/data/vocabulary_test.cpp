// Texts and names become numbers and come back: vocabularies, CSV cells, checkpoints.
#include "runtime/data/dataset.h"
#include "runtime/data/subwords.h"
#include "runtime/data/vocabulary.h"
#include "test/runtime/folder.h"

#include <gtest/gtest.h>

namespace dlc::runtime::data {

namespace {

// A model whose data has a text and a label, from a CSV file.
struct TextModel {
  explicit TextModel(const char *tokenizer, int64_t entries = 16, int64_t length = 8,
                     bool marks = false)
      : shape{length}, marksValue{marks ? 1.0 : 0.0} {
    fields[0] = {"text", DLC_I32, 1, shape, 0, entries, 0};
    fields[1] = {"label", DLC_I32, 0, nullptr, 0, 3, 0};
    marksArgument = {"marks", DLC_NUMBERS, 1, marksValue, nullptr};
    transform = {"text", tokenizer, 0, 1, &marksArgument};
    arguments = {{"file", DLC_TEXT, 1, nullptr, "a.csv"},
                 {"header", DLC_NUMBERS, 1, zero, nullptr},
                 {"separator", DLC_TEXT, 1, nullptr, ","},
                 {"columns", DLC_NUMBERS, 0, nullptr, nullptr},
                 {"missing", DLC_NUMBERS, 0, nullptr, nullptr}};
    update();
  }
  TextModel(const TextModel &) = delete;

  void update() {
    source = {"train", "csv", int32_t(arguments.size()), arguments.data()};
    model.name = "texts";
    model.data_name = "lines";
    model.data_folder = "";
    model.field_count = 2;
    model.fields = fields;
    model.source_count = 1;
    model.sources = &source;
    model.transform_count = 1;
    model.transforms = &transform;
  }

  // Reads the lines as the training split.
  Status load(const std::string &lines, Vocabularies *vocabularies, Dataset *dataset) {
    Folder folder;
    folder.write("a.csv", lines);
    DLC_TRY(loadSplit(model, "train", folder.path(), dataset));
    return vocabularies->encode(dataset);
  }
  std::string error(const std::string &lines) {
    Vocabularies vocabularies(model);
    Dataset dataset;
    return load(lines, &vocabularies, &dataset).message();
  }

  int64_t shape[1];
  double marksValue[1], zero[1] = {0};
  dlc_tensor fields[2];
  dlc_argument marksArgument;
  dlc_transform transform;
  std::vector<dlc_argument> arguments;
  dlc_source source;
  dlc_model model = {};
};

std::vector<double> numbersOf(const Dataset &dataset, int field, int64_t sample) {
  const Column &column = dataset.columns[size_t(field)];
  std::vector<double> numbers(size_t(column.perSample));
  column.read(sample * column.perSample, column.perSample, numbers.data());
  return numbers;
}

using List = std::vector<double>;

} // namespace

TEST(Vocabulary, TheMostFrequentPiecesComeFirstAndEqualOnesByTheirBytes) {
  TextModel model("characters", 8);
  Vocabularies vocabularies(model.model);
  Dataset dataset;
  Status status = model.load("baab,0\nbäc,1\n", &vocabularies, &dataset);
  ASSERT_FALSE(status.failed()) << status.message();
  // b 3, a 2, c 1, ä 1: there is room for four.
  EXPECT_EQ(vocabularies.of(0).entries(),
            (std::vector<std::string>{"", "", "", "", "b", "a", "c", "ä"}));
  EXPECT_EQ(numbersOf(dataset, 0, 0), (List{4, 5, 5, 4, 0, 0, 0, 0}));
  EXPECT_EQ(numbersOf(dataset, 0, 1), (List{4, 7, 6, 0, 0, 0, 0, 0}));
  EXPECT_EQ(numbersOf(dataset, 1, 1), (List{1}));
  EXPECT_EQ(vocabularies.of(0).decode({4, 7, 1, 6, 0, 5}), "bä\xEF\xBF\xBD"
                                                           "c");
}

TEST(Vocabulary, WordsArePiecesOfLettersAndSignsAlone) {
  TextModel model("words", 64, 8, /*marks=*/true);
  Vocabularies vocabularies(model.model);
  Dataset dataset;
  Status status = model.load("\"Über 2 Uhr, nein!\",0\n", &vocabularies, &dataset);
  ASSERT_FALSE(status.failed()) << status.message();
  List numbers = numbersOf(dataset, 0, 0);
  EXPECT_EQ(numbers[0], kBegin);
  EXPECT_EQ(numbers[7], kEnd); // six words between the marks
  EXPECT_EQ(vocabularies.of(0).decode(numbers), "Über 2 Uhr , nein !");
}

TEST(Vocabulary, SubwordsAreTheMostFrequentNeighboursJoined) {
  // The example of Sennrich et al. 2016, with blanks before the words.
  std::vector<std::string> texts;
  for (auto [word, count] : {std::pair{"low", 5}, {"lower", 2}, {"newest", 6}, {"widest", 3}})
    texts.insert(texts.end(), size_t(count), word);
  EXPECT_EQ(learnSubwords(texts, 16),
            // 17 e, 16 blanks, 16 w, 9 s, 9 t, 7 l, 7 o, 6 n, 5 d, …: es 9, est 9, w+est 6 …
            (std::vector<std::string>{"e", " ", "w", "s", "t", "l", "o", "n", "d", "i", "r", "es",
                                      "est", " l", "ow", " low"}));
  EXPECT_EQ(learnSubwords(texts, 2), (std::vector<std::string>{"e", " "}));
  // What occurs once is not joined.
  EXPECT_EQ(learnSubwords({"ab"}, 16), (std::vector<std::string>{" ", "a", "b"}));
  EXPECT_TRUE(learnSubwords({""}, 16).empty());
}

TEST(Vocabulary, SubwordsSpellUnknownWordsAndComeBackAsTheyWere) {
  TextModel model("subwords", 64, 12, /*marks=*/true);
  Vocabularies vocabularies(model.model);
  Dataset dataset;
  std::string lines;
  for (const char *text : {"Haus: Tür", "Haustür (neu)", "Tür: neu", "Haus, neu"})
    lines += std::string("\"") + text + "\",0\n";
  Status status = model.load(lines, &vocabularies, &dataset);
  ASSERT_FALSE(status.failed()) << status.message();
  const Vocabulary &vocabulary = vocabularies.of(0);
  for (const char *text : {"Haus: Tür", "Tür (Haus)", "(neu): Haus, Haus"}) {
    List numbers(12);
    bool isCut = true;
    ASSERT_FALSE(vocabulary.encode(text, numbers.data(), &isCut).failed());
    EXPECT_FALSE(isCut);
    EXPECT_EQ(vocabulary.decode(numbers), text);
  }
  EXPECT_EQ(vocabulary.spelt(" neu   :Haus "), "neu :Haus");
  // A character that no text has.
  List numbers(12);
  bool isCut = false;
  ASSERT_FALSE(vocabulary.encode("Haus?", numbers.data(), &isCut).failed());
  EXPECT_EQ(vocabulary.decode(numbers), "Haus\xEF\xBF\xBD");
}

TEST(Vocabulary, BytesNeedNoTraining) {
  TextModel model("bytes", 260, 3);
  Vocabularies vocabularies(model.model);
  bool isCut = false;
  List numbers(3);
  ASSERT_FALSE(vocabularies.of(0).encode("ä", numbers.data(), &isCut).failed());
  EXPECT_EQ(numbers, (List{4 + 0xC3, 4 + 0xA4, 0}));
  EXPECT_FALSE(isCut);
  ASSERT_FALSE(vocabularies.of(0).encode("abcd", numbers.data(), &isCut).failed());
  EXPECT_TRUE(isCut);
  Metadata metadata;
  vocabularies.save(&metadata);
  EXPECT_TRUE(metadata.empty());
}

TEST(Vocabulary, NamesOfClassesAreNumberedInTheirOrder) {
  TextModel model("characters");
  Vocabularies vocabularies(model.model);
  Dataset dataset;
  Status status = model.load("a,cat\nb,ape\nc,cat\n", &vocabularies, &dataset);
  ASSERT_FALSE(status.failed()) << status.message();
  EXPECT_EQ(dataset.columns[1].at(0), 1);
  EXPECT_EQ(dataset.columns[1].at(1), 0);
  EXPECT_EQ(vocabularies.of(1).entry(1), "cat");
  // Another split by the same names.
  Dataset other;
  EXPECT_NE(
      model.load("a,cow\n", &vocabularies, &other).message().find("sample 0 has the class `cow`"),
      std::string::npos);
}

TEST(Vocabulary, IsSavedAndLoaded) {
  TextModel model("characters");
  Vocabularies vocabularies(model.model), again(model.model);
  Dataset dataset;
  ASSERT_FALSE(model.load("\"a \"\"b\"\"\",x y\nc,\"z,\"\n", &vocabularies, &dataset).failed());
  Metadata metadata;
  vocabularies.save(&metadata);
  ASSERT_EQ(metadata.size(), 2u);
  Folder folder;
  std::string path = folder.path() + "/w.safetensors";
  ASSERT_FALSE(writeSafetensors(path, {}, metadata).failed());
  SafetensorsFile file;
  ASSERT_FALSE(file.load(path).failed());
  ASSERT_FALSE(again.load(file).failed());
  EXPECT_EQ(again.of(0).entries(), vocabularies.of(0).entries());
  EXPECT_EQ(again.of(1).entries(), (std::vector<std::string>{"x y", "z,"}));
  // One that the model has no room for.
  TextModel small("characters", 5);
  Vocabularies third(small.model);
  EXPECT_NE(third.load(file).message().find("has room for 5"), std::string::npos);
}

TEST(Vocabulary, WhatIsWrongIsNamed) {
  struct {
    const char *lines, *reason;
  } cases[] = {
      {"a,x\nb,y\nc,z\nd,w\n", "4 different names"},
      {"a,1\nb,3\n", "sample 1 has the label 3"},
      {"a,1\nb,0.5\n", "sample 1 has the label 0.5"},
      {"a,1\n\xFF,1\n", "line 2: this is no UTF-8 text"},
      {"a,1\n\"b,1\nc,1\n", "line 2: a quoted cell begins here and never ends"},
      {"a,1\nb\"c,1\n", "line 2: a quote stands inside a cell"},
      {"a,1\nb\n", "line 2: 1 column, but a sample needs 2"},
  };
  for (const auto &wrong : cases)
    EXPECT_NE(TextModel("characters").error(wrong.lines).find(wrong.reason), std::string::npos)
        << wrong.lines << ": " << TextModel("characters").error(wrong.lines);
}

TEST(Csv, ColumnsAreChosenByName) {
  TextModel model("characters");
  model.arguments[3] = {"columns", DLC_TEXT, 2, nullptr, "text\nkind"};
  model.update();
  Vocabularies vocabularies(model.model);
  Dataset dataset;
  Status status =
      model.load("\xEF\xBB\xBFkind,id,text\r\n2,9,\"a\nb\"\r\n1,8,b\r\n", &vocabularies, &dataset);
  ASSERT_FALSE(status.failed()) << status.message();
  EXPECT_EQ(dataset.count, 2);
  EXPECT_EQ(vocabularies.of(0).decode(numbersOf(dataset, 0, 0)), "a\nb");
  EXPECT_EQ(dataset.columns[1].at(0), 2);
  EXPECT_NE(model.error("kind,id,txt\n").find("no column `text`; did you mean `txt`?"),
            std::string::npos);
  EXPECT_NE(
      model.error("kind,id,text\n1,2\n").find("line 2: 2 columns, but the first line names 3"),
      std::string::npos);
}

TEST(Csv, TabsNeedNoQuotes) {
  TextModel model("characters");
  model.arguments[2].text = "\t";
  Vocabularies vocabularies(model.model);
  Dataset dataset;
  Status status = model.load("say \"a\", b\t1\n", &vocabularies, &dataset);
  ASSERT_FALSE(status.failed()) << status.message();
  EXPECT_EQ(vocabularies.of(0).decode(numbersOf(dataset, 0, 0)), "say \"a\",");
  EXPECT_EQ(dataset.columns[0].cutTexts, 1);
}

} // namespace dlc::runtime::data
