// Whole files: read or mapped at once, and written so that nobody ever sees half of one.
#include "runtime/file.h"

#include "runtime/text.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dlc::runtime {

static Status failure(const char *what, const std::string &path) {
  return inputError("cannot %s `%s`: %s", what, path.c_str(), strerror(errno));
}

bool fileExists(const std::string &path) { return access(path.c_str(), F_OK) == 0; }

// Opens a file for reading; `size` is 0 if it has none, as a pipe.
static Status openToRead(const std::string &path, int *file, size_t *size) {
  *file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (*file < 0)
    return failure("open", path);
  struct stat about;
  if (fstat(*file, &about) != 0 || S_ISDIR(about.st_mode)) {
    if (S_ISDIR(about.st_mode))
      errno = EISDIR;
    Status status = failure("read", path);
    close(*file);
    return status;
  }
  *size = size_t(about.st_size);
  return Status();
}

// Reads until the file ends, whatever its size is said to be, and closes it.
static Status readAndClose(int file, const std::string &path, size_t size, std::string *bytes) {
  bytes->clear();
  bytes->reserve(size);
  char block[65536];
  for (;;) {
    ssize_t got = read(file, block, sizeof block);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0) {
      Status status = failure("read", path);
      close(file);
      return status;
    }
    if (got == 0)
      break;
    bytes->append(block, size_t(got));
  }
  close(file);
  return Status();
}

Status readFile(const std::string &path, std::string *bytes) {
  int file;
  size_t size;
  DLC_TRY(openToRead(path, &file, &size));
  return readAndClose(file, path, size, bytes);
}

Status MappedFile::open(const std::string &path) {
  int file;
  DLC_TRY(openToRead(path, &file, &size_));
  if (size_ > 0) {
    void *data = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    isMapped_ = data != MAP_FAILED;
    data_ = static_cast<const unsigned char *>(data);
  }
  if (isMapped_) {
    close(file);
    return Status();
  }
  DLC_TRY(readAndClose(file, path, size_, &read_));
  data_ = reinterpret_cast<const unsigned char *>(read_.data());
  size_ = read_.size();
  return Status();
}

MappedFile::~MappedFile() {
  if (isMapped_)
    munmap(const_cast<unsigned char *>(data_), size_);
}

static bool writeAll(int file, const void *data, size_t size) {
  auto *bytes = static_cast<const char *>(data);
  while (size > 0) {
    ssize_t written = write(file, bytes, size);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return false;
    bytes += written;
    size -= size_t(written);
  }
  return true;
}

static bool writeParts(int file, const std::vector<FilePart> &parts) {
  return std::all_of(parts.begin(), parts.end(),
                     [&](const FilePart &part) { return writeAll(file, part.first, part.second); });
}

static Status writeInto(const std::string &path, const std::vector<FilePart> &parts) {
  int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0)
    return failure("write", path);
  Status status = writeParts(file, parts) ? Status() : failure("write", path);
  close(file);
  return status;
}

// What is there under this name, which no file may replace: a device or a pipe.
static bool isSpecial(const std::string &path) {
  struct stat existing;
  return stat(path.c_str(), &existing) == 0 && !S_ISREG(existing.st_mode) &&
         !S_ISDIR(existing.st_mode);
}

// The file that a link leads to; what is no link stays as it is.
static std::string behindLinks(const std::string &path) {
  struct stat named;
  if (lstat(path.c_str(), &named) != 0 || !S_ISLNK(named.st_mode))
    return path;
  char *resolved = realpath(path.c_str(), nullptr);
  std::string file = resolved ? resolved : path;
  free(resolved);
  return file;
}

Status writeFileAtomically(const std::string &name, const std::vector<FilePart> &parts) {
  if (isSpecial(name))
    return writeInto(name, parts);
  std::string path = behindLinks(name);
  // A fixed name, so that what a killed run leaves behind is overwritten by the next.
  std::string temporary = path + ".partial";
  int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0)
    return failure("create", temporary);
  if (!writeParts(file, parts) || fsync(file) != 0) {
    Status status = failure("write", temporary);
    close(file);
    unlink(temporary.c_str());
    return status;
  }
  close(file);
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    Status status = failure("write", path);
    unlink(temporary.c_str());
    return status;
  }
  // The rename itself lasts only when the folder is on disk. Some file systems cannot sync a
  // folder.
  int folder = open(folderOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    fsync(folder);
    close(folder);
  }
  return Status();
}

Status makeFolders(const std::string &path) {
  for (size_t end = 1; end <= path.size(); ++end) {
    if (end < path.size() && path[end] != '/')
      continue;
    std::string folder = path.substr(0, end);
    if (mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
      return failure("create the folder", folder);
  }
  struct stat about;
  if (stat(path.c_str(), &about) != 0 || !S_ISDIR(about.st_mode))
    return inputError("`%s` is not a folder", path.c_str());
  return Status();
}

std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string joinPath(const std::string &folder, const std::string &name) {
  if (folder.empty() || (!name.empty() && name[0] == '/'))
    return name;
  return folder.back() == '/' ? folder + name : folder + "/" + name;
}

} // namespace dlc::runtime
