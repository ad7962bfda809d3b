// Archives of files (.zip), of which NumPy's .npz are one kind.
//
// The format (PKWARE's APPNOTE, 6.3): the members, each a local header and its bytes; the
// directory, an entry a member; the end record, which tells where the directory is. Where a number
// does not fit (ZIP64), it is all ones, and stands as 8 bytes in an extra field or in another end
// record.
#include "runtime/format/zip.h"

#include "runtime/format/unpacker.h"
#include "runtime/text.h"

#include <algorithm>

namespace dlc::runtime {

namespace {

constexpr uint64_t kLocalHeader = 0x04034b50, kEntry = 0x02014b50, kEnd = 0x06054b50,
                   kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50; // "PK" and two bytes
constexpr uint64_t kLocalHeaderBytes = 30, kEntryBytes = 46, kEndBytes = 22, kEnd64Bytes = 56,
                   kEnd64LocatorBytes = 20;
constexpr uint64_t kOnes16 = 0xFFFF, kOnes32 = 0xFFFFFFFF;
constexpr int kStored = 0, kDeflated = 8;

} // namespace

// For messages.
static std::string nameOf(const Zip::Member &member) { return std::string(member.name); }

Status Zip::damaged(const char *what) const {
  return inputError("`%s` is damaged or cut off: %s; get the file again", path_.c_str(), what);
}

// Little-endian; the bytes must be there.
uint64_t Zip::number(uint64_t at, int bytes) const {
  uint64_t value = 0;
  for (int i = bytes; i-- > 0;)
    value = value << 8 | data_[at + uint64_t(i)];
  return value;
}

// The end record is the last thing in the file but for a comment.
Status Zip::findDirectory(uint64_t *begin, uint64_t *members) const {
  uint64_t earliest = size_ - std::min(size_, kEndBytes + kOnes16);
  for (uint64_t at = size_ - std::min(size_, kEndBytes);; --at) {
    if (holds(at, kEndBytes) && number(at, 4) == kEnd &&
        number(at + 20, 2) == size_ - at - kEndBytes) {
      *members = number(at + 10, 2);
      *begin = number(at + 16, 4);
      uint64_t locator = at - kEnd64LocatorBytes;
      if (at < kEnd64LocatorBytes || number(locator, 4) != kEnd64Locator)
        return Status();
      uint64_t end = number(locator + 8, 8);
      if (!holds(end, kEnd64Bytes) || number(end, 4) != kEnd64)
        return damaged("its end tells of a record that is not there");
      *members = number(end + 32, 8);
      *begin = number(end + 48, 8);
      return Status();
    }
    if (at == earliest)
      return damaged("it has no directory of an archive (zip) at its end");
  }
}

Status Zip::addMember(uint64_t at, uint64_t *next) {
  if (!holds(at, kEntryBytes))
    return damaged("its directory ends too early");
  if (number(at, 4) != kEntry)
    return damaged("its directory has a damaged entry");
  uint64_t name = number(at + 28, 2), extra = number(at + 30, 2), comment = number(at + 32, 2);
  if (!holds(at, kEntryBytes + name + extra + comment))
    return damaged("its directory ends too early");
  *next = at + kEntryBytes + name + extra + comment;
  Member member{};
  member.isEncrypted = number(at + 8, 2) & 1;
  member.method = int(number(at + 10, 2));
  member.checksum = uint32_t(number(at + 16, 4));
  member.packed = number(at + 20, 4);
  member.size = number(at + 24, 4);
  member.begin = number(at + 42, 4);
  member.name = {reinterpret_cast<const char *>(data_) + at + kEntryBytes, name};
  // The extra field of ZIP64 has what did not fit, in this order.
  constexpr uint64_t kZip64 = 1, kFieldHeader = 4;
  uint64_t field = at + kEntryBytes + name, end = field + extra;
  while (field + kFieldHeader <= end) {
    uint64_t value = field + kFieldHeader, past = value + number(field + 2, 2);
    if (number(field, 2) == kZip64)
      for (uint64_t *wide : {&member.size, &member.packed, &member.begin})
        if (*wide == kOnes32 && value + 8 <= std::min(past, end)) {
          *wide = number(value, 8);
          value += 8;
        }
    field = past;
  }
  members_.push_back(member);
  return Status();
}

Status Zip::open(const std::string &path, const unsigned char *data, size_t size) {
  path_ = path;
  data_ = data;
  size_ = size;
  if (!holds(0, 2) || data[0] != 'P' || data[1] != 'K')
    return inputError("`%s` is not an archive (zip)", path.c_str());
  uint64_t at = 0, count = 0;
  DLC_TRY(findDirectory(&at, &count));
  members_.reserve(std::min(count, size_ / kEntryBytes));
  for (uint64_t i = 0; i < count; ++i)
    DLC_TRY(addMember(at, &at));
  return Status();
}

Status Zip::unpack(const Member &member, const unsigned char *packed, Bytes *unpacked) const {
  Unpacker unpacker(libdeflate_alloc_decompressor());
  if (!unpacker)
    return internalError("no memory to unpack `%s`", path_.c_str());
  auto size = size_t(member.size);
  for (size_t room = std::min(size, size_t(member.packed) * kUsualRatio + 1);;
       room = std::min(size, 2 * room)) {
    *unpacked = Bytes();        // gives its memory back first
    unpacked->resize(room + 1); // + 1: never none
    size_t made = 0;
    libdeflate_result result = libdeflate_deflate_decompress(
        unpacker.get(), packed, size_t(member.packed), unpacked->data(), room, &made);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE && room < size)
      continue;
    if (result == LIBDEFLATE_SUCCESS && made == size)
      return Status();
    return damaged(format("`%s` cannot be unpacked", nameOf(member).c_str()).c_str());
  }
}

Status Zip::read(const Member &member, Bytes *unpacked, const unsigned char **bytes) const {
  std::string name = nameOf(member);
  if (member.isEncrypted)
    return inputError("`%s`: `%s` is encrypted; save it again without a password", path_.c_str(),
                      name.c_str());
  if (member.method != kStored && member.method != kDeflated)
    return inputError(
        "`%s`: `%s` is packed by method %d of zip, only deflate can be unpacked; save "
        "it again with `numpy.savez`",
        path_.c_str(), name.c_str(), member.method);
  uint64_t at = member.begin;
  if (!holds(at, kLocalHeaderBytes) || number(at, 4) != kLocalHeader)
    return damaged(format("`%s` is not where its directory says", name.c_str()).c_str());
  at += kLocalHeaderBytes + number(at + 26, 2) + number(at + 28, 2);
  if (!holds(at, member.packed))
    return damaged(format("`%s` ends beyond it", name.c_str()).c_str());
  if (member.method == kStored ? member.size != member.packed
                               : member.size / kMostRatio > member.packed)
    return damaged(
        format("`%s` cannot have the size that its directory says", name.c_str()).c_str());

  *bytes = data_ + at;
  if (member.method == kDeflated) {
    DLC_TRY(unpack(member, *bytes, unpacked));
    *bytes = unpacked->data();
  }
  if (libdeflate_crc32(0, *bytes, size_t(member.size)) != member.checksum)
    return damaged(format("the checksum of `%s` does not fit its bytes", name.c_str()).c_str());
  return Status();
}

} // namespace dlc::runtime
