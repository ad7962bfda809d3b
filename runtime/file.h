// Whole files: read or mapped at once, and written so that nobody ever sees half of one.
#pragma once

#include "runtime/status.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace dlc::runtime {

bool fileExists(const std::string &path);
Status readFile(const std::string &path, std::string *bytes);

// A file's bytes where the system keeps them, without a copy: for large ones that are read once. A
// file that somebody shortens meanwhile ends the program.
class MappedFile {
public:
  MappedFile() = default;
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;
  ~MappedFile();
  Status open(const std::string &path);
  const unsigned char *data() const { return data_; }
  size_t size() const { return size_; }

private:
  const unsigned char *data_ = nullptr;
  size_t size_ = 0;
  bool isMapped_ = false;
  std::string read_; // what cannot be mapped, as a pipe
};

// A part of a file to write; the memory stays the caller's.
using FilePart = std::pair<const void *, size_t>;

// Writes `path` by way of a temporary file beside it, fsync, rename, and fsync of the folder: after
// a crash at any moment the path holds the old bytes or the new ones. Where a link stands, the file
// it leads to is written; a device or a pipe is written into.
Status writeFileAtomically(const std::string &path, const std::vector<FilePart> &parts);

// Creates the folder and those it lies in.
Status makeFolders(const std::string &path);
std::string folderOf(const std::string &path);                            // "." for a bare name
std::string joinPath(const std::string &folder, const std::string &name); // an absolute name stays

} // namespace dlc::runtime
