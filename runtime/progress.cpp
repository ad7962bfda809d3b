// What a training shows while it runs: one live line on a terminal, plain lines elsewhere.
#include "runtime/progress.h"

#include <cstdio>
#include <ctime>
#include <sys/ioctl.h>
#include <unistd.h>

namespace dlc::runtime {

constexpr double kLiveSeconds = 0.1, kPlainSeconds = 10;

double secondsNow() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

Display::Display(bool quiet) : quiet_(quiet), live_(isatty(STDOUT_FILENO)), last_(secondsNow()) {}

bool Display::due() const {
  return !quiet_ && secondsNow() - last_ >= (live_ ? kLiveSeconds : kPlainSeconds);
}

void Display::update(const std::string &text) {
  last_ = secondsNow();
  if (quiet_)
    return;
  if (!live_) {
    line(text);
    return;
  }
  // A line longer than the terminal would wrap and could not be taken back.
  winsize size = {};
  int width =
      ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1 : 79;
  printf("\r\033[K%.*s", width, text.c_str());
  fflush(stdout);
}

void Display::line(const std::string &text) {
  if (quiet_)
    return;
  clear();
  printf("%s\n", text.c_str());
  fflush(stdout);
}

void Display::clear() {
  if (!quiet_ && live_) {
    printf("\r\033[K");
    fflush(stdout);
  }
}

} // namespace dlc::runtime
