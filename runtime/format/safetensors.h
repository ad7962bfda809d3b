// Safetensors files: named tensors behind a JSON header, readable from every language.
//
// The format: the header's length (8 bytes, little-endian), the header, then the tensors' bytes:
//   {"__metadata__":{"key":"text"},"dense.weight":{"dtype":"F32","shape":[784,10],"data_offsets":[0,31360]}}
//
// In ours the first metadata is "checksum":"dlc-crc32:89abcdef". The 8 digits are the CRC-32 of the
// whole file with "00000000" in their place.
#pragma once

#include "runtime/include/dlc/model.h"
#include "runtime/status.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dlc::runtime {

struct JsonValue;

using Metadata = std::vector<std::pair<std::string, std::string>>;

// A tensor to write; the memory stays the caller's.
struct TensorPart {
  std::string name;
  int32_t dtype; // dlc_dtype
  std::vector<int64_t> shape;
  const void *data;
};

// Writes the tensors in the given order, without gaps, with a checksum, atomically.
Status writeSafetensors(const std::string &path, const std::vector<TensorPart> &tensors,
                        const Metadata &metadata);

class SafetensorsFile {
public:
  struct Entry {
    std::string name;
    std::string dtype; // "F32"
    std::vector<int64_t> shape;
    int64_t count;
    const char *data;
  };

  // Reads the whole file and checks its checksum, if it has one, that its header is sound and that
  // its offsets cover its data exactly.
  Status load(const std::string &path);
  const std::string &path() const { return path_; }
  const std::vector<Entry> &entries() const { return entries_; }
  const Entry *find(const std::string &name) const;
  // "" for a key that is not there.
  std::string metadata(const std::string &key) const;

  // Copies a tensor to `data`, converting F64, F32, F16 and BF16 to the floating `tensor.dtype`
  // (and I32 to I32). The shapes must agree; `name` is what the tensor is called in the file.
  Status copy(const std::string &name, const dlc_tensor &tensor, void *data) const;

private:
  using Range = std::pair<int64_t, int64_t>; // bytes of the data, from the first to behind the last

  Status verifyChecksum();
  Status parse();
  Status addMetadata(const JsonValue &object);
  Status addEntry(const std::string &name, const JsonValue &value, std::string_view data,
                  std::vector<Range> *ranges);

  std::string path_, bytes_;
  bool hasChecksum_ = false;
  std::vector<Entry> entries_;
  Metadata metadata_;
};

} // namespace dlc::runtime
