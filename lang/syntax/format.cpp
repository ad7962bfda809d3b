// The one formatting: goes through the tokens and comments, keeps the line breaks that may stay,
// and writes indentation and spaces anew; then sets neighbouring lines in columns.
#include "lang/syntax/format.h"

#include "lang/syntax/parse.h"
#include "lang/syntax/token.h"
#include "lang/utf8.h"

#include <algorithm>

namespace dlc::lang {
namespace {

using T = Parser::token;

constexpr size_t kIndent = 2;
constexpr size_t kMaxPadding = 16; // lines that need more are not set in columns

size_t widthOf(std::string_view text) {
  size_t width = 0;
  for (size_t i = 0; i < text.size();) {
    utf8::Char c = utf8::decode(text, i);
    width += utf8::width(c.point);
    i += c.size;
  }
  return width;
}

/// A token or comment, and what the source says of its place.
struct Piece {
  TokenKind kind;
  std::string_view text;
  int breaks = 0;               // line breaks before it
  bool beginsStatement = false; // or item
  size_t partner = 0;           // of a bracket: the matching one
  bool isBroken = false;        // of an opening bracket: its contents stand on lines of their own

  bool isComment() const { return kind == T::COMMENT || kind == T::DOC; }
};

/// A line to be written, with the places where columns may be made.
struct Line {
  enum class Columns { None, Settings, Params, States, Pipes };
  size_t indent = 0;
  std::string text;
  std::string comment; // behind the text
  Columns columns = Columns::None;
  std::vector<size_t> stops; // bytes of `text`
  bool blankBefore = false;
};

bool isOneOf(TokenKind kind, std::initializer_list<TokenKind> kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

bool isOpener(TokenKind kind) {
  return isOneOf(kind, {T::LEFT_PAREN, T::LEFT_BRACKET, T::LEFT_BRACE});
}
bool isCloser(TokenKind kind) {
  return isOneOf(kind, {T::RIGHT_PAREN, T::RIGHT_BRACKET, T::RIGHT_BRACE});
}

/// Can end an operand, so that `-`, `(` or `[` after it belongs to it.
bool endsOperand(TokenKind kind) {
  return isOneOf(kind, {T::NAME, T::INT, T::FLOAT, T::STRING, T::TRUE, T::FALSE, T::ELLIPSIS,
                        T::RIGHT_PAREN, T::RIGHT_BRACKET, T::RIGHT_BRACE});
}

// --- reading -------------------------------------------------------------------------------------

std::vector<Piece> piecesOf(const Sources &sources, int32_t file) {
  std::vector<Diagnostic> none;
  std::vector<Token> raw = lex(sources, file, none);
  Layout settled = layout(sources, file, raw, none);
  std::string_view text = sources.text(file);

  std::vector<Piece> pieces;
  std::vector<size_t> open;
  size_t next = 0; // in settled.tokens
  uint32_t end = 0;
  bool statementEnded = true;
  for (const Token &token : raw) {
    if (token.kind == T::YYEOF)
      break;
    Piece piece{token.kind, text.substr(token.range.begin, token.range.end - token.range.begin)};
    piece.text = piece.text.substr(0, piece.text.find_last_not_of(" \t\r") + 1);
    std::string_view gap = text.substr(end, token.range.begin - end);
    piece.breaks = static_cast<int>(std::count(gap.begin(), gap.end(), '\n'));
    end = token.range.end;
    if (!piece.isComment()) {
      for (; settled.tokens[next].kind == T::END_OF_LINE; ++next)
        statementEnded = true;
      piece.kind = settled.tokens[next++].kind;
      piece.beginsStatement = statementEnded && piece.kind != T::RIGHT_BRACE;
      statementEnded = piece.kind == T::LEFT_BRACE;
    }
    if (isOpener(piece.kind))
      open.push_back(pieces.size());
    if (isCloser(piece.kind)) {
      piece.partner = open.back();
      pieces[open.back()].partner = pieces.size();
      open.pop_back();
    }
    pieces.push_back(piece);
  }

  for (size_t i = 0; i < pieces.size(); ++i) {
    Piece &piece = pieces[i];
    if (!isOpener(piece.kind))
      continue;
    if (piece.kind == T::LEFT_BRACE) {
      // Any line break inside breaks a block, unless there is nothing else in it.
      for (size_t j = i + 1; j <= piece.partner; ++j)
        piece.isBroken |= (pieces[j].breaks > 0 && piece.partner > i + 1) || pieces[j].isComment();
    } else {
      piece.isBroken =
          piece.partner > i + 1 && (pieces[i + 1].breaks > 0 || pieces[i + 1].isComment());
    }
  }
  return pieces;
}

// --- writing lines -------------------------------------------------------------------------------

class Formatter {
public:
  explicit Formatter(std::vector<Piece> pieces) : pieces(std::move(pieces)) {}

  std::vector<Line> run();

private:
  /// What later lines of a statement are placed by.
  struct Statement {
    size_t indent = 0;
    std::optional<size_t> pipe;                 // column of its first `|>`
    std::optional<size_t> list;                 // column of its first `(`
    std::vector<std::pair<size_t, size_t>> ifs; // open brackets around, column
  };
  struct Open {
    TokenKind kind;
    bool isBroken;
    size_t inside;  // indentation of lines inside
    size_t closing; // of the closing bracket, if it begins a line
  };

  bool breaksBefore(size_t i) const;
  bool wantsBlank(size_t i) const;
  bool needsBlank(size_t i) const;
  size_t indentOf(size_t i) const;
  bool spaceBefore(size_t i) const;
  void beginLine(size_t i);
  void write(size_t i);
  void noteColumns(size_t i);

  size_t column() const { return lines.back().indent + widthOf(lines.back().text); }
  TokenKind top() const { return open.empty() ? TokenKind(T::YYEOF) : open.back().kind; }
  bool inBrackets() const { return top() == T::LEFT_PAREN || top() == T::LEFT_BRACKET; }
  /// The piece at or after i that is no comment; may be past the end.
  size_t skipComments(size_t i) const {
    while (i < pieces.size() && pieces[i].isComment())
      ++i;
    return i;
  }
  bool atStatementLevel(size_t i) const {
    size_t next = skipComments(i);
    return next == pieces.size() || pieces[next].beginsStatement ||
           pieces[next].kind == T::RIGHT_BRACE;
  }

  std::vector<Piece> pieces;
  std::vector<Line> lines;
  std::vector<Open> open;
  std::vector<Statement> statements = {{}}; // the one in hand, below it those around its block
  TokenKind item = T::YYEOF;
  size_t bracketsAtLineBegin = 0;
};

bool Formatter::breaksBefore(size_t i) const {
  const Piece &piece = pieces[i], &before = pieces[i - 1];
  if (before.isComment() || piece.kind == T::DOC)
    return true;
  if (piece.kind == T::COMMENT)
    return piece.breaks > 0;
  if (isCloser(piece.kind))
    return pieces[piece.partner].isBroken;
  if (before.kind == T::LEFT_BRACE)
    return before.isBroken;
  if (piece.beginsStatement)
    return true;
  if (isOneOf(piece.kind, {T::LEFT_BRACE, T::COMMA, T::COLON, T::DOT}))
    return false;
  if (piece.kind == T::ELSE)
    return piece.breaks > 0 && !pieces[before.partner].isBroken;
  return piece.breaks > 0;
}

/// Is there a blank line before this piece in the source that may stay?
bool Formatter::wantsBlank(size_t i) const {
  return pieces[i].breaks > 1 && atStatementLevel(i) && pieces[i].kind != T::RIGHT_BRACE &&
         pieces[i - 1].kind != T::LEFT_BRACE && pieces[i - 1].kind != T::DOC;
}

/// Must there be one: between items of which one has a body of several lines, and before the
/// comments of the second.
bool Formatter::needsBlank(size_t i) const {
  size_t next = skipComments(i);
  const Piece &before = pieces[i - 1];
  bool isBehindText = before.kind == T::COMMENT && before.breaks == 0;
  bool comesFirst = !before.isComment() || isBehindText;
  if (!open.empty() || next == pieces.size() || !pieces[next].beginsStatement || !comesFirst)
    return false;
  for (size_t j = i + 1; j <= next; ++j)
    if (wantsBlank(j))
      return false; // there is one further down
  auto hasBody = [&](size_t j) {
    for (++j; j < pieces.size() && !pieces[j].beginsStatement; ++j)
      if (pieces[j].kind == T::LEFT_BRACE && pieces[j].isBroken)
        return true;
    return false;
  };
  size_t last = i - 1;
  while (last > 0 && pieces[last].isComment())
    --last;
  bool bodyBefore = pieces[last].kind == T::RIGHT_BRACE && pieces[pieces[last].partner].isBroken;
  return !pieces[last].isComment() && (bodyBefore || hasBody(next));
}

size_t Formatter::indentOf(size_t i) const {
  const Piece &piece = pieces[i];
  if (isCloser(piece.kind))
    return open.back().isBroken ? open.back().closing : open.back().inside;
  if (piece.isComment()) {
    size_t next = skipComments(i);
    if (!atStatementLevel(i) && !isCloser(pieces[next].kind))
      return indentOf(next);
  }
  if (!open.empty() && (inBrackets() || atStatementLevel(i)))
    return open.back().inside;
  if (open.empty() && atStatementLevel(i))
    return 0;

  const Statement &statement = statements.back();
  if (piece.kind == T::ELSE)
    for (auto it = statement.ifs.rbegin(); it != statement.ifs.rend(); ++it)
      if (it->first == open.size())
        return it->second;
  if (piece.kind == T::PIPE && statement.pipe)
    return *statement.pipe;
  if (piece.kind == T::LEFT_PAREN && open.empty() && statement.list)
    return *statement.list;
  return statement.indent + kIndent;
}

bool Formatter::spaceBefore(size_t i) const {
  TokenKind kind = pieces[i].kind, before = pieces[i - 1].kind;
  if (kind == T::COMMENT)
    return true;
  if (kind == T::RIGHT_BRACE)
    return before != T::LEFT_BRACE;
  bool inIndex = top() == T::LEFT_BRACKET; // where a colon parts the bounds of a slice
  if (kind == T::COLON && inIndex)
    return before == T::COMMA;
  if (isOneOf(kind, {T::COMMA, T::COLON, T::DOT, T::RANGE}) || isCloser(kind))
    return false;
  if (before == T::COLON && inIndex)
    return false;
  if (isOneOf(before, {T::LEFT_PAREN, T::LEFT_BRACKET, T::DOT, T::RANGE}))
    return false;
  if (before == T::MINUS &&
      (i == 1 || !endsOperand(pieces[i - 2].kind) || pieces[i - 1].beginsStatement))
    return false; // a sign
  if (kind == T::LEFT_PAREN || kind == T::LEFT_BRACKET)
    return !endsOperand(before);
  return true;
}

void Formatter::beginLine(size_t i) {
  Line line;
  line.blankBefore = i > 0 && (wantsBlank(i) || needsBlank(i));
  line.indent = indentOf(i);
  if (!lines.empty()) {
    Line &last = lines.back();
    // Only a line that is whole can be moved: what follows may have been placed under it.
    bool goesOn = !atStatementLevel(i) || pieces[i - 1].kind == T::LEFT_BRACE;
    bool isWhole =
        last.columns == Line::Columns::Pipes ? open.size() == bracketsAtLineBegin : !goesOn;
    if (!isWhole)
      last.columns = Line::Columns::None;
  }
  bracketsAtLineBegin = open.size();
  lines.push_back(std::move(line));
}

/// Marks the places of the line in hand where a column may begin, before piece i is written.
void Formatter::noteColumns(size_t i) {
  using Columns = Line::Columns;
  const Piece &piece = pieces[i];
  Line &line = lines.back();
  if (line.text.empty() && piece.beginsStatement) {
    bool isSetting = open.size() == 1 && (item == T::DATA || item == T::TRAIN) &&
                     piece.kind == T::NAME && i + 1 < pieces.size() &&
                     pieces[i + 1].kind == T::ASSIGN;
    line.columns = piece.kind == T::PARAM   ? Columns::Params
                   : piece.kind == T::STATE ? Columns::States
                   : isSetting              ? Columns::Settings
                                            : Columns::None;
  } else if (line.text.empty() && piece.kind == T::PIPE && !inBrackets()) {
    line.columns = Columns::Pipes;
  } else if (line.columns != Columns::None && open.size() == bracketsAtLineBegin) {
    bool isStop = line.columns == Columns::Pipes
                      ? piece.kind == T::PIPE
                      : piece.kind == T::ASSIGN || pieces[i - 1].kind == T::COLON;
    if (isStop)
      line.stops.push_back(line.text.size());
  }
}

void Formatter::write(size_t i) {
  const Piece &piece = pieces[i];
  if (piece.kind == T::COMMENT && !lines.back().text.empty()) {
    lines.back().comment = piece.text;
    return;
  }
  if (piece.beginsStatement) {
    statements.back() = {};
    statements.back().indent = lines.back().indent;
    if (open.empty())
      item = piece.kind;
  }
  if (isCloser(piece.kind)) {
    if (piece.kind == T::RIGHT_BRACE)
      statements.pop_back();
    open.pop_back();
  }
  if (!lines.back().text.empty() && spaceBefore(i))
    lines.back().text += ' ';
  noteColumns(i);

  Statement &statement = statements.back();
  size_t begin = column(), lineIndent = lines.back().indent;
  if (piece.kind == T::PIPE && !inBrackets() && !statement.pipe)
    statement.pipe = begin;
  if (piece.kind == T::IF && (i == 0 || pieces[i - 1].kind != T::ELSE))
    statement.ifs.push_back({open.size(), begin});
  if (piece.kind == T::LEFT_PAREN && open.empty() && !statement.list)
    statement.list = begin;
  if (piece.kind == T::LEFT_BRACE) {
    bool byLine = inBrackets() || lines.back().text.starts_with("else");
    size_t outer = byLine ? lineIndent : statement.indent;
    open.push_back({piece.kind, piece.isBroken, outer + kIndent, outer});
    statements.push_back({});
  } else if (isOpener(piece.kind)) {
    size_t inside = piece.isBroken ? lineIndent + kIndent : begin + 1;
    open.push_back({piece.kind, piece.isBroken, inside, lineIndent});
  }
  lines.back().text += piece.text;
}

std::vector<Line> Formatter::run() {
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (i == 0 || breaksBefore(i))
      beginLine(i);
    write(i);
  }
  return std::move(lines);
}

// --- columns -------------------------------------------------------------------------------------

/// The first line after `begin` that does not go into columns with it.
template <typename Same> size_t runEnd(const std::vector<Line> &lines, size_t begin, Same same) {
  size_t end = begin + 1;
  while (end < lines.size() && !lines[end].blankBefore &&
         lines[end].indent == lines[begin].indent && same(lines[end]))
    ++end;
  return end;
}

/// Pads the texts of lines [begin, end) so that each one's stop number `stop` is in one column.
void alignStop(std::vector<Line> &lines, size_t begin, size_t end, size_t stop) {
  auto place = [&](const Line &line) { return widthOf(line.text.substr(0, line.stops[stop])); };
  size_t least = SIZE_MAX, most = 0;
  for (size_t i = begin; i < end; ++i) {
    least = std::min(least, place(lines[i]));
    most = std::max(most, place(lines[i]));
  }
  if (most - least > kMaxPadding)
    return;
  for (size_t i = begin; i < end; ++i) {
    Line &line = lines[i];
    size_t padding = most - place(line);
    line.text.insert(line.stops[stop], padding, ' ');
    for (size_t later = stop; later < line.stops.size(); ++later)
      line.stops[later] += padding;
  }
}

void alignColumns(std::vector<Line> &lines) {
  for (size_t begin = 0, end; begin < lines.size(); begin = end) {
    const Line &first = lines[begin];
    end = runEnd(lines, begin, [&](const Line &line) {
      return line.columns == first.columns && line.stops.size() == first.stops.size();
    });
    if (first.columns != Line::Columns::None)
      for (size_t stop = 0; stop < lines[begin].stops.size(); ++stop)
        alignStop(lines, begin, end, stop);
  }
}

void alignComments(std::vector<Line> &lines) {
  auto hasComment = [](const Line &line) { return !line.comment.empty(); };
  for (size_t begin = 0, end; begin < lines.size(); begin = end) {
    end = begin + 1;
    if (!hasComment(lines[begin]))
      continue;
    end = runEnd(lines, begin, hasComment);
    for (size_t i = begin; i < end; ++i)
      lines[i].stops = {lines[i].text.size()};
    alignStop(lines, begin, end, 0);
  }
}

} // namespace

std::optional<std::string> format(const Sources &sources, int32_t file, Diagnostics &diagnostics) {
  size_t known = diagnostics.all().size();
  parse(sources, file, diagnostics);
  if (diagnostics.all().size() > known)
    return std::nullopt;
  std::vector<Line> lines = Formatter(piecesOf(sources, file)).run();
  alignColumns(lines);
  alignComments(lines);
  std::string text;
  for (const Line &line : lines) {
    text += line.blankBefore ? "\n" : "";
    text += std::string(line.indent, ' ') + line.text;
    text += (line.comment.empty() ? "" : " ") + line.comment + "\n";
  }
  return text;
}

} // namespace dlc::lang
