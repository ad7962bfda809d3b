// Broken files: each has an error of its own that names the file and the place, reads nothing that
// is not there, and takes little memory to be told.
#include "runtime/data/dataset.h"
#include "runtime/data/vocabulary.h"
#include "runtime/text.h"
#include "test/runtime/folder.h"
#include "test/runtime/hand_model.h"

#include <cmath>
#include <fstream>
#include <functional>
#include <set>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dlc::runtime::data {

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kCountsMemory = false; // shadow memory would count, too
#else
constexpr bool kCountsMemory = true;
#endif
// What libdeflate unpacks must be in memory at once; a packed file may become so many times as
// large.
constexpr int64_t kMemory = 64 << 20, kTimesSize = 4, kUnpacked = 200;

// How a file comes into the folder.
using Put = std::function<void(const Folder &folder, const std::string &name)>;

Put text(std::string bytes) {
  return [bytes = std::move(bytes)](const Folder &folder, const std::string &name) {
    folder.write(name, bytes);
  };
}
Put nothing() {
  return [](const Folder &, const std::string &) {};
}
Put aFolder() {
  return [](const Folder &folder, const std::string &name) {
    ASSERT_FALSE(makeFolders(folder.file(name)).failed());
  };
}
// A file that opens but cannot be read: the memory of a process begins with a page that is none.
Put unreadable() {
  return [](const Folder &folder, const std::string &name) {
    ASSERT_EQ(symlink("/proc/self/mem", folder.file(name).c_str()), 0);
  };
}

struct Broken {
  const char *what;
  Put put;
  const char *reason;         // part of the message
  int64_t times = kTimesSize; // what a file may take beyond kMemory, in its own size
};

// What a process of its own says of loading the folder's files, and how much memory it took more
// than this one has.
struct Outcome {
  std::string message;
  int64_t bytes = 0;
};

int64_t residentBytes() {
  std::ifstream file("/proc/self/statm");
  int64_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

Outcome load(const dlc_model &model, const Folder &folder) {
  int pipes[2];
  EXPECT_EQ(pipe(pipes), 0);
  int64_t before = residentBytes();
  pid_t child = fork();
  if (child == 0) {
    Dataset dataset;
    Status status = loadSplit(model, "train", folder.path(), &dataset);
    if (!status.failed())
      status = Vocabularies(model).encode(&dataset);
    std::string message = status.fault() == Fault::Input ? status.message()
                          : status.failed()              ? "FAULT " + status.message()
                                                         : "READ";
    bool isWritten = write(pipes[1], message.data(), message.size()) == ssize_t(message.size());
    _exit(isWritten ? 0 : 1);
  }
  close(pipes[1]);
  Outcome outcome;
  char block[4096];
  for (ssize_t got; (got = read(pipes[0], block, sizeof block)) > 0;)
    outcome.message.append(block, size_t(got));
  close(pipes[0]);
  int status = 0;
  struct rusage usage = {};
  EXPECT_EQ(wait4(child, &status, 0, &usage), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << outcome.message;
  outcome.bytes = usage.ru_maxrss * 1024 - before;
  return outcome;
}

// Loads each file as `name`, others being as they should be, and checks what is said of it. What
// must stand in every message is `named`.
void expectRefusals(const dlc_model &model, const std::vector<Broken> &table,
                    const std::string &name, const std::string &named,
                    const std::vector<std::pair<std::string, std::string>> &others = {}) {
  EXPECT_GE(table.size(), 15u);
  std::set<std::string> said;
  for (const Broken &broken : table) {
    SCOPED_TRACE(broken.what);
    Folder folder;
    for (const auto &[other, bytes] : others)
      folder.write(other, bytes);
    broken.put(folder, name);
    Outcome outcome = load(model, folder);
    std::error_code error;
    auto size = int64_t(std::filesystem::file_size(folder.file(name), error));
    if (kCountsMemory) {
      EXPECT_LE(outcome.bytes, kMemory + broken.times * (error ? 0 : size)) << outcome.message;
    }
    for (size_t at; (at = outcome.message.find(folder.path() + "/")) != std::string::npos;)
      outcome.message.erase(at, folder.path().size() + 1);
    EXPECT_NE(outcome.message.find(broken.reason), std::string::npos) << outcome.message;
    EXPECT_NE(outcome.message.find(named), std::string::npos) << outcome.message;
    EXPECT_LT(outcome.message.size(), 600u) << outcome.message.substr(0, 600);
    EXPECT_EQ(findInvalidUtf8(outcome.message), std::string::npos) << outcome.message;
    EXPECT_TRUE(said.insert(outcome.message).second) << "said before: " << outcome.message;
  }
}

// The hand-written model, whose samples have an image of 6 numbers and a label below 4.
struct Source {
  Source(const char *loader, std::vector<dlc_argument> given) : arguments(std::move(given)) {
    source = {"train", loader, int32_t(arguments.size()), arguments.data()};
    model = handModel(DLC_F32);
    model.source_count = 1;
    model.sources = &source;
  }
  Source(const Source &) = delete;
  std::vector<dlc_argument> arguments;
  dlc_source source;
  dlc_model model;
};

constexpr size_t kLarge = (kCountsMemory ? 100 : 8) << 20, kSome = (kCountsMemory ? 20 : 2) << 20;

std::string packedZeros(size_t bytes) { return gzipped(std::string(bytes, '\0')); }
std::string damaged(std::string bytes, size_t at) {
  bytes[at] = char(bytes[at] ^ 0x55);
  return bytes;
}

// The same, and what is wrong with any file that is read as a text. `good` are two lines of one
// that is right, `packed` is one that is right and packed.
void expectTextRefusals(const dlc_model &model, const std::string &good, const std::string &packed,
                        std::vector<Broken> table, const std::string &name,
                        const std::string &named,
                        const std::vector<std::pair<std::string, std::string>> &others = {}) {
  const Broken faults[] = {
      {"missing", nothing(), "does not exist"},
      {"a folder", aFolder(), "Is a directory"},
      {"unreadable", unreadable(), "Input/output error"},
      {"empty", text(""), "is empty"},
      {"a zero byte", text(good + std::string("1,\0,3", 5)), "line 3: this is no UTF-8 text"},
      {"no UTF-8", text(good + "1,2,3,4,5,6,gr\xFCn\n"), "(the byte 0xFC); save it as UTF-8"},
      {"a surrogate", text(good + "1,2,3,4,5,6,\xED\xA0\x80\n"), "(the byte 0xED)"},
      {"a spreadsheet", text("PK\x03\x04 and more"), "export it as CSV"},
      {"gzip cut off", text(packed.substr(0, packed.size() - 9)), "is damaged: its"},
      {"gzip damaged", text(damaged(packed, packed.size() - 6)), "is damaged: its"},
      {"a gzip header alone", text(packed.substr(0, 10)), "is damaged: its 10 bytes"},
      {"gzip of everything", text(packedZeros(size_t(300) << 20)), "unpacks to more than 200",
       kUnpacked},
  };
  table.insert(table.end(), std::begin(faults), std::end(faults));
  expectRefusals(model, table, name, named, others);
}

} // namespace

TEST(Broken, Csv) {
  Source source("csv", {{"file", DLC_TEXT, 1, nullptr, "a.csv"},
                        {"columns", DLC_TEXT, 7, nullptr, "a\nb\nc\nd\ne\nf\nlabel"}});
  const std::string names = "a,b,c,d,e,f,label\n", good = names + "1,2,3,4,5,6,0\n",
                    packed = gzipped(good + std::string(4000, '\n'));
  expectTextRefusals(
      source.model, good, packed,
      {
          {"blank lines", text("\n\r\n\n"), "a.csv` has no samples"},
          {"names alone", text(names), "no samples below the names"},
          {"no names", text("1,2,3,4,5,6,0\n"), "line 1: there is no column `a` (there are 1, 2"},
          {"another name", text("a,b,c,d,e,f,labe1\n"), "no column `label`; did you mean `labe1`?"},
          {"a name twice", text("a,b,c,d,e,f,f,label\n"), "line 1: two columns are named `f`"},
          {"other separators", text("a;b;c;d;e;f;label\n"), "say `separator = \";\"`"},
          {"a name of 20 MB", text(std::string(kSome, 'a') + "\n"), "there is no column `a`"},
          {"names between 20 MB of commas", text(std::string(kSome, ',') + "\n"),
           "columns; this is no line of names"},
          {"a line of 100 MB of commas", text(good + std::string(kLarge, ',')),
           "columns, but the first line names 7; a cell"},
          {"a cell of 20 MB", text(good + std::string(kSome, 'x') + ",2,3,4,5,6,0\n"),
           "line 3, column 1: `xxxxxxxx"},
          {"a name of a class of 20 MB",
           text(names + "1,2,3,4,5,6,p\n1,2,3,4,5,6,q\n1,2,3,4,5,6,r\n1,2,3,4,5,6,s\n1,2,3,4,5,6," +
                std::string(kSome, 'a') + "\n"),
           "the labels have 5 different names (`aaaaa"},
          {"a quote that never ends", text(good + "\"1,2,3,4,5,6,0\n1,2,3,4,5,6,0\n"),
           "line 3: a quoted cell begins here and never ends"},
          {"100 MB behind a quote", text(good + "1,2,3,4,5,6,1\n\"" + std::string(kLarge, 'x')),
           "line 4: a quoted cell begins here and never ends"},
          {"a quote in a cell", text(good + "1,2\",3,4,5,6,0\n"),
           "line 3: a quote stands inside a cell"},
          {"something behind a quote", text(good + "\n1,\"2\"x,3,4,5,6,0\n"),
           "line 4: a quote stands inside a cell"},
          {"UTF-16",
           text(std::string("\xFF\xFE"
                            "a\0,\0",
                            6)),
           "this is UTF-16"},
          {"a row too short", text(good + "1,2,3\n"), "line 3: 3 columns, but the first line"},
          {"a row too long", text(good + "1,2,3,4,5,6,0,8\n"), "line 3: 8 columns, but the first"},
          {"a hole", text(good + "1,,3,4,5,6,0\n"),
           "line 3, column 2: the cell is empty; `missing"},
          {"a word", text(good + "1,two,3,4,5,6,0\n"), "column 2: `two` is not a finite number"},
          {"hexadecimal", text(good + "1,0x10,3,4,5,6,0\n"), "`0x10` is not a finite number"},
          {"a comma in a number", text(good + "1,\"2,5\",3,4,5,6,0\n"), "with a point: 2.5"},
          {"infinity", text(good + "1,2,inf,4,5,6,0\n"), "column 3: `inf` is not a finite number"},
          {"beyond f64", text(good + "1,2,1e999,4,5,6,0\n"), "`1e999` is not a finite number"},
          {"beyond f32", text(good + "1,2,-1e39,4,5,6,0\n"), "of sample 1 is -1e+39"},
          {"no class", text(good + "1,2,3,4,5,6,\n"), "column 7: the cell is empty, and `label`"},
          {"a class too many", text(names + "1,2,3,4,5,6,4\n"), "sample 0 has the label 4"},
          {"a class below 0", text(names + "1,2,3,4,5,6,-1\n"), "sample 0 has the label -1"},
          {"half a class", text(names + "1,2,3,4,5,6,0.5\n"), "sample 0 has the label 0.5"},
          {"a class beyond all", text(names + "1,2,3,4,5,6,1e300\n"), "has the label 1e+300"},
          {"too many names of classes",
           text(names + "1,2,3,4,5,6,p\n1,2,3,4,5,6,q\n1,2,3,4,5,6,r\n1,2,3,4,5,6,s\n"
                        "1,2,3,4,5,6,t\n"),
           "5 different names (`p`, `q`, …), but `label` has 4"},
      },
      "a.csv", "a.csv`");
}

TEST(Broken, Lines) {
  Source source("lines", {{"files", DLC_TEXT, 2, nullptr, "texts\nlabels"}});
  const int64_t shape[] = {8};
  dlc_tensor fields[] = {{"text", DLC_I32, 1, shape, 0, 16, 0},
                         {"label", DLC_I32, 0, nullptr, 0, 4, 0}};
  double none = 0;
  dlc_argument marks = {"marks", DLC_NUMBERS, 1, &none, nullptr};
  dlc_transform words = {"text", "words", 0, 1, &marks};
  source.model.fields = fields;
  source.model.field_count = 2;
  source.model.transforms = &words;
  source.model.transform_count = 1;
  const std::string good = "a\nb\n", packed = gzipped("a\n" + std::string(4000, 'x'));
  expectTextRefusals(
      source.model, good, packed,
      {
          {"too many lines", text(good + "c"), "labels` has 3 lines and"},
          {"blank lines at the end", text(good + "\n"), "line 3: the line is empty"},
          {"a blank line", text("a\n  \t\n"), "line 2: the line is empty, and `label` needs"},
          {"100 MB of blank lines", text(std::string(kLarge, '\n')), "line 1: the line is empty"},
          {"a line of 100 MB", text(std::string(kLarge, 'x')), "has 1 lines and `texts` has 2"},
          {"UTF-16", text(std::string("\xFE\xFF\0a", 4)), "this is UTF-16"},
          {"a class too many", text("0\n4\n"), "sample 1 has the label 4"},
          {"a class below 0", text("-1\n0\n"), "sample 0 has the label -1"},
          {"half a class", text("0.5\n0\n"), "sample 0 has the label 0.5"},
      },
      "labels", "labels`", {{"texts", "one text\nanother\n"}});
}

TEST(Broken, Idx) {
  Source source("idx", {{"values", DLC_TEXT, 1, nullptr, "values"},
                        {"labels", DLC_TEXT, 1, nullptr, "labels"}});
  const std::string good = idxBytes(8, {2, 2, 3}, "abcdefghijkl"), packed = gzipped(good);
  std::string axes = idxBytes(8, {}, "");
  axes[3] = char(255);
  const std::string nan = idxBytes(0x0D, {1, 6}, "\x7F\xC0" + std::string(22, '\0'));
  expectRefusals(
      source.model,
      {
          {"missing", nothing(), "does not exist"},
          {"a folder", aFolder(), "Is a directory"},
          {"unreadable", unreadable(), "Input/output error"},
          {"empty", text(""), "is empty"},
          {"no IDX", text("P5 28 28 255 "), "is not an IDX file"},
          {"two bytes", text(std::string(2, '\0')), "ends after 2 bytes"},
          {"an unknown type", text(idxBytes(0x0A, {2, 6}, "abcdefghijkl")), "type 0x0a"},
          {"no axes", text(idxBytes(8, {}, "")), "of no axes"},
          {"255 axes", text(axes), "truncated within its header"},
          {"sizes that overflow", text(idxBytes(8, {~0u, ~0u, ~0u}, "x")), "impossible shape"},
          {"sizes of 100 TB", text(idxBytes(0x0E, {~0u, 6000}, "x")), "impossible shape"},
          {"sizes of 24 GB", text(idxBytes(8, {~0u, 2, 3}, "x")), "is truncated: its shape"},
          {"no samples", text(idxBytes(8, {0, 6}, "")), "has 0 samples, but"},
          {"cut off", text(good.substr(0, 20)), "needs 12 bytes of numbers, the file has 4"},
          {"too long", text(good + "!"), "has bytes after its end"},
          {"other images", text(idxBytes(8, {2, 3, 3}, std::string(18, 'x'))), "needs 6 numbers"},
          {"fewer samples", text(idxBytes(8, {1, 6}, "abcdef")), "has 1 samples, but"},
          {"NaN", text(nan), "values`[0, 0] is NaN"},
          {"gzip cut off", text(packed.substr(0, 25)), "is damaged: its 25 bytes"},
          {"gzip damaged", text(damaged(packed, packed.size() - 6)), "is damaged"},
          {"gzip of everything", text(packedZeros(size_t(300) << 20)), "unpacks to more than 200",
           kUnpacked},
          {"gzip of a cut file", text(gzipped(good.substr(0, 17))),
           "12 bytes of numbers, the file"},
      },
      "values", "values`", {{"labels", idxBytes(8, {2}, std::string(2, '\1'))}});
  expectRefusals(
      source.model,
      {
          {"missing", nothing(), "does not exist"},
          {"a folder", aFolder(), "Is a directory"},
          {"empty", text(""), "is empty"},
          {"images", text(good), "has the shape [2, 2, 3], but a sample needs 1 numbers"},
          {"too many", text(idxBytes(8, {3}, "\1\1\1")), "`labels` has 3 labels"},
          {"none", text(idxBytes(8, {0}, "")), "`labels` has 0 labels"},
          {"out of range", text(idxBytes(8, {2}, "\1\4")), "sample 1 has the label 4"},
          {"characters", text(idxBytes(8, {2}, "12")), "sample 0 has the label 49"},
          {"negative", text(idxBytes(9, {2}, "\1\xFF")), "sample 1 has the label -1"},
          {"of 16 bits", text(idxBytes(0x0B, {2}, std::string("\0\1\x7F\xFF", 4))), "label 32767"},
          {"of 32 bits", text(idxBytes(0x0C, {2}, std::string("\x80\0\0\0\0\0\0\1", 8))),
           "label -2.14748e+09"},
          {"fractions", text(idxBytes(0x0D, {2}, std::string("\x3F\0\0\0\0\0\0\0", 8))),
           "label 0.5"},
          {"infinite", text(idxBytes(0x0D, {2}, std::string("\x7F\x80\0\0\0\0\0\0", 8))),
           "labels`[0] is infinite"},
          {"huge", text(idxBytes(0x0D, {2}, std::string("\x7F\x7F\xFF\xFF\0\0\0\0", 8))),
           "label 3.40282e+38"},
          {"cut off", text(idxBytes(8, {2}, "\1")), "is truncated: its shape [2] needs 2 bytes"},
          {"a gzip header alone", text(gzipped("x").substr(0, 10)), "is damaged"},
      },
      "labels", "labels`", {{"values", good}});
}

namespace {

std::string header(const std::string &descr, const std::string &shape,
                   const std::string &order = "False") {
  return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }";
}
const std::string kImages = npyBytes(header("'<f4'", "(2, 6)"), std::string(48, '\0'));
const std::string kLabels = npyBytes(header("'|u1'", "(2,)"), std::string(2, '\1'));

} // namespace

TEST(Broken, Npy) {
  Source source("npy", {{"files", DLC_TEXT, 2, nullptr, "x.npy\ny.npy"}});
  auto npy = [](const std::string &descr, const std::string &shape, const std::string &bytes) {
    return text(npyBytes(header(descr, shape), bytes));
  };
  std::string longHeader("\x93NUMPY\x02\0\xFF\xFF\xFF\x7F{}", 14);
  std::string nan(48, '\0'), wide(96, '\0');
  nan.replace(46, 2, "\xC0\x7F");
  const double beyond = 1e300;
  wide.replace(88, 8, reinterpret_cast<const char *>(&beyond), 8);
  expectRefusals(
      source.model,
      {
          {"missing", nothing(), "does not exist"},
          {"a folder", aFolder(), "Is a directory"},
          {"unreadable", unreadable(), "Input/output error"},
          {"empty", text(""), "is empty"},
          {"text", text("hello, this is text"), "is not a .npy file"},
          {"a magic number alone", text("\x93NUMPY"), "ends after 6 bytes"},
          {"version 9", text(damaged(kImages, 6)), "format version 84"},
          {"a header of 2 GB", text(longHeader), "truncated within its header"},
          {"a header cut off", text(kImages.substr(0, 30)), "and 20 are left"},
          {"a header of 70 kB",
           text(npyBytes(header("'<f4'", "(2, 6)") + std::string(70000, ' '), nan, 2)),
           "none has 700"},
          {"no shape", text(npyBytes("{'descr': '<f4', 'fortran_order': False, }", nan)),
           "it has no `shape`"},
          {"a shape without end", npy("'<f4'", "(2, 6", nan), "no tuple of sizes: (2, 6, }"},
          {"a negative size", npy("'<f4'", "(-2, 6)", nan), "no tuple of sizes: (-2"},
          {"a size in words", npy("'<f4'", "(two, 6)", nan), "no tuple of sizes: (two"},
          {"sizes that overflow", npy("'<f4'", "(4294967296, 4294967296)", nan), "impossible"},
          {"1000 axes",
           npy(
               "'<f4'",
               "(2, 6" + std::string("") +
                   [] {
                     std::string ones;
                     for (int i = 0; i < 1000; ++i)
                       ones += ", 2";
                     return ones;
                   }() +
                   ")",
               nan),
           "impossible shape"},
          {"sizes beyond the file", npy("'<f4'", "(1000000000, 6)", nan),
           "is truncated: its shape"},
          {"no axes", npy("'<f4'", "()", "1234"), "has the shape []"},
          {"other samples", npy("'<f4'", "(3, 4)", std::string(48, '\0')),
           "has the shape [3, 4]; `image` needs"},
          {"no samples", npy("'<f4'", "(0, 6)", ""), "but `x.npy` has 0"},
          {"other counts", npy("'<f4'", "(1, 6)", std::string(24, '\0')), "has 2 samples, but"},
          {"cut off", text(kImages.substr(0, kImages.size() - 1)),
           "is truncated: its shape [2, 6]"},
          {"too long", text(kImages + "!"), "has bytes after its end"},
          {"objects", npy("'|O'", "(2, 6)", nan), "holds Python objects"},
          {"structures", npy("[('a', '<f4')]", "(2, 6)", nan), "element type `[('a', '<f4')]"},
          {"texts", npy("'<U1'", "(2, 6)", nan), "element type `<U1`"},
          {"complex numbers", npy("'<c8'", "(2, 6)", nan), "element type `<c8`"},
          {"no type", npy("''", "(2, 6)", nan), "element type ``"},
          {"NaN", npy("'<f4'", "(2, 6)", nan), "x.npy`[1, 5] is NaN"},
          {"beyond f32", npy("'<f8'", "(2, 6)", wide), "`image` of sample 1 is 1e+300"},
      },
      "x.npy", "x.npy`", {{"y.npy", kLabels}});
}

TEST(Broken, Npz) {
  Source source("npy", {{"files", DLC_TEXT, 2, nullptr, "d.npz:x\nd.npz:y"}});
  auto npz = [](const std::vector<ZipMember> &members, bool isWide = false) {
    return zipBytes(members, isWide);
  };
  const ZipMember x = {"x.npy", kImages}, y = {"y.npy", kLabels}, packed = {"x.npy", kImages, true};
  const std::string good = npz({x, y}), deflated = npz({packed, y});
  auto patched = [](std::string bytes, const std::string &from, const std::string &to) {
    size_t at = bytes.find(from);
    EXPECT_NE(at, std::string::npos);
    return bytes.replace(at, to.size(), to);
  };
  const size_t directory = good.find("PK\1\2");
  expectRefusals(
      source.model,
      {
          {"missing", nothing(), "does not exist"},
          {"a folder", aFolder(), "Is a directory"},
          {"unreadable", unreadable(), "Input/output error"},
          {"empty", text(""), "is empty"},
          {"no archive", text(kImages), "is not an archive (zip)"},
          {"cut off", text(good.substr(0, good.size() - 1)), "it has no directory"},
          {"no arrays", text(npz({})), "an archive without an array"},
          {"another array", text(npz({{"X.npy", kImages}, y})), "no array `x` (it has X, y)"},
          {"one array missing", text(npz({x})), "has no array `y`"},
          {"a damaged directory", text(damaged(good, directory)), "has a damaged entry"},
          {"a member elsewhere", text(patched(good, "PK\3\4", "PK\3\5")),
           "`x.npy` is not where its directory says"},
          {"a damaged byte", text(damaged(good, 80)), "the checksum of `x.npy` does not fit"},
          {"damaged packed bytes", text(damaged(deflated, 35)), "`x.npy` cannot be unpacked"},
          {"an encrypted member",
           text(good.substr(0, directory + 8) + "\1" + good.substr(directory + 9)), "is encrypted"},
          {"an unknown method",
           text(good.substr(0, directory + 10) + "\x0C" + good.substr(directory + 11)),
           "is packed by method 12"},
          {"another size",
           text(good.substr(0, directory + 24) + "\1" + good.substr(directory + 25)),
           "cannot have the size that its directory says"},
          {"beyond the file",
           text(good.substr(0, directory + 20) + "\xFF\xFF\xFF\x7F\xFF\xFF\xFF\x7F" +
                good.substr(directory + 28)),
           "`x.npy` ends beyond it"},
          {"no .npy", text(npz({{"x.npy", "hello, this is text"}, y})), "d.npz:x` is not a .npy"},
          {"an array cut off", text(npz({{"x.npy", kImages.substr(0, 100)}, y})),
           "d.npz:x` is trunc"},
          {"a million arrays that are not there",
           text(std::string("PK\5\6\0\0\0\0\xFF\xFF\xFF\xFF\0\0\0\0\0\0\0\0\0\0", 22)),
           "its directory ends too early"},
      },
      "d.npz", "d.npz");
}

TEST(Broken, Rows) {
  std::vector<double> good = {1, 2, 3, 4, 5, 6, 3};
  struct {
    const char *what;
    std::vector<double> rows;
    const char *reason;
  } cases[] = {
      {"none", {}, "has no samples"},
      {"one short", {1, 2, 3, 4, 5, 6}, "6 numbers in all, which is no multiple of the 7"},
      {"one more", {1, 2, 3, 4, 5, 6, 3, 1}, "8 numbers in all"},
      {"one number", {1}, "1 numbers in all"},
      {"a label too large", {1, 2, 3, 4, 5, 6, 4}, "sample 0 has the label 4"},
      {"a negative label", {1, 2, 3, 4, 5, 6, -1}, "sample 0 has the label -1"},
      {"a fraction for a label", {1, 2, 3, 4, 5, 6, 1.25}, "sample 0 has the label 1.25"},
      {"a huge label", {1, 2, 3, 4, 5, 6, 1e300}, "sample 0 has the label 1e+300"},
      {"the second label", {1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 9}, "sample 1 has the label 9"},
      {"an infinite label", {1, 2, 3, 4, 5, 6, INFINITY}, "sample 0 has the label inf"},
      {"a label that is no number", {1, 2, 3, 4, 5, 6, NAN}, "has the label nan"},
      {"beyond f32", {1e39, 2, 3, 4, 5, 6, 0}, "`image` of sample 0 is 1e+39, which is beyond"},
      {"below f32", {1, 2, 3, 4, 5, -1e39, 0}, "`image` of sample 0 is -1e+39"},
      {"infinite", {1, INFINITY, 3, 4, 5, 6, 0}, "`image` of sample 0 is inf"},
      {"NaN", {1, NAN, 3, 4, 5, 6, 0}, "`image` of sample 0 is nan"},
  };
  std::set<std::string> said;
  for (const auto &broken : cases) {
    SCOPED_TRACE(broken.what);
    Source source("rows", {{"values", DLC_NUMBERS, int64_t(broken.rows.size()), broken.rows.data(),
                            nullptr}});
    Folder folder;
    Outcome outcome = load(source.model, folder);
    EXPECT_NE(outcome.message.find(broken.reason), std::string::npos) << outcome.message;
    EXPECT_TRUE(said.insert(outcome.message).second) << "said before: " << outcome.message;
  }
}

} // namespace dlc::runtime::data
