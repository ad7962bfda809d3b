// The parser: what it makes of right programs.
#include "lang/parse.h"

#include "stdlib/embedded.h"

#include <gtest/gtest.h>

using namespace dlc::lang;

namespace {

/// The tree of a program without errors, as text.
std::string treeOf(const std::string &text) {
  Sources sources;
  int32_t file = sources.add("test.nn", text);
  Diagnostics diagnostics(sources);
  ast::File tree = parse(sources, file, diagnostics);
  EXPECT_EQ(diagnostics.render(), "") << text;
  return ast::print(tree);
}

TEST(Parse, StandardLibrary) {
  ASSERT_FALSE(dlc::standardLibrary().empty());
  for (const dlc::StandardFile &file : dlc::standardLibrary())
    EXPECT_NE(treeOf(file.text), "") << file.name;
}

} // namespace
