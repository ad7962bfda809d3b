// Fields whose samples are files: the transforms `picture` and `sound`.
#include "runtime/data/files.h"

#include "runtime/data/dataset.h"
#include "runtime/file.h"
#include "runtime/tensor.h"

#include <cstring>
#include <sys/stat.h>

namespace dlc::runtime::data {

// Programs whose data block has no such transform are linked without these.
extern "C" __attribute__((weak)) decltype(dlc_picture) dlc_picture;
extern "C" __attribute__((weak)) decltype(dlc_sound) dlc_sound;

bool isFileReader(const std::string &transform) {
  return transform == "picture" || transform == "sound";
}

static int64_t numberOf(const dlc_transform &transform, const char *name) {
  for (int32_t i = 0; i < transform.argument_count; ++i)
    if (strcmp(transform.arguments[i].name, name) == 0)
      return int64_t(transform.arguments[i].numbers[0]);
  return 0;
}

FileReader::FileReader(const dlc_model &model, int32_t field) {
  const dlc_tensor &tensor = model.fields[field];
  for (int32_t i = 0; i < model.transform_count; ++i) {
    const dlc_transform &transform = model.transforms[i];
    if (strcmp(transform.field, tensor.name) != 0)
      continue;
    if (strcmp(transform.name, "picture") == 0) { // the checker has seen that the rank is 3
      kind_ = kPicture;
      picture_ = {tensor.shape[0], tensor.shape[1], tensor.shape[2]};
    } else if (strcmp(transform.name, "sound") == 0) {
      kind_ = kSound;
      sound_ = {numberOf(transform, "rate"), elementCount(tensor), tensor.name};
    }
  }
}

bool FileReader::isKnown(std::string_view file) {
  for (const char *magic : {"\x89PNG", "\xFF\xD8\xFF", "RIFF", "fLaC"})
    if (file.starts_with(magic))
      return true;
  return false;
}

Status FileReader::decode(const std::string &path, std::string_view file, Numbers *numbers) const {
  Status status;
  if (kind_ == kPicture && dlc_picture)
    dlc_picture(path, file, picture_, numbers, &status);
  else if (kind_ == kSound && dlc_sound)
    dlc_sound(path, file, sound_, numbers, &status);
  else
    return internalError("the program was linked without what reads a %s", what());
  return status;
}

Status FileReader::read(const std::string &path, Numbers *numbers) const {
  struct stat about;
  if (stat(path.c_str(), &about) == 0 && (S_ISCHR(about.st_mode) || S_ISBLK(about.st_mode)))
    return inputError("`%s` is a device, not a file: name a file", path.c_str()); // may have no end
  std::string file;
  DLC_TRY(readFile(path, &file));
  return decode(path, file, numbers);
}

// --- all samples ---------------------------------------------------------------------------------

static std::atomic<int64_t> mostKept{Files::kKept}, kept{0};

void Files::keepAtMost(int64_t bytes) { mostKept = bytes; }
int64_t Files::keptBytes() { return kept; }

Files::Files(const FileReader &reader, std::vector<std::string> paths)
    : reader_(reader), paths_(std::move(paths)),
      kept_(new std::atomic<const Numbers *>[paths_.size()]()) {}

Files::~Files() {
  for (size_t i = 0; i < paths_.size(); ++i)
    if (const Numbers *numbers = kept_[i]) {
      kept -= int64_t(numbers->bytes.size());
      delete numbers;
    }
}

std::shared_ptr<Files> Files::some(const std::vector<int64_t> &samples) const {
  std::vector<std::string> paths;
  for (int64_t sample : samples)
    paths.push_back(path(sample));
  return std::make_shared<Files>(reader_, std::move(paths));
}

Status Files::read(int64_t sample, Numbers *room, const Numbers **numbers) const {
  std::atomic<const Numbers *> &place = kept_[size_t(sample)];
  *numbers = place.load(std::memory_order_acquire);
  if (*numbers)
    return Status();
  DLC_TRY(reader_.read(path(sample), room));
  *numbers = room;
  auto bytes = int64_t(room->bytes.size());
  if (kept.fetch_add(bytes) + bytes > mostKept) {
    kept -= bytes;
    return Status();
  }
  const Numbers *mine = new Numbers(*room), *other = nullptr;
  if (place.compare_exchange_strong(other, mine, std::memory_order_acq_rel)) {
    *numbers = mine;
  } else { // another thread has read it meanwhile
    kept -= bytes;
    delete mine;
  }
  return Status();
}

} // namespace dlc::runtime::data
