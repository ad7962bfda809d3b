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

/// What stands in test/check/NAME.err is exactly what is said of test/check/NAME.nn. With
/// DLC_UPDATE_GOLDEN=1 the files are rewritten instead.
TEST(Check, WrongPrograms) {
  int count = 0;
  for (const auto &file : fs::directory_iterator(kRoot / "test/check")) {
    if (file.path().extension() != ".nn")
      continue;
    ++count;
    CheckOptions options;
    options.baseFolder = (kRoot / "test/check").string();
    Checked checked(file.path().filename(), contents(file.path()), options);
    std::string said = checked.diagnostics.render();
    EXPECT_NE(said, "") << file.path() << " is accepted";
    EXPECT_FALSE(checked.network.has_value()) << file.path();
    fs::path golden = file.path();
    golden.replace_extension(".err");
    if (std::getenv("DLC_UPDATE_GOLDEN"))
      std::ofstream(golden, std::ios::binary) << said;
    EXPECT_EQ(said, contents(golden)) << file.path();
  }
  EXPECT_GE(count, 50);
}

} // namespace
} // namespace dlc::lang
