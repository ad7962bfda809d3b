// Runs a program and catches what it prints.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace dlc::runtime {

struct Outcome {
  int exit = -1; // the exit code; minus the signal's number where one ended it
  std::string out, err;
};

// The hand-written model's program, started in `folder`. It is killed at its `killAt`-th call that
// changes a file, if it makes so many; 0: never.
class Program {
public:
  Program(const std::string &folder, const std::vector<std::string> &arguments,
          const char *model = "f32", int killAt = 0);
  ~Program(); // kills it if it still runs

  void signal(int number) const;
  // Waits for its end.
  Outcome wait();

private:
  pid_t process_ = -1;
  int out_ = -1, err_ = -1; // unlinked files
};

inline Outcome run(const std::string &folder, const std::vector<std::string> &arguments,
                   const char *model = "f32") {
  return Program(folder, arguments, model).wait();
}

} // namespace dlc::runtime
