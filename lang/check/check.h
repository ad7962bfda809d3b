// From syntax trees to a checked network.
#pragma once

#include "lang/net/net.h"
#include "lang/syntax/ast.h"

namespace dlc::lang {

struct CheckOptions {
  std::map<std::string, std::string> defines; // -D name=value
  std::optional<uint64_t> seed;               // --seed
  std::optional<int64_t> batch;               // --batch
  std::string baseFolder;                     // `use` and data paths in the file are relative to it
};

/// Checks a program: the standard library's files, then the user's (modules it uses are read and
/// added to `sources`). Empty if there were errors, which are then in `diagnostics`.
std::optional<Network> check(Sources &sources, const std::vector<ast::File> &standardLibrary,
                             const ast::File &program, const CheckOptions &options,
                             Diagnostics &diagnostics);

} // namespace dlc::lang
