// Safetensors files: named tensors behind a JSON header, readable from every language.
#include "runtime/format/safetensors.h"

#include "runtime/file.h"
#include "runtime/format/json.h"
#include "runtime/tensor.h"
#include "runtime/text.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <libdeflate.h>

namespace dlc::runtime {

constexpr std::string_view kChecksumKey = "checksum", kChecksumKind = "dlc-crc32:";
// How the header of a file with a checksum begins; then come the digits.
constexpr std::string_view kStart = R"({"__metadata__":{"checksum":"dlc-crc32:)";
constexpr std::string_view kNoDigits = "00000000";

// The digits of a file that holds kNoDigits in their place.
static std::string digitsOf(const std::vector<FilePart> &parts) {
  uint32_t checksum = 0;
  for (const auto &[data, size] : parts)
    if (size > 0) // of no data at all the function would begin anew
      checksum = libdeflate_crc32(checksum, data, size);
  return format("%08x", checksum);
}

Status writeSafetensors(const std::string &path, const std::vector<TensorPart> &tensors,
                        const Metadata &metadata) {
  JsonWriter header;
  header.beginObject().key("__metadata__").beginObject();
  header.key(kChecksumKey).string(std::string(kChecksumKind).append(kNoDigits));
  for (const auto &[key, text] : metadata)
    header.key(key).string(text);
  header.endObject();
  std::vector<FilePart> parts(2);
  int64_t offset = 0;
  for (const TensorPart &tensor : tensors) {
    int64_t bytes = checkedProduct(tensor.shape) * dtypeSize(tensor.dtype);
    const char *dtype = tensor.dtype == DLC_F64 ? "F64" : tensor.dtype == DLC_F32 ? "F32" : "I32";
    header.key(tensor.name).beginObject().key("dtype").string(dtype).key("shape").beginArray();
    for (int64_t size : tensor.shape)
      header.integer(size);
    header.endArray().key("data_offsets").beginArray().integer(offset).integer(offset + bytes);
    header.endArray().endObject();
    parts.emplace_back(tensor.data, size_t(bytes));
    offset += bytes;
  }
  header.endObject();
  std::string text = header.text();
  while (text.size() % 8 != 0) // aligns the tensors for readers that map the file
    text += ' ';
  auto length = uint64_t(text.size());
  parts[0] = {&length, sizeof length};
  parts[1] = {text.data(), text.size()};
  text.replace(kStart.size(), kNoDigits.size(), digitsOf(parts)); // the text stays where it is
  return writeFileAtomically(path, parts);
}

Status SafetensorsFile::load(const std::string &path) {
  path_ = path;
  DLC_TRY(readFile(path, &bytes_));
  Status status = verifyChecksum();
  if (!status.failed())
    status = parse();
  return status.failed() ? inputError("`%s` is not a sound safetensors file: %s", path.c_str(),
                                      status.message().c_str())
                         : Status();
}

// Where a header begins as ours do in all bytes but one, that one is damaged: a flipped bit in the
// checksum's name must not make the file one without a checksum.
Status SafetensorsFile::verifyChecksum() {
  constexpr size_t kBegin = sizeof(uint64_t), kDigits = kBegin + kStart.size(),
                   kRest = kDigits + kNoDigits.size();
  if (bytes_.size() < kRest)
    return Status(); // too short for one; parse() tells whether it was cut off
  std::string_view bytes = bytes_;
  size_t wrong = 0;
  for (size_t i = 0; i < kStart.size(); ++i)
    wrong += bytes[kBegin + i] != kStart[i];
  if (wrong > 1)
    return Status();
  hasChecksum_ = true;
  std::string digits = digitsOf({{bytes.data(), kDigits},
                                 {kNoDigits.data(), kNoDigits.size()},
                                 {bytes.data() + kRest, bytes.size() - kRest}});
  if (wrong == 0 && bytes.substr(kDigits, kNoDigits.size()) == digits)
    return Status();
  return inputError("it was damaged, cut off or changed after it was written, for its checksum "
                    "does not fit; take another copy of it");
}

// A JSON number that is a whole one in [0, 2^53].
static bool isSize(const JsonValue &value, int64_t *size) {
  if (value.kind != JsonValue::kNumber || value.number < 0 || value.number > 0x1p53 ||
      value.number != std::floor(value.number))
    return false;
  *size = int64_t(value.number);
  return true;
}

static int64_t bitsOf(const std::string &dtype) {
  static constexpr struct {
    const char *name;
    int64_t bits;
  } kTypes[] = {{"BOOL", 8}, {"U8", 8},   {"I8", 8},   {"F8_E5M2", 8}, {"F8_E4M3", 8},
                {"I16", 16}, {"U16", 16}, {"F16", 16}, {"BF16", 16},   {"I32", 32},
                {"U32", 32}, {"F32", 32}, {"F64", 64}, {"I64", 64},    {"U64", 64}};
  for (const auto &type : kTypes)
    if (dtype == type.name)
      return type.bits;
  return 0;
}

// Whether the tensors fill the data, one after the other.
static Status checkCover(std::vector<std::pair<int64_t, int64_t>> ranges, int64_t dataBytes) {
  std::sort(ranges.begin(), ranges.end());
  int64_t covered = 0;
  for (auto [begin, end] : ranges) {
    if (begin != covered)
      return inputError("its tensors overlap or leave a gap at byte %lld of its data",
                        static_cast<long long>(std::min(begin, covered)));
    covered = end;
  }
  if (covered != dataBytes)
    return inputError("its tensors end at byte %lld of %lld bytes of data",
                      static_cast<long long>(covered), static_cast<long long>(dataBytes));
  return Status();
}

Status SafetensorsFile::parse() {
  uint64_t length = 0;
  if (bytes_.size() < sizeof length)
    return inputError("it has %zu bytes, its header's length alone needs 8", bytes_.size());
  memcpy(&length, bytes_.data(), sizeof length);
  if (length > bytes_.size() - sizeof length)
    return inputError("its header should have %llu bytes, the file has %zu after the length",
                      static_cast<unsigned long long>(length), bytes_.size() - sizeof length);
  JsonValue header;
  DLC_TRY(parseJson(std::string_view(bytes_).substr(sizeof length, length), &header));
  if (header.kind != JsonValue::kObject)
    return inputError("its header is not a JSON object");
  const char *data = bytes_.data() + sizeof length + length;
  auto dataBytes = int64_t(bytes_.size() - sizeof length - length);

  std::vector<Range> ranges;
  for (const auto &[name, value] : header.members) {
    if (name == "__metadata__")
      DLC_TRY(addMetadata(value));
    else
      DLC_TRY(addEntry(name, value, std::string_view(data, size_t(dataBytes)), &ranges));
  }
  return checkCover(std::move(ranges), dataBytes);
}

Status SafetensorsFile::addMetadata(const JsonValue &object) {
  for (const auto &[key, text] : object.members) {
    if (key == kChecksumKey && text.string.rfind(kChecksumKind, 0) == 0 && !hasChecksum_)
      return inputError("it was rewritten by a program that kept the checksum of the file it "
                        "was made from; leave `%s` out of its metadata",
                        key.c_str());
    metadata_.emplace_back(key, text.string);
  }
  return Status();
}

Status SafetensorsFile::addEntry(const std::string &name, const JsonValue &value,
                                 std::string_view data, std::vector<Range> *ranges) {
  const JsonValue *dtype = value.find("dtype"), *shape = value.find("shape"),
                  *offsets = value.find("data_offsets");
  Entry entry{name, dtype ? dtype->string : "", {}, 0, nullptr};
  int64_t begin = 0, end = 0, bits = bitsOf(entry.dtype);
  if (!bits || !shape || shape->kind != JsonValue::kArray || !offsets ||
      offsets->items.size() != 2 || !isSize(offsets->items[0], &begin) ||
      !isSize(offsets->items[1], &end))
    return inputError("`%s` lacks a known dtype, a shape or offsets", name.c_str());
  for (const JsonValue &size : shape->items)
    if (!isSize(size, &entry.shape.emplace_back()))
      return inputError("`%s` has a dimension that is not a size", name.c_str());
  entry.count = checkedProduct(entry.shape);
  int64_t total = 0;
  if (entry.count < 0 || __builtin_mul_overflow(entry.count, bits / 8, &total) || end < begin ||
      end > int64_t(data.size()) || end - begin != total)
    return inputError("`%s` of shape %s has offsets %lld to %lld of %zu bytes of data",
                      name.c_str(), shapeText(entry.shape).c_str(), static_cast<long long>(begin),
                      static_cast<long long>(end), data.size());
  if (find(name))
    return inputError("`%s` stands in it twice", name.c_str());
  entry.data = data.data() + begin;
  ranges->emplace_back(begin, end);
  entries_.push_back(std::move(entry));
  return Status();
}

const SafetensorsFile::Entry *SafetensorsFile::find(const std::string &name) const {
  for (const Entry &entry : entries_)
    if (entry.name == name)
      return &entry;
  return nullptr;
}

std::string SafetensorsFile::metadata(const std::string &key) const {
  for (const auto &[name, text] : metadata_)
    if (name == key)
      return text;
  return "";
}

// The upper half of a float.
static double fromBfloat(uint16_t upper) {
  uint32_t bits = uint32_t(upper) << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

Status SafetensorsFile::copy(const std::string &name, const dlc_tensor &tensor, void *data) const {
  const Entry *entry = find(name);
  if (!entry) {
    std::vector<std::string> names;
    for (const Entry &other : entries_)
      names.push_back(other.name);
    return inputError("`%s` has no tensor `%s`, which the model needs%s", path_.c_str(),
                      name.c_str(), didYouMean(name, names).c_str());
  }
  if (entry->shape != shapeOf(tensor))
    return inputError("`%s`: `%s` is %s, the model needs %s", path_.c_str(), name.c_str(),
                      shapeText(entry->shape).c_str(), shapeText(tensor).c_str());
  bool real = tensor.dtype != DLC_I32;
  auto load = [&](auto read, int64_t size) {
    for (int64_t i = 0; i < entry->count; ++i)
      writeElement(data, tensor.dtype, i, read(entry->data + i * size));
    return Status();
  };
  auto half = [](const char *bytes) {
    uint16_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
  };
  // The bytes of the same type are taken as they are: every bit survives, NaN's too.
  if (entry->dtype == (!real ? "I32" : tensor.dtype == DLC_F32 ? "F32" : "F64")) {
    memcpy(data, entry->data, size_t(byteCount(tensor)));
    return Status();
  }
  if (real && entry->dtype == "F32")
    return load(
        [](const char *bytes) {
          float v;
          memcpy(&v, bytes, 4);
          return double(v);
        },
        4);
  if (real && entry->dtype == "F64")
    return load(
        [](const char *bytes) {
          double v;
          memcpy(&v, bytes, 8);
          return v;
        },
        8);
  if (real && entry->dtype == "F16")
    return load([&](const char *bytes) { return fromHalf(half(bytes)); }, 2);
  if (real && entry->dtype == "BF16")
    return load([&](const char *bytes) { return fromBfloat(half(bytes)); }, 2);
  return inputError("`%s`: `%s` has the type %s, the model needs %s", path_.c_str(), name.c_str(),
                    entry->dtype.c_str(), dtypeName(tensor.dtype));
}

} // namespace dlc::runtime
