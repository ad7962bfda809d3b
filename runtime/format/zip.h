// Archives of files (.zip), of which NumPy's .npz are one kind.
#pragma once

#include "runtime/buffer.h"
#include "runtime/status.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dlc::runtime {

// An archive in memory, which stays the caller's; its members as the directory at its end lists
// them. Members may be stored or deflated, and of any size (ZIP64).
class Zip {
public:
  struct Member {
    std::string_view name;
    uint64_t begin;        // of its local header
    uint64_t packed, size; // bytes in the archive, and unpacked
    uint32_t checksum;     // CRC-32 of the unpacked bytes
    int method;
    bool isEncrypted;
  };

  // `path` is for messages. Bytes that are no archive, or a part of one, are an error.
  Status open(const std::string &path, const unsigned char *data, size_t size);
  const std::vector<Member> &members() const { return members_; }
  // The member's bytes, checked: in `unpacked`, or, if they are stored as they are, in the archive.
  Status read(const Member &member, Bytes *unpacked, const unsigned char **bytes) const;

private:
  Status findDirectory(uint64_t *begin, uint64_t *members) const;
  Status addMember(uint64_t at, uint64_t *next);
  Status unpack(const Member &member, const unsigned char *packed, Bytes *unpacked) const;
  Status damaged(const char *what) const;
  bool holds(uint64_t at, uint64_t size) const { return at <= size_ && size <= size_ - at; }
  uint64_t number(uint64_t at, int bytes) const;

  std::string path_;
  const unsigned char *data_ = nullptr;
  uint64_t size_ = 0;
  std::vector<Member> members_;
};

} // namespace dlc::runtime
