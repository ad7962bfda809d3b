// Files that may be gzip-compressed.
#pragma once

#include "runtime/buffer.h"
#include "runtime/status.h"

#include <string>

namespace dlc::runtime {

// All bytes of a file, unpacked if it is gzip-compressed, which its first bytes tell. Damaged data
// is an error that names the file.
Status readUnpacked(const std::string &path, Bytes *bytes);

} // namespace dlc::runtime
