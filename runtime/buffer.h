// Memory aligned for the compiled kernels, zero at first.
#pragma once

#include "runtime/include/dlc/model.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace dlc::runtime {

/// Ends the program when the system has no more memory: nothing is half-written by that, since
/// files take their names last.
[[noreturn]] inline void failForMemory(size_t bytes) {
  fflush(stdout);
  if (bytes > 0)
    fprintf(stderr, "error: not enough memory: %.1f MB more are needed", double(bytes) / 1e6);
  else // how much is not known
    fputs("error: not enough memory", stderr);
  fputs("; `info` tells what the program needs, --batch of `dlc compile` makes it less\n", stderr);
  _exit(1);
}

/// Memory for kernels, to be freed with free(). The system is asked to back large ones by huge
/// pages: kernels walk over more rows at a time than a processor remembers pages of 4 KiB.
inline void *allocate(size_t bytes) {
  constexpr size_t kHugePage = 2 << 20;
  // At least one line, so that it is never null; aligned_alloc wants whole ones.
  size_t alignment = bytes < kHugePage ? DLC_ALIGNMENT : kHugePage;
  size_t size = (bytes / alignment + 1) * alignment;
  void *data = aligned_alloc(alignment, size);
  if (!data)
    failForMemory(size);
  if (alignment == kHugePage)
    madvise(data, size, MADV_HUGEPAGE); // a wish; small pages do as well
  return data;
}

/// For vectors of numbers that are written before they are read: nothing is zeroed. No huge pages
/// here: what is read a row at a time gains nothing from them, and the first touch of one takes ten
/// times as long as that of as many small pages where the system must get it from a host.
template <class T> struct Unset {
  using value_type = T;
  Unset() = default;
  template <class U> Unset(const Unset<U> &) {}
  T *allocate(size_t count) {
    void *data = malloc(count * sizeof(T));
    if (!data && count > 0)
      failForMemory(count * sizeof(T));
    return static_cast<T *>(data);
  }
  void deallocate(T *data, size_t) { free(data); }
  template <class U> void construct(U *place) { ::new (static_cast<void *>(place)) U; }
  template <class U, class... From> void construct(U *place, From &&...from) {
    ::new (static_cast<void *>(place)) U(std::forward<From>(from)...);
  }
  bool operator==(const Unset &) const { return true; }
};
using Bytes = std::vector<unsigned char, Unset<unsigned char>>;

class Buffer {
public:
  Buffer() = default;
  explicit Buffer(int64_t bytes) : data_(allocate(size_t(bytes))), bytes_(bytes) { clear(); }
  Buffer(Buffer &&other) noexcept { swap(other); }
  Buffer &operator=(Buffer &&other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer() { free(data_); }

  void *data() const { return data_; }
  char *at(int64_t offset) const { return static_cast<char *>(data_) + offset; }
  int64_t bytes() const { return bytes_; }
  void clear() { memset(data_, 0, size_t(bytes_)); }
  void copyFrom(const Buffer &other) { memcpy(data_, other.data_, size_t(bytes_)); }

private:
  void swap(Buffer &other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
  }

  void *data_ = nullptr;
  int64_t bytes_ = 0;
};

} // namespace dlc::runtime
