// Builds the statuses of the three kinds of failure.
#include "runtime/status.h"

#include "runtime/text.h"

namespace dlc::runtime {

#define DLC_STATUS_OF(fault)                                                                       \
  va_list arguments;                                                                               \
  va_start(arguments, format);                                                                     \
  std::string message = formatList(format, arguments);                                             \
  va_end(arguments);                                                                               \
  return Status(fault, std::move(message))

Status inputError(const char *format, ...) { DLC_STATUS_OF(Fault::Input); }
Status usageError(const char *format, ...) { DLC_STATUS_OF(Fault::Usage); }
Status internalError(const char *format, ...) { DLC_STATUS_OF(Fault::Internal); }

} // namespace dlc::runtime
