// The functions that the language itself provides.
#pragma once

#include <string>
#include <vector>

namespace dlc::lang {

bool isBuiltin(const std::string &name);
std::vector<std::string> builtinNames();

} // namespace dlc::lang
