// The parser: what it makes of right programs, what it says of wrong ones, and that nothing breaks
// it.
#include "lang/syntax/parse.h"

#include "stdlib/embedded.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <regex>
#include <set>
#include <sstream>

using namespace dlc::lang;
namespace fs = std::filesystem;

namespace {

const fs::path kSource = SOURCE_FOLDER;

std::string readFile(const fs::path &path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

struct Result {
  std::string tree;
  std::string errors;
};

Result parseText(const std::string &text, const std::string &name = "test.nn") {
  Sources sources;
  int32_t file = sources.add(name, text);
  Diagnostics diagnostics(sources);
  ast::File tree = parse(sources, file, diagnostics);
  return {ast::print(tree), diagnostics.render()};
}

/// The tree of a program without errors, as text.
std::string treeOf(const std::string &text) {
  Result result = parseText(text);
  EXPECT_EQ(result.errors, "") << text;
  return result.tree;
}

/// The tree of an expression.
std::string exprOf(const std::string &text) {
  std::string tree = treeOf("const c = " + text);
  return tree.substr(0, 10) == "const c = " ? tree.substr(10, tree.size() - 11) : tree;
}

TEST(Parse, StandardLibrary) {
  ASSERT_FALSE(dlc::standardLibrary().empty());
  for (const dlc::StandardFile &file : dlc::standardLibrary())
    EXPECT_NE(treeOf(file.text), "") << file.name;
}

TEST(Parse, EmptyFile) {
  EXPECT_EQ(treeOf(""), "");
  EXPECT_EQ(treeOf("\n\n"), "");
  EXPECT_EQ(treeOf("// a comment without a line's end"), "");
  EXPECT_EQ(treeOf("\xEF\xBB\xBF"
                   "const a = 1"),
            "const a = 1\n");
}

// --- operators -----------------------------------------------------------------------------------

TEST(Parse, PrecedenceOfArithmetic) {
  EXPECT_EQ(exprOf("a + b * c - d"), "((a + (b * c)) - d)");
  EXPECT_EQ(exprOf("x @ w + b"), "((x @ w) + b)");
  EXPECT_EQ(exprOf("-x ** 2"), "(-(x ** 2))");
  EXPECT_EQ(exprOf("2 ** -x * y"), "((2 ** (-x)) * y)");
  EXPECT_EQ(exprOf("2 ** 3 ** 4"), "(2 ** (3 ** 4))");
  EXPECT_EQ(exprOf("-a * b"), "((-a) * b)");
  EXPECT_EQ(exprOf("a - -b"), "(a - (-b))");
  EXPECT_EQ(exprOf("a / b / c % d"), "(((a / b) / c) % d)");
}

TEST(Parse, PrecedenceOfLogic) {
  EXPECT_EQ(exprOf("not a == b and c or d"), "(((not (a == b)) and c) or d)");
  EXPECT_EQ(exprOf("a or b and c"), "(a or (b and c))");
  EXPECT_EQ(exprOf("a + 1 > b * 2"), "((a + 1) > (b * 2))");
  EXPECT_EQ(exprOf("0..n - 1"), "(0..(n - 1))");
  EXPECT_EQ(exprOf("0..3"), "(0..3)");
}

TEST(Parse, PipeTakesTheArithmeticToItsLeft) {
  EXPECT_EQ(exprOf("x @ w + b |> relu"), "(((x @ w) + b) |> relu)");
  EXPECT_EQ(exprOf("x |> f |> g(1)"), "((x |> f) |> g(1))");
  EXPECT_EQ(exprOf("x |> f + y"), "((x |> f) + y)");
  EXPECT_EQ(exprOf("x |> f(1)(2) * y"), "((x |> f(1)(2)) * y)");
  EXPECT_EQ(exprOf("a >= b |> f"), "(a >= (b |> f))");
  EXPECT_EQ(exprOf("-x |> f"), "((-x) |> f)");
  EXPECT_EQ(exprOf("x - (y |> f)"), "(x - (y |> f))");
}

TEST(Parse, CallsIndicesAndMembers) {
  EXPECT_EQ(exprOf("f(1)(x, k = 2)[0].name(3,)"), "f(1)(x, k = 2)[0].name(3)");
  EXPECT_EQ(exprOf("f()"), "f()");
  EXPECT_EQ(exprOf("[[0.3, -0.1], [0.5, 0.2],]"), "[[0.3, (-0.1)], [0.5, 0.2]]");
  EXPECT_EQ(exprOf("(a, (b), c)"), "(a, b, c)");
  EXPECT_EQ(exprOf("\"a\\n\\\"b\\\"\""), "\"a\\n\\\"b\\\"\"");
  EXPECT_EQ(exprOf("1e-3"), "0.001");
  EXPECT_EQ(exprOf("[]"), "[]");
}

// --- lines ---------------------------------------------------------------------------------------

TEST(Parse, LinesThatContinue) {
  EXPECT_EQ(exprOf("x\n  |> f // why\n\n  // and then\n  |> g"), "((x |> f) |> g)");
  EXPECT_EQ(exprOf("a +\n  b\n  * c"), "(a + (b * c))");
  EXPECT_EQ(exprOf("f(\n  1,\n  2\n)"), "f(1, 2)");
  EXPECT_EQ(exprOf("if a { b }\n  else { c }"), "(if a { b } else { c })");
  EXPECT_EQ(exprOf("f(if a {\n b\n} else {\n c\n})"), "f((if a { b } else { c }))");
  EXPECT_EQ(treeOf("fn f(x)\n  =\n  x"), "fn f(x)\n  = x\n");
  EXPECT_EQ(treeOf("layer f(n: int)\n  (x: f32[B])\n  -> f32[B]\n{\n  return x\n}"),
            "layer f(n: int)(x: f32[B]) -> f32[B]\n  return x\n");
  EXPECT_EQ(
      treeOf(
          "fn f(x) {\n  scan a in x\n  along 1\n  reversed\n  lengths n, h = b\n  { yield a }\n}"),
      treeOf("fn f(x) {\n  scan a in x along 1 reversed lengths n, h = b { yield a }\n}"));
}

TEST(Parse, LinesThatBeginStatements) {
  EXPECT_EQ(treeOf("fn f(x) {\n  let a = loop i in x { yield i }\n  lengths = a\n}"),
            "fn f(x)\n  let a = (loop i in x { yield i })\n  lengths = a\n");
  EXPECT_EQ(treeOf("fn f(x) {\n  let a = x\n  -a\n}"), "fn f(x)\n  let a = x\n  (-a)\n");
  EXPECT_EQ(treeOf("fn f(x) {\n  let a = x\n  (a, x)\n}"), "fn f(x)\n  let a = x\n  (a, x)\n");
  EXPECT_EQ(treeOf("fn f(x) {\n  let a = x\n  [a]\n}"), "fn f(x)\n  let a = x\n  [a]\n");
  EXPECT_EQ(treeOf("const a = 1\r\nconst b = 2\r\n"), "const a = 1\nconst b = 2\n");
}

// --- statements and items ------------------------------------------------------------------------

TEST(Parse, Statements) {
  EXPECT_EQ(treeOf("layer l(n: int = 2)(x: f32[..., I]) -> (f32[I], f32[n]) {\n"
                   "  param w: f32[I, 2 * n] = [[1.0], [2.0]]\n"
                   "  state mean: f32[n] = zeros\n"
                   "  let (a, b) = split(x)\n"
                   "  let y: f32[n] = a\n"
                   "  var z = b\n"
                   "  z = z + 1\n"
                   "  mean <- z\n"
                   "  for i in 0..n { z = z * i }\n"
                   "  return (y, z)\n"
                   "}"),
            "layer l(n: int = 2)(x: f32[..., I]) -> (f32[I], f32[n])\n"
            "  param w: f32[I, (2 * n)] = [[1.0], [2.0]]\n"
            "  state mean: f32[n] = zeros\n"
            "  let (a, b) = split(x)\n"
            "  let y: f32[n] = a\n"
            "  var z = b\n"
            "  z = (z + 1)\n"
            "  mean <- z\n"
            "  for i in (0..n)\n"
            "    z = (z * i)\n"
            "  return (y, z)\n");
}

TEST(Parse, ElseIfNests) {
  std::string expected = "fn f(n)\n  if (n == 1)\n    return 1\n  else\n    if (n == 2)\n"
                         "      return 2\n    else\n      return 3\n";
  EXPECT_EQ(treeOf("fn f(n) {\n  if n == 1 {\n    return 1\n  } else if n == 2 {\n    return 2\n"
                   "  } else {\n    return 3\n  }\n}"),
            expected);
  EXPECT_EQ(treeOf("fn f(n) {\n  if n == 1 { return 1 }\n  else if n == 2 { return 2 }\n"
                   "  else { return 3 }\n}"),
            expected);
}

TEST(Parse, LoopsThatCarry) {
  EXPECT_EQ(treeOf("fn f(x, n) {\n"
                   "  let (h, c) = loop i in 0..n, h = x,\n"
                   "                    c = g(x, 1) {\n"
                   "    next c = h\n"
                   "    next h = next c + 1\n"
                   "  }\n"
                   "  return f(loop i in 0..2, h = x { next h = h }, c)\n"
                   "}"),
            "fn f(x, n)\n"
            "  let (h, c) = (loop i in (0..n), h = x, c = g(x, 1) "
            "{ next c = h; next h = (next c + 1) })\n"
            "  return f((loop i in (0..2), h = x { next h = h }), c)\n");
  EXPECT_EQ(treeOf("fn f(loop, next) {\n  let h = loop + next(1)\n  return next\n}"),
            "fn f(loop, next)\n  let h = (loop + next(1))\n  return next\n")
      << "words like others elsewhere";
}

TEST(Parse, DocumentationBelongsToWhatFollows) {
  EXPECT_EQ(treeOf("/// One\n///  two.\n// not this\nconst a = 1\n//// nor this\nconst b = 2"),
            "/// One\n///  two.\nconst a = 1\nconst b = 2\n");
  EXPECT_EQ(treeOf("fn f(x) {\n  /// The half.\n  let h = x / 2\n  return h\n}"),
            "fn f(x)\n  /// The half.\n  let h = (x / 2)\n  return h\n");
}

TEST(Parse, WordsThatAreKeywordsOnlyInTheirPlace) {
  EXPECT_EQ(treeOf("fn step(data: shape, state: init, on: type) {\n"
                   "  let model = data\n"
                   "  let layer = train(param = state, each = on)\n"
                   "  var use = op\n"
                   "  use = model\n"
                   "  state <- use\n"
                   "  return fn(layer)\n"
                   "}\n"
                   "train data on on { data = const }"),
            "fn step(data: shape, state: init, on: type)\n"
            "  let model = data\n"
            "  let layer = train(param = state, each = on)\n"
            "  var use = op\n"
            "  use = model\n"
            "  state <- use\n"
            "  return fn(layer)\n"
            "train data on on\n"
            "  data = const\n");
}

TEST(Parse, RangesAndFocus) {
  std::string text = "const c = x |> conv(6)\nconst d = (a + b) * c";
  Sources sources;
  int32_t file = sources.add("test.nn", text);
  Diagnostics diagnostics(sources);
  ast::File tree = parse(sources, file, diagnostics);
  ASSERT_EQ(tree.items.size(), 2u);
  auto at = [&](Range range) { return text.substr(range.begin, range.end - range.begin); };
  EXPECT_EQ(at(tree.items[0].range), "const c = x |> conv(6)");
  EXPECT_EQ(at(tree.items[0].value->range), "x |> conv(6)");
  EXPECT_EQ(at(tree.items[0].value->focus), "conv");
  EXPECT_EQ(at(tree.items[1].value->range), "(a + b) * c");
  EXPECT_EQ(at(tree.items[1].value->focus), "*");
  EXPECT_EQ(at(tree.items[1].value->operands[0]->range), "(a + b)");
}

// --- wrong programs ------------------------------------------------------------------------------

std::vector<fs::path> wrongPrograms() {
  std::vector<fs::path> result;
  for (const fs::directory_entry &entry : fs::directory_iterator(kSource / "test/parse"))
    if (entry.path().extension() == ".nn")
      result.push_back(entry.path());
  std::sort(result.begin(), result.end());
  return result;
}

// Each test/parse/NAME.nn gives exactly the text of NAME.err. DLC_UPDATE_GOLDEN=1 rewrites them.
TEST(Parse, WrongPrograms) {
  bool update = std::getenv("DLC_UPDATE_GOLDEN") != nullptr;
  std::vector<fs::path> programs = wrongPrograms();
  EXPECT_GE(programs.size(), 20u);
  for (const fs::path &path : programs) {
    std::string errors = parseText(readFile(path), path.filename().string()).errors;
    EXPECT_NE(errors, "") << path;
    fs::path expected = fs::path(path).replace_extension(".err");
    if (update)
      std::ofstream(expected, std::ios::binary) << errors;
    EXPECT_EQ(errors, readFile(expected)) << path;
  }
}

TEST(Parse, EveryDiagnosticHasATest) {
  std::string golden = "[file-too-large]"; // see TooLarge
  for (const fs::path &path : wrongPrograms())
    golden += readFile(fs::path(path).replace_extension(".err"));
  std::set<std::string> ids;
  std::regex id("\"([a-z0-9]+(-[a-z0-9]+)+)\"");
  for (const char *name :
       {"lexer.l", "layout.cpp", "builder.cpp", "parse.cpp", "syntax_error.cpp"}) {
    std::string text = readFile(kSource / "lang/syntax" / name);
    for (std::sregex_iterator match(text.begin(), text.end(), id), end; match != end; ++match)
      ids.insert((*match)[1]);
  }
  EXPECT_GE(ids.size(), 15u);
  for (const std::string &id : ids)
    EXPECT_NE(golden.find("[" + id + "]"), std::string::npos) << id << " has no test";
}

TEST(Parse, TooLarge) {
  Result result = parseText(std::string((16 << 20) + 1, ' '));
  EXPECT_EQ(result.errors.substr(0, result.errors.find('\n')),
            "error: the file has 16 MiB, more than the 16 MiB a model may have [file-too-large]");
  EXPECT_EQ(treeOf(std::string(16 << 20, ' ')), "");
}

// --- robustness ----------------------------------------------------------------------------------

// Neither the stack overflows nor does the time grow with the square of the length.
TEST(Parse, TooMuchOfAnything) {
  auto times = [](int count, const std::string &text) {
    std::string result;
    for (int i = 0; i < count; ++i)
      result += text;
    return result;
  };
  constexpr int kMany = 100000;
  for (const char *unit : {"(",        "[",       "{",       "-",        "not ", "a + ",
                           "a ** ",    "a |> f ", "f(",      "if a {",   ".a",   "if a { } else ",
                           "fn f() {", "f32[",    "/// x\n", "\"",       "a = ", "|> f\n",
                           "let\n",    "let $\n", "}\n",     "a b { }\n"}) {
    EXPECT_NE(parseText("const c = a " + times(kMany, unit)).tree, "no") << unit;
    EXPECT_NE(parseText("fn f(x: " + times(kMany, unit)).tree, "no") << unit;
    EXPECT_NE(parseText("fn f(x) {\n" + times(kMany, unit)).tree, "no") << unit;
  }
}

/// The standard library with bytes or words taken out, doubled or exchanged, always the same ones.
/// What comes back must have a message wherever it is not a right program, and end in time.
TEST(Parse, DamagedPrograms) {
  std::mt19937 random(20);
  auto below = [&](size_t limit) { return static_cast<size_t>(random() % limit); };
  const char *pieces[] = {"(",  ")",  "{",  "}",    "[",   "]",     "\n",     "\"",
                          "=",  "|>", ",",  "let ", "if ", "else ", "model ", "0",
                          "..", "-",  "\\", "\xff", ";",   "// ",   "/// ",   "\t"};
  for (const dlc::StandardFile &file : dlc::standardLibrary()) {
    std::string original = file.text;
    for (int round = 0; round < 150; ++round) {
      std::string text = original;
      for (size_t change = 0; change <= below(4); ++change) {
        if (text.empty())
          break;
        size_t at = below(text.size()), length = 1 + below(std::min<size_t>(12, text.size() - at));
        switch (below(4)) {
        case 0:
          text.erase(at, length);
          break;
        case 1:
          text.insert(at, text.substr(at, length));
          break;
        case 2:
          text.insert(at, pieces[below(std::size(pieces))]);
          break;
        default:
          text.resize(at);
        }
      }
      Result result = parseText(text);
      if (result.errors.empty())
        EXPECT_EQ(parseText(text + "\n").tree, result.tree);
      else
        EXPECT_EQ(result.errors.substr(0, 7), "error: ") << text;
    }
  }
}

// --- source and diagnostics ----------------------------------------------------------------------

TEST(Sources, Places) {
  Sources sources;
  int32_t file = sources.add("a.nn", "ab\r\n\ncd");
  EXPECT_EQ(sources.place(file, 0).line, 1);
  EXPECT_EQ(sources.place(file, 3).column, 4);
  EXPECT_EQ(sources.place(file, 4).line, 2);
  EXPECT_EQ(sources.place(file, 6).line, 3);
  EXPECT_EQ(sources.place(file, 6).column, 2);
  EXPECT_EQ(sources.place(file, 99).column, 3);
  EXPECT_EQ(sources.line(file, 1), "ab");
  EXPECT_EQ(sources.line(file, 2), "");
  EXPECT_EQ(sources.line(file, 3), "cd");
  EXPECT_EQ(sources.line(file, 4), "");
}

TEST(Diagnostics, TheWholeForm) {
  Sources sources;
  std::string text;
  for (int i = 0; i < 8; ++i)
    text += "// line\n";
  text += "    |> conv(16, kernel = 5)\n";
  int32_t file = sources.add("net.nn", text);
  Diagnostics diagnostics(sources);
  Diagnostic &error =
      diagnostics.error("rank-mismatch", {file, 71, 75},
                        "`conv` needs a 4-axis input, found f32[B, 400]", "x: f32[N, C, H, W]");
  error.notes.push_back({{file, 59, 60}, "the value has 2 axes since this `flatten`"});
  error.help.push_back("move `flatten` after the last `conv`");
  diagnostics.warning("unused", {}, "a warning without a place");
  EXPECT_TRUE(diagnostics.hasErrors());
  EXPECT_EQ(diagnostics.render(),
            "error: `conv` needs a 4-axis input, found f32[B, 400] [rank-mismatch]\n"
            " --> net.nn:9:8\n"
            "   |\n"
            " 9 |     |> conv(16, kernel = 5)\n"
            "   |        ^~~~ x: f32[N, C, H, W]\n"
            "note: the value has 2 axes since this `flatten`\n"
            " --> net.nn:8:4\n"
            "help: move `flatten` after the last `conv`\n"
            "\n"
            "warning: a warning without a place [unused]\n"
            "\n");
}

TEST(Diagnostics, RangesOverSeveralLinesShowTheFirst) {
  Sources sources;
  int32_t file = sources.add("a.nn", "x = f(1,\n  2)\n");
  Diagnostics diagnostics(sources);
  diagnostics.error("id", {file, 4, 13}, "message");
  EXPECT_EQ(diagnostics.render(), "error: message [id]\n --> a.nn:1:5\n   |\n 1 | x = f(1,\n"
                                  "   |     ^~~~\n\n");
}

TEST(Diagnostics, EmptyFileAndEndOfFile) {
  Sources sources;
  int32_t empty = sources.add("a.nn", "");
  int32_t one = sources.add("b.nn", "ab");
  Diagnostics diagnostics(sources);
  diagnostics.error("id", {empty, 0, 0}, "empty");
  diagnostics.error("id", {one, 2, 2}, "end");
  EXPECT_EQ(diagnostics.render(), "error: empty [id]\n --> a.nn:1:1\n   |\n 1 |\n   | ^\n\n"
                                  "error: end [id]\n --> b.nn:1:3\n   |\n 1 | ab\n   |   ^\n\n");
}

TEST(Diagnostics, TheSameIsSaidOnce) {
  Sources sources;
  int32_t file = sources.add("a.nn", "ab");
  Diagnostics diagnostics(sources);
  for (int i = 0; i < 2; ++i)
    diagnostics.error("id", {file, 0, 1}, "message").help.push_back("help");
  ASSERT_EQ(diagnostics.all().size(), 1u);
  EXPECT_EQ(diagnostics.all()[0].help.size(), 1u);
}

TEST(DidYouMean, OnlyWhatIsNear) {
  std::vector<std::string> layers = {"conv", "dense", "dropout", "max_pool", "relu"};
  EXPECT_EQ(didYouMean("dens", layers), "dense");
  EXPECT_EQ(didYouMean("rleu", layers), "relu");
  EXPECT_EQ(didYouMean("maxpool", layers), "max_pool");
  EXPECT_EQ(didYouMean("lstm", layers), "");
  EXPECT_EQ(didYouMean("x", {"y"}), "");
  EXPECT_EQ(didYouMean("", layers), "");
}

} // namespace
