// Files that may be gzip-compressed, unpacked by libdeflate: twice as fast as zlib, and half of
// what a short training does before its first step.
#include "runtime/format/gzip.h"

#include "runtime/file.h"
#include "runtime/format/unpacker.h"

#include <algorithm>
#include <cstdint>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

namespace dlc::runtime {

namespace {

// A file may ask for this much memory, and beyond it for so many times its size: a small file that
// unpacks to all memory there is was made to do so.
constexpr size_t kAlwaysRoom = size_t(64) << 20, kMostPacked = 200;

// Whether a member of a gzip file begins here (RFC 1952).
bool isGzip(const unsigned char *data, size_t size) {
  return size >= 2 && data[0] == 0x1F && data[1] == 0x8B;
}

// How long the file says that its last member is. Often it is the only one.
size_t statedSize(const unsigned char *data, size_t size) {
  if (size < 4)
    return 0;
  const unsigned char *end = data + size;
  return size_t(end[-4]) | size_t(end[-3]) << 8 | size_t(end[-2]) << 16 | size_t(end[-1]) << 24;
}

// Has the system give memory its pages while something else is about to fill it: a quarter of what
// unpacking takes, and another core is often free.
class PagesAhead {
public:
  PagesAhead(unsigned char *data, size_t size) {
    if (size < kWorthwhile)
      return;
    auto page = size_t(sysconf(_SC_PAGESIZE));
    size_t begin =
        (page - reinterpret_cast<uintptr_t>(data) % page) % page; // of the first whole page
    size_t whole = (size - begin) / page * page;
    thread_ = std::thread([=] { madvise(data + begin, whole, MADV_POPULATE_WRITE); }); // a wish
  }
  ~PagesAhead() {
    if (thread_.joinable())
      thread_.join();
  }

private:
  static constexpr size_t kWorthwhile = 4 << 20;
  std::thread thread_;
};

} // namespace

Status readUnpacked(const std::string &path, Bytes *bytes) {
  MappedFile file;
  DLC_TRY(file.open(path));
  const unsigned char *next = file.data();
  size_t left = file.size(), done = 0;
  if (!isGzip(next, left)) {
    bytes->assign(next, next + left);
    return Status();
  }
  Unpacker unpacker(libdeflate_alloc_decompressor());
  if (!unpacker)
    return internalError("no memory to unpack `%s`", path.c_str());
  size_t room = std::min(statedSize(next, left), left * kUsualRatio) + 1; // + 1: never none
  const size_t most = std::max(kAlwaysRoom, kMostPacked * file.size());
  // Members follow one another; what follows the last one is no part of the data.
  while (isGzip(next, left)) {
    if (done == 0)
      *bytes = Bytes(); // gives its memory back first
    bytes->resize(done + room);
    PagesAhead ahead(bytes->data() + done, room);
    size_t taken = 0, made = 0;
    libdeflate_result result = libdeflate_gzip_decompress_ex(
        unpacker.get(), next, left, bytes->data() + done, room, &taken, &made);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE && done + room >= most)
      return inputError("`%s` unpacks to more than %zu times its %zu bytes, which no data does; if "
                        "it is right, unpack it first: gunzip",
                        path.c_str(), kMostPacked, file.size());
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE && room < left * kMostRatio) {
      room = std::min(2 * room, most - done);
      continue;
    }
    if (result != LIBDEFLATE_SUCCESS)
      return inputError("`%s` is damaged: its %zu bytes end too early, or what they unpack to is "
                        "not what their checksum says; get the file again",
                        path.c_str(), file.size());
    next += taken, left -= taken, done += made;
  }
  bytes->resize(done);
  return Status();
}

} // namespace dlc::runtime
