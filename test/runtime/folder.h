// A folder that lives as long as a test, and the small files tests put into it.
#pragma once

#include "runtime/file.h"

#include <cstdlib>
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
    if (system(("rm -rf " + path_).c_str()) != 0)
      perror("rm");
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

inline std::string gzipped(const std::string &bytes) {
  z_stream stream = {};
  constexpr int kGzip = 15 + 16;
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY);
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

// The bytes of a .npy file of version 1.
inline std::string npyBytes(const std::string &header, const std::string &numbers) {
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += char(header.size() & 0xFF);
  bytes += char(header.size() >> 8);
  return bytes + header + numbers;
}

template <class T> std::string bytesOf(std::initializer_list<T> values) {
  return std::string(reinterpret_cast<const char *>(values.begin()), values.size() * sizeof(T));
}

} // namespace dlc::runtime
