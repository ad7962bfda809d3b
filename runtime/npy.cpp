// NumPy's array files: one array a file.
//
// The format (numpy.lib.format): "\x93NUMPY", version (2 bytes), length of the header (2 bytes in
// version 1, else 4, little-endian), the header, a Python dictionary as text:
//   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
// then the numbers.
#include "runtime/npy.h"

#include "runtime/file.h"
#include "runtime/tensor.h"
#include "runtime/text.h"

#include <cstring>

namespace dlc::runtime {

namespace {

struct Header {
  std::string descr;
  bool fortran = false;
  std::vector<int64_t> shape;
};

// The text that follows `'name':` in the dictionary, without leading spaces.
bool findEntry(const std::string &header, const char *name, std::string *rest) {
  size_t at = header.find(format("'%s'", name));
  if (at == std::string::npos)
    return false;
  at = header.find(':', at);
  if (at == std::string::npos)
    return false;
  at = header.find_first_not_of(' ', at + 1);
  *rest = at == std::string::npos ? "" : header.substr(at);
  return true;
}

bool parseShape(const std::string &text, std::vector<int64_t> *shape) {
  size_t end = text.find(')');
  if (text.empty() || text[0] != '(' || end == std::string::npos)
    return false;
  for (const std::string &part : split(text.substr(1, end - 1), ',')) {
    int64_t size = 0;
    if (trim(part).empty())
      continue; // after the last comma
    if (!parseInteger(trim(part), &size) || size < 0)
      return false;
    shape->push_back(size);
  }
  return true;
}

bool parseHeader(const std::string &text, Header *header) {
  std::string descr, fortran, shape;
  if (!findEntry(text, "descr", &descr) || !findEntry(text, "fortran_order", &fortran) ||
      !findEntry(text, "shape", &shape))
    return false;
  // A structured dtype is a list, not a quoted name: it is kept whole for the message.
  size_t end = descr.find('\'', 1);
  header->descr =
      descr[0] == '\'' && end != descr.npos ? descr.substr(1, end - 1) : descr.substr(0, 20);
  header->fortran = fortran.compare(0, 4, "True") == 0;
  return (header->fortran || fortran.compare(0, 5, "False") == 0) &&
         parseShape(shape, &header->shape);
}

template <class T> double load(const char *bytes) {
  T value;
  memcpy(&value, bytes, sizeof value);
  return double(value);
}

struct Element {
  const char *descr;
  int64_t size;
  double (*load)(const char *);
};
constexpr Element kElements[] = {
    {"<f4", 4, load<float>},   {"<f8", 8, load<double>},   {"<i4", 4, load<int32_t>},
    {"<i8", 8, load<int64_t>}, {"|u1", 1, load<uint8_t>},  {"|i1", 1, load<int8_t>},
    {"<i2", 2, load<int16_t>}, {"<u2", 2, load<uint16_t>}, {"<u4", 4, load<uint32_t>},
    {"|b1", 1, load<uint8_t>},
};

Status checkElement(const std::string &path, const std::string &descr, const Element **element) {
  for (const Element &known : kElements)
    if (descr == known.descr) {
      *element = &known;
      return Status();
    }
  if (descr.find('O') != std::string::npos)
    return inputError("`%s` holds Python objects, which cannot be read: save an array of numbers "
                      "(`numpy.save(path, a.astype('float32'))`)",
                      path.c_str());
  if (descr[0] == '>')
    return inputError("`%s` is big-endian (`%s`): save it as `%s`", path.c_str(), descr.c_str(),
                      ("<" + descr.substr(1)).c_str());
  return inputError("`%s` has the element type `%s`; f4, f8, i4, i8 and u1 can be read: convert it "
                    "with `astype('float32')`",
                    path.c_str(), descr.c_str());
}

// The position of row-major element i in a Fortran-ordered file.
int64_t fortranPosition(int64_t i, const std::vector<int64_t> &shape) {
  int64_t position = 0, stride = 1;
  for (int64_t size : shape)
    stride *= size;
  for (size_t axis = shape.size(); axis-- > 0;) {
    stride /= shape[axis];
    position += i % shape[axis] * stride;
    i /= shape[axis];
  }
  return position;
}

} // namespace

Status readNpy(const std::string &path, Array *array) {
  std::string bytes;
  DLC_TRY(readFile(path, &bytes));
  if (bytes.empty())
    return inputError("`%s` is empty", path.c_str());
  if (bytes.size() < 10 || bytes.compare(0, 6, "\x93NUMPY", 6) != 0)
    return inputError("`%s` is not a .npy file: it does not begin with \\x93NUMPY", path.c_str());
  auto byte = [&](size_t i) { return size_t(static_cast<unsigned char>(bytes[i])); };
  size_t version = byte(6), start = version == 1 ? 10 : 12;
  if (version < 1 || version > 3)
    return inputError("`%s` has .npy format version %zu; 1 to 3 are known", path.c_str(), version);
  size_t length = byte(8) | byte(9) << 8;
  if (version > 1 && bytes.size() >= 12)
    length |= byte(10) << 16 | byte(11) << 24;
  Header header;
  if (bytes.size() < start || bytes.size() - start < length)
    return inputError("`%s` is truncated within its header", path.c_str());
  if (!parseHeader(bytes.substr(start, length), &header))
    return inputError("`%s` has a damaged .npy header", path.c_str());

  const Element *element = nullptr;
  DLC_TRY(checkElement(path, header.descr, &element));
  int64_t count = checkedProduct(header.shape), total = 0;
  std::string shape = shapeText(header.shape);
  if (count < 0 || __builtin_mul_overflow(count, element->size, &total))
    return inputError("`%s` has the impossible shape %s", path.c_str(), shape.c_str());
  auto present = int64_t(bytes.size() - start - length);
  if (present != total)
    return inputError("`%s` %s: its shape %s needs %lld bytes of numbers, the file has %lld",
                      path.c_str(), present < total ? "is truncated" : "has bytes after its end",
                      shape.c_str(), static_cast<long long>(total),
                      static_cast<long long>(present));

  const char *numbers = bytes.data() + start + length;
  array->shape = header.shape;
  array->values.resize(size_t(count));
  for (int64_t i = 0; i < count; ++i)
    array->values[i] = element->load(
        numbers + (header.fortran ? fortranPosition(i, header.shape) : i) * element->size);
  if (int64_t at = firstNotFinite(array->values.data(), DLC_F64, count); at >= 0)
    return inputError("%s: only finite numbers can be computed with",
                      notFiniteText(path, array->shape, at, array->values[size_t(at)]).c_str());
  return Status();
}

Status writeNpy(const std::string &path, int32_t dtype, const std::vector<int64_t> &shape,
                const void *data) {
  std::string sizes;
  for (int64_t size : shape)
    sizes += format("%lld, ", static_cast<long long>(size));
  if (shape.size() > 1)
    sizes.resize(sizes.size() - 2);
  else if (shape.size() == 1)
    sizes.pop_back();
  const char *descr = dtype == DLC_F64 ? "<f8" : dtype == DLC_F32 ? "<f4" : "<i4";
  std::string header =
      format("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, sizes.c_str());
  // The numbers begin at a multiple of 64 bytes.
  while ((10 + header.size() + 1) % 64 != 0)
    header += ' ';
  header += '\n';
  std::string start("\x93NUMPY\x01\x00", 8);
  start += char(header.size() & 0xFF);
  start += char(header.size() >> 8);
  size_t size = size_t(checkedProduct(shape)) * size_t(dtypeSize(dtype));
  return writeFileAtomically(
      path, {{start.data(), start.size()}, {header.data(), header.size()}, {data, size}});
}

} // namespace dlc::runtime
