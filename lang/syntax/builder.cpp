// Makes the nodes of the syntax tree for the grammar's rules, and checks what a grammar cannot say.
#include "lang/syntax/builder.h"

#include <algorithm>

namespace dlc::lang {

using namespace ast;

Builder::Builder(const Sources &sources, int32_t source, Layout layout,
                 std::vector<Diagnostic> &problems)
    : sources(sources), problems(problems), layout(std::move(layout)) {
  file.source = source;
}

Diagnostic &Builder::error(const char *id, Range range, std::string message, std::string label) {
  problems.push_back(
      {Diagnostic::Severity::Error, id, std::move(message), {range, std::move(label)}, {}, {}});
  return problems.back();
}

std::string_view Builder::text(Range range) const {
  return sources.text(range.file).substr(range.begin, range.end - range.begin);
}

std::string Builder::takeDoc(Range range) {
  auto doc = layout.docs.extract(range.begin);
  return doc.empty() ? "" : std::move(doc.mapped());
}

void Builder::giveUp(Range range) {
  std::erase_if(ifsWithoutElse, [&](Range r) { return r.begin >= range.begin; });
}

// --- items ---------------------------------------------------------------------------------------

void Builder::add(Item item) {
  requireElse(item.range.begin);
  inBrokenItems = false;
  item.doc = takeDoc(item.range);
  file.items.push_back(std::move(item));
}

Item Builder::item(Item::Kind kind, Range range, Name name, Lists lists, std::optional<Type> result,
                   Body body) {
  Item item;
  item.kind = kind;
  item.range = range;
  item.name = std::move(name);
  item.config = std::move(lists.config);
  item.inputs = std::move(lists.inputs);
  item.result = std::move(result);
  item.value = std::move(body.value);
  item.body = std::move(body.block);
  return item;
}

Item Builder::use(Range range, std::string path, Range pathRange) {
  Item item = this->item(Item::Kind::Use, range, {"", pathRange}, {}, {}, {});
  item.text = std::move(path);
  return item;
}

Item Builder::constant(Range range, Name name, std::optional<Type> type, ExprPtr value) {
  return item(Item::Kind::Const, range, std::move(name), {}, std::move(type),
              {std::move(value), {}});
}

Item Builder::train(Range range, Name model, Name data, Block body) {
  Item item =
      this->item(Item::Kind::Train, range, std::move(model), {}, {}, {nullptr, std::move(body)});
  item.dataName = std::move(data);
  return item;
}

// --- types ---------------------------------------------------------------------------------------

Type Builder::type(Range range, Name name) {
  Type type;
  type.name = std::move(name);
  type.range = range;
  return type;
}

Type Builder::tensorType(Range range, Name name, std::vector<ExprPtr> shape) {
  Type type = this->type(range, std::move(name));
  type.hasShape = true;
  type.shape = std::move(shape);
  return type;
}

void Builder::addResult(Type &tuple, std::optional<Name> label, Type element) {
  if (label.has_value() == tuple.labels.empty() && !tuple.elements.empty()) {
    Range range = label ? label->range : element.range;
    error("mixed-labels", range, "either all results of a tuple have a name, or none")
        .notes.push_back({tuple.labels.empty() ? tuple.elements[0].range : tuple.labels[0].range,
                          tuple.labels.empty() ? "this one has none" : "this one has a name"});
    return;
  }
  if (label)
    tuple.labels.push_back(std::move(*label));
  tuple.elements.push_back(std::move(element));
}

// --- statements ----------------------------------------------------------------------------------

Block Builder::block(Range range, std::vector<StmtPtr> statements) {
  Block block;
  block.range = range;
  for (const StmtPtr &statement : statements) {
    if (statement->value)
      block.depth = std::max(block.depth, statement->value->depth);
    for (const Block &inner : statement->blocks)
      block.depth = std::max(block.depth, inner.depth + 1);
  }
  block.statements = std::move(statements);
  return block;
}

Block Builder::block(Range range, ExprPtr value) {
  std::vector<StmtPtr> statements;
  auto statement = std::make_unique<Stmt>();
  statement->kind = Stmt::Kind::Expr;
  statement->range = range;
  statement->value = std::move(value);
  statements.push_back(std::move(statement));
  return block(range, std::move(statements));
}

void Builder::append(std::vector<StmtPtr> &statements, StmtPtr statement) {
  requireElse(statement->range.begin);
  statements.push_back(std::move(statement));
}

StmtPtr Builder::statement(Stmt::Kind kind, Range range, ExprPtr value) {
  auto statement = std::make_unique<Stmt>();
  statement->kind = kind;
  statement->range = range;
  statement->doc = takeDoc(range);
  statement->value = std::move(value);
  toStatement(*statement);
  return statement;
}

/// An `if` that stands as a statement needs no value, so no `else`.
void Builder::toStatement(Stmt &statement) {
  if (statement.kind != Stmt::Kind::Expr || statement.value->kind != Expr::Kind::If)
    return;
  ExprPtr choice = std::move(statement.value);
  if (choice->range.begin != choice->focus.begin) { // `(if …)`: a value
    statement.value = std::move(choice);
    return;
  }
  std::erase_if(ifsWithoutElse, [&](Range r) { return r.begin == choice->focus.begin; });
  statement.kind = Stmt::Kind::If;
  statement.value = std::move(choice->operands[0]);
  statement.blocks = std::move(choice->blocks);
  if (statement.blocks.size() == 2)
    for (StmtPtr &inner : statement.blocks[1].statements)
      toStatement(*inner);
}

/// Reports every `if` of the statement that begins at `begin` which is used as a value and has no
/// `else`.
void Builder::requireElse(uint32_t begin) {
  for (Range range : ifsWithoutElse)
    if (range.begin >= begin)
      error("if-without-else", range, "this `if` is used as a value and has no `else`")
          .help.push_back("say what the value is otherwise: `if … { … } else { … }`");
  std::erase_if(ifsWithoutElse, [&](Range r) { return r.begin >= begin; });
}

StmtPtr Builder::define(Stmt::Kind kind, Range range, Names names, std::optional<Type> type,
                        ExprPtr value) {
  StmtPtr result = statement(kind, range, std::move(value));
  result->names = std::move(names.names);
  result->isTuple = names.isTuple;
  result->indices = std::move(names.indices);
  result->type = std::move(type);
  return result;
}

StmtPtr Builder::assign(Stmt::Kind kind, Range range, ExprPtr target, ExprPtr value) {
  Names names;
  auto addTo = [&](std::vector<Name> &list, const Expr &expr) {
    if (expr.kind == Expr::Kind::Name)
      list.push_back({expr.text, expr.range});
    else
      error("bad-target", expr.range,
            std::string("left of `") + (kind == Stmt::Kind::Write ? "<-" : "=") +
                "` stands a name, found " + quoted(std::string(text(expr.range))));
  };
  if (kind == Stmt::Kind::Assign && target->kind == Expr::Kind::Next)
    return define(Stmt::Kind::Next, range, {{{target->text, target->range}}, false}, {},
                  std::move(value));
  names.isTuple = target->kind == Expr::Kind::Tuple;
  if (names.isTuple && kind == Stmt::Kind::Assign)
    for (const ExprPtr &operand : target->operands)
      addTo(names.names, *operand);
  else if (target->kind == Expr::Kind::Index && kind == Stmt::Kind::Assign) {
    names.indices.emplace();
    for (const ExprPtr &operand : target->operands)
      addTo(operand == target->operands[0] ? names.names : *names.indices, *operand);
  } else
    addTo(names.names, *target);
  return define(kind, range, std::move(names), {}, std::move(value));
}

StmtPtr Builder::loop(Range range, Name name, ExprPtr value, Block body) {
  StmtPtr result = define(Stmt::Kind::For, range, {{std::move(name)}, false}, {}, std::move(value));
  result->blocks.push_back(std::move(body));
  return result;
}

StmtPtr Builder::preparation(Stmt::Kind kind, Range range, ExprPtr value) {
  const Expr *source = value.get();
  while (source->kind == Expr::Kind::Pipe)
    source = source->operands[0].get();
  Names names;
  if (source->kind == Expr::Kind::Name && source != value.get())
    names.names.push_back({source->text, source->range});
  else {
    std::string word = kind == Stmt::Kind::Each ? "each" : "augment";
    std::string field = source->kind == Expr::Kind::Name ? source->text : "image";
    error("each-without-pipe", value->range,
          quoted(word) + " needs a field of the data and its transforms")
        .help.push_back("write " + quoted(word + " " + field + " |> scale(1 / 255)"));
  }
  return define(kind, range, std::move(names), {}, std::move(value));
}

// --- expressions ---------------------------------------------------------------------------------

/// Sets the depth of a node whose parts are complete. One that is too deep is reported and
/// replaced, so that the tree stays safe to walk.
ExprPtr Builder::bounded(ExprPtr expr) {
  int depth = 0;
  for (const ExprPtr &operand : expr->operands)
    depth = std::max(depth, operand->depth);
  for (const auto *arguments : {&expr->arguments, &expr->options})
    for (const Argument &argument : *arguments)
      depth = std::max(depth, argument.value->depth);
  for (const Block &block : expr->blocks)
    depth = std::max(depth, block.depth);
  expr->depth = depth + 1;
  if (expr->depth <= kMaxDepth)
    return expr;
  if (!tooDeep)
    error("too-deep", expr->focus,
          "the expression nests deeper than " + std::to_string(kMaxDepth) + " levels")
        .help.push_back("give parts of it names with `let`");
  tooDeep = true;
  return leaf(Expr::Kind::Int, expr->range);
}

ExprPtr Builder::leaf(Expr::Kind kind, Range range, std::string text) {
  auto expr = std::make_unique<Expr>();
  expr->kind = kind;
  expr->range = expr->focus = range;
  expr->text = std::move(text);
  return expr;
}

ExprPtr Builder::name(Name name) {
  return leaf(Expr::Kind::Name, name.range, std::move(name.text));
}

ExprPtr Builder::integer(Range range, int64_t value) {
  ExprPtr expr = leaf(Expr::Kind::Int, range);
  expr->integer = value;
  return expr;
}

ExprPtr Builder::number(Range range, double value) {
  ExprPtr expr = leaf(Expr::Kind::Float, range);
  expr->number = value;
  return expr;
}

ExprPtr Builder::boolean(Range range, bool value) {
  ExprPtr expr = leaf(Expr::Kind::Bool, range);
  expr->integer = value;
  return expr;
}

ExprPtr Builder::unary(Range range, Range focus, std::string op, ExprPtr operand) {
  ExprPtr expr = leaf(Expr::Kind::Unary, range, std::move(op));
  expr->focus = focus;
  expr->operands.push_back(std::move(operand));
  return bounded(std::move(expr));
}

ExprPtr Builder::binary(Range range, Range focus, std::string op, ExprPtr a, ExprPtr b) {
  ExprPtr expr = leaf(Expr::Kind::Binary, range, std::move(op));
  expr->focus = focus;
  expr->operands.push_back(std::move(a));
  expr->operands.push_back(std::move(b));
  return bounded(std::move(expr));
}

ExprPtr Builder::range(Range range, Range focus, ExprPtr from, ExprPtr to) {
  ExprPtr expr = binary(range, focus, "", std::move(from), std::move(to));
  if (expr->kind == Expr::Kind::Binary)
    expr->kind = Expr::Kind::Range;
  return expr;
}

ExprPtr Builder::pipe(Range range, ExprPtr value, ExprPtr target) {
  Range focus = target->focus;
  ExprPtr expr = binary(range, focus, "", std::move(value), std::move(target));
  if (expr->kind == Expr::Kind::Binary)
    expr->kind = Expr::Kind::Pipe;
  return expr;
}

ExprPtr Builder::call(Range range, ExprPtr callee, std::vector<Argument> arguments) {
  ExprPtr expr = leaf(Expr::Kind::Call, range);
  expr->focus = callee->focus;
  expr->operands.push_back(std::move(callee));
  expr->arguments = std::move(arguments);
  return bounded(std::move(expr));
}

ExprPtr Builder::index(Range range, ExprPtr value, std::vector<ExprPtr> indices) {
  ExprPtr expr = leaf(Expr::Kind::Index, range);
  expr->focus = value->focus;
  expr->operands = std::move(indices);
  expr->operands.insert(expr->operands.begin(), std::move(value));
  return bounded(std::move(expr));
}

ExprPtr Builder::slice(Range range, ExprPtr from, ExprPtr to) {
  ExprPtr expr = leaf(Expr::Kind::Slice, range);
  expr->focus = range;
  if (from)
    expr->arguments.push_back({Name{"from", from->range}, std::move(from)});
  if (to)
    expr->arguments.push_back({Name{"to", to->range}, std::move(to)});
  return bounded(std::move(expr));
}

ExprPtr Builder::member(Range range, ExprPtr value, Name name) {
  ExprPtr expr = leaf(Expr::Kind::Member, range, std::move(name.text));
  expr->focus = name.range;
  expr->operands.push_back(std::move(value));
  return bounded(std::move(expr));
}

ExprPtr Builder::sequence(Expr::Kind kind, Range range, std::vector<ExprPtr> elements) {
  ExprPtr expr = leaf(kind, range);
  expr->operands = std::move(elements);
  return bounded(std::move(expr));
}

ExprPtr Builder::tuple(Range range, ExprPtr first, std::vector<ExprPtr> rest) {
  rest.insert(rest.begin(), std::move(first));
  return sequence(Expr::Kind::Tuple, range, std::move(rest));
}

ExprPtr Builder::choice(Range range, Range focus, ExprPtr condition, Block then) {
  ExprPtr expr = leaf(Expr::Kind::If, range);
  expr->focus = focus;
  expr->operands.push_back(std::move(condition));
  expr->blocks.push_back(std::move(then));
  ifsWithoutElse.push_back(focus);
  return bounded(std::move(expr));
}

ExprPtr Builder::choice(Range range, Range focus, ExprPtr condition, Block then, Block otherwise) {
  ExprPtr expr = leaf(Expr::Kind::If, range);
  expr->focus = focus;
  expr->operands.push_back(std::move(condition));
  expr->blocks.push_back(std::move(then));
  expr->blocks.push_back(std::move(otherwise));
  return bounded(std::move(expr));
}

ExprPtr Builder::carryingLoop(Range range, Range focus, Names turn, ExprPtr turns,
                              std::vector<Argument> options, std::vector<Argument> carried,
                              Block body) {
  ExprPtr expr = leaf(Expr::Kind::Loop, range, std::string(text(focus)));
  expr->focus = focus;
  std::vector<ExprPtr> names;
  for (Name &variable : turn.names)
    names.push_back(name(std::move(variable)));
  expr->operands.push_back(turn.isTuple ? sequence(Expr::Kind::Tuple, focus, std::move(names))
                                        : std::move(names[0]));
  expr->operands.push_back(std::move(turns));
  expr->options = std::move(options);
  expr->arguments = std::move(carried);
  expr->blocks.push_back(std::move(body));
  return bounded(std::move(expr));
}

} // namespace dlc::lang
