// Kills the hand-written model's program at its n-th call that changes a file, n from HAND_KILL_AT;
// of a write the first half is done. The linker puts these in the place of the C library's
// (--wrap).
#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

// Names that --wrap gives.
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming)
extern "C" {

int __real_fsync(int);
int __real_ftruncate(int, off_t);
int __real_mkdir(const char *, mode_t);
int __real_open(const char *, int, ...);
int __real_rename(const char *, const char *);
ssize_t __real_write(int, const void *, size_t);

static bool isTheLast() {
  static const char *number = getenv("HAND_KILL_AT");
  static int left = number ? int(strtol(number, nullptr, 10)) : 0;
  return --left == 0;
}

static void dieIfItIsTheLast() {
  if (isTheLast())
    raise(SIGKILL);
}

int __wrap_fsync(int file) {
  dieIfItIsTheLast();
  return __real_fsync(file);
}

int __wrap_ftruncate(int file, off_t size) {
  dieIfItIsTheLast();
  return __real_ftruncate(file, size);
}

int __wrap_mkdir(const char *path, mode_t mode) {
  dieIfItIsTheLast();
  return __real_mkdir(path, mode);
}

int __wrap_open(const char *path, int flags, ...) {
  if (!(flags & O_CREAT))
    return __real_open(path, flags);
  dieIfItIsTheLast();
  va_list more;
  va_start(more, flags);
  auto mode = va_arg(more, mode_t);
  va_end(more);
  return __real_open(path, flags, mode);
}

int __wrap_rename(const char *from, const char *to) {
  dieIfItIsTheLast();
  return __real_rename(from, to);
}

ssize_t __wrap_write(int file, const void *bytes, size_t size) {
  if (isTheLast()) {
    if (__real_write(file, bytes, size / 2) >= 0)
      raise(SIGKILL);
    abort();
  }
  return __real_write(file, bytes, size);
}
}
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)
