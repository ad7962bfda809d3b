// The functions that the language itself provides.
#pragma once

#include "lang/check/argument.h"

namespace dlc::lang {

bool isBuiltin(const std::string &name);
std::vector<std::string> builtinNames();

Value callBuiltin(const std::string &name, const std::vector<GivenArgument> &given, Range site,
                  Environment &caller);

} // namespace dlc::lang
