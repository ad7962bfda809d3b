// For tests: a program's text, parsed and checked against the standard library.
#pragma once

#include "lang/check/check.h"
#include "lang/syntax/parse.h"
#include "stdlib/embedded.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace dlc::lang {

struct Checked {
  Sources sources;
  Diagnostics diagnostics{sources};
  std::vector<ast::File> library;
  ast::File program;
  std::optional<Network> network;

  explicit Checked(const std::string &name, const std::string &text,
                   const CheckOptions &options = {}) {
    for (const dlc::StandardFile &file : dlc::standardLibrary()) {
      int32_t source = sources.add(file.name, file.text, true);
      library.push_back(parse(sources, source, diagnostics));
    }
    program = parse(sources, sources.add(name, text), diagnostics);
    if (!diagnostics.hasErrors())
      network = check(sources, library, program, options, diagnostics);
  }
};

inline std::string contents(const std::filesystem::path &path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

} // namespace dlc::lang
