// The words for a syntax error, and where to go on after it.
#include "lang/syntax/builder.h"

#include <algorithm>
#include <cassert>
#include <set>

namespace dlc::lang {

using S = Parser::symbol_kind;
using T = Parser::token;

/// Words one error: the tokens around it, and the symbols the grammar would have taken.
class ErrorWording {
public:
  ErrorWording(const Builder &builder, size_t at,
               const std::vector<Parser::symbol_kind_type> &expected)
      : builder(builder), tokens(builder.layout.tokens), at(at),
        expected(expected.begin(), expected.end()) {}

  std::string message() const { return "expected " + wanted() + ", found " + found(); }
  std::string help() const;

private:
  std::string wanted() const;
  std::string found() const;
  bool takes(Parser::symbol_kind_type kind) const { return expected.contains(kind); }
  TokenKind kind(size_t i) const { return tokens[i].kind; }
  std::string text(size_t i) const { return std::string(builder.text(tokens[i].range)); }
  size_t statementBegin() const;

  const Builder &builder;
  const std::vector<Token> &tokens;
  size_t at;
  std::set<Parser::symbol_kind_type> expected;
};

namespace {

const std::set<Parser::symbol_kind_type> kExpressionStarts = {
    S::S_NAME,         S::S_INT,   S::S_FLOAT, S::S_STRING, S::S_TRUE, S::S_FALSE, S::S_LEFT_PAREN,
    S::S_LEFT_BRACKET, S::S_MINUS, S::S_NOT,   S::S_IF,     S::S_LOOP, S::S_SCAN,  S::S_NEXT};

const std::set<Parser::symbol_kind_type> kStatementStarts = {S::S_LET,    S::S_VAR,  S::S_PARAM,
                                                             S::S_STATE,  S::S_EACH, S::S_AUGMENT,
                                                             S::S_RETURN, S::S_FOR,  S::S_YIELD};

/// What may follow any expression says nothing about what is missing.
const std::set<Parser::symbol_kind_type> kExpressionContinuations = {
    S::S_OR,           S::S_AND,           S::S_EQUAL,  S::S_NOT_EQUAL, S::S_LESS,  S::S_LESS_EQUAL,
    S::S_GREATER,      S::S_GREATER_EQUAL, S::S_RANGE,  S::S_PIPE,      S::S_PLUS,  S::S_MINUS,
    S::S_TIMES,        S::S_DIVIDE,        S::S_MODULO, S::S_MATMUL,    S::S_POWER, S::S_LEFT_PAREN,
    S::S_LEFT_BRACKET, S::S_DOT,           S::S_ASSIGN, S::S_WRITE};

const std::set<Parser::symbol_kind_type> kComparisons = {
    S::S_EQUAL, S::S_NOT_EQUAL, S::S_LESS, S::S_LESS_EQUAL, S::S_GREATER, S::S_GREATER_EQUAL};

void remove(std::set<Parser::symbol_kind_type> &from,
            const std::set<Parser::symbol_kind_type> &what) {
  std::erase_if(from, [&](auto kind) { return what.contains(kind); });
}

/// `model`, but: a name.
std::string inWords(const std::string &symbol) {
  bool isDescribed = symbol.starts_with("a ") || symbol.starts_with("the ");
  return isDescribed ? symbol : quoted(symbol);
}

} // namespace

std::string ErrorWording::wanted() const {
  std::set<Parser::symbol_kind_type> rest = expected;
  std::vector<std::string> words;
  if (takes(S::S_MODEL)) {
    words.push_back("an item such as `model`, `layer`, `data` or `train`");
    for (const auto &[word, token] : itemKeywords())
      rest.erase(Parser::symbol_kind_type(token));
    rest.erase(S::S_YYEOF);
  } else if (takes(S::S_LET)) {
    words.push_back("a statement");
    remove(rest, kStatementStarts);
    remove(rest, kExpressionStarts);
  } else if (takes(S::S_INT)) {
    words.push_back(takes(S::S_MINUS) ? "an expression" : "a layer or a function");
    remove(rest, kExpressionStarts);
  } else if (takes(S::S_NAME) && at > 0 && (kind(at - 1) == T::COLON || kind(at - 1) == T::ARROW)) {
    words.push_back("a type");
    remove(rest, kExpressionStarts);
  } else if (takes(S::S_PLUS)) {
    remove(rest, kExpressionContinuations);
  }
  for (Parser::symbol_kind_type kind : rest)
    words.push_back(inWords(Parser::symbol_name(kind)));
  if (words.empty())
    return "an operator";
  std::string list = words[0];
  for (size_t i = 1; i < words.size(); ++i)
    list += (i + 1 == words.size() ? " or " : ", ") + words[i];
  return list;
}

std::string ErrorWording::found() const {
  const Token &token = tokens[at];
  bool isLast = at + 2 >= tokens.size();
  if (token.kind == T::YYEOF || (token.kind == T::END_OF_LINE && isLast))
    return "the end of the file";
  if (token.kind == T::END_OF_LINE && token.range.begin == token.range.end)
    return "the end of the line";
  if (token.kind == T::STRING)
    return "the string " + text(at);
  if (token.range.begin == token.range.end) // a bracket that was put in; reported already
    return inWords(Parser::symbol_name(Parser::symbol_kind_type(token.kind)));
  return quoted(text(at));
}

/// The first token of the statement that the error is in.
size_t ErrorWording::statementBegin() const {
  size_t i = at;
  while (i > 0 && kind(i - 1) != T::END_OF_LINE && kind(i - 1) != T::LEFT_BRACE)
    --i;
  return i;
}

/// What to do, where it is nearly sure; else "".
std::string ErrorWording::help() const {
  size_t begin = statementBegin();
  TokenKind here = kind(at), before = at > 0 ? kind(at - 1) : TokenKind(T::END_OF_LINE);
  if (takes(S::S_MODEL) && here == T::NAME) {
    std::vector<std::string> words;
    for (const auto &[word, token] : itemKeywords())
      words.push_back(word);
    std::string meant = didYouMean(text(at), words);
    return meant.empty() ? "" : "did you mean " + quoted(meant) + "?";
  }
  if (kind(begin) == T::MODEL && takes(S::S_ARROW))
    return "say what the model gives: `-> (name: f32[…])`";
  if (here == T::ASSIGN && kind(begin) == T::IF && takes(S::S_EQUAL))
    return "`=` defines; to compare, write `==`";
  if (here == T::WRITE && kind(begin) == T::IF && takes(S::S_LESS))
    return "`<-` writes a state; for less than a negative number, write `< -`";
  if (here == T::WRITE && takes(S::S_ASSIGN))
    return "`<-` writes a state; a definition is written with `=`";
  if (here == T::EQUAL && takes(S::S_ASSIGN))
    return "`==` compares; a definition is written with `=`";
  bool isComparison = kComparisons.contains(Parser::symbol_kind_type(here));
  if (isComparison && takes(S::S_PLUS))
    return "comparisons do not chain: write `a < b and b < c`";
  if (here == T::RANGE && takes(S::S_PLUS))
    return "`..` has two ends";
  if (before == T::NAME && at - 1 == begin && takes(S::S_ASSIGN) && tokens[at].depth > 0) {
    std::string meant = didYouMean(
        text(begin), {"let", "var", "param", "state", "return", "for", "if", "each", "augment"});
    if (!meant.empty() && here == T::NAME)
      return "did you mean " + quoted(meant) + "?";
  }
  if (text(at) == "elif" || (before == T::NAME && text(at - 1) == "elif"))
    return "write `else if`";
  if (before == T::DOT && here != T::NAME && at > 1 && kind(at - 2) == T::INT)
    return "a number with a point has digits on both sides: " + quoted(text(at - 2) + ".0");
  return "";
}

/// The end of the statement that token `at` is in: the next END_OF_LINE at the same depth.
size_t Builder::statementEnd(size_t at) const {
  int depth = layout.tokens[at].depth;
  while (layout.tokens[at].kind != T::YYEOF &&
         !(layout.tokens[at].kind == T::END_OF_LINE && layout.tokens[at].depth <= depth))
    ++at;
  return at;
}

/// Where no item was recognised, what was lost may have had braces: takes back the errors about
/// their partners, up to the next item.
void Builder::dropUnmatchedAfter(size_t at) {
  size_t item = at;
  while (layout.tokens[item].kind != T::YYEOF &&
         !(layout.tokens[item].depth == 0 && layout.tokens[item].kind >= T::USE &&
           layout.tokens[item].kind <= T::TRAIN))
    ++item;
  std::erase_if(problems, [&](const Diagnostic &other) {
    return other.id == "unmatched-bracket" &&
           other.primary.range.begin > layout.tokens[at].range.begin &&
           other.primary.range.begin < layout.tokens[item].range.begin;
  });
}

/// Whether an earlier error explains the one at token `at`.
bool Builder::isConsequence(size_t at, bool isUnknownItem) const {
  const Token &token = layout.tokens[at];
  auto isOnSameLine = [&](const Diagnostic &other) {
    return sources.place(file.source, other.primary.range.begin).line ==
           sources.place(file.source, token.range.begin).line;
  };
  uint32_t lastItem = file.items.empty() ? 0 : file.items.back().range.end;
  auto hasLostBrace = [&](const Diagnostic &other) {
    return other.id == "unmatched-bracket" && other.primary.range.begin >= lastItem &&
           other.primary.range.begin < token.range.begin;
  };
  auto broken = brokenUntil.find(token.depth);
  return (broken != brokenUntil.end() && at <= broken->second) ||
         std::any_of(problems.begin(), problems.end(), isOnSameLine) ||
         (isUnknownItem &&
          (inBrokenItems || std::any_of(problems.begin(), problems.end(), hasLostBrace)));
}

void Builder::syntaxError(const std::vector<Parser::symbol_kind_type> &expected) {
  const size_t at = current, end = statementEnd(at);
  const Token &token = layout.tokens[at];
  bool isUnknownItem = std::find(expected.begin(), expected.end(), S::S_MODEL) != expected.end();
  if (isUnknownItem)
    dropUnmatchedAfter(at);
  if (!isConsequence(at, isUnknownItem)) {
    ErrorWording wording(*this, at, expected);
    Diagnostic &diagnostic = error("unexpected-token", token.range, wording.message());
    if (std::string help = wording.help(); !help.empty())
      diagnostic.help.push_back(std::move(help));
    if (isUnknownItem && !file.items.empty() &&
        sources.place(file.source, token.range.begin).column > 1) {
      uint32_t lastItem = file.items.back().range.end;
      diagnostic.notes.push_back(
          {{file.source, lastItem - 1, lastItem}, "the item before ends here"});
    }
  }
  assert(!problems.empty() && "an error is a consequence of none");
  inBrokenItems |= isUnknownItem;
  brokenUntil[token.depth] = end;

  // Nobody reads so many errors, and each is compared with those before it.
  constexpr int kMaxSyntaxErrors = 300;
  if (++syntaxErrors >= kMaxSyntaxErrors) {
    next = layout.tokens.size() - 1;
    return;
  }

  // Go on at the block that belongs to the statement, if one follows, or else at its end.
  if (token.kind == T::END_OF_LINE || token.kind == T::LEFT_BRACE || token.kind == T::YYEOF)
    return;
  size_t resume = at;
  while (resume < end && layout.tokens[resume].kind != T::LEFT_BRACE)
    ++resume;
  next = resume;
}

} // namespace dlc::lang
