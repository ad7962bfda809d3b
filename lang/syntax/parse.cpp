// Text to syntax tree: lexes, lays out, runs the grammar, and reports what was wrong in order.
#include "lang/syntax/parse.h"

#include "lang/syntax/builder.h"

#include <algorithm>
#include <charconv>

namespace dlc::lang {

Parser::symbol_type yylex(Builder &builder) { return builder.nextToken(); }

void Parser::error(const Range &, const std::string &) {} // report_syntax_error says it all

void Parser::report_syntax_error(const context &context) const {
  constexpr int kMaxKinds = 128; // more than there are
  symbol_kind_type kinds[kMaxKinds];
  int count = context.expected_tokens(kinds, kMaxKinds);
  builder.syntaxError({kinds, kinds + count});
}

namespace {

/// The string's contents, escapes read. A wrong escape is told to `reportEscape` with its offset.
template <typename Report> std::string unquote(std::string_view text, Report reportEscape) {
  std::string result;
  char quote = text.front();
  size_t end = text.size() > 1 && text.back() == quote ? text.size() - 1 : text.size();
  for (size_t i = 1; i < end; ++i) {
    if (text[i] != '\\' || i + 1 >= end) {
      result += text[i];
      continue;
    }
    switch (char c = text[++i]) {
    case 'n':
      result += '\n';
      break;
    case 't':
      result += '\t';
      break;
    case '"':
    case '\\':
      result += c;
      break;
    default:
      reportEscape(i - 1, c);
    }
  }
  return result;
}

} // namespace

Parser::symbol_type Builder::nextToken() {
  current = next;
  const Token &token = layout.tokens[current];
  next = std::min(next + 1, layout.tokens.size() - 1); // the last one, YYEOF, may be read again
  std::string_view word = text(token.range);
  const char *first = word.data(), *last = word.data() + word.size();
  switch (token.kind) {
  case Parser::token::NAME:
    return Parser::make_NAME({std::string(word), token.range}, token.range);
  case Parser::token::STRING: {
    auto reportEscape = [&](size_t offset, char c) {
      uint32_t at = token.range.begin + static_cast<uint32_t>(offset);
      error("bad-escape", {token.range.file, at, at + 2},
            std::string("`\\") + c + "` stands for nothing")
          .help.push_back("the escapes are `\\n`, `\\t`, `\\\"` and `\\\\`");
    };
    return Parser::make_STRING(unquote(word, reportEscape), token.range);
  }
  case Parser::token::INT: {
    int64_t value = 0;
    if (std::from_chars(first, last, value).ec == std::errc::result_out_of_range)
      error("number-out-of-range", token.range,
            "the number is too large: whole numbers go up to 9223372036854775807");
    return Parser::make_INT(value, token.range);
  }
  case Parser::token::FLOAT: {
    double value = 0;
    if (std::from_chars(first, last, value).ec == std::errc::result_out_of_range)
      error("number-out-of-range", token.range,
            "no 64-bit number is so far from, or so near to, zero");
    return Parser::make_FLOAT(value, token.range);
  }
  default:
    return Parser::symbol_type(token.kind, token.range);
  }
}

ast::File parse(const Sources &sources, int32_t source, Diagnostics &diagnostics) {
  std::vector<Diagnostic> problems;
  std::vector<Token> raw = lex(sources, source, problems);
  Builder builder(sources, source, layout(sources, source, raw, problems), problems);
  Parser parser(builder);
  parser.parse();

  // The three steps see the text one after the other; a reader wants the errors in its order.
  std::stable_sort(problems.begin(), problems.end(), [](const Diagnostic &a, const Diagnostic &b) {
    return a.primary.range.begin < b.primary.range.begin;
  });
  for (Diagnostic &problem : problems)
    diagnostics.report(std::move(problem));
  return builder.takeFile();
}

} // namespace dlc::lang
