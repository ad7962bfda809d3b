// What a training shows while it runs: one live line on a terminal, plain lines elsewhere.
#pragma once

#include <cstdint>
#include <string>

namespace dlc::runtime {

double secondsNow(); // of a clock that never jumps

class Display {
public:
  // With `quiet`, nothing is shown.
  explicit Display(bool quiet);

  // Whether it is time for another update().
  bool due() const;
  // Replaces the live line, or prints a plain one.
  void update(const std::string &line);
  // Prints a line that stays.
  void line(const std::string &line);
  // Takes the live line away, before somebody else prints.
  void clear();

private:
  bool quiet_, live_;
  double last_;
};

} // namespace dlc::runtime
