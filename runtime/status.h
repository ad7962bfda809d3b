// Whether a call succeeded, and if not, whose fault it is and what to tell the user.
#pragma once

#include <cstdarg>
#include <string>

namespace dlc::runtime {

// The values are the program's exit codes.
enum class Fault { None = 0, Input = 1, Usage = 2, Internal = 3, Interrupted = 130 };

class [[nodiscard]] Status {
public:
  Status() = default;
  Status(Fault fault, std::string message) : fault_(fault), message_(std::move(message)) {}

  bool failed() const { return fault_ != Fault::None; }
  Fault fault() const { return fault_; }
  // One sentence: what is wrong, where, and what to do; without "error: ".
  const std::string &message() const { return message_; }

private:
  Fault fault_ = Fault::None;
  std::string message_;
};

// The user's files or data are wrong.
Status inputError(const char *format, ...) __attribute__((format(printf, 1, 2)));
// The command line is wrong.
Status usageError(const char *format, ...) __attribute__((format(printf, 1, 2)));
// The program itself is wrong.
Status internalError(const char *format, ...) __attribute__((format(printf, 1, 2)));

} // namespace dlc::runtime

// Returns from the enclosing function when `expression` failed.
#define DLC_TRY(expression)                                                                        \
  do {                                                                                             \
    if (::dlc::runtime::Status status_ = (expression); status_.failed())                           \
      return status_;                                                                              \
  } while (false)
