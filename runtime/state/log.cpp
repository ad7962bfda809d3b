// log.jsonl: one JSON object a line, for everything a training does.
#include "runtime/state/log.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace dlc::runtime {

constexpr size_t kMostWaiting = 64 << 10;

Log::~Log() {
  if (file_ < 0)
    return;
  (void)!flush().failed(); // nobody is left to tell
  close(file_);
}

Status Log::open(const std::string &path) {
  path_ = path;
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file_ < 0)
    return inputError("cannot open `%s`: %s", path.c_str(), strerror(errno));
  if (flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return inputError("another training is writing to `%s`: wait for it, or choose another --run",
                      path.c_str());
  bytes_ = lseek(file_, 0, SEEK_END);
  return Status();
}

Status Log::truncate(int64_t bytes) {
  if (bytes_ <= bytes)
    return Status();
  if (ftruncate(file_, bytes) != 0)
    return inputError("cannot shorten `%s`: %s", path_.c_str(), strerror(errno));
  bytes_ = bytes;
  return Status();
}

Status Log::add(const std::string &line, bool echo) {
  if (echo)
    printf("%s\n", line.c_str());
  waiting_ += line;
  waiting_ += '\n';
  bytes_ += int64_t(line.size()) + 1;
  return waiting_.size() > kMostWaiting ? flush() : Status();
}

Status Log::flush() {
  for (size_t done = 0; done < waiting_.size();) {
    ssize_t written = write(file_, waiting_.data() + done, waiting_.size() - done);
    if (written < 0 && errno != EINTR)
      return inputError("cannot write `%s`: %s", path_.c_str(), strerror(errno));
    done += written > 0 ? size_t(written) : 0;
  }
  waiting_.clear();
  return Status();
}

Status Log::sync() {
  DLC_TRY(flush());
  fsync(file_);
  return Status();
}

} // namespace dlc::runtime
