// Safetensors: what is written reads back, other programs' types are converted, damage is refused.
#include "runtime/format/safetensors.h"
#include "test/runtime/folder.h"

#include <cmath>
#include <cstring>
#include <fstream>

namespace dlc::runtime {

static std::string fileBytes(const std::string &header, const std::string &data) {
  uint64_t length = header.size();
  return bytesOf<uint64_t>({length}) + header + data;
}

static dlc_tensor tensorOf(int32_t dtype, const std::vector<int64_t> &shape) {
  return {"w", dtype, int32_t(shape.size()), shape.data(), 0, 0, 0};
}

TEST(Safetensors, WritesWhatItReads) {
  Folder folder;
  float weight[] = {1, 2, 3, 4, 5, NAN};
  double scalar = 1.0 / 3;
  ASSERT_FALSE(writeSafetensors(folder.file("a"),
                                {{"w", DLC_F32, {2, 3}, weight}, {"s", DLC_F64, {}, &scalar}},
                                {{"model", "m \"1\""}})
                   .failed());
  SafetensorsFile file;
  Status status = file.load(folder.file("a"));
  ASSERT_FALSE(status.failed()) << status.message();
  EXPECT_EQ(file.metadata("model"), "m \"1\"");
  EXPECT_EQ(file.entries().size(), 2u);
  float back[6];
  ASSERT_FALSE(file.copy("w", tensorOf(DLC_F32, {2, 3}), back).failed());
  auto bytes = [](const float *six) { // a NaN's, too
    return std::string_view(reinterpret_cast<const char *>(six), 6 * sizeof(float));
  };
  EXPECT_EQ(bytes(back), bytes(weight));
  double scalarBack = 0;
  ASSERT_FALSE(file.copy("s", tensorOf(DLC_F64, {}), &scalarBack).failed());
  EXPECT_EQ(scalar, scalarBack);
}

TEST(Safetensors, ConvertsFloatingTypes) {
  Folder folder;
  std::string header = "{\"h\":{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[0,6]},"
                       "\"b\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[6,8]},"
                       "\"d\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[8,16]}}";
  folder.write("a", fileBytes(header, bytesOf<uint16_t>({0x3C00, 0xC100, 0x0001, 0x4049}) +
                                          bytesOf<double>({0.25})));
  SafetensorsFile file;
  ASSERT_FALSE(file.load(folder.file("a")).failed());
  float half[3], other = 0;
  ASSERT_FALSE(file.copy("h", tensorOf(DLC_F32, {3}), half).failed());
  EXPECT_EQ(half[0], 1.0f);
  EXPECT_EQ(half[1], -2.5f);
  EXPECT_EQ(half[2], 0x1p-24f);
  ASSERT_FALSE(file.copy("b", tensorOf(DLC_F32, {1}), &other).failed());
  EXPECT_EQ(other, 3.140625f);
  ASSERT_FALSE(file.copy("d", tensorOf(DLC_F32, {1}), &other).failed());
  EXPECT_EQ(other, 0.25f);
}

TEST(Safetensors, NamesWhatDoesNotFit) {
  Folder folder;
  float weight[] = {1, 2};
  int32_t integers[] = {1, 2};
  ASSERT_FALSE(writeSafetensors(
                   folder.file("a"),
                   {{"dense.weight", DLC_F32, {2}, weight}, {"count", DLC_I32, {2}, integers}}, {})
                   .failed());
  SafetensorsFile file;
  ASSERT_FALSE(file.load(folder.file("a")).failed());
  float back[2];
  std::string message = file.copy("dense.weihgt", tensorOf(DLC_F32, {2}), back).message();
  EXPECT_NE(message.find("did you mean `dense.weight`"), std::string::npos) << message;
  message = file.copy("dense.weight", tensorOf(DLC_F32, {1, 2}), back).message();
  EXPECT_NE(message.find("`dense.weight` is [2], the model needs [1, 2]"), std::string::npos)
      << message;
  message = file.copy("count", tensorOf(DLC_F32, {2}), back).message();
  EXPECT_NE(message.find("has the type I32"), std::string::npos) << message;
}

TEST(Safetensors, EveryFlippedBitAndEveryCutIsTold) {
  Folder folder;
  float weight[] = {1, 2, 3, 4, 5, 6};
  double zeros[3] = {};
  const std::string path = folder.file("a");
  ASSERT_FALSE(writeSafetensors(path,
                                {{"w", DLC_F32, {2, 3}, weight},
                                 {"none", DLC_F32, {0}, nullptr},
                                 {"s", DLC_F64, {3}, zeros}},
                                {{"format", "dlc"}, {"model", "m \"1\""}})
                   .failed());
  const std::string sound = folder.read("a");
  auto expectTold = [&](const std::string &bytes, const std::string &how) {
    std::ofstream(path, std::ios::binary) << bytes;
    SafetensorsFile file;
    Status status = file.load(path);
    EXPECT_EQ(status.fault(), Fault::Input) << how;
    EXPECT_NE(status.message().find("`" + path + "` is not a sound"), std::string::npos) << how;
  };
  for (size_t bit = 0; bit < 8 * sound.size(); ++bit) {
    std::string bytes = sound;
    bytes[bit / 8] = char(bytes[bit / 8] ^ 1 << bit % 8);
    expectTold(bytes, "bit " + std::to_string(bit));
  }
  for (size_t size = 0; size < sound.size(); ++size)
    expectTold(sound.substr(0, size), "cut at " + std::to_string(size));
}

TEST(Safetensors, AFileWithoutAChecksumIsRead) {
  Folder folder;
  const std::string tensor = "\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
  for (const char *metadata : {"", "\"__metadata__\":{\"format\":\"dlc\",\"epoch\":\"1\"},",
                               "\"__metadata__\":{\"checksum\":\"sha256:00\"},"}) {
    SafetensorsFile file;
    Status status = file.load(folder.write("a", fileBytes("{" + (metadata + tensor), "1234")));
    EXPECT_FALSE(status.failed()) << status.message();
  }
  // Another program may keep the metadata and write a header of its own.
  SafetensorsFile file;
  std::string kept = "{ \"__metadata__\":{\"checksum\":\"dlc-crc32:12345678\"}," + tensor;
  std::string message = file.load(folder.write("a", fileBytes(kept, "1234"))).message();
  EXPECT_NE(message.find("leave `checksum` out of its metadata"), std::string::npos) << message;
}

TEST(Safetensors, RefusesDamagedFiles) {
  Folder folder;
  auto entry = [](const std::string &rest) { return "{\"w\":{\"dtype\":\"F32\"," + rest + "}}"; };
  const std::string cases[] = {
      "",
      "1234567",
      bytesOf<uint64_t>({uint64_t(1) << 60}) + "{}",
      fileBytes("{", ""),
      fileBytes("[]", ""),
      fileBytes(entry("\"shape\":[2],\"data_offsets\":[0,8]"), "1234"),     // data truncated
      fileBytes(entry("\"shape\":[1],\"data_offsets\":[0,4]"), "12345678"), // data after the end
      fileBytes(entry("\"shape\":[3],\"data_offsets\":[0,8]"),
                "12345678"), // shape and offsets disagree
      fileBytes(entry("\"shape\":[1],\"data_offsets\":[4,8]"), "12345678"), // a gap
      fileBytes(entry("\"shape\":[-1],\"data_offsets\":[0,4]"), "1234"),
      fileBytes(entry("\"shape\":[1.5],\"data_offsets\":[0,6]"), "123456"),
      fileBytes(entry("\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]"), "1234"),
      fileBytes(entry("\"shape\":[1],\"data_offsets\":[4,0]"), "1234"),
      fileBytes(entry("\"shape\":[1]"), "1234"),
      fileBytes("{\"w\":{\"dtype\":\"F31\",\"shape\":[1],\"data_offsets\":[0,4]}}", "1234"),
      fileBytes("{\"w\":3}", ""),
  };
  for (const std::string &bytes : cases) {
    SafetensorsFile file;
    Status status = file.load(folder.write("a", bytes));
    EXPECT_EQ(status.fault(), Fault::Input) << bytes;
    EXPECT_NE(status.message().find("not a sound safetensors file"), std::string::npos)
        << status.message();
  }
}

} // namespace dlc::runtime
