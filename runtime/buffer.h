// Memory aligned for the compiled kernels, zero at first.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <utility>

namespace dlc::runtime {

constexpr size_t kAlignment = 64; // what model.h promises to the kernels: a cache line

/// Memory for kernels, to be freed with free(). The system is asked to back large ones by huge
/// pages: kernels walk over more rows at a time than a processor remembers pages of 4 KiB.
inline void *allocate(size_t bytes) {
  constexpr size_t kHugePage = 2 << 20;
  // At least one line, so that it is never null; aligned_alloc wants whole ones.
  size_t alignment = bytes < kHugePage ? kAlignment : kHugePage;
  size_t size = (bytes / alignment + 1) * alignment;
  void *data = aligned_alloc(alignment, size);
  if (!data)
    abort();
  if (alignment == kHugePage)
    madvise(data, size, MADV_HUGEPAGE); // a wish; small pages do as well
  return data;
}

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
  void swap(Buffer &other) {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
  }

  void *data_ = nullptr;
  int64_t bytes_ = 0;
};

} // namespace dlc::runtime
