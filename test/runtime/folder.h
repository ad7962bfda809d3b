// A folder that lives as long as a test, and the small files tests put into it.
#pragma once

#include "runtime/file.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <zlib.h>

namespace dlc::runtime {

class Folder {
public:
  Folder() {
    char name[] = "/tmp/dlc-test-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Folder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
    EXPECT_FALSE(error) << path_ << ": " << error.message();
  }
  Folder(const Folder &) = delete;

  const std::string &path() const { return path_; }
  std::string file(const std::string &name) const { return path_ + "/" + name; }
  std::string write(const std::string &name, const std::string &bytes) const {
    Status status = writeFileAtomically(file(name), {{bytes.data(), bytes.size()}});
    EXPECT_FALSE(status.failed()) << status.message();
    return file(name);
  }
  std::string read(const std::string &name) const {
    std::string bytes;
    Status status = readFile(file(name), &bytes);
    EXPECT_FALSE(status.failed()) << status.message();
    return bytes;
  }

private:
  std::string path_;
};

// An IDX file's bytes: the element type, the sizes, then the elements as given.
inline std::string idxBytes(int type, const std::vector<uint32_t> &sizes,
                            const std::string &elements) {
  std::string bytes = {0, 0, char(type), char(sizes.size())};
  for (uint32_t size : sizes)
    for (int shift : {24, 16, 8, 0})
      bytes += char(size >> shift);
  return bytes + elements;
}

// zlib's numbers for what is around the packed bytes.
constexpr int kGzip = 15 + 16, kNothing = -15;

inline std::string deflated(const std::string &bytes, int around) {
  z_stream stream = {};
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, around, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, uLong(bytes.size())) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data()));
  stream.avail_in = uInt(bytes.size());
  stream.next_out = reinterpret_cast<Bytef *>(out.data());
  stream.avail_out = uInt(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}
inline std::string gzipped(const std::string &bytes) { return deflated(bytes, kGzip); }

// The bytes of a .npy file; from version 2 on the header's length has 4 bytes.
inline std::string npyBytes(const std::string &header, const std::string &numbers,
                            int version = 1) {
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes[6] = char(version);
  for (int shift = 0; shift < (version == 1 ? 16 : 32); shift += 8)
    bytes += char(header.size() >> shift);
  return bytes + header + numbers;
}

// A file of an archive (.zip) to be.
struct ZipMember {
  std::string name, bytes;
  bool isDeflated = false;
};

// An archive's bytes; with `isWide` every size and place is written as ZIP64 writes large ones.
inline std::string zipBytes(const std::vector<ZipMember> &members, bool isWide = false) {
  auto number = [](uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i)
      text += char(value >> 8 * i);
    return text;
  };
  std::string archive, directory;
  for (const ZipMember &member : members) {
    std::string packed = member.isDeflated ? deflated(member.bytes, kNothing) : member.bytes;
    auto *bytes = reinterpret_cast<const Bytef *>(member.bytes.data());
    auto sizes = [&](uint64_t size, uint64_t packedSize) {
      return number(isWide ? 0xFFFFFFFF : packedSize, 4) + number(isWide ? 0xFFFFFFFF : size, 4);
    };
    std::string shared = number(20, 2) + number(0, 2) + number(member.isDeflated ? 8 : 0, 2) +
                         number(0, 4) + number(crc32(0, bytes, uInt(member.bytes.size())), 4) +
                         sizes(member.bytes.size(), packed.size()) + number(member.name.size(), 2);
    std::string wide = number(member.bytes.size(), 8) + number(packed.size(), 8);
    std::string local = isWide ? number(1, 2) + number(16, 2) + wide : "";
    std::string extra = isWide ? number(9, 2) + number(1, 2) + "x" + // of another kind
                                     number(1, 2) + number(24, 2) + wide + number(archive.size(), 8)
                               : "";
    directory += "PK\1\2" + number(20, 2) + shared + number(extra.size(), 2) + number(0, 8) +
                 number(0, 2) + number(isWide ? 0xFFFFFFFF : archive.size(), 4) + member.name +
                 extra;
    archive += "PK\3\4" + shared + number(local.size(), 2) + member.name + local + packed;
  }
  uint64_t begin = archive.size(), end = begin + directory.size(), count = members.size();
  archive += directory;
  if (isWide)
    archive += "PK\6\6" + number(44, 8) + number(45, 2) + number(45, 2) + number(0, 8) +
               number(count, 8) + number(count, 8) + number(directory.size(), 8) +
               number(begin, 8) + "PK\6\7" + number(0, 4) + number(end, 8) + number(1, 4);
  return archive + "PK\5\6" + number(0, 4) + number(isWide ? 0xFFFF : count, 2) +
         number(isWide ? 0xFFFF : count, 2) + number(isWide ? 0xFFFFFFFF : directory.size(), 4) +
         number(isWide ? 0xFFFFFFFF : begin, 4) + number(0, 2);
}

template <class T> std::string bytesOf(std::initializer_list<T> values) {
  return std::string(reinterpret_cast<const char *>(values.begin()), values.size() * sizeof(T));
}

} // namespace dlc::runtime
