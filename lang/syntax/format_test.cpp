// The formatting: what it settles, that it changes neither tree nor comments, and that it is final.
#include "lang/syntax/format.h"

#include "lang/syntax/parse.h"
#include "lang/syntax/token.h"
#include "stdlib/embedded.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

using namespace dlc::lang;
namespace fs = std::filesystem;

namespace {

/// Empty if the text has errors.
std::optional<std::string> tryFormat(const std::string &text) {
  Sources sources;
  int32_t file = sources.add("test.nn", text);
  Diagnostics diagnostics(sources);
  return format(sources, file, diagnostics);
}

std::string formatted(const std::string &text) {
  std::optional<std::string> result = tryFormat(text);
  EXPECT_TRUE(result.has_value()) << text;
  return result.value_or("");
}

/// The syntax tree, then the comments that are not in it.
std::string contentOf(const std::string &text) {
  Sources sources;
  int32_t file = sources.add("test.nn", text);
  Diagnostics diagnostics(sources);
  std::string result = ast::print(parse(sources, file, diagnostics));
  std::vector<Diagnostic> problems;
  for (const Token &token : lex(sources, file, problems))
    if (token.kind == Parser::token::COMMENT) {
      std::string comment = text.substr(token.range.begin, token.range.end - token.range.begin);
      result += comment.substr(0, comment.find_last_not_of(" \t\r") + 1) + "\n";
    }
  return result + diagnostics.render();
}

void expectSound(const std::string &text) {
  std::optional<std::string> once = tryFormat(text);
  if (!once)
    return;
  EXPECT_EQ(contentOf(*once), contentOf(text)) << text;
  EXPECT_EQ(formatted(*once), *once) << text;
}

std::vector<std::string> rightPrograms() {
  std::vector<std::string> result;
  for (const dlc::StandardFile &file : dlc::standardLibrary())
    result.push_back(file.text);
  for (const char *folder : {"examples", "test/format"}) {
    if (!fs::exists(fs::path(SOURCE_FOLDER) / folder))
      continue;
    for (const auto &entry : fs::recursive_directory_iterator(fs::path(SOURCE_FOLDER) / folder))
      if (entry.path().extension() == ".nn") {
        std::ifstream in(entry.path());
        std::stringstream text;
        text << in.rdbuf();
        result.push_back(text.str());
      }
  }
  return result;
}

TEST(Format, StandardLibraryAndExamplesAreFormatted) {
  for (const std::string &text : rightPrograms()) {
    EXPECT_EQ(formatted(text), text) << "`dlc fmt` would change this file";
    EXPECT_EQ(contentOf(formatted(text)), contentOf(text));
  }
}

TEST(Format, Spaces) {
  EXPECT_EQ(
      formatted("fn f ( x:f32 [N,C] , k:int=3 )->f32[ N ]=-x*( k+1 )**-2 |>g( k=1 )[ 0 ] . a"),
      "fn f(x: f32[N, C], k: int = 3) -> f32[N] = -x * (k + 1) ** -2 |> g(k = 1)[0].a\n");
  EXPECT_EQ(formatted("const a=if b{c}else{d}"), "const a = if b { c } else { d }\n");
  EXPECT_EQ(formatted("const a = [ - 1,- b , ( 0 .. 3 ) ]"), "const a = [-1, -b, (0..3)]\n");
  EXPECT_EQ(formatted("layer l(x) {\n}"), "layer l(x) {}\n");
  EXPECT_EQ(formatted("fn f(x) {\nlet y [i,j] :f32[ 2,3]=sum( x[i,k]*x[ k,2*j- 1 ] )\ny[ ]=1\n}"),
            "fn f(x) {\n  let y[i, j]: f32[2, 3] = sum(x[i, k] * x[k, 2 * j - 1])\n  y[] = 1\n}\n");
  EXPECT_EQ(formatted("fn f(x){return(x)}"), "fn f(x) { return (x) }\n");
  EXPECT_EQ(formatted("fn f(x) = not(x) and f (x)"), "fn f(x) = not (x) and f(x)\n");
}

TEST(Format, Indentation) {
  EXPECT_EQ(formatted("fn f(n: int)\n{\nif n==1\n{\nreturn 1\n}\nelse if n == 2\n{ return 2\n}\n"
                      "else {\nfor i in 0..n {\nn = f(\nn,\n1)\n}\n}\n}"),
            "fn f(n: int) {\n"
            "  if n == 1 {\n"
            "    return 1\n"
            "  } else if n == 2 {\n"
            "    return 2\n"
            "  } else {\n"
            "    for i in 0..n {\n"
            "      n = f(\n"
            "        n,\n"
            "        1\n"
            "      )\n"
            "    }\n"
            "  }\n"
            "}\n");
}

TEST(Format, LoopsThatCarry) {
  EXPECT_EQ(formatted("fn f(x)\n{\nlet (h,c)=loop i in 0 .. 3,h=x,\nc=x {\nnext c=next   h\n}\n"
                      "return loop i in 0..2,h = x{next h=h}\n}"),
            "fn f(x) {\n"
            "  let (h, c) = loop i in 0..3, h = x,\n"
            "    c = x {\n"
            "    next c = next h\n"
            "  }\n"
            "  return loop i in 0..2, h = x { next h = h }\n"
            "}\n");
}

TEST(Format, WhatContinuesStandsUnderItsBeginning) {
  EXPECT_EQ(
      formatted("layer conv(channels: int,\n groups: int = 1)\n (x: f32[N,\n C])\n-> f32[N]\n{\n"
                "let y = x |> a |> b\n|> c\n"
                "let z = if n == 1 { x }\nelse { y }\n"
                "let w = x\n|> a\n|> b\n"
                "return x +\ny\n}"),
      "layer conv(channels: int,\n"
      "           groups: int = 1)\n"
      "          (x: f32[N,\n"
      "                  C])\n"
      "  -> f32[N] {\n"
      "  let y = x |> a |> b\n"
      "            |> c\n"
      "  let z = if n == 1 { x }\n"
      "          else { y }\n"
      "  let w = x\n"
      "    |> a\n"
      "    |> b\n"
      "  return x +\n"
      "    y\n"
      "}\n");
}

TEST(Format, BlankLines) {
  EXPECT_EQ(
      formatted(
          "\n\n// header\n\n\n\nconst a = 1\nconst b = 2\n\n\nfn f(x) {\n\n  let y = x\n\n\n"
          "  return y\n\n}\n// about g\n/// doc\n\nfn g(x) {\n  return x\n}\nconst c = 3\n\n"),
      "// header\n\nconst a = 1\nconst b = 2\n\nfn f(x) {\n  let y = x\n\n  return y\n}\n\n"
      "// about g\n/// doc\nfn g(x) {\n  return x\n}\n\nconst c = 3\n");
}

TEST(Format, Columns) {
  EXPECT_EQ(
      formatted(
          "train a on b {\n  loss = f(x)\n  batch = 64 // many\n  lr = 1 // few\n\n  e = 1\n}\n"),
      "train a on b {\n  loss  = f(x)\n  batch = 64 // many\n  lr    = 1  // few\n\n  e = 1\n}\n");
  EXPECT_EQ(
      formatted(
          "layer l(h: int)(x) {\n  param wx: f32[I, 4 * h] = glorot\n  param b: f32[4] = zeros\n"
          "  let a = x\n  let bcd = x\n  return x\n}\n"),
      "layer l(h: int)(x) {\n  param wx: f32[I, 4 * h] = glorot\n  param b:  f32[4]        = "
      "zeros\n"
      "  let a = x\n  let bcd = x\n  return x\n}\n");
  std::string pipes = "model m(x: f32[B, 4]) -> (y: f32[B, 2]) {\n"
                      "  y = x\n"
                      "    |> conv(6, kernel = 5, pad = 2) |> tanh |> avg_pool(2)\n"
                      "    |> conv(16, kernel = 5)         |> tanh |> avg_pool(2)\n"
                      "    |> flatten\n"
                      "    |> dense(120) |> tanh\n"
                      "    |> dense(84)  |> tanh\n"
                      "    |> dense(10)\n"
                      "}\n";
  EXPECT_EQ(formatted(pipes), pipes);
}

TEST(Format, CommentsStay) {
  std::string text =
      "// one\nfn f(x) { // two\n  // three\n  let y = f(x, // four\n            // five\n"
      "            y)\n  return y // six\n  // seven\n}\n// eight\n";
  EXPECT_EQ(formatted(text), text);
  expectSound("const a = f( // one\n1\n// two\n)\nconst b = [1, // three\n2 // four\n]\n");
  expectSound("const a = x // one\n// two\n|> f // three\n\n// four\n|> g\n// five");
  expectSound("fn f(x) { // one\n}\nfn g(x)\n// two\n{ return x }\nfn h(x) { x // three\n}");
  expectSound("const a = 1 /// doc\nfn f(x) {\n  return x\n}\n");
  expectSound("const s = if a { b } // one\n// two\nelse { c }");
}

TEST(Format, WrongProgramsAreLeftAlone) { EXPECT_EQ(tryFormat("const a = "), std::nullopt); }

TEST(Format, AnyLineBreaks) {
  std::mt19937 random(3);
  for (const std::string &text : rightPrograms())
    for (int round = 0; round < 60; ++round) {
      std::string changed;
      for (char c : text) {
        bool isSpace = c == ' ' || c == '\n';
        unsigned chance = random() % 100;
        if (isSpace && chance < 5)
          changed += chance == 0 ? "\n\n\n" : chance < 3 ? "\n" : " // note\n";
        else if (isSpace && chance < 8)
          changed += ' ';
        else
          changed += c;
      }
      expectSound(changed);
    }
}

} // namespace
