// Memory aligned for the compiled kernels, zero at first.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace dlc::runtime {

class Buffer {
public:
  static constexpr size_t kAlignment = 64; // what model.h promises to the kernels: a cache line

  Buffer() = default;
  explicit Buffer(int64_t bytes) : bytes_(bytes) {
    // At least one line, so that data() is never null; aligned_alloc wants whole lines.
    size_t size = (size_t(bytes) / kAlignment + 1) * kAlignment;
    data_ = aligned_alloc(kAlignment, size);
    if (!data_)
      abort();
    memset(data_, 0, size);
  }
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
