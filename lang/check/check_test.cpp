// The checker on whole programs: the examples, and the collection of wrong ones.
#include "lang/check/checked.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <random>
#include <regex>
#include <set>

namespace dlc::lang {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = SOURCE_FOLDER;

std::vector<fs::path> filesIn(const fs::path &folder, const std::string &extension) {
  std::vector<fs::path> files;
  for (const auto &file : fs::recursive_directory_iterator(folder))
    if (file.path().extension() == extension)
      files.push_back(file.path());
  std::sort(files.begin(), files.end());
  return files;
}

/// What a test file asks for in its first line: `// -D hidden=12 -D depth=3`.
CheckOptions optionsOf(const std::string &text) {
  CheckOptions options;
  options.baseFolder = (kRoot / "test/check").string();
  std::string first = text.substr(0, text.find('\n'));
  std::regex define("-D (\\w+)=(\\S*)");
  for (std::sregex_iterator match(first.begin(), first.end(), define), end; match != end; ++match)
    options.defines[(*match)[1]] = (*match)[2];
  return options;
}

TEST(Check, Examples) {
  for (const fs::path &file : filesIn(kRoot / "examples", ".nn")) {
    if (contents(file).find("\nmodel ") == std::string::npos)
      continue; // used by others
    CheckOptions options;
    options.baseFolder = file.parent_path().string();
    Checked checked(file.filename(), contents(file), options);
    EXPECT_EQ(checked.diagnostics.render(), "") << file;
    ASSERT_TRUE(checked.network.has_value()) << file;
    EXPECT_NE(print(*checked.network).find("loss = %"), std::string::npos) << file;
  }
}

/// What stands in test/check/NAME.err is exactly what is said of test/check/NAME.nn. With
/// DLC_UPDATE_GOLDEN=1 the files are rewritten instead.
TEST(Check, WrongPrograms) {
  int count = 0;
  for (const fs::path &file : filesIn(kRoot / "test/check", ".nn")) {
    fs::path golden = file;
    golden.replace_extension(".err");
    if (file.filename().string().starts_with("module_"))
      continue; // used by others
    ++count;
    std::string text = contents(file);
    Checked checked(file.filename(), text, optionsOf(text));
    std::string said = checked.diagnostics.render();
    EXPECT_NE(said, "") << file << " is accepted";
    EXPECT_FALSE(checked.network.has_value()) << file;
    if (std::getenv("DLC_UPDATE_GOLDEN"))
      std::ofstream(golden, std::ios::binary) << said;
    EXPECT_EQ(said, contents(golden)) << file;
  }
  EXPECT_GE(count, 150);
}

/// Every diagnostic that a source in lang/ can report is expected by some golden file.
TEST(Check, EveryDiagnosticIsTested) {
  std::set<std::string> tested;
  std::regex shown("\\[([a-z0-9]+(-[a-z0-9]+)+)\\]\n");
  for (const char *folder : {"test/check", "test/parse"})
    for (const fs::path &file : filesIn(kRoot / folder, ".err")) {
      std::string text = contents(file);
      for (std::sregex_iterator match(text.begin(), text.end(), shown), end; match != end; ++match)
        tested.insert((*match)[1]);
    }
  std::set<std::string> reported;
  std::regex call("(?:error|warning|report)\\(\\s*\"([a-z0-9-]+)\""),
      named("return \"([a-z]+(-[a-z]+)+)\";");
  for (const char *extension : {".cpp", ".l", ".y"})
    for (const fs::path &file : filesIn(kRoot / "lang", extension)) {
      if (file.filename().string().ends_with("_test.cpp"))
        continue;
      std::string text = contents(file);
      for (const std::regex &form : {call, named})
        for (std::sregex_iterator match(text.begin(), text.end(), form), end; match != end; ++match)
          reported.insert((*match)[1]);
    }
  EXPECT_GE(reported.size(), 60u);
  std::string reference = contents(kRoot / "lang/REFERENCE.md");
  for (const std::string &id : reported) {
    EXPECT_TRUE(tested.count(id)) << "no golden test expects [" << id << "]";
    EXPECT_NE(reference.find("`" + id + "`"), std::string::npos)
        << "[" << id << "] is not in lang/REFERENCE.md";
  }
}

/// What computes real numbers of real numbers, element by element, computes static ones, too; the
/// reference lists what is no operator.
TEST(Check, ElementwiseOperationsTakeNumbers) {
  std::set<std::string> operators = {"neg", "add", "sub", "mul", "div", "pow"};
  std::string declarations = contents(kRoot / "stdlib/ops.nn");
  std::string reference = contents(kRoot / "lang/REFERENCE.md");
  reference.resize(reference.find("work on static numbers"));
  reference.erase(0, reference.rfind("`sqrt "));
  std::regex elementwise("\nop (\\w+)\\(\\w+: (?:real|number)\\[\\.\\.\\.\\]"
                         "(, \\w+: (?:real|number)\\[\\.\\.\\.\\])?\\) "
                         "-> (?:real|number)\\[\\.\\.\\.\\]");
  int count = 0;
  for (std::sregex_iterator match(declarations.begin(), declarations.end(), elementwise), end;
       match != end; ++match) {
    std::string op = (*match)[1];
    if (op == "stop_gradient") // of a number there is no gradient
      continue;
    ++count;
    std::string call = op + ((*match)[2].matched ? "(0.5, 0.25)" : "(0.5)");
    Checked checked(op + ".nn", "const c = " + call +
                                    "\nmodel net(x: f32[B]) -> (y: f32[B]) {\n  y = c * x\n}\n");
    EXPECT_EQ(checked.diagnostics.render(), "")
        << "`" << op << "` of numbers is not in lang/check/arithmetic.cpp";
    EXPECT_TRUE(operators.count(op) || std::regex_search(reference, std::regex("\\b" + op + "\\b")))
        << "lang/REFERENCE.md does not say that `" << op << "` works on static numbers";
  }
  EXPECT_GE(count, 18);
}

/// Programs with lines and characters missing, doubled or swapped: errors perhaps, crashes never.
TEST(Check, SurvivesDamagedPrograms) {
  std::mt19937 random(1);
  std::vector<fs::path> files = filesIn(kRoot / "examples", ".nn");
  for (const fs::path &file : filesIn(kRoot / "test/check", ".nn"))
    files.push_back(file);
  for (const fs::path &file : files)
    for (int round = 0; round < 6; ++round) {
      std::string text = contents(file);
      for (int damage = 0; damage <= round; ++damage) {
        if (text.size() < 4)
          break;
        size_t at = random() % (text.size() - 2);
        size_t length = 1 + random() % std::min<size_t>(12, text.size() - at - 1);
        std::string part = text.substr(at, length);
        switch (random() % 3) {
        case 0:
          text.erase(at, length);
          break;
        case 1:
          text.insert(random() % text.size(), part);
          break;
        default:
          std::swap(text[at], text[random() % text.size()]);
        }
      }
      Checked checked("damaged.nn", text, optionsOf(""));
      if (!checked.network)
        EXPECT_TRUE(checked.diagnostics.hasErrors()) << text;
      else
        EXPECT_FALSE(checked.diagnostics.hasErrors()) << text;
    }
}

} // namespace
} // namespace dlc::lang
