// Tokens, and the two steps that make them: `lex` cuts the text, `layout` finds where statements
// end.
#pragma once

#include "lang/diagnostic.h"
#include "lang/syntax/parser.h"

#include <map>
#include <string>
#include <vector>

namespace dlc::lang {

using TokenKind = Parser::token_kind_type;

struct Token {
  TokenKind kind;
  Range range;
  int line;      // from 1
  int depth = 0; // open braces around it; set by `layout`
};

/// Cuts a source into tokens, comments included, the last one YYEOF. What is no token is reported
/// and left out, or read as the token that was meant.
std::vector<Token> lex(const Sources &sources, int32_t file, std::vector<Diagnostic> &problems);

/// What the grammar reads: no comments, END_OF_LINE where a statement or item ends, words that are
/// keywords only in some places told apart from names, and brackets that match.
struct Layout {
  std::vector<Token> tokens;
  std::map<uint32_t, std::string> docs; // `///` text by the first byte of what it stands before
};

Layout layout(const Sources &sources, int32_t file, const std::vector<Token> &raw,
              std::vector<Diagnostic> &problems);

/// The words that begin an item.
const std::map<std::string, TokenKind, std::less<>> &itemKeywords();

} // namespace dlc::lang
