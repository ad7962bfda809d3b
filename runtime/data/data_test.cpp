// Loaders and transforms: right files give right numbers, each wrong file its own clear error.
#include "runtime/data/batch.h"
#include "runtime/data/dataset.h"
#include "runtime/data/order.h"
#include "runtime/data/transform.h"
#include "runtime/data/vocabulary.h"
#include "test/runtime/folder.h"
#include "test/runtime/hand_model.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sys/stat.h>
#include <thread>

namespace dlc::runtime::data {

namespace {

const std::string kTwoImages = "abcdefghijkl"; // of 6 bytes
const std::string kTwoLabels{1, 3};

// The hand-written model with one source of its own for the split `train`.
struct Source {
  explicit Source(const char *loader, std::vector<dlc_argument> given)
      : arguments(std::move(given)) {
    source = {"train", loader, int32_t(arguments.size()), arguments.data()};
    model = handModel(DLC_F32);
    model.source_count = 1;
    model.sources = &source;
  }
  Status load(const std::string &folder, Dataset *dataset) {
    DLC_TRY(loadSplit(model, "train", folder, dataset));
    return Vocabularies(model).encode(dataset);
  }
  std::string error(const std::string &folder) {
    Dataset dataset;
    Status status = load(folder, &dataset);
    EXPECT_EQ(status.fault(), Fault::Input) << status.message();
    return status.message();
  }
  std::vector<dlc_argument> arguments;
  dlc_source source;
  dlc_model model;
};

Source idxSource() {
  return Source("idx", {{"values", DLC_TEXT, 1, nullptr, "train-values"},
                        {"labels", DLC_TEXT, 1, nullptr, "train-labels"}});
}

const double kFalse[] = {0}, kTrue[] = {1};
Source csvSource(bool header = false) {
  return Source("csv", {{"file", DLC_TEXT, 1, nullptr, "a.csv"},
                        {"header", DLC_NUMBERS, 1, header ? kTrue : kFalse, nullptr},
                        {"separator", DLC_TEXT, 1, nullptr, ","}});
}

void expectPart(const std::string &message, const std::string &part, const std::string &which) {
  EXPECT_NE(message.find(part), std::string::npos) << which << ": " << message;
}

} // namespace

TEST(Idx, ReadsPlainAndGzip) {
  Folder folder;
  Source source = idxSource();
  for (bool compressed : {false, true}) {
    std::string values = idxBytes(8, {2, 2, 3}, kTwoImages);
    folder.write("train-values", compressed ? gzipped(values) : values);
    folder.write("train-labels", idxBytes(8, {2}, kTwoLabels));
    Dataset dataset;
    Status status = source.load(folder.path(), &dataset);
    ASSERT_FALSE(status.failed()) << status.message();
    EXPECT_EQ(dataset.count, 2);
    EXPECT_EQ(dataset.columns[0].at(6), 'g');
    EXPECT_EQ(dataset.columns[1].at(1), 3);
  }
}

TEST(Idx, ReadsBigEndianNumbers) {
  Folder folder;
  Source source = idxSource();
  std::string floats;
  for (int i = 0; i < 6; ++i)
    floats += std::string("\x3F\x80\x00\x00", 4); // 1.0
  folder.write("train-values", idxBytes(0x0D, {1, 6}, floats));
  folder.write("train-labels", idxBytes(0x0C, {1}, std::string("\0\0\0\2", 4)));
  Dataset dataset;
  Status status = source.load(folder.path(), &dataset);
  ASSERT_FALSE(status.failed()) << status.message();
  EXPECT_EQ(dataset.columns[0].at(5), 1.0);
  EXPECT_EQ(dataset.columns[1].at(0), 2.0);
  folder.write("train-labels", idxBytes(0x0B, {1}, std::string("\xFF\xFE", 2))); // -2
  expectPart(source.error(folder.path()), "label -2", "negative label");
}

TEST(Idx, ReadsGzipFilesOfSeveralMembersOrWithSomethingAfterThem) {
  std::string values = idxBytes(8, {2, 2, 3}, kTwoImages);
  // The stated length is that of the last member: too little room for all.
  std::string large = idxBytes(8, {2, 2, 3 << 15}, std::string(size_t(12) << 15, 'x'));
  for (const std::string &packed : {gzipped(values.substr(0, 9)) + gzipped(values.substr(9)),
                                    gzipped(values) + std::string(512, '\0')}) {
    Folder folder;
    folder.write("train-values", packed);
    folder.write("train-labels", idxBytes(8, {2}, kTwoLabels));
    Dataset dataset;
    Status status = idxSource().load(folder.path(), &dataset);
    ASSERT_FALSE(status.failed()) << status.message();
    EXPECT_EQ(dataset.columns[0].at(6), 'g');
  }
  Folder folder;
  folder.write("train-values", gzipped(large) + gzipped("y"));
  folder.write("train-labels", idxBytes(8, {2}, kTwoLabels));
  expectPart(idxSource().error(folder.path()), "a sample needs 6 numbers",
             "a first member of more");
}

TEST(Idx, ReadsPipesToTheirEnd) {
  Folder folder;
  std::string values = idxBytes(8, {2, 2, 3}, kTwoImages);
  std::string pipe = folder.path() + "/train-values";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  folder.write("train-labels", idxBytes(8, {2}, kTwoLabels));
  std::thread writer(
      [&] { std::ofstream(pipe) << values.substr(0, 9) << std::flush << values.substr(9); });
  Dataset dataset;
  Status status = idxSource().load(folder.path(), &dataset);
  writer.join();
  ASSERT_FALSE(status.failed()) << status.message();
  EXPECT_EQ(dataset.columns[0].at(6), 'g');
}

TEST(Idx, WrongFilesAreNamed) {
  const std::string values = idxBytes(8, {2, 2, 3}, kTwoImages),
                    labels = idxBytes(8, {2}, kTwoLabels);
  const std::string compressed = gzipped(values);
  std::string corrupt = compressed;
  corrupt[corrupt.size() - 6] ^= 0x55; // in the checksum
  std::string broken = compressed;
  broken[12] = char(0xFF);
  struct {
    const char *name;
    std::string values, labels, reason;
  } cases[] = {
      {"empty", "", labels, "`train-values` is empty"},
      {"wrong magic", "not an IDX file at all", labels, "is not an IDX file"},
      {"unknown type", idxBytes(0x0A, {2, 6}, kTwoImages), labels, "has the element type 0x0a"},
      {"no axes", idxBytes(8, {}, ""), labels, "no axes"},
      {"header truncated", values.substr(0, 10), labels, "truncated within its header"},
      {"data truncated", values.substr(0, 20), labels,
       "is truncated: its shape [2, 2, 3] needs 12 bytes"},
      {"trailing garbage", values + "x", labels, "bytes after its end"},
      {"sizes overflow", idxBytes(8, {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, ""), labels,
       "impossible shape"},
      {"size too large", idxBytes(8, {0xFFFFFFFF, 2, 3}, kTwoImages), labels, "is truncated"},
      {"other image size", idxBytes(8, {2, 2, 2}, "12345678"), labels, "a sample needs 6 numbers"},
      {"no samples", idxBytes(8, {0, 2, 3}, ""), idxBytes(8, {0}, ""), "has no samples"},
      {"gzip truncated", compressed.substr(0, compressed.size() / 2), labels, "is damaged"},
      {"gzip corrupt", corrupt, labels, "is damaged"},
      {"gzip broken", broken, labels, "is damaged"},
      {"labels out of range", values, idxBytes(8, {2}, std::string{1, 4}),
       "sample 1 has the label 4"},
      {"labels missing", values, idxBytes(8, {1}, "\1"), "has 2 samples, but"},
      {"labels of two axes", values, idxBytes(8, {2, 2}, "\1\1\1\1"), "a sample needs 1 numbers"},
      {"labels swapped with values", labels, values, "a sample needs 6 numbers"},
  };
  for (const auto &wrong : cases) {
    Folder folder;
    folder.write("train-values", wrong.values);
    folder.write("train-labels", wrong.labels);
    std::string message = idxSource().error(folder.path());
    // The reason's file name stands without its folder in the table above.
    size_t at;
    while ((at = message.find(folder.path() + "/")) != message.npos)
      message.erase(at, folder.path().size() + 1);
    expectPart(message, wrong.reason, wrong.name);
  }
}

TEST(Idx, MissingFilesAndFolders) {
  Folder folder;
  expectPart(idxSource().error(folder.path()), "train-values` does not exist", "missing file");
  expectPart(idxSource().error(folder.file("nowhere")), "nowhere` does not exist",
             "missing folder");
  folder.write("train-values", idxBytes(8, {2, 2, 3}, kTwoImages));
  expectPart(idxSource().error(folder.path()), "train-labels` does not exist", "missing labels");
  ASSERT_FALSE(makeFolders(folder.file("train-labels")).failed());
  expectPart(idxSource().error(folder.path()), "Is a directory", "a folder as file");
}

TEST(Csv, ReadsRowsInFieldOrder) {
  Folder folder;
  folder.write("a.csv", "x,a,b,c,d,e,label\r\n1,2,3,4,5,6.5,3\r\n\r\n 7 ,8,9,1e1,11,12,0");
  Dataset dataset;
  Source source = csvSource(true);
  Status status = source.load(folder.path(), &dataset);
  ASSERT_FALSE(status.failed()) << status.message();
  EXPECT_EQ(dataset.count, 2);
  EXPECT_EQ(dataset.columns[0].at(5), 6.5);
  EXPECT_EQ(dataset.columns[0].at(9), 10);
  EXPECT_EQ(dataset.columns[1].at(0), 3);
}

TEST(Csv, WrongFilesAreNamedWithTheirLine) {
  struct {
    const char *text, *reason;
  } cases[] = {
      {"", "is empty"},
      {"\n\n", "has no samples"},
      {"x,a,b,c,d,e,label\n1,2,3,4,5,6,0\n", "header = true"},
      {"1,2,3,4,5,6,0\n1,2,nan,4,5,6,0\n", "line 2, column 3: `nan` is not a finite number"},
      {"1,2,3,4,5,inf,0\n", "`inf` is not a finite number"},
      {"1,2,3,4,5,6,0\n1,2,3\n", "line 2: 3 columns, but a sample needs 7"},
      {"1,2,3,4,5,6,0,9\n", "line 1: 8 columns"},
      {"1,2,,4,5,6,0\n", "line 1, column 3: the cell is empty"},
      {"1,2,3,4,5,6,9\n", "has the label 9"},
      {"1,2,3,4,5,6,1.5\n", "has the label 1.5"},
      {"1;2;3;4;5;6;1\n", "line 1: 1 column, but a sample needs 7; if its columns stand between "
                          "such, say `separator = "},
  };
  for (const auto &wrong : cases) {
    Folder folder;
    folder.write("a.csv", wrong.text);
    std::string message = csvSource().error(folder.path());
    expectPart(message, wrong.reason, wrong.text);
    expectPart(message, "a.csv`", wrong.text);
  }
}

TEST(Csv, CellsThatAreMissing) {
  Folder folder;
  Source source = csvSource();
  const double minus = -1;
  source.arguments.push_back({"missing", DLC_NUMBERS, 1, &minus, nullptr});
  source.source.argument_count = 4;
  source.source.arguments = source.arguments.data();
  folder.write("a.csv", "NA,2,?,4, ,NaN,0\n1,2,3,null,None,6, 2 \n");
  Dataset dataset;
  Status status = source.load(folder.path(), &dataset);
  ASSERT_FALSE(status.failed()) << status.message();
  std::vector<double> found(12);
  dataset.columns[0].read(0, 12, found.data());
  EXPECT_EQ(found, (std::vector<double>{-1, 2, -1, 4, -1, -1, 1, 2, 3, -1, -1, 6}));
  EXPECT_EQ(dataset.columns[1].at(1), 2);
  // A class is never made up.
  folder.write("a.csv", "1,2,3,4,5,6,\n");
  expectPart(source.error(folder.path()),
             "line 1, column 7: the cell is empty, and `label` needs a", "no class");
  folder.write("a.csv", "1,2,3,4,5,inf,1\n");
  expectPart(source.error(folder.path()), "`inf` is not a finite number", "infinity");
}

TEST(Csv, NamesOfClassesAreTrimmed) {
  Folder folder;
  folder.write("a.csv", "1,2,3,4,5,6,ox\n1,2,3,4,5,6, ox \n1,2,3,4,5,6,\"cow\"\n");
  Dataset dataset;
  Status status = csvSource().load(folder.path(), &dataset);
  ASSERT_FALSE(status.failed()) << status.message();
  EXPECT_EQ(dataset.columns[1].at(0), 1);
  EXPECT_EQ(dataset.columns[1].at(1), 1);
  EXPECT_EQ(dataset.columns[1].at(2), 0);
}

// --- shares of the training split --------------------------------------------------------------

namespace {

// 200 samples, of 40 groups of 5, in a table whose training split is shared out.
struct Shared {
  Shared(double test, double validation, const char *by) : shares{test, validation} {
    std::string text = "group,a,b,c,d,e,f,label\n";
    for (int i = 0; i < 200; ++i)
      text += "g" + std::to_string(i % 40) + "," + std::to_string(i) + ",2,3,4,5,6," +
              std::to_string(i % 4) + "\n";
    folder.write("a.csv", text);
    arguments = {{"file", DLC_TEXT, 1, nullptr, "a.csv"},
                 {"columns", DLC_TEXT, 7, nullptr, "a\nb\nc\nd\ne\nf\nlabel"}};
    sources.push_back({"train", "csv", 2, arguments.data()});
    for (size_t i = 0; i < 2; ++i) {
      given[i] = {{"share", DLC_NUMBERS, 1, &shares[i], nullptr}, {"by", DLC_TEXT, 1, nullptr, by}};
      if (shares[i] > 0)
        sources.push_back({i == 0 ? "test" : "validation", "split", 2, given[i].data()});
    }
    model = handModel(DLC_F32);
    model.source_count = int32_t(sources.size());
    model.sources = sources.data();
  }
  // The numbers of a split's samples in the file.
  std::vector<int> load(const char *split) {
    Dataset dataset;
    Status status = loadSplit(model, split, folder.path(), &dataset);
    EXPECT_FALSE(status.failed()) << status.message();
    std::vector<int> samples;
    for (int64_t i = 0; i < dataset.count; ++i) {
      samples.push_back(int(dataset.columns[0].at(6 * i)));
      EXPECT_EQ(dataset.columns[1].texts[size_t(i)], std::to_string(samples.back() % 4));
    }
    return samples;
  }
  std::string error(const char *split) {
    Dataset dataset;
    Status status = loadSplit(model, split, folder.path(), &dataset);
    EXPECT_EQ(status.fault(), Fault::Input) << status.message();
    return status.message();
  }
  Folder folder;
  const double shares[2];
  std::vector<dlc_argument> arguments, given[2];
  std::vector<dlc_source> sources;
  dlc_model model;
};

} // namespace

TEST(Share, EverySampleIsInOneSplit) {
  Shared shared(0.2, 0.1, "");
  std::vector<int> test = shared.load("test"), validation = shared.load("validation"),
                   train = shared.load("train"), all;
  for (const std::vector<int> *some : {&test, &validation, &train})
    all.insert(all.end(), some->begin(), some->end());
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), 200u);
  for (int i = 0; i < 200; ++i)
    EXPECT_EQ(all[size_t(i)], i);
  EXPECT_NEAR(double(test.size()), 40, 4 * 5.7); // four standard deviations
  EXPECT_NEAR(double(validation.size()), 20, 4 * 4.3);
  // The test split stays what it is without the other; and the same everywhere.
  EXPECT_EQ(Shared(0.2, 0, "").load("test"), test);
  EXPECT_EQ(std::vector<int>(test.begin(), test.begin() + 5),
            (std::vector<int>{3, 10, 18, 21, 33}));
  Dataset together, evaluated;
  ASSERT_FALSE(loadTraining(shared.model, "validation", shared.folder.path(), &together, &evaluated)
                   .failed());
  ASSERT_EQ(together.count, int64_t(train.size()));
  ASSERT_EQ(evaluated.count, int64_t(validation.size()));
  for (int64_t i = 0; i < evaluated.count; ++i)
    EXPECT_EQ(evaluated.columns[0].at(6 * i), validation[size_t(i)]);
  EXPECT_EQ(together.columns[1].texts.size(), train.size());
}

TEST(Share, GroupsStayTogether) {
  Shared shared(0.2, 0.2, "group");
  std::vector<int> where(40, -1);
  int number = 0;
  for (const char *split : {"test", "validation", "train"}) {
    std::vector<int> samples = shared.load(split);
    EXPECT_EQ(samples.size() % 5, 0u);
    for (int sample : samples) {
      int &its = where[size_t(sample % 40)];
      EXPECT_TRUE(its < 0 || its == number) << split;
      its = number;
    }
    ++number;
  }
  EXPECT_EQ(std::count(where.begin(), where.end(), -1), 0);
}

TEST(Share, WhatCannotBeTakenIsNamed) {
  expectPart(Shared(1e-9, 0, "").error("test"),
             "a.csv` a share of 1e-09 for `test` has none: make it larger", "too small");
  expectPart(Shared(0.999999, 0, "group").error("train"),
             "in 40 groups the shares of `test` and `validation` leave none to train on", "all");
  expectPart(Shared(0.1, 0, "grop").error("test"),
             "line 1: there is no column `grop`; did you mean `group`?", "column");
}

TEST(Data, NumbersFitTheirFields) {
  dlc_tensor real = {"x", DLC_F32, 0, nullptr, 0, 0, 0},
             whole = {"n", DLC_I32, 0, nullptr, 0, 0, 0},
             kind = {"k", DLC_I32, 0, nullptr, 0, 3, 0};
  EXPECT_FALSE(checkNumber(real, 3e38).failed());
  expectPart(checkNumber(real, 1e39).message(), "beyond the numbers of f32", "large");
  expectPart(checkNumber(whole, 1.5).message(), "`n` is of ints", "fraction");
  expectPart(checkNumber(whole, 3e9).message(), "beyond the ints", "large int");
  expectPart(checkNumber(kind, 3).message(), "has the classes 0 to 2; other numbers can be names",
             "class");
  EXPECT_FALSE(checkNumber(kind, 2).failed());
  Folder folder;
  folder.write("a.csv", "1,2,3,4,5,6,0\n1,2,3,1e39,5,6,0\n");
  expectPart(csvSource().error(folder.path()), "a.csv`: `image` of sample 1 is 1e+39", "a file");
}

TEST(NpyData, ReadsOneFileAField) {
  Folder folder;
  Source source("npy", {{"files", DLC_TEXT, 2, nullptr, "x.npy\ny.npy"}});
  auto npy = [](const char *shape, const std::string &numbers, const char *descr = "<f4") {
    return npyBytes(std::string("{'descr': '") + descr +
                        "', 'fortran_order': False, 'shape': " + shape + ", }",
                    numbers);
  };
  std::string six = bytesOf<float>({1, 2, 3, 4, 5, 6});
  folder.write("x.npy", npy("(2, 6)", six + six));
  folder.write("y.npy", npy("(2,)", bytesOf<int64_t>({0, 2}), "<i8"));
  Dataset dataset;
  Status status = source.load(folder.path(), &dataset);
  ASSERT_FALSE(status.failed()) << status.message();
  EXPECT_EQ(dataset.count, 2);
  EXPECT_EQ(dataset.columns[1].at(1), 2);

  folder.write("y.npy", npy("(1,)", bytesOf<int64_t>({0}), "<i8"));
  expectPart(source.error(folder.path()), "has 1 samples, but", "counts differ");
  folder.write("y.npy", npy("(2,)", bytesOf<int64_t>({0, -1}), "<i8"));
  expectPart(source.error(folder.path()), "has the label -1", "label");
  folder.write("x.npy", npy("(2, 3)", six));
  expectPart(source.error(folder.path()), "[samples, …] with 6 numbers", "shape");
}

TEST(NpyData, ReadsArraysOfAnArchive) {
  Folder folder;
  Source source("npy", {{"files", DLC_TEXT, 2, nullptr, "both.npz:x\nboth.npz:y"}});
  std::string x =
      npyBytes("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1, 2, 3), }", kTwoImages);
  std::string y = npyBytes("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", kTwoLabels);
  folder.write("both.npz", zipBytes({{"x.npy", x, true}, {"y.npy", y}}));
  Dataset dataset;
  Status status = source.load(folder.path(), &dataset);
  ASSERT_FALSE(status.failed()) << status.message();
  EXPECT_EQ(dataset.count, 2);
  EXPECT_EQ(dataset.columns[0].cell, Cell::U8); // as small as it came
  EXPECT_EQ(dataset.columns[0].at(7), 'h');
  EXPECT_EQ(dataset.columns[1].at(1), 3);
  folder.write("both.npz", zipBytes({{"x.npy", x}}));
  expectPart(source.error(folder.path()), "both.npz` has no array `y`", "no labels");
  source.arguments[0].text = "no.npz:x\nboth.npz:y";
  expectPart(source.error(folder.path()), "/no.npz` does not exist", "no archive");
}

TEST(Rows, AreCountedAndChecked) {
  const double rows[] = {1, 2, 3, 4, 5, 6, 3, 7, 8, 9, 10, 11, 12, 0};
  Source source("rows", {{"values", DLC_NUMBERS, 14, rows, nullptr}});
  Dataset dataset;
  ASSERT_FALSE(source.load("", &dataset).failed());
  EXPECT_EQ(dataset.count, 2);
  EXPECT_EQ(dataset.columns[0].at(6), 7);
  Source odd("rows", {{"values", DLC_NUMBERS, 13, rows, nullptr}});
  expectPart(odd.error(""), "13 numbers", "odd rows");
}

TEST(Split, UnknownNamesAreFaults) {
  Source source("tarot", {});
  Dataset dataset;
  Status status = source.load("", &dataset);
  EXPECT_EQ(status.fault(), Fault::Internal);
  expectPart(status.message(), "`tarot`", "loader");
  status = loadSplit(source.model, "valid", "", &dataset);
  EXPECT_EQ(status.fault(), Fault::Input);
  expectPart(status.message(), "it has train", "split");
}

// --- transforms --------------------------------------------------------------------------------

namespace {

// One transform with numbers for its arguments.
struct Transforming {
  Transforming(const char *name, std::vector<std::pair<const char *, std::vector<double>>> given,
               bool augment = false)
      : values(std::move(given)) {
    for (const auto &[argument, numbers] : values)
      arguments.push_back(
          {argument, DLC_NUMBERS, int64_t(numbers.size()), numbers.data(), nullptr});
    transform = {"image", name, augment, int32_t(arguments.size()), arguments.data()};
    model = handModel(DLC_F32);
    model.transform_count = 1;
    model.transforms = &transform;
    status = transforms.prepare(model);
  }
  std::vector<double> apply(std::vector<double> x, SampleAddress address = {}) {
    transforms.apply(0, address, x.data());
    return x;
  }
  std::vector<std::pair<const char *, std::vector<double>>> values;
  std::vector<dlc_argument> arguments;
  dlc_transform transform;
  dlc_model model;
  Transforms transforms;
  Status status;
};

using Numbers = std::vector<double>;
const Numbers kImage = {1, 2, 3, 4, 5, 6}; // [1, 2, 3]

} // namespace

TEST(Transform, ScaleAndNormalize) {
  EXPECT_EQ(Transforming("scale", {{"factor", {2}}}).apply(kImage), (Numbers{2, 4, 6, 8, 10, 12}));
  EXPECT_EQ(Transforming("normalize", {{"mean", {1}}, {"std", {2}}}).apply(kImage),
            (Numbers{0, .5, 1, 1.5, 2, 2.5}));
}

TEST(Transform, FlipMirrorsRowsInAboutHalfTheSamples) {
  Transforming flip("random_flip", {{"probability", {0.5}}}, true);
  int flipped = 0;
  for (int64_t sample = 0; sample < 1000; ++sample) {
    Numbers x = flip.apply(kImage, {true, 1, 0, sample});
    ASSERT_TRUE(x == kImage || x == (Numbers{3, 2, 1, 6, 5, 4}));
    flipped += x != kImage;
    EXPECT_EQ(x, flip.apply(kImage, {true, 1, 0, sample})); // the same every time
  }
  EXPECT_NEAR(flipped, 500, 5 * 16);                       // five standard deviations
  EXPECT_EQ(flip.apply(kImage, {false, 1, 0, 0}), kImage); // not in evaluation
}

TEST(Transform, CropMovesTheImageAndFillsWithZeros) {
  Transforming crop("random_crop", {{"pad", {1}}}, true);
  std::vector<Numbers> seen;
  for (int64_t sample = 0; sample < 200; ++sample) {
    Numbers x = crop.apply(kImage, {true, 1, 0, sample});
    if (std::find(seen.begin(), seen.end(), x) == seen.end())
      seen.push_back(x);
  }
  EXPECT_EQ(seen.size(), 9u); // -1, 0, 1 down and right
  EXPECT_NE(std::find(seen.begin(), seen.end(), Numbers({0, 0, 0, 0, 1, 2})), seen.end());
  EXPECT_NE(std::find(seen.begin(), seen.end(), kImage), seen.end());
}

TEST(Transform, CutoutWritesASquareOfZeros) {
  Transforming cutout("cutout", {{"size", {2}}}, true);
  std::vector<Numbers> seen;
  for (int64_t sample = 0; sample < 200; ++sample) {
    Numbers x = cutout.apply(kImage, {true, 1, 0, sample});
    if (std::find(seen.begin(), seen.end(), x) == seen.end())
      seen.push_back(x);
  }
  EXPECT_EQ(seen.size(), 6u); // about each pixel
  for (const Numbers &x : {Numbers{0, 2, 3, 4, 5, 6}, {0, 0, 3, 0, 0, 6}, {1, 0, 0, 4, 0, 0}})
    EXPECT_NE(std::find(seen.begin(), seen.end(), x), seen.end());
}

TEST(Transform, RotateTurnsAboutTheCentre) {
  // Of constant images the inside stays; a turn by nothing keeps everything.
  EXPECT_EQ(Transforming("rotate", {{"degrees", {0}}}, true).apply(kImage, {true, 1, 0, 0}),
            kImage);
  Transforming rotate("rotate", {{"degrees", {90}}}, true);
  double least = 1, most = -1;
  for (int64_t sample = 0; sample < 1000; ++sample) {
    Numbers x = rotate.apply({0, 1, 0, 0, 1, 0}, {true, 1, 0, sample});
    // The line through the centre: its pixels move by the sine of the angle along a row.
    double sine = (x[0] + x[5]) - (x[2] + x[3]);
    EXPECT_NEAR(x[0], x[5], 1e-12); // the image is the same upside down
    EXPECT_NEAR(x[2], x[3], 1e-12);
    least = std::min(least, sine);
    most = std::max(most, sine);
  }
  EXPECT_LT(least, -0.2); // to both sides
  EXPECT_GT(most, 0.2);
}

TEST(Transform, ResizedCropKeepsAPlaneAPlane) {
  Transforming whole("random_resized_crop", {{"least", {1}}}, true);
  Transforming crop("random_resized_crop", {{"least", {0.2}}}, true);
  double least = 1;
  for (int64_t sample = 0; sample < 1000; ++sample) {
    Numbers x = crop.apply({0, 1, 2, 0, 1, 2}, {true, 1, 0, sample});
    for (int i = 0; i < 3; ++i)
      EXPECT_NEAR(x[size_t(i)], x[size_t(i) + 3], 1e-12);
    EXPECT_TRUE(0 <= x[0] && x[0] <= x[1] && x[1] <= x[2] && x[2] <= 2);
    least = std::min(least, (x[2] - x[0]) / 2); // the part's width over the image's
  }
  // The narrowest part, at an edge, from the edge to the middle of its last third.
  EXPECT_GT(least, (2.5 * std::sqrt(0.2 * 3 / 4) - 0.5) / 2);
  EXPECT_LT(least, 0.3);
  // All of the area, with sides of 1:1 only where the ratio is.
  Numbers x = whole.apply(kImage, {true, 1, 0, 3});
  EXPECT_NE(x, kImage);
}

TEST(Transform, NoiseHasItsDeviation) {
  Transforming noise("noise", {{"deviation", {0.5}}}, true);
  double sum = 0, squares = 0;
  constexpr int kSamples = 5000;
  for (int64_t sample = 0; sample < kSamples; ++sample)
    for (double value : noise.apply(Numbers(6, 0.0), {true, 1, 0, sample})) {
      sum += value;
      squares += value * value;
    }
  EXPECT_NEAR(sum / (6 * kSamples), 0, 5 * 0.5 / std::sqrt(6.0 * kSamples));
  EXPECT_NEAR(std::sqrt(squares / (6 * kSamples)), 0.5, 0.01);
  Numbers first = noise.apply(kImage, {true, 1, 0, 0});
  EXPECT_EQ(first, noise.apply(kImage, {true, 1, 0, 0}));
  for (SampleAddress other : {SampleAddress{true, 2, 0, 0}, {true, 1, 1, 0}, {true, 1, 0, 1}})
    EXPECT_NE(first, noise.apply(kImage, other));
  EXPECT_EQ(kImage, noise.apply(kImage, {false, 1, 0, 0})); // not in evaluation
}

TEST(Order, BucketsHaveSamplesOfLikeLength) {
  for (auto [count, step] :
       {std::pair<int64_t, int64_t>{1000, 8}, {37, 8}, {5, 8}, {8, 8}, {9, 1}}) {
    std::vector<int64_t> lengths;
    for (int64_t i = 0; i < count; ++i)
      lengths.push_back(1 + i * i % 101);
    std::vector<int64_t> order = orderOfEpoch(count, 1, 0, step, lengths), sorted = order;
    std::sort(sorted.begin(), sorted.end());
    for (int64_t i = 0; i < count; ++i)
      ASSERT_EQ(sorted[size_t(i)], i);
    EXPECT_EQ(order, orderOfEpoch(count, 1, 0, step, lengths));
    if (count < 100)
      continue;
    EXPECT_NE(order, orderOfEpoch(count, 1, 1, step, lengths));
    EXPECT_NE(order, orderOfEpoch(count, 2, 0, step, lengths));
    int64_t apart = 0, firsts = 0; // between the shortest and the longest of a step, added up
    for (int64_t first = 0; first + step <= count; first += step) {
      auto [least, most] = std::minmax_element(
          order.begin() + first, order.begin() + first + step,
          [&](int64_t a, int64_t b) { return lengths[size_t(a)] < lengths[size_t(b)]; });
      apart += lengths[size_t(*most)] - lengths[size_t(*least)];
      firsts += first > 0 && lengths[size_t(order[size_t(first)])] <
                                 lengths[size_t(order[size_t(first - step)])];
    }
    EXPECT_LT(apart / (count / step), 8); // of 100
    EXPECT_GT(firsts, count / step / 4);  // the steps themselves are in no order
  }
}

TEST(Order, LengthsAreThePlacesOfLastNumbers) {
  Column column;
  column.perSample = 4;
  for (double value : {0., 0., 0., 0., 3., 0., 2., 0., 1., 1., 1., 1.})
    column.append(value);
  EXPECT_EQ(lengthsOf(column, 3), (std::vector<int64_t>{0, 3, 4}));
}

TEST(Transform, SpeedMovesTheEndOfASound) {
  // A pulse at 400 of 1000 numbers lies at 400 / speed afterwards.
  const int64_t shape[] = {1000};
  dlc_model model = handModel(DLC_F32);
  dlc_tensor sound = model.fields[0];
  sound.rank = 1;
  sound.shape = shape;
  for (double factor : {0.8, 1.0, 1.6}) {
    Transforming speed("speed", {{"least", {factor}}, {"most", {factor}}}, true);
    model.fields = &sound;
    model.field_count = 1;
    model.transforms = &speed.transform;
    model.transform_count = 1;
    Transforms transforms;
    ASSERT_FALSE(transforms.prepare(model).failed());
    Numbers x(1000, 0.0);
    for (int64_t i = -20; i <= 20; ++i)
      x[size_t(400 + i)] = 0.5 + 0.5 * std::cos(3.14159265358979 * double(i) / 20);
    transforms.apply(0, {true, 1, 0, 0}, x.data());
    auto peak = std::max_element(x.begin(), x.end()) - x.begin();
    EXPECT_NEAR(double(peak), 400 / factor, 0.6) << factor;
    EXPECT_NEAR(*std::max_element(x.begin(), x.end()), 1, 0.01);
    EXPECT_NEAR(x[990], 0, 1e-3);
  }
}

TEST(Transform, BytesAreLookedUp) {
  Transforming scale("scale", {{"factor", {1. / 255}}}),
      flip("random_flip", {{"probability", {1}}}),
      normalize("normalize", {{"mean", {.286}}, {"std", {.353}}}),
      perChannel("normalize", {{"mean", {.286, .4}}, {"std", {.353}}});
  const int64_t shape[] = {2, 1, 3}; // two channels
  dlc_model model = handModel(DLC_F32);
  dlc_tensor image = model.fields[0];
  image.rank = 3;
  image.shape = shape;
  model.fields = &image;
  model.field_count = 1;
  for (const Transforming &centered : {std::ref(normalize), std::ref(perChannel)}) {
    dlc_transform all[] = {scale.transform, centered.transform, flip.transform};
    model.transforms = all;
    model.transform_count = 3;
    Transforms transforms;
    ASSERT_FALSE(transforms.prepare(model).failed());
    Transforms pointwise; // without the flip
    model.transform_count = 2;
    ASSERT_FALSE(pointwise.prepare(model).failed());
    Column column;
    column.perSample = int64_t(kImage.size());
    column.cell = Cell::U8;
    for (int i = 0; i < 256 * 6; ++i)
      column.bytes.push_back(static_cast<unsigned char>(i / 2));
    for (int64_t sample = 0; sample < 256; ++sample) {
      SampleAddress address{true, 1, 0, sample};
      Numbers want(kImage.size()), got(kImage.size());
      column.read(sample * column.perSample, column.perSample, want.data());
      transforms.apply(0, address, want.data());
      SampleNumbers numbers;
      ASSERT_FALSE(column.find(sample, &numbers).failed());
      transforms.read(0, address, numbers, column.perSample, got.data());
      ASSERT_EQ(got, want) << sample; // bit by bit
      std::vector<float> row(kImage.size());
      ASSERT_FALSE(transforms.lookUp(0, address, numbers, column.perSample,
                                     row.data())); // there is a flip to do
      ASSERT_TRUE(pointwise.lookUp(0, address, numbers, column.perSample, row.data()));
      pointwise.read(0, address, numbers, column.perSample, got.data());
      ASSERT_EQ(row, std::vector<float>(got.begin(), got.end())) << sample;
    }
  }
}

TEST(Transform, WhatDoesNotFitIsNamed) {
  expectPart(Transforming("normalize", {{"mean", {1, 2}}, {"std", {1}}}).status.message(),
             "one a channel", "mean");
  expectPart(Transforming("normalize", {{"mean", {1}}, {"std", {0}}}).status.message(), "std = 0",
             "std");
  EXPECT_EQ(Transforming("sharpen", {}).status.fault(), Fault::Internal);
}

// --- batches -----------------------------------------------------------------------------------

TEST(Stream, CoversEverySampleOnceAndWeighsAStep) {
  dlc_model model = handModel(DLC_F64);
  model.transform_count = 0;
  Dataset dataset;
  dataset.count = 21;
  dataset.columns.resize(2);
  for (int i = 0; i < 21; ++i) {
    for (int j = 0; j < 6; ++j)
      dataset.columns[0].append(i);
    dataset.columns[1].append(0);
  }
  dataset.columns[0].perSample = 6;
  dataset.columns[1].perSample = 1;
  Transforms transforms;
  Plan plan{&model, &dataset, &transforms, true,
            true,   1,        10}; // steps of 10, 10 and 1 in calls of 8
  plan.epochs = 2;
  Stream stream(plan);
  std::vector<int> seen(21);
  std::vector<int64_t> counts;
  double weight = 0;
  while (const Batch *batch = stream.next()) {
    counts.push_back(batch->count);
    weight = batch->startsStep ? 0 : weight;
    for (int64_t row = 0; row < model.batch; ++row) {
      double share = static_cast<double *>(batch->sampleWeights.data())[row];
      weight += share;
      EXPECT_EQ(share > 0, row < batch->count);
      if (share > 0)
        ++seen[size_t(static_cast<double *>(batch->inputs[0].data())[row * 6])];
      else
        EXPECT_EQ(static_cast<double *>(batch->inputs[0].data())[row * 6], 0);
    }
    if (batch->endsStep) {
      EXPECT_NEAR(weight, 1, 1e-15);
    }
  }
  EXPECT_EQ(counts, (std::vector<int64_t>{8, 2, 8, 2, 1, 8, 2, 8, 2, 1}));
  for (int times : seen)
    EXPECT_EQ(times, 2);
}

TEST(Stream, MayBeAbandoned) {
  dlc_model model = handModel(DLC_F32);
  model.transform_count = 0;
  Dataset dataset;
  dataset.count = 100;
  dataset.columns.resize(2);
  dataset.columns[0].perSample = 6;
  dataset.columns[0].bytes.resize(sizeof(double) * 100 * 6);
  dataset.columns[1].perSample = 1;
  dataset.columns[1].bytes.resize(100 * sizeof(double));
  Transforms transforms;
  Plan plan{&model, &dataset, &transforms, true, true, 1, 8};
  Stream stream(plan);
  EXPECT_NE(stream.next(), nullptr);
}

} // namespace dlc::runtime::data
