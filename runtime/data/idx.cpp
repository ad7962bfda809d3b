// IDX files, the format of MNIST, plain or gzip.
//
// The format (LeCun): two zero bytes, the element type, the number of axes, each axis's size in 4
// bytes, then the elements, all big-endian.
#include "runtime/data/dataset.h"

#include "runtime/format/gzip.h"
#include "runtime/tensor.h"

#include <cstring>

namespace dlc::runtime::data {

namespace {

enum ElementType { kU8 = 0x08, kI8 = 0x09, kI16 = 0x0B, kI32 = 0x0C, kF32 = 0x0D, kF64 = 0x0E };

int64_t sizeOf(int type) {
  switch (type) {
  case kU8:
  case kI8:
    return 1;
  case kI16:
    return 2;
  case kI32:
  case kF32:
    return 4;
  case kF64:
    return 8;
  default:
    return 0;
  }
}

// No data set of today's machines is larger; a damaged header's sizes usually are.
constexpr int64_t kMostBytes = int64_t(1) << 40;

// Converts big-endian elements in place, to the cell that holds them: I16 become I32.
void decode(int type, Column *column) {
  Bytes &bytes = column->bytes;
  if (type == kU8 || type == kI8) {
    column->cell = type == kU8 ? Cell::U8 : Cell::I8;
    return;
  }
  if (type == kI16) {
    Bytes wide(bytes.size() * 2);
    auto *values = reinterpret_cast<int32_t *>(wide.data());
    for (size_t i = 0; i < bytes.size() / 2; ++i)
      values[i] = int16_t(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    bytes = std::move(wide);
    column->cell = Cell::I32;
    return;
  }
  auto size = size_t(sizeOf(type));
  for (size_t i = 0; i + size <= bytes.size(); i += size)
    for (size_t low = i, high = i + size - 1; low < high; ++low, --high)
      std::swap(bytes[low], bytes[high]);
  column->cell = type == kI32 ? Cell::I32 : type == kF32 ? Cell::F32 : Cell::F64;
}

Status readIdx(const std::string &path, Column *column, int64_t *count) {
  column->origin = path;
  Bytes &bytes = column->bytes;
  DLC_TRY(readUnpacked(path, &bytes));
  if (bytes.empty())
    return inputError("`%s` is empty", path.c_str());
  constexpr size_t kMagic = 4;
  const unsigned char *magic = bytes.data();
  if (bytes.size() < kMagic)
    return inputError("`%s` ends after %zu bytes, within the header of an IDX file", path.c_str(),
                      bytes.size());
  if (magic[0] != 0 || magic[1] != 0)
    return inputError("`%s` is not an IDX file: it must begin with 00 00, an element type (08 for "
                      "bytes) and the number of axes",
                      path.c_str());
  int type = magic[2];
  if (sizeOf(type) == 0)
    return inputError("`%s` has the element type 0x%02x, which no IDX file can have", path.c_str(),
                      type);
  size_t axes = magic[3];
  if (axes == 0)
    return inputError("`%s` is an IDX file of no axes; the first must count the samples",
                      path.c_str());
  size_t header = kMagic + axes * 4;
  if (bytes.size() < header)
    return inputError("`%s` is truncated within its header", path.c_str());
  std::vector<int64_t> shape;
  for (size_t axis = 0; axis < axes; ++axis) {
    const unsigned char *b = &bytes[kMagic + axis * 4];
    shape.push_back(int64_t(b[0]) << 24 | b[1] << 16 | b[2] << 8 | b[3]);
  }
  int64_t elements = checkedProduct(shape), total = 0;
  if (elements < 0 || __builtin_mul_overflow(elements, sizeOf(type), &total) || total > kMostBytes)
    return inputError("`%s` has the impossible shape %s in its header", path.c_str(),
                      shapeText(shape).c_str());
  *count = shape[0];
  if (elements != *count * column->perSample)
    return inputError("`%s` has the shape %s, but a sample needs %lld numbers", path.c_str(),
                      shapeText(shape).c_str(), static_cast<long long>(column->perSample));

  size_t got = bytes.size() - header;
  if (got < size_t(total))
    return inputError(
        "`%s` is truncated: its shape %s needs %lld bytes of numbers, the file has %zu",
        path.c_str(), shapeText(shape).c_str(), static_cast<long long>(total), got);
  if (got > size_t(total))
    return inputError("`%s` has bytes after its end: its shape %s needs %lld bytes of numbers",
                      path.c_str(), shapeText(shape).c_str(), static_cast<long long>(total));
  bytes.erase(bytes.begin(), bytes.begin() + int64_t(header));
  decode(type, column);
  if (int64_t at = column->firstNotFinite(); at >= 0)
    return inputError("%s: only finite numbers can be computed with",
                      notFiniteText(path, shape, at, column->at(at)).c_str());
  return Status();
}

} // namespace

Status loadIdx(const LoaderCall &call, Dataset *dataset) {
  if (dataset->columns.size() != 2)
    return inputError("`idx` reads two files, values and labels, but the data `%s` has %zu field%s",
                      call.model.data_name, dataset->columns.size(),
                      dataset->columns.size() == 1 ? "" : "s");
  // The labels are the field of classes, wherever it stands.
  size_t labels = call.model.fields[0].classes > 0 && call.model.fields[1].classes == 0 ? 0 : 1;
  std::string valuePath, labelPath;
  DLC_TRY(call.path("values", &valuePath));
  DLC_TRY(call.path("labels", &labelPath));
  int64_t labelCount = 0;
  DLC_TRY(readIdx(valuePath, &dataset->columns[1 - labels], &dataset->count));
  DLC_TRY(readIdx(labelPath, &dataset->columns[labels], &labelCount));
  if (labelCount != dataset->count)
    return inputError("`%s` has %lld samples, but `%s` has %lld labels", valuePath.c_str(),
                      static_cast<long long>(dataset->count), labelPath.c_str(),
                      static_cast<long long>(labelCount));
  return Status();
}

} // namespace dlc::runtime::data
