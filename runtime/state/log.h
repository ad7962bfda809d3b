// log.jsonl: one JSON object a line, for everything a training does.
#pragma once

#include "runtime/status.h"

#include <cstdint>
#include <string>

namespace dlc::runtime {

class Log {
public:
  Log() = default;
  Log(const Log &) = delete;
  Log &operator=(const Log &) = delete;
  ~Log();

  // Opens or creates the file and locks it: a second training in the same folder is refused.
  Status open(const std::string &path);
  // Forgets what was written after the first `bytes` bytes.
  Status truncate(int64_t bytes);
  int64_t bytes() const { return bytes_; }

  // Appends a line; with `echo` also prints it. Lines reach the file at flush() or when many wait.
  Status add(const std::string &line, bool echo);
  Status flush();
  // flush(), and the disk has it.
  Status sync();

private:
  std::string path_, waiting_;
  int file_ = -1;
  int64_t bytes_ = 0;
};

} // namespace dlc::runtime
