// NumPy's arrays: one a file (.npy), or by name in an archive (.npz).
//
// The format (numpy.lib.format): "\x93NUMPY", version (2 bytes), length of the header (2 bytes in
// version 1, else 4, little-endian), the header, a Python dictionary as text:
//   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
// then the numbers. An archive is a .zip of such files, `images.npy` for the array `images`.
#include "runtime/format/npy.h"

#include "runtime/file.h"
#include "runtime/format/zip.h"
#include "runtime/tensor.h"
#include "runtime/text.h"

#include <algorithm>
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
    std::string_view digits = trim(part);
    if (digits.ends_with('L')) // as Python 2 wrote them
      digits.remove_suffix(1);
    if (!parseInteger(digits, &size) || size < 0)
      return false;
    shape->push_back(size);
  }
  return true;
}

// What is wrong with a header, or "".
std::string parseHeader(const std::string &text, Header *header) {
  std::string descr, fortran, shape;
  for (auto [name, rest] :
       {std::pair{"descr", &descr}, {"fortran_order", &fortran}, {"shape", &shape}})
    if (!findEntry(text, name, rest))
      return format("it has no `%s`", name);
  // A structured dtype is a list, not a quoted name: it is kept whole for the message.
  size_t end = descr.find('\'', 1);
  header->descr =
      descr[0] == '\'' && end != descr.npos ? descr.substr(1, end - 1) : descr.substr(0, 20);
  header->fortran = fortran.compare(0, 4, "True") == 0;
  if (!header->fortran && fortran.compare(0, 5, "False") != 0)
    return "its `fortran_order` is neither True nor False";
  if (!parseShape(shape, &header->shape))
    return format("its `shape` is no tuple of sizes: %.20s", shape.c_str());
  return "";
}

struct Half {
  uint16_t bits;
  explicit operator float() const { return float(fromHalf(bits)); }
};

template <class T> T load(const unsigned char *from, bool isSwapped) {
  unsigned char bytes[sizeof(T)];
  memcpy(bytes, from, sizeof bytes);
  if (isSwapped)
    std::reverse(bytes, bytes + sizeof bytes);
  T value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

// The positions in a column-major array of its numbers in row-major order.
class ColumnMajor {
public:
  explicit ColumnMajor(const std::vector<int64_t> &shape)
      : shape_(shape), strides_(shape.size()), place_(shape.size()) {
    int64_t stride = 1;
    for (size_t axis = 0; axis < shape.size(); stride *= shape[axis++])
      strides_[axis] = stride;
  }
  int64_t next() {
    int64_t position = position_;
    for (size_t axis = shape_.size(); axis-- > 0;) {
      position_ += strides_[axis];
      if (++place_[axis] < shape_[axis])
        break;
      position_ -= strides_[axis] * shape_[axis];
      place_[axis] = 0;
    }
    return position;
  }

private:
  const std::vector<int64_t> &shape_;
  std::vector<int64_t> strides_, place_;
  int64_t position_ = 0;
};

// Keeps the file's numbers, of type Stored, as Kept.
template <class Stored, class Kept>
void decode(const unsigned char *numbers, const Header &header, int64_t count, bool isSwapped,
            Bytes *bytes) {
  bytes->resize(size_t(count) * sizeof(Kept));
  auto *kept = reinterpret_cast<Kept *>(bytes->data());
  ColumnMajor positions(header.shape);
  for (int64_t i = 0; i < count; ++i) {
    int64_t position = header.fortran ? positions.next() : i;
    kept[i] = Kept(load<Stored>(numbers + position * int64_t(sizeof(Stored)), isSwapped));
  }
}

struct Element {
  const char *type; // without its byte order
  int64_t size;
  Cell cell;
  void (*decode)(const unsigned char *, const Header &, int64_t, bool, Bytes *);
};
constexpr Element kElements[] = {
    {"b1", 1, Cell::U8, decode<uint8_t, uint8_t>},   {"i1", 1, Cell::I8, decode<int8_t, int8_t>},
    {"u1", 1, Cell::U8, decode<uint8_t, uint8_t>},   {"i2", 2, Cell::I32, decode<int16_t, int32_t>},
    {"u2", 2, Cell::I32, decode<uint16_t, int32_t>}, {"i4", 4, Cell::I32, decode<int32_t, int32_t>},
    {"u4", 4, Cell::F64, decode<uint32_t, double>},  {"i8", 8, Cell::F64, decode<int64_t, double>},
    {"u8", 8, Cell::F64, decode<uint64_t, double>},  {"f2", 2, Cell::F32, decode<Half, float>},
    {"f4", 4, Cell::F32, decode<float, float>},      {"f8", 8, Cell::F64, decode<double, double>},
};

Status findElement(const std::string &path, const std::string &descr, const Element **element) {
  for (const Element &known : kElements)
    if (descr.size() == 3 && descr.substr(1) == known.type &&
        std::string_view(known.size > 1 ? "<>=" : "<>=|").find(descr[0]) != descr.npos) {
      *element = &known;
      return Status();
    }
  if (descr.find('O') != std::string::npos)
    return inputError("`%s` holds Python objects, which cannot be read: save an array of numbers "
                      "(`numpy.save(path, a.astype('float32'))`)",
                      path.c_str());
  return inputError(
      "`%s` has the element type `%.40s`; bools, integers, f2, f4 and f8 can be read: "
      "convert it with `astype('float32')`",
      path.c_str(), descr.c_str());
}

// Only structures of many fields need a longer one.
constexpr size_t kLongestHeader = 64 << 10;

// The bytes of a .npy file; `path` is for messages.
Status decodeNpy(const std::string &path, const unsigned char *bytes, size_t size, Array *array) {
  constexpr std::string_view kMagic = "\x93NUMPY";
  std::string_view magic(reinterpret_cast<const char *>(bytes), std::min(size, kMagic.size()));
  if (!kMagic.starts_with(magic))
    return inputError("`%s` is not a .npy file: it does not begin with \\x93NUMPY", path.c_str());
  if (size < 10)
    return inputError("`%s` ends after %zu bytes, within the header of a .npy file", path.c_str(),
                      size);
  size_t version = bytes[6], start = version == 1 ? 10 : 12;
  if (version < 1 || version > 3)
    return inputError("`%s` has .npy format version %zu; 1 to 3 are known", path.c_str(), version);
  size_t length = size_t(bytes[8]) | size_t(bytes[9]) << 8;
  if (version > 1 && size >= start)
    length |= size_t(bytes[10]) << 16 | size_t(bytes[11]) << 24;
  if (size < start || size - start < length)
    return inputError("`%s` is truncated within its header: it says that this has %zu bytes, and "
                      "%zu are left",
                      path.c_str(), length, size - std::min(size, start));
  if (length > kLongestHeader)
    return inputError("`%s` has a damaged .npy header: none has %zu bytes", path.c_str(), length);
  Header header;
  std::string text(reinterpret_cast<const char *>(bytes) + start, length);
  if (std::string fault = parseHeader(text, &header); !fault.empty())
    return inputError("`%s` has a damaged .npy header: %s", path.c_str(), fault.c_str());

  const Element *element = nullptr;
  DLC_TRY(findElement(path, header.descr, &element));
  int64_t count = checkedProduct(header.shape), total = 0;
  std::string shape = shapeText(header.shape);
  if (count < 0 || __builtin_mul_overflow(count, element->size, &total))
    return inputError("`%s` has the impossible shape %.80s", path.c_str(), shape.c_str());
  auto present = int64_t(size - start - length);
  if (present != total)
    return inputError("`%s` %s: its shape %.80s needs %lld bytes of numbers, the file has %lld",
                      path.c_str(), present < total ? "is truncated" : "has bytes after its end",
                      shape.c_str(), static_cast<long long>(total),
                      static_cast<long long>(present));
  array->shape = header.shape;
  array->cell = element->cell;
  element->decode(bytes + start + length, header, count, header.descr[0] == '>', &array->bytes);
  if (int64_t at = array->firstNotFinite(); at >= 0)
    return inputError("%s: only finite numbers can be computed with",
                      notFiniteText(path, array->shape, at, array->at(at)).c_str());
  return Status();
}

// The names of an archive's arrays, for a message.
std::vector<std::string> arrayNames(const Zip &archive) {
  constexpr size_t kMost = 20;
  std::vector<std::string> names;
  for (const Zip::Member &member : archive.members()) {
    if (names.size() == kMost) {
      names.emplace_back("…");
      break;
    }
    std::string_view name = member.name;
    names.emplace_back(name.substr(0, name.size() - (name.ends_with(".npy") ? 4 : 0)));
  }
  return names;
}

Status findArray(const Zip &archive, const ArrayName &name, const Zip::Member **found) {
  const std::vector<Zip::Member> &members = archive.members();
  if (members.empty())
    return inputError("`%s` is an archive without an array", name.file.c_str());
  std::vector<std::string> names = arrayNames(archive);
  if (name.inside.empty() && members.size() > 1)
    return inputError("`%s` holds %zu arrays: say which, as in `%s:%s` (it has %s)",
                      name.file.c_str(), members.size(), name.file.c_str(), names[0].c_str(),
                      join(names, ", ").c_str());
  for (const Zip::Member &member : members)
    if (name.inside.empty() || member.name == name.inside + ".npy" || member.name == name.inside)
      *found = &member;
  return *found ? Status()
                : inputError("`%s` has no array `%s`%s (it has %s)", name.file.c_str(),
                             name.inside.c_str(), didYouMean(name.inside, names).c_str(),
                             join(names, ", ").c_str());
}

} // namespace

ArrayName::ArrayName(const std::string &text) : file(text), isInArchive(text.ends_with(".npz")) {
  constexpr std::string_view kColon = ".npz:";
  if (size_t at = text.rfind(kColon); at != text.npos) {
    file = text.substr(0, at + kColon.size() - 1);
    inside = text.substr(at + kColon.size());
    isInArchive = true;
  }
}

Status readNpy(const std::string &text, Array *array) {
  ArrayName name(text);
  MappedFile file;
  DLC_TRY(file.open(name.file));
  if (file.size() == 0)
    return inputError("`%s` is empty", name.file.c_str());
  if (!name.isInArchive)
    return decodeNpy(text, file.data(), file.size(), array);
  Zip archive;
  const Zip::Member *member = nullptr;
  Bytes unpacked;
  const unsigned char *bytes = nullptr;
  DLC_TRY(archive.open(name.file, file.data(), file.size()));
  DLC_TRY(findArray(archive, name, &member));
  DLC_TRY(archive.read(*member, &unpacked, &bytes));
  return decodeNpy(text, bytes, member->size, array);
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
