// From raw tokens to what the grammar reads: ends of statements, contextual keywords, matching
// brackets.
//
// A line's end ends the statement, unless
//   - a `(` or `[` is open,
//   - the line ends in an operator, `,`, `=` or the like, which need something after them, or
//   - the next line begins with one that needs something before it: `|>`, any binary operator but
//     `-` (which may as well begin an expression), `->`, `else`, `{`; outside braces also `(`;
//     before the block of a `loop` or `scan` also `along`, `reversed`, `lengths`, `until`.
// Each statement also ends before the `}` of its block.
#include "lang/syntax/token.h"

#include <algorithm>

namespace dlc::lang {
namespace {

using T = Parser::token;

bool isOneOf(TokenKind kind, std::initializer_list<TokenKind> kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

/// A binary operator that cannot begin an expression.
bool isInfix(TokenKind kind) {
  return isOneOf(kind, {T::PIPE, T::PLUS, T::TIMES, T::DIVIDE, T::MODULO, T::MATMUL, T::POWER,
                        T::EQUAL, T::NOT_EQUAL, T::LESS, T::LESS_EQUAL, T::GREATER,
                        T::GREATER_EQUAL, T::AND, T::OR, T::RANGE, T::DOT});
}

/// Needs something after it.
bool expectsMore(TokenKind kind) {
  return isInfix(kind) || isOneOf(kind, {T::MINUS, T::NOT, T::COMMA, T::COLON, T::ASSIGN, T::WRITE,
                                         T::ARROW, T::ELSE, T::IN});
}

/// Cannot begin a statement: continues the line before.
bool continues(TokenKind kind) {
  return isInfix(kind) || isOneOf(kind, {T::COMMA, T::ASSIGN, T::WRITE, T::ARROW, T::ELSE,
                                         T::LEFT_BRACE, T::RIGHT_PAREN, T::RIGHT_BRACKET});
}

/// Begins a statement and never stands inside one.
bool beginsStatement(TokenKind kind) {
  return kind == T::LET || kind == T::VAR || kind == T::RETURN || kind == T::FOR;
}

bool opens(TokenKind kind) {
  return kind == T::LEFT_PAREN || kind == T::LEFT_BRACKET || kind == T::LEFT_BRACE;
}

/// The bracket that a closing one needs; else YYEOF.
TokenKind openerOf(TokenKind kind) {
  switch (kind) {
  case T::RIGHT_PAREN:
    return T::LEFT_PAREN;
  case T::RIGHT_BRACKET:
    return T::LEFT_BRACKET;
  case T::RIGHT_BRACE:
    return T::LEFT_BRACE;
  default:
    return T::YYEOF;
  }
}

std::string sign(TokenKind kind) { return Parser::symbol_name(Parser::symbol_kind_type(kind)); }

TokenKind closerOf(TokenKind opener) {
  return opener == T::LEFT_PAREN     ? T::RIGHT_PAREN
         : opener == T::LEFT_BRACKET ? T::RIGHT_BRACKET
                                     : T::RIGHT_BRACE;
}

const std::map<std::string, TokenKind, std::less<>> kStatementKeywords = {
    {"param", T::PARAM}, {"state", T::STATE}, {"each", T::EACH}, {"augment", T::AUGMENT}};

const std::map<std::string, TokenKind, std::less<>> kExpressionKeywords = {
    {"loop", T::LOOP}, {"scan", T::SCAN}, {"next", T::NEXT}};

/// They stand behind what a `loop` or `scan` runs over.
const std::map<std::string, TokenKind, std::less<>> kLoopKeywords = {
    {"along", T::ALONG}, {"reversed", T::REVERSED}, {"lengths", T::LENGTHS}, {"until", T::UNTIL}};

/// Ends an expression: a name behind it, in the same line, means nothing else.
bool endsExpression(TokenKind kind) {
  return isOneOf(kind, {T::NAME, T::INT, T::FLOAT, T::RIGHT_PAREN, T::RIGHT_BRACKET, T::REVERSED});
}

class Writer {
public:
  Writer(const Sources &sources, int32_t file, const std::vector<Token> &raw,
         std::vector<Diagnostic> &problems)
      : sources(sources), file(file), raw(raw), problems(problems) {}

  Layout run();

private:
  void addDoc(const Token &doc);
  void add(Token token);
  void endLine(Range range, int line);
  bool separates(const Token &next, bool beginsLine, bool forced) const;
  bool beginsItem(size_t i) const;
  bool bindsTuple(size_t i) const;
  TokenKind classify(size_t i) const;
  void close(size_t count);
  void closeUpTo(size_t count, const Token &found);
  void closeForgotten(size_t i, bool beginsLine);
  bool match(Token &closer);
  Diagnostic &report(const char *id, Range range, std::string message) {
    problems.push_back({Diagnostic::Severity::Error, id, std::move(message), {range, ""}, {}, {}});
    return problems.back();
  }

  /// Whether raw tokens stand between a `loop` or `scan` and its block, in no further bracket.
  bool inHeader() const { return !headers.empty() && headers.back() == open.size(); }
  bool isLoopKeyword(const Token &token) const {
    return token.kind == T::NAME && kLoopKeywords.contains(text(token));
  }

  TokenKind top() const { return open.empty() ? T::YYEOF : open.back().kind; }
  TokenKind last() const { return out.tokens.empty() ? T::END_OF_LINE : out.tokens.back().kind; }
  std::string_view text(const Token &token) const {
    return sources.text(file).substr(token.range.begin, token.range.end - token.range.begin);
  }
  /// The token after raw[i] that is no comment.
  const Token &after(size_t i) const {
    do
      ++i;
    while (raw[i].kind == T::COMMENT || raw[i].kind == T::DOC);
    return raw[i];
  }

  const Sources &sources;
  int32_t file;
  const std::vector<Token> &raw;
  std::vector<Diagnostic> &problems;
  Layout out;
  std::vector<Token> open;     // brackets
  int braces = 0;              // of them, how many are braces
  std::vector<size_t> headers; // of loops whose block is to come: how many brackets were open
  std::string doc;             // `///` lines that wait for what they are about
  TokenKind item = T::YYEOF;   // the keyword of the item we are in
};

void Writer::addDoc(const Token &token) {
  std::string_view line = text(token).substr(3);
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  if (line.starts_with(' '))
    line.remove_prefix(1);
  if (!doc.empty())
    doc += '\n';
  doc += line;
}

void Writer::add(Token token) {
  token.depth = braces;
  out.tokens.push_back(token);
}

void Writer::endLine(Range range, int line) {
  while (!headers.empty() && headers.back() >= open.size())
    headers.pop_back(); // of a loop that has no block
  add({T::END_OF_LINE, range, line});
}

/// Does a statement end between the last token and `next`?
bool Writer::separates(const Token &next, bool beginsLine, bool forced) const {
  TokenKind before = last();
  if (before == T::END_OF_LINE || before == T::LEFT_BRACE)
    return false;
  if (next.kind == T::RIGHT_BRACE || next.kind == T::YYEOF)
    return true;
  if (!beginsLine || top() == T::LEFT_PAREN || top() == T::LEFT_BRACKET)
    return false;
  if (forced)
    return true;
  bool secondList = next.kind == T::LEFT_PAREN && braces == 0;
  bool option = inHeader() && isLoopKeyword(next);
  return !expectsMore(before) && !continues(next.kind) && !secondList && !option;
}

/// An item's first word at a line's very beginning, followed by a name: nothing else looks like it,
/// so it is believed even where brackets are still open.
bool Writer::beginsItem(size_t i) const {
  const Token &token = raw[i];
  if (token.kind != T::NAME || !itemKeywords().contains(text(token)))
    return false;
  uint32_t begin = token.range.begin;
  bool atMargin = begin == 0 || sources.text(file)[begin - 1] == '\n';
  const Token &next = after(i);
  return atMargin && (next.kind == T::NAME || next.kind == T::STRING) && next.line == token.line;
}

/// Whether names in brackets and `in` stand from raw[i] on.
bool Writer::bindsTuple(size_t i) const {
  if (raw[i].kind != T::LEFT_PAREN)
    return false;
  while (isOneOf(raw[i].kind, {T::LEFT_PAREN, T::NAME, T::COMMA}))
    ++i;
  return raw[i].kind == T::RIGHT_PAREN && raw[i + 1].kind == T::IN;
}

/// The kind of raw[i], once it is known whether it begins a statement.
TokenKind Writer::classify(size_t i) const {
  const Token &token = raw[i];
  if (token.kind != T::NAME)
    return token.kind;
  const Token &following = after(i);
  const bool named = following.kind == T::NAME && following.line == token.line;
  if (!open.empty() && named) // two names side by side mean nothing else
    if (auto keyword = kExpressionKeywords.find(text(token)); keyword != kExpressionKeywords.end())
      return keyword->second;
  if (!open.empty() && text(token) == "scan" && bindsTuple(i + 1))
    return T::SCAN;
  if (!open.empty() && endsExpression(last()) && isLoopKeyword(token) &&
      (inHeader() || out.tokens.back().line == token.line))
    return kLoopKeywords.find(text(token))->second;
  bool first = last() == T::END_OF_LINE || last() == T::LEFT_BRACE;
  if (first && top() == T::LEFT_BRACE && text(token) == "yield" && following.line == token.line &&
      !isOneOf(following.kind, {T::ASSIGN, T::WRITE, T::RIGHT_BRACE}))
    return T::YIELD;
  if (first && open.empty()) {
    auto keyword = itemKeywords().find(text(token));
    return keyword == itemKeywords().end() ? TokenKind(T::NAME) : keyword->second;
  }
  if (first && top() == T::LEFT_BRACE) {
    auto keyword = kStatementKeywords.find(text(token));
    return keyword == kStatementKeywords.end() || !named ? TokenKind(T::NAME) : keyword->second;
  }
  if (item == T::TRAIN && open.empty() && last() == T::NAME && text(token) == "on")
    return T::ON;
  return T::NAME;
}

/// Closes open brackets until `count` are left.
void Writer::close(size_t count) {
  while (open.size() > count) {
    TokenKind opener = open.back().kind;
    Token before = out.tokens.back();
    Range here{file, before.range.end, before.range.end};
    if (opener == T::LEFT_BRACE) {
      if (last() != T::END_OF_LINE && last() != T::LEFT_BRACE)
        endLine(here, before.line);
      --braces;
    }
    open.pop_back();
    add({closerOf(opener), here, before.line});
  }
}

/// The same, with one error that says where they were opened.
void Writer::closeUpTo(size_t count, const Token &found) {
  if (open.size() <= count)
    return;
  bool atEnd = found.kind == T::YYEOF;
  uint32_t end = out.tokens.back().range.end;
  std::string name = atEnd ? "the end of the file" : quoted(std::string(text(found)));
  Diagnostic &diagnostic =
      report("unclosed-bracket", atEnd ? Range{file, end, end} : found.range,
             "expected " + quoted(sign(closerOf(open.back().kind))) + ", found " + name);
  for (size_t i = open.size(); i > count; --i)
    diagnostic.notes.push_back(
        {open[i - 1].range, "this " + quoted(sign(open[i - 1].kind)) + " is not closed"});
  close(count);
}

/// Makes `closer` close the innermost open bracket. False if it cannot and is to be left out.
bool Writer::match(Token &closer) {
  TokenKind opener = openerOf(closer.kind);
  size_t at = open.size(); // one past the bracket it closes
  while (at > 0 && open[at - 1].kind != opener) {
    // A `)` or `]` does not reach out of its block.
    at = open[at - 1].kind == T::LEFT_BRACE ? 0 : at - 1;
  }
  if (at > 0) {
    closeUpTo(at, closer);
    return true;
  }
  if (top() == T::YYEOF || top() == T::LEFT_BRACE) {
    report("unmatched-bracket", closer.range, quoted(sign(closer.kind)) + " closes nothing");
    return false;
  }
  if (closer.kind == T::RIGHT_BRACE) {
    closeUpTo(0, closer);
    return false;
  }
  report("wrong-bracket", closer.range,
         "expected " + quoted(sign(closerOf(top()))) + ", found " + quoted(sign(closer.kind)))
      .notes.push_back({open.back().range, "it would close this " + quoted(sign(top()))});
  closer.kind = closerOf(top());
  return true;
}

/// Closes what must have been left open by mistake before raw[i].
void Writer::closeForgotten(size_t i, bool beginsLine) {
  const Token &token = raw[i];
  if (beginsItem(i) || token.kind == T::YYEOF)
    closeUpTo(0, token);
  if (top() != T::LEFT_PAREN && top() != T::LEFT_BRACKET)
    return;

  size_t outer = open.size(); // the brackets up to the innermost brace
  while (outer > 0 && open[outer - 1].kind != T::LEFT_BRACE)
    --outer;
  if (beginsLine && last() == T::STRING && !text(out.tokens.back()).substr(1).ends_with('"')) {
    close(outer); // the string, which had no end, has taken their closers with it
  } else if (beginsLine && beginsStatement(token.kind)) {
    closeUpTo(outer, token);
  } else if (token.kind == T::LEFT_BRACE) {
    // Only an `if`, a `loop` and a `scan` have blocks inside brackets.
    size_t back = out.tokens.size();
    while (back > 0 && out.tokens[back - 1].range.begin > open[outer].range.begin &&
           !isOneOf(out.tokens[back - 1].kind, {T::IF, T::ELSE, T::LOOP, T::SCAN}))
      --back;
    if (back == 0 || out.tokens[back - 1].range.begin <= open[outer].range.begin)
      closeUpTo(outer, token);
  }
}

Layout Writer::run() {
  constexpr size_t kMaxBrackets = 200; // what a person writes stays below 20
  int lastLine = 0;
  for (size_t i = 0; i < raw.size(); ++i) {
    Token token = raw[i];
    if (token.kind == T::DOC)
      addDoc(token);
    if (token.kind == T::DOC || token.kind == T::COMMENT)
      continue;
    if (token.kind == T::END_OF_LINE) { // a `;`, already reported
      if (last() != T::END_OF_LINE && last() != T::LEFT_BRACE && top() != T::LEFT_PAREN &&
          top() != T::LEFT_BRACKET)
        add(token);
      continue;
    }

    bool beginsLine = token.line != lastLine;
    bool newStatement = beginsItem(i) || (beginsLine && beginsStatement(token.kind));
    closeForgotten(i, beginsLine);
    if (openerOf(token.kind) != T::YYEOF && !match(token))
      continue;
    if (separates(token, beginsLine, newStatement)) {
      uint32_t end = out.tokens.back().range.end;
      bool beforeBrace = token.kind == T::RIGHT_BRACE && !beginsLine;
      endLine(beforeBrace ? token.range : Range{file, end, end}, out.tokens.back().line);
    }
    lastLine = token.line;

    token.kind = classify(i);
    if (open.empty() && itemKeywords().contains(text(token)) && token.kind != T::NAME)
      item = token.kind;
    if (!doc.empty()) {
      out.docs[token.range.begin] = std::move(doc);
      doc.clear();
    }
    if (openerOf(token.kind) != T::YYEOF) {
      braces -= token.kind == T::RIGHT_BRACE;
      open.pop_back();
    }
    add(token);
    if (token.kind == T::LOOP || token.kind == T::SCAN)
      headers.push_back(open.size());
    if (token.kind == T::LEFT_BRACE && inHeader())
      headers.pop_back();
    if (opens(token.kind)) {
      open.push_back(token);
      braces += token.kind == T::LEFT_BRACE;
    }
    if (open.size() > kMaxBrackets) {
      report("too-deep", token.range,
             "brackets nest deeper than " + std::to_string(kMaxBrackets) + " levels");
      close(0); // and read no further
      endLine({file, token.range.end, token.range.end}, token.line);
      add(raw.back());
      break;
    }
  }
  return std::move(out);
}

} // namespace

const std::map<std::string, TokenKind, std::less<>> &itemKeywords() {
  static const std::map<std::string, TokenKind, std::less<>> kKeywords = {
      {"use", T::USE},
      {"const", T::CONST},
      {"model", T::MODEL},
      {"layer", T::LAYER},
      {"fn", T::FN},
      {"op", T::OP},
      {"loader", T::LOADER},
      {"transform", T::TRANSFORM},
      {"score", T::SCORE},
      {"schedule", T::SCHEDULE},
      {"optimizer", T::OPTIMIZER},
      {"data", T::DATA},
      {"train", T::TRAIN}};
  return kKeywords;
}

Layout layout(const Sources &sources, int32_t file, const std::vector<Token> &raw,
              std::vector<Diagnostic> &problems) {
  return Writer(sources, file, raw, problems).run();
}

} // namespace dlc::lang
