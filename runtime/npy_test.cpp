// NumPy files: every element type, both orders, and what must be refused.
#include "runtime/include/dlc/model.h"
#include "runtime/npy.h"
#include "test/runtime/folder.h"

#include <cmath>

namespace dlc::runtime {

static std::string header(const std::string &descr, const std::string &order,
                          const std::string &shape) {
  return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

TEST(Npy, WritesWhatItReads) {
  Folder folder;
  float values[] = {1, 2, 3, 4, 5, 6};
  for (std::vector<int64_t> shape : {std::vector<int64_t>{2, 3}, {6}, {1, 6, 1}}) {
    ASSERT_FALSE(writeNpy(folder.file("a.npy"), DLC_F32, shape, values).failed());
    EXPECT_EQ((folder.read("a.npy").size() - sizeof values) % 64, 0u);
    Array array;
    ASSERT_FALSE(readNpy(folder.file("a.npy"), &array).failed());
    EXPECT_EQ(array.shape, shape);
    EXPECT_EQ(array.values, (std::vector<double>{1, 2, 3, 4, 5, 6}));
  }
}

TEST(Npy, ReadsEveryElementType) {
  Folder folder;
  auto second = [&](const char *descr, const std::string &numbers) {
    Array array;
    Status status =
        readNpy(folder.write("a.npy", npyBytes(header(descr, "False", "(2,)"), numbers)), &array);
    EXPECT_FALSE(status.failed()) << status.message();
    return array.values.size() == 2 ? array.values[1] : -1;
  };
  EXPECT_EQ(second("'<f4'", bytesOf<float>({1, 2.5f})), 2.5);
  EXPECT_EQ(second("'<f8'", bytesOf<double>({1, 1e300})), 1e300);
  EXPECT_EQ(second("'<i4'", bytesOf<int32_t>({1, -7})), -7);
  EXPECT_EQ(second("'<i8'", bytesOf<int64_t>({1, int64_t(1) << 40})), 0x1p40);
  EXPECT_EQ(second("'|u1'", bytesOf<uint8_t>({1, 200})), 200);
  EXPECT_EQ(second("'|i1'", bytesOf<int8_t>({1, -3})), -3);
  EXPECT_EQ(second("'<u2'", bytesOf<uint16_t>({1, 60000})), 60000);
  EXPECT_EQ(second("'|b1'", bytesOf<uint8_t>({0, 1})), 1);
}

TEST(Npy, ReadsFortranOrder) {
  Folder folder;
  // [[1, 2, 3], [4, 5, 6]] column by column.
  folder.write("f.npy",
               npyBytes(header("'<f4'", "True", "(2, 3)"), bytesOf<float>({1, 4, 2, 5, 3, 6})));
  Array array;
  ASSERT_FALSE(readNpy(folder.file("f.npy"), &array).failed());
  EXPECT_EQ(array.values, (std::vector<double>{1, 2, 3, 4, 5, 6}));
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
      {"big-endian", npyBytes(header("'>f4'", "False", "(1,)"), "1234"), "big-endian"},
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

} // namespace dlc::runtime
