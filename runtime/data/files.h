// Fields whose samples are files: the transforms `picture` and `sound`.
#pragma once

#include "runtime/data/picture.h"
#include "runtime/data/sound.h"
#include "runtime/include/dlc/model.h"
#include "runtime/numbers.h"
#include "runtime/status.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dlc::runtime::data {

// Whether a transform of stdlib/data.nn makes numbers of a file.
bool isFileReader(const std::string &transform);

// How the files of one field become numbers.
class FileReader {
public:
  FileReader(const dlc_model &model, int32_t field);

  // Whether the field has such a transform.
  bool isFile() const { return kind_ != kNone; }
  const char *what() const { return kind_ == kSound ? "sound" : "picture"; }
  // Whether these are the first bytes of a file that it may read.
  static bool isKnown(std::string_view file);
  // At most as many numbers as the field has; those that are missing are 0.
  Status read(const std::string &path, Numbers *numbers) const;
  // The same of a file's bytes; `path` is for messages.
  Status decode(const std::string &path, std::string_view file, Numbers *numbers) const;

private:
  enum { kNone, kPicture, kSound } kind_ = kNone;
  PictureSize picture_{};
  SoundSize sound_{};
};

// The files of all samples of a split, read when a sample is needed and kept as long as there is
// room; any number of threads may read.
class Files {
public:
  Files(const FileReader &reader, std::vector<std::string> paths);
  Files(const Files &) = delete;
  Files &operator=(const Files &) = delete;
  ~Files();

  // How many bytes of numbers the whole program keeps at most; what is beyond is read each time.
  static constexpr int64_t kKept = int64_t(1) << 30;
  static void keepAtMost(int64_t bytes);
  static int64_t keptBytes();

  // The files of some of the samples.
  std::shared_ptr<Files> some(const std::vector<int64_t> &samples) const;

  int64_t count() const { return int64_t(paths_.size()); }
  const std::string &path(int64_t sample) const { return paths_[size_t(sample)]; }
  // `numbers` is what was kept, or `room`, where it was read to.
  Status read(int64_t sample, Numbers *room, const Numbers **numbers) const;

private:
  FileReader reader_;
  std::vector<std::string> paths_;
  std::unique_ptr<std::atomic<const Numbers *>[]> kept_; // of each sample, or null
};

} // namespace dlc::runtime::data
