// The standard library's files as they are compiled into the program.
#pragma once

#include <vector>

namespace dlc {

struct StandardFile {
  const char *name; // "stdlib/dense.nn"
  const char *text;
};

/// All of them, in alphabetical order.
const std::vector<StandardFile> &standardLibrary();

} // namespace dlc
