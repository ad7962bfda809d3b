// Archives: what other programs write is read; damage is told, or changes nothing.
#include "runtime/format/zip.h"
#include "test/runtime/folder.h"

namespace dlc::runtime {

namespace {

// All members' names and bytes, or the error.
Status contents(const std::string &bytes, std::string *text) {
  Zip archive;
  text->clear();
  auto *data = reinterpret_cast<const unsigned char *>(bytes.data());
  DLC_TRY(archive.open("a.zip", data, bytes.size()));
  for (const Zip::Member &member : archive.members()) {
    Bytes unpacked;
    const unsigned char *begin = nullptr;
    DLC_TRY(archive.read(member, &unpacked, &begin));
    text->append(member.name).append("=").append(begin, begin + member.size).append(";");
  }
  return Status();
}

std::string errorOf(const std::string &bytes) {
  std::string text;
  Status status = contents(bytes, &text);
  EXPECT_EQ(status.fault(), Fault::Input);
  return status.message();
}

const std::string kText(300, 'b');
const std::vector<ZipMember> kMembers = {
    {"stored", "first"}, {"deflated", kText, true}, {"none", ""}, {"none deflated", "", true}};

} // namespace

TEST(Zip, ReadsStoredAndDeflatedMembers) {
  for (bool isWide : {false, true}) {
    std::string text;
    Status status = contents(zipBytes(kMembers, isWide), &text);
    EXPECT_FALSE(status.failed()) << status.message();
    EXPECT_EQ(text, "stored=first;deflated=" + kText + ";none=;none deflated=;");
  }
  // 5000 times smaller than it was: first there is too little room for it.
  std::string large(1 << 20, 'x'), text;
  EXPECT_FALSE(contents(zipBytes({{"a", large, true}}), &text).failed());
  EXPECT_EQ(text, "a=" + large + ";");
}

TEST(Zip, ACommentMayFollow) {
  std::string bytes = zipBytes(kMembers), text;
  bytes[bytes.size() - 2] = 7;
  EXPECT_FALSE(contents(bytes + "comment", &text).failed());
  EXPECT_NE(errorOf(bytes + "commen").find("no directory"), std::string::npos);
}

TEST(Zip, EveryCutIsTold) {
  for (bool isWide : {false, true}) {
    std::string bytes = zipBytes(kMembers, isWide);
    EXPECT_NE(errorOf("P").find("`a.zip` is not an archive"), std::string::npos);
    for (size_t size = 2; size < bytes.size(); ++size)
      EXPECT_NE(errorOf(bytes.substr(0, size)).find("`a.zip` is damaged or cut off"),
                std::string::npos)
          << size;
  }
}

// A directory repeats much, and tells times and versions: a flipped bit there may be no harm.
TEST(Zip, NoFlippedBitChangesAByte) {
  for (bool isWide : {false, true}) {
    const std::string sound = zipBytes(kMembers, isWide);
    std::string whole, text;
    ASSERT_FALSE(contents(sound, &whole).failed());
    for (size_t bit = 0; bit < 8 * sound.size(); ++bit) {
      std::string bytes = sound;
      bytes[bit / 8] = char(bytes[bit / 8] ^ 1 << bit % 8);
      if (contents(bytes, &text).failed())
        continue;
      // A name may be another one, and a count of members a smaller one.
      for (size_t at = 0; at < text.size(); at = text.find(';', at) + 1) {
        size_t equals = text.find('=', at);
        std::string value = text.substr(equals, text.find(';', equals) + 1 - equals);
        EXPECT_NE(whole.find(value), std::string::npos) << bit;
      }
    }
  }
}

TEST(Zip, RefusesWithAReason) {
  std::string bytes = zipBytes({{"x", "12345"}});
  size_t entry = bytes.find("PK\1\2");
  auto changed = [&](size_t at, char byte) {
    std::string other = bytes;
    other[at] = byte;
    return errorOf(other);
  };
  auto expect = [](const std::string &message, const char *part) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  expect(changed(entry + 8, 1), "`x` is encrypted");
  expect(changed(entry + 10, 12), "packed by method 12");
  expect(changed(entry + 20, 6), "cannot have the size");
  expect(changed(entry + 23, 1), "ends beyond it");
  expect(changed(entry + 42, 1), "not where its directory says");
  expect(changed(bytes.find("12345"), '2'), "the checksum of `x` does not fit");
  expect(changed(bytes.size() - 12, 2), "its directory ends too early");
  bytes = zipBytes({{"x", std::string(100, 'x'), true}});
  expect(changed(bytes.find("PK\1\2") + 27, 1), "cannot have the size");
  expect(changed(bytes.find("PK\1\2") + 24, 99), "`x` cannot be unpacked");
  expect(changed(bytes.find("PK\1\2") + 24, 101), "`x` cannot be unpacked");
}

} // namespace dlc::runtime
