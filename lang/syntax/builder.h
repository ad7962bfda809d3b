// Makes the nodes of the syntax tree for the grammar's rules, and checks what a grammar cannot say.
#pragma once

#include "lang/syntax/token.h"

namespace dlc::lang {

class Builder {
public:
  Builder(const Sources &sources, int32_t file, Layout layout, std::vector<Diagnostic> &problems);

  ast::File takeFile() { return std::move(file); }

  // --- the token stream
  // ---------------------------------------------------------------------------

  Range start() const { return {file.source, 0, 0}; }
  Parser::symbol_type nextToken();
  /// Called at each error with what the grammar found, at the token `nextToken` gave last, and what
  /// it would have taken. Goes on at the statement's end, or at its block if it has one.
  void syntaxError(const std::vector<Parser::symbol_kind_type> &expected);
  /// A broken statement or item is done with.
  void giveUp(Range range);

  // --- items
  // --------------------------------------------------------------------------------------

  void add(ast::Item item);
  ast::Item item(ast::Item::Kind kind, Range range, ast::Name name, Lists lists,
                 std::optional<ast::Type> result, Body body);
  ast::Item use(Range range, std::string path, Range pathRange);
  ast::Item constant(Range range, ast::Name name, std::optional<ast::Type> type,
                     ast::ExprPtr value);
  ast::Item train(Range range, ast::Name model, ast::Name data, ast::Block body);

  // --- types
  // --------------------------------------------------------------------------------------

  ast::Type type(Range range, ast::Name name);
  ast::Type tensorType(Range range, ast::Name name, std::vector<ast::ExprPtr> shape);
  void addResult(ast::Type &tuple, std::optional<ast::Name> label, ast::Type element);

  // --- statements
  // ---------------------------------------------------------------------------------

  ast::Block block(Range range, std::vector<ast::StmtPtr> statements);
  ast::Block block(Range range, ast::ExprPtr value); // what follows `else` in `else if`
  void append(std::vector<ast::StmtPtr> &statements, ast::StmtPtr statement);
  ast::StmtPtr statement(ast::Stmt::Kind kind, Range range, ast::ExprPtr value);
  ast::StmtPtr define(ast::Stmt::Kind kind, Range range, Names names, std::optional<ast::Type> type,
                      ast::ExprPtr value);
  ast::StmtPtr assign(ast::Stmt::Kind kind, Range range, ast::ExprPtr target, ast::ExprPtr value);
  ast::StmtPtr loop(Range range, ast::Name name, ast::ExprPtr value, ast::Block body);
  ast::StmtPtr preparation(ast::Stmt::Kind kind, Range range, ast::ExprPtr value);

  // --- expressions
  // --------------------------------------------------------------------------------

  ast::ExprPtr leaf(ast::Expr::Kind kind, Range range, std::string text = "");
  ast::ExprPtr name(ast::Name name);
  ast::ExprPtr integer(Range range, int64_t value);
  ast::ExprPtr number(Range range, double value);
  ast::ExprPtr boolean(Range range, bool value);
  ast::ExprPtr unary(Range range, Range focus, std::string op, ast::ExprPtr operand);
  ast::ExprPtr binary(Range range, Range focus, std::string op, ast::ExprPtr a, ast::ExprPtr b);
  ast::ExprPtr range(Range range, Range focus, ast::ExprPtr from, ast::ExprPtr to);
  ast::ExprPtr pipe(Range range, ast::ExprPtr value, ast::ExprPtr target);
  ast::ExprPtr call(Range range, ast::ExprPtr callee, std::vector<ast::Argument> arguments);
  ast::ExprPtr index(Range range, ast::ExprPtr value, std::vector<ast::ExprPtr> indices);
  ast::ExprPtr slice(Range range, ast::ExprPtr from, ast::ExprPtr to);
  ast::ExprPtr member(Range range, ast::ExprPtr value, ast::Name name);
  ast::ExprPtr sequence(ast::Expr::Kind kind, Range range, std::vector<ast::ExprPtr> elements);
  ast::ExprPtr tuple(Range range, ast::ExprPtr first, std::vector<ast::ExprPtr> rest);
  ast::ExprPtr choice(Range range, Range focus, ast::ExprPtr condition, ast::Block then);
  /// `loop` or `scan`, as `focus` says.
  ast::ExprPtr carryingLoop(Range range, Range focus, Names turn, ast::ExprPtr turns,
                            std::vector<ast::Argument> options, std::vector<ast::Argument> carried,
                            ast::Block body);
  ast::ExprPtr choice(Range range, Range focus, ast::ExprPtr condition, ast::Block then,
                      ast::Block otherwise);

private:
  friend class ErrorWording;

  ast::ExprPtr bounded(ast::ExprPtr expr);
  size_t statementEnd(size_t at) const;
  void dropUnmatchedAfter(size_t at);
  bool isConsequence(size_t at, bool isUnknownItem) const;
  void requireElse(uint32_t begin);
  void toStatement(ast::Stmt &statement);
  std::string takeDoc(Range range);
  Diagnostic &error(const char *id, Range range, std::string message, std::string label = "");
  std::string_view text(Range range) const;

  const Sources &sources;
  std::vector<Diagnostic> &problems;
  Layout layout;
  size_t current = 0; // the token `nextToken` gave last
  size_t next = 0;    // the one it gives next
  /// By depth of braces: the token that ends the last broken statement there. Errors before it are
  /// consequences.
  std::map<int, size_t> brokenUntil;
  bool inBrokenItems = false;        // no good item since the last one that could not be recognised
  bool tooDeep = false;              // reported
  int syntaxErrors = 0;              // consequences counted too
  std::vector<Range> ifsWithoutElse; // of the statement in hand; an error where a value is needed
  ast::File file;
};

} // namespace dlc::lang
