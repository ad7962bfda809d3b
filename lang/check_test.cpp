// The checker: what it makes of right programs, and what it says of wrong ones.
#include "lang/net.h"
#include "lang/parse.h"
#include "stdlib/embedded.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace dlc::lang {
namespace {

namespace fs = std::filesystem;

struct Checked {
  Sources sources;
  Diagnostics diagnostics{sources};
  std::vector<ast::File> library;
  ast::File program;
  std::optional<Network> network;

  explicit Checked(const std::string &name, const std::string &text, CheckOptions options = {}) {
    for (const dlc::StandardFile &file : dlc::standardLibrary()) {
      int32_t source = sources.add(file.name, file.text, true);
      library.push_back(parse(sources, source, diagnostics));
    }
    program = parse(sources, sources.add(name, text), diagnostics);
    if (!diagnostics.hasErrors())
      network = check(sources, library, program, options, diagnostics);
  }
};

std::string contents(const fs::path &path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

const fs::path kRoot = SOURCE_FOLDER;

TEST(Check, Examples) {
  for (const auto &folder : fs::directory_iterator(kRoot / "examples"))
    for (const auto &file : fs::directory_iterator(folder)) {
      if (file.path().extension() != ".nn")
        continue;
      Checked checked(file.path().filename(), contents(file.path()));
      EXPECT_EQ(checked.diagnostics.render(), "") << file.path();
      EXPECT_TRUE(checked.network.has_value()) << file.path();
      if (checked.network && std::getenv("DLC_PRINT"))
        std::cout << print(*checked.network);
    }
}

} // namespace
} // namespace dlc::lang
