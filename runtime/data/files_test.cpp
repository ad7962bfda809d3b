// Fields of files: folders and tables of them, read when needed, by any number of threads.
#include "runtime/data/files.h"

#include "runtime/data/batch.h"
#include "runtime/data/vocabulary.h"
#include "runtime/text.h"
#include "test/runtime/hand_model.h"
#include "test/runtime/media.h"

#include <cstring>
#include <utility>

namespace dlc::runtime::data {

namespace {

// The hand-written model, whose field `image` f32[1, 2, 3] is of picture files, and its data.
class Pictures {
public:
  explicit Pictures(const char *loader)
      : argument{strcmp(loader, "csv") == 0 ? "file" : "folder", DLC_TEXT, 1, nullptr,
                 strcmp(loader, "csv") == 0 ? "a.csv" : "train"},
        source{"train", loader, 1, &argument} {
    transforms[0] = {"image", "picture", 0, 0, nullptr};
    for (int32_t i = 0; i < model.transform_count; ++i)
      transforms[i + 1] = model.transforms[i];
    ++model.transform_count;
    model.transforms = transforms;
    model.source_count = 1;
    model.sources = &source;
  }
  Pictures(const Pictures &) = delete;

  Status load(const Folder &folder) {
    dataset = {};
    DLC_TRY(loadSplit(model, "train", folder.path(), &dataset));
    return vocabularies.encode(&dataset);
  }
  std::string error(const Folder &folder) {
    Status status = load(folder);
    EXPECT_EQ(status.fault(), Fault::Input);
    return status.message();
  }

  dlc_argument argument;
  dlc_source source;
  dlc_transform transforms[4];
  dlc_model model = handModel(DLC_F32);
  Dataset dataset;
  Vocabularies vocabularies{model};
};

// A grey picture of 3 x 2 pixels from `first` on.
std::string picture(int first) {
  std::string rows;
  for (int i = 0; i < 6; ++i) {
    if (i % 3 == 0)
      rows += '\0';
    rows += char(first + i);
  }
  return pngBytes(3, 2, 8, kGrey, rows);
}

void expectPart(const std::string &message, const std::string &part) {
  EXPECT_NE(message.find(part), message.npos) << message;
}

// All batches of two epochs, as bytes.
std::string batchesOf(const Pictures &pictures, int threads, Status *status) {
  Transforms transforms;
  EXPECT_FALSE(transforms.prepare(pictures.model).failed());
  Plan plan{&pictures.model, &pictures.dataset, &transforms, true, true, 7, 8};
  plan.epochs = 2;
  plan.threads = threads;
  Stream stream(plan);
  std::string bytes;
  while (const Batch *batch = stream.next())
    for (const Buffer &input : batch->inputs)
      bytes.append(static_cast<const char *>(input.data()), size_t(input.bytes()));
  *status = stream.status();
  return bytes;
}

void makeFolders(const Folder &folder, const std::vector<std::string> &names) {
  for (const std::string &name : names)
    ASSERT_FALSE(runtime::makeFolders(folder.file("train/" + name)).failed());
}

} // namespace

TEST(Folders, AreClassesInTheOrderOfTheirBytes) {
  Folder folder;
  makeFolders(folder, {"b", "10", "Z", "9"});
  folder.write("train/b/2.png", picture(10));
  folder.write("train/b/1.png", picture(20));
  folder.write("train/b/.hidden", "no picture");
  folder.write("train/Z/x.png", picture(30));
  folder.write("train/10/x.png", picture(40));
  folder.write("train/9/x.png", picture(50));
  folder.write("train/README", "no class");
  Pictures pictures("folders");
  Status status = pictures.load(folder);
  ASSERT_FALSE(status.failed()) << status.message();
  ASSERT_EQ(pictures.dataset.count, 5);
  const int firsts[] = {40, 50, 30, 20, 10}, labels[] = {0, 1, 2, 3, 3};
  for (int64_t i = 0; i < 5; ++i) {
    SampleNumbers numbers;
    ASSERT_FALSE(pictures.dataset.columns[0].find(i, &numbers).failed());
    EXPECT_EQ(numbers.count, 6);
    EXPECT_EQ(numbers.in->at(5), firsts[i] + 5);
    EXPECT_EQ(pictures.dataset.columns[1].at(i), labels[i]);
  }
  EXPECT_EQ(pictures.vocabularies.of(1).entries(),
            (std::vector<std::string>{"10", "9", "Z", "b"})); // also where they look like numbers
}

TEST(Folders, WrongOnesAreNamed) {
  Folder folder;
  Pictures pictures("folders");
  expectPart(pictures.error(folder), "train` does not exist");
  folder.write("train", "a file");
  expectPart(pictures.error(folder), "cannot read the folder");
  std::filesystem::remove(folder.file("train"));
  makeFolders(folder, {""});
  expectPart(pictures.error(folder), "has no folders of classes");
  makeFolders(folder, {"a", "b"});
  folder.write("train/a/x.png", picture(0));
  expectPart(pictures.error(folder), "of the class `b` has no files");
  makeFolders(folder, {"b/c"});
  expectPart(pictures.error(folder), "train/b/c` is a folder in the folder of a class");
  std::filesystem::remove(folder.file("train/b/c"));
  for (const char *name : {"b", "c", "d", "e"}) {
    makeFolders(folder, {name});
    folder.write(std::string("train/") + name + "/x.png", picture(0));
  }
  expectPart(pictures.error(folder), "5 different names");
}

TEST(Files, ATableNamesThemInItsFolder) {
  Folder folder;
  folder.write("x.png", picture(1));
  folder.write("y.png", picture(2));
  folder.write("a.csv", " x.png ,2\n" + folder.file("y.png") + ",3\n");
  Pictures pictures("csv");
  Status status = pictures.load(folder);
  ASSERT_FALSE(status.failed()) << status.message();
  EXPECT_EQ(pictures.dataset.count, 2);
  EXPECT_EQ(pictures.dataset.columns[0].files->path(0), folder.file("x.png"));
  SampleNumbers numbers;
  ASSERT_FALSE(pictures.dataset.columns[0].find(1, &numbers).failed());
  EXPECT_EQ(numbers.in->at(0), 2);
  EXPECT_EQ(numbers.in->cell, Cell::U8);
  EXPECT_EQ(pictures.dataset.columns[1].at(1), 3);
}

TEST(Files, WhatATableNamesMustExist) {
  Folder folder;
  folder.write("x.png", picture(1));
  Pictures pictures("csv");
  folder.write("a.csv", "x.png,2\nz.png,3\n");
  expectPart(pictures.error(folder), "a.csv`: sample 1 names the file `" + folder.file("z.png"));
  folder.write("a.csv", "x.png,2\n,3\n");
  expectPart(pictures.error(folder),
             "a.csv`, line 2, column 1: the cell is empty, and `image` needs the "
             "name of a file");
  folder.write("a.csv", "x.png,1,2\n");
  expectPart(pictures.error(folder), "3 columns, but a sample needs 2");
}

// Whether files come by a table or in folders, a share of them is taken like one of numbers.
TEST(Files, AShareOfThemIsTaken) {
  Folder folder;
  const char *classes[] = {"10", "9", "x", "y"};
  makeFolders(folder, {"10", "9", "x", "y"});
  std::string table = "photo,kind,person\n";
  for (int i = 0; i < 60; ++i) {
    std::string name = format("train/%s/%02d.png", classes[i % 4], i);
    folder.write(name, picture(4 * i));
    table += name + format(",%d,person %d\n", i % 4, i / 2);
  }
  folder.write("a.csv", table);
  for (const char *loader : {"csv", "folders"}) {
    bool isTable = strcmp(loader, "csv") == 0;
    Pictures pictures(loader);
    const double share = 0.3, yes = 1;
    dlc_argument given[] = {pictures.argument,
                            {"header", DLC_NUMBERS, 1, &yes, nullptr},
                            {"columns", DLC_TEXT, 2, nullptr, "photo\nkind"}};
    dlc_argument part[] = {{"share", DLC_NUMBERS, 1, &share, nullptr},
                           {"by", DLC_TEXT, 1, nullptr, isTable ? "person" : ""}};
    dlc_source sources[] = {{"train", loader, isTable ? 3 : 1, given}, {"test", "split", 2, part}};
    pictures.model.source_count = 2;
    pictures.model.sources = sources;
    Dataset train, test, alone;
    ASSERT_FALSE(loadTraining(pictures.model, "test", folder.path(), &train, &test).failed());
    ASSERT_FALSE(loadSplit(pictures.model, "test", folder.path(), &alone).failed());
    ASSERT_FALSE(pictures.vocabularies.encode(&train).failed());
    ASSERT_FALSE(pictures.vocabularies.encode(&test, true).failed());
    EXPECT_EQ(train.count + test.count, 60);
    EXPECT_GE(test.count, 8) << loader;
    EXPECT_LE(test.count, 32) << loader;
    EXPECT_EQ(alone.count, test.count);
    std::vector<int> splits(60, 0), persons(30, 0);
    for (const Dataset *dataset : {&train, &test})
      for (int64_t i = 0; i < dataset->count; ++i) {
        SampleNumbers numbers;
        ASSERT_FALSE(dataset->columns[0].find(i, &numbers).failed());
        int number = int(numbers.in->at(0)) / 4, split = dataset == &train ? 1 : 2;
        EXPECT_EQ(dataset->columns[1].at(i), number % 4); // its own label
        EXPECT_EQ(std::exchange(splits[size_t(number)], split), 0) << number;
        persons[size_t(number) / 2] |= split;
        EXPECT_TRUE(split == 1 ||
                    alone.columns[0].files->path(i) == dataset->columns[0].files->path(i));
      }
    for (int person : persons)
      EXPECT_TRUE(!isTable || person != 3); // on one side
  }
}

TEST(Files, WhatCannotBeReadIsNamed) {
  Folder folder;
  ASSERT_FALSE(runtime::makeFolders(folder.file("d")).failed());
  FileReader reader(Pictures("csv").model, 0);
  Numbers numbers;
  expectPart(reader.read(folder.file("no.png"), &numbers).message(), "no.png`: No such file");
  expectPart(reader.read(folder.file("d"), &numbers).message(), "d`: Is a directory");
  expectPart(reader.read("/dev/zero", &numbers).message(), "`/dev/zero` is a device");
  std::string loop = folder.file("loop");
  ASSERT_EQ(symlink(loop.c_str(), loop.c_str()), 0);
  expectPart(reader.read(loop, &numbers).message(), "cannot open");
  if (geteuid() != 0) {
    std::string closed = folder.write("closed.png", picture(1));
    ASSERT_EQ(chmod(closed.c_str(), 0), 0);
    expectPart(reader.read(closed, &numbers).message(), "Permission denied");
  }
}

TEST(Files, ShortSamplesAreFollowedByZeros) {
  Numbers sound;
  sound.cell = Cell::Q15;
  sound.bytes = {0, 0x40, 0, 0xC0}; // a half, minus a half
  SampleNumbers sample;
  sample.in = &sound;
  sample.count = 2;
  std::vector<double> values(6, 9.0);
  sample.read(6, values.data());
  EXPECT_EQ(values, (std::vector<double>{0.5, -0.5, 0, 0, 0, 0}));
  // Also where bytes would be looked up.
  sound.cell = Cell::U8;
  sample.count = 4;
  dlc_model model = handModel(DLC_F32);
  --model.transform_count; // without the flip: the division by 255
  Transforms transforms;
  ASSERT_FALSE(transforms.prepare(model).failed());
  std::vector<float> row(6, 9.0f);
  EXPECT_FALSE(transforms.lookUp(0, {}, sample, 6, row.data()));
  values.assign(6, 9.0);
  transforms.read(0, {}, sample, 6, values.data());
  EXPECT_EQ(values[1], 0x40 / 255.0);
  EXPECT_EQ(values[4], 0);
}

TEST(Files, AreTheSameOnAnyThreadsAndWhetherKeptOrNot) {
  Folder folder;
  std::string table;
  for (int i = 0; i < 37; ++i) {
    std::string name = format("%d.png", i);
    folder.write(name, picture(i * 5));
    table += name + "," + std::to_string(i % 4) + "\n";
  }
  folder.write("a.csv", table);
  std::string first;
  for (int64_t most : {int64_t(0), int64_t(60), Files::kKept})
    for (int threads : {1, 2, 3}) {
      Files::keepAtMost(most);
      Pictures pictures("csv");
      ASSERT_FALSE(pictures.load(folder).failed());
      int64_t before = Files::keptBytes();
      Status status;
      std::string bytes = batchesOf(pictures, threads, &status);
      EXPECT_FALSE(status.failed()) << status.message();
      EXPECT_EQ(Files::keptBytes() - before, std::min(most / 6 * 6, int64_t(37 * 6)));
      if (first.empty())
        first = bytes;
      EXPECT_EQ(bytes, first) << most << " " << threads;
    }
  Files::keepAtMost(Files::kKept);
}

TEST(Files, ABrokenOneEndsTheStream) {
  Folder folder;
  std::string table;
  for (int i = 0; i < 20; ++i) {
    std::string name = format("%d.png", i);
    folder.write(name, i == 13 ? "broken" : picture(i));
    table += name + ",0\n";
  }
  folder.write("a.csv", table);
  for (int threads : {1, 2}) {
    Pictures pictures("csv");
    ASSERT_FALSE(pictures.load(folder).failed());
    Status status;
    batchesOf(pictures, threads, &status);
    EXPECT_EQ(status.fault(), Fault::Input);
    expectPart(status.message(), folder.file("13.png") + "` is no PNG and no JPEG file");
  }
}

} // namespace dlc::runtime::data
