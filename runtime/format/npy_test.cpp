// NumPy files: every element type, both orders, archives, and what must be refused.
#include "runtime/format/npy.h"
#include "runtime/include/dlc/model.h"
#include "test/runtime/folder.h"

#include <algorithm>
#include <cmath>

namespace dlc::runtime {

static std::vector<double> valuesOf(const Array &array) {
  std::vector<double> values(size_t(array.count()));
  array.read(0, array.count(), values.data());
  return values;
}

static std::string header(const std::string &descr, const std::string &order,
                          const std::string &shape) {
  return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

TEST(Npy, WritesWhatItReads) {
  Folder folder;
  float values[] = {1, 2, 3, 4, 5, 6};
  for (const std::vector<int64_t> &shape : {std::vector<int64_t>{2, 3}, {6}, {1, 6, 1}}) {
    ASSERT_FALSE(writeNpy(folder.file("a.npy"), DLC_F32, shape, values).failed());
    EXPECT_EQ((folder.read("a.npy").size() - sizeof values) % 64, 0u);
    Array array;
    ASSERT_FALSE(readNpy(folder.file("a.npy"), &array).failed());
    EXPECT_EQ(array.shape, shape);
    EXPECT_EQ(valuesOf(array), (std::vector<double>{1, 2, 3, 4, 5, 6}));
  }
}

// As a file of the other byte order holds them.
template <class T> static std::string swappedBytesOf(std::initializer_list<T> values) {
  std::string bytes = bytesOf(values);
  for (size_t i = 0; i < bytes.size(); i += sizeof(T))
    std::reverse(bytes.begin() + long(i), bytes.begin() + long(i + sizeof(T)));
  return bytes;
}

template <class T>
static void expectSecond(const std::string &descr, const std::string &numbers, T value) {
  Folder folder;
  Array array;
  std::string bytes = npyBytes(header("'" + descr + "'", "False", "(2,)"), numbers);
  Status status = readNpy(folder.write("a.npy", bytes), &array);
  ASSERT_FALSE(status.failed()) << status.message();
  EXPECT_EQ(array.at(1), double(value)) << descr;
}

template <class T> static void expectInEveryOrder(const std::string &type, T value) {
  for (const char *order : {"<", "=", sizeof(T) == 1 ? "|" : "<"})
    expectSecond(order + type, bytesOf<T>({1, value}), value);
  expectSecond(">" + type, swappedBytesOf<T>({1, value}), value);
}

TEST(Npy, ReadsEveryElementTypeInBothByteOrders) {
  expectInEveryOrder<uint8_t>("b1", 1);
  expectInEveryOrder<int8_t>("i1", -3);
  expectInEveryOrder<uint8_t>("u1", 200);
  expectInEveryOrder<int16_t>("i2", -30000);
  expectInEveryOrder<uint16_t>("u2", 60000);
  expectInEveryOrder<int32_t>("i4", -70000);
  expectInEveryOrder<uint32_t>("u4", 4000000000);
  expectInEveryOrder<int64_t>("i8", -(int64_t(1) << 40));
  expectInEveryOrder<uint64_t>("u8", uint64_t(1) << 63);
  expectInEveryOrder<float>("f4", 2.5f);
  expectInEveryOrder<double>("f8", 1e300);
  for (auto [half, value] : {std::pair<uint16_t, double>{0x3C00, 1},
                             {0xC100, -2.5},
                             {0x7BFF, 65504},
                             {0x0001, 0x1p-24},
                             {0x83FF, -1023 * 0x1p-24}}) {
    expectSecond("<f2", bytesOf<uint16_t>({1, half}), value);
    expectSecond(">f2", swappedBytesOf<uint16_t>({1, half}), value);
  }
}

TEST(Npy, ReadsWhatPython2Wrote) {
  Folder folder;
  Array array;
  Status status = readNpy(
      folder.write("a.npy", npyBytes(header("'<f4'", "False", "(2L, 1L)"), bytesOf<float>({1, 2}))),
      &array);
  EXPECT_FALSE(status.failed()) << status.message();
  EXPECT_EQ(array.shape, (std::vector<int64_t>{2, 1}));
}

TEST(Npy, ReadsFortranOrder) {
  Folder folder;
  // [[1, 2, 3], [4, 5, 6]] column by column.
  folder.write("f.npy",
               npyBytes(header("'<f4'", "True", "(2, 3)"), bytesOf<float>({1, 4, 2, 5, 3, 6})));
  Array array;
  ASSERT_FALSE(readNpy(folder.file("f.npy"), &array).failed());
  EXPECT_EQ(valuesOf(array), (std::vector<double>{1, 2, 3, 4, 5, 6}));
  // Element [i, j, k] of [2, 3, 2], 100 i + 10 j + k, i running first.
  folder.write("g.npy", npyBytes(header("'>i2'", "True", "(2, 3, 2)"),
                                 swappedBytesOf<int16_t>(
                                     {0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121})));
  ASSERT_FALSE(readNpy(folder.file("g.npy"), &array).failed());
  EXPECT_EQ(valuesOf(array),
            (std::vector<double>{0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121}));
}

TEST(Npy, RefusesWithAReason) {
  Folder folder;
  struct {
    const char *name;
    std::string bytes, reason;
  } cases[] = {
      {"empty", "", "is empty"},
      {"text", "hello, this is text", "not a .npy file"},
      {"version", std::string("\x93NUMPY\x09\x00\x02\x00{}", 12), "version 9"},
      {"header cut", std::string("\x93NUMPY\x01\x00\x70\x00{'descr'", 18),
       "truncated within its header"},
      {"header damaged", npyBytes("{'descr': '<f4', 'shape': (2,), }", ""), "damaged .npy header"},
      {"objects", npyBytes(header("'|O'", "False", "(2,)"), "xx"), "Python objects"},
      {"structure", npyBytes(header("[('a', '<f4')]", "False", "(2,)"), "xx"), "element type"},
      {"complex", npyBytes(header("'<c8'", "False", "(2,)"), "xx"), "`<c8`"},
      {"no byte order", npyBytes(header("'|f4'", "False", "(1,)"), "1234"), "`|f4`"},
      {"long double", npyBytes(header("'<f16'", "False", "(1,)"), "1234"), "`<f16`"},
      {"text", npyBytes(header("'<U1'", "False", "(1,)"), "1234"), "`<U1`"},
      {"header beyond the file", std::string("\x93NUMPY\x02\x00\xFF\xFF\xFF\xFF{}", 14),
       "truncated within its header"},
      {"long header",
       npyBytes(header("'<f4'", "False", "(1,)") + std::string(70000, ' '), "1234", 2),
       "damaged .npy header"},
      {"truncated", npyBytes(header("'<f4'", "False", "(2, 3)"), "12345"), "is truncated"},
      {"trailing", npyBytes(header("'<f4'", "False", "(1,)"), "12345"), "bytes after its end"},
      {"overflow", npyBytes(header("'<f8'", "False", "(4294967296, 4294967296)"), ""),
       "impossible shape"},
      {"overflow in bytes", npyBytes(header("'<f8'", "False", "(2305843009213693951,)"), ""),
       "impossible shape"},
      {"NaN", npyBytes(header("'<f4'", "False", "(2, 2)"), bytesOf<float>({1, 2, NAN, 4})),
       "wrong.npy`[1, 0] is NaN"},
      {"infinite", npyBytes(header("'<f8'", "False", "()"), bytesOf<double>({-INFINITY})),
       "wrong.npy` is minus infinity"},
      {"negative", npyBytes(header("'<f8'", "False", "(-1,)"), ""), "damaged .npy header"},
  };
  for (const auto &wrong : cases) {
    Array array;
    Status status = readNpy(folder.write("wrong.npy", wrong.bytes), &array);
    EXPECT_EQ(status.fault(), Fault::Input) << wrong.name;
    EXPECT_NE(status.message().find(wrong.reason), std::string::npos)
        << wrong.name << ": " << status.message();
    EXPECT_NE(status.message().find("wrong.npy"), std::string::npos) << status.message();
  }
}

TEST(Npz, ReadsArraysByName) {
  Folder folder;
  std::string x = npyBytes(header("'<f4'", "False", "(2,)"), bytesOf<float>({1, 2}));
  std::string y = npyBytes(header("'<i8'", "False", "(3,)"), bytesOf<int64_t>({5, 6, 7}));
  for (bool isWide : {false, true}) {
    folder.write("two.npz", zipBytes({{"x.npy", x}, {"deep/y.npy", y, true}}, isWide));
    folder.write("one.npz", zipBytes({{"x.npy", x, true}}, isWide));
    Array array;
    for (const char *name : {"two.npz:x", "two.npz:x.npy", "one.npz:x", "one.npz"}) {
      Status status = readNpy(folder.file(name), &array);
      ASSERT_FALSE(status.failed()) << status.message();
      EXPECT_EQ(valuesOf(array), (std::vector<double>{1, 2})) << name;
    }
    Status status = readNpy(folder.file("two.npz:deep/y"), &array);
    ASSERT_FALSE(status.failed()) << status.message();
    EXPECT_EQ(valuesOf(array), (std::vector<double>{5, 6, 7}));
  }
}

TEST(Npz, RefusesWithAReason) {
  Folder folder;
  std::string x = npyBytes(header("'<f4'", "False", "(2,)"), bytesOf<float>({1, 2}));
  std::string cut = x.substr(0, x.size() - 1), nan = x;
  nan.replace(nan.size() - 2, 2, "\xC0\x7F");
  folder.write("two.npz", zipBytes({{"images.npy", x}, {"labels.npy", x}}));
  folder.write("none.npz", zipBytes({}));
  folder.write("inside.npz", zipBytes({{"cut.npy", cut}, {"nan.npy", nan}, {"text.txt", "hello"}}));
  folder.write("npy.npz", x);
  struct {
    const char *name, *reason;
  } cases[] = {
      {"two.npz", "two.npz` holds 2 arrays: say which"},
      {"two.npz", "two.npz:images` (it has images, labels)"},
      {"two.npz:imges", "has no array `imges`; did you mean `images`? (it has images, labels)"},
      {"none.npz", "an archive without an array"},
      {"inside.npz:cut", "inside.npz:cut` is truncated"},
      {"inside.npz:nan", "inside.npz:nan`[1] is NaN"},
      {"inside.npz:text.txt", "is not a .npy file"},
      {"npy.npz:x", "npy.npz` is not an archive"},
      {"nowhere.npz:x", "nowhere.npz`: No such file"},
  };
  for (const auto &wrong : cases) {
    Array array;
    Status status = readNpy(folder.file(wrong.name), &array);
    EXPECT_EQ(status.fault(), Fault::Input) << wrong.name;
    EXPECT_NE(status.message().find(wrong.reason), std::string::npos)
        << wrong.name << ": " << status.message();
  }
}

} // namespace dlc::runtime
