// Files that may be gzip-compressed.
#pragma once

#include "runtime/status.h"

#include <string>
#include <vector>

namespace dlc::runtime {

// All bytes of a file, unpacked if it is gzip-compressed, which its first bytes tell. Damaged data
// is an error that names the file.
Status readUnpacked(const std::string &path, std::vector<unsigned char> *bytes);

} // namespace dlc::runtime
