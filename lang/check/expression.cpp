// Evaluates expressions: names, literals, operators, conditions.
#include "lang/check/builtin.h"
#include "lang/check/elaborate.h"

#include <algorithm>
#include <numbers>
#include <utility>

namespace dlc::lang {

using ast::Expr;

namespace {

bool isComparison(const std::string &op) {
  return op == "==" || op == "!=" || op == "<" || op == "<=" || op == ">" || op == ">=";
}

Range focus(const Expr &expr) { return expr.focus.valid() ? expr.focus : expr.range; }

} // namespace

Elaborator::Elaborator(Context &context, Purpose purpose, bool training)
    : context(context), report(context.report), purpose(purpose), training(training),
      place(&places.model()) {}

bool Elaborator::deepen(Range range) {
  // What the parser allows in one body, and room for the calls in it; the stack holds this much.
  constexpr int kDeepest = ast::kMaxDepth + 140;
  if (depth < kDeepest) {
    ++depth;
    return true;
  }
  if (!std::exchange(wasTooDeep, true)) // what is around it would say the same
    report.error("too-deep", range, "expressions, blocks and calls are nested too deeply here");
  return false;
}

Value Elaborator::evaluate(const Expr &expr, Environment &environment, Wanted wanted) {
  if (!deepen(expr.range))
    return Poison{};
  Value value = evaluateKind(expr, environment, wanted);
  --depth;
  return value;
}

Value Elaborator::evaluateKind(const Expr &expr, Environment &environment, Wanted wanted) {
  switch (expr.kind) {
  case Expr::Kind::Int:
    return Dim(expr.integer);
  case Expr::Kind::Float:
    return expr.number;
  case Expr::Kind::Bool:
    return expr.integer != 0;
  case Expr::Kind::String:
    return expr.text;
  case Expr::Kind::Name:
    return evaluateName(expr, environment);
  case Expr::Kind::List:
  case Expr::Kind::Tuple: {
    std::vector<Value> elements;
    for (const ast::ExprPtr &operand : expr.operands) {
      elements.push_back(evaluate(*operand, environment, wanted));
      if (elements.back().isPoison())
        return Poison{};
    }
    if (expr.kind == Expr::Kind::Tuple)
      return Tuple{std::move(elements)};
    return List{std::move(elements)};
  }
  case Expr::Kind::Unary:
    return evaluateUnary(expr, environment, wanted);
  case Expr::Kind::Binary:
    return evaluateBinary(expr, environment, wanted);
  case Expr::Kind::Pipe:
    return evaluatePipe(expr, environment);
  case Expr::Kind::Call:
    return evaluateCall(expr, environment, nullptr);
  case Expr::Kind::Index:
    return evaluateIndex(expr, environment);
  case Expr::Kind::If:
    return evaluateIf(expr, environment, wanted);
  case Expr::Kind::Range:
    report.error("misplaced-range", expr.range, "a range stands only in `for … in`");
    return Poison{};
  case Expr::Kind::Ellipsis:
    report.error("misplaced-ellipsis", expr.range,
                 "`...` cannot stand here, where the whole shape must be known");
    return Poison{};
  case Expr::Kind::Member:
    if (!evaluate(*expr.operands[0], environment).isPoison())
      report.error("no-members", focus(expr), "values have no members, found `." + expr.text + "`");
    return Poison{};
  }
  return Poison{};
}

// --- names -------------------------------------------------------------------------------------

Value Elaborator::evaluateName(const Expr &expr, Environment &environment) {
  if (Binding *binding = environment.find(expr.text)) {
    if (!binding->value.is<Nothing>())
      return binding->value;
    report
        .error("not-yet-assigned", expr.range,
               "the result " + quoted(expr.text) + " is used before it is assigned")
        .notes.push_back({binding->range, "declared here"});
    return Poison{};
  }
  if (const ast::Item *item =
          context.program.find(Space::Value, expr.text, environment.inStandardLibrary))
    return item->kind == ast::Item::Kind::Const ? evaluateConst(*item) : Value(Callable{item});
  if (expr.text == "training")
    return training;
  if (expr.text == "pi")
    return std::numbers::pi;
  if (isBuiltin(expr.text))
    return Builtin{expr.text};
  if (expr.text == "f32" || expr.text == "real")
    return Element::Real;
  if (expr.text == "f64")
    return Element::Double;
  return undefinedName(expr.text, expr.range, environment);
}

Value Elaborator::undefinedName(const std::string &name, Range range, Environment &environment) {
  Diagnostic &error = report.error("undefined-name", range, quoted(name) + " is not defined");
  for (auto [space, kind] : {std::pair{Space::Schedule, "schedule"},
                             {Space::Optimizer, "optimizer"},
                             {Space::Transform, "transform"},
                             {Space::Loader, "loader"},
                             {Space::Model, "model"},
                             {Space::Data, "data block"}})
    if (context.program.find(space, name, environment.inStandardLibrary)) {
      error.notes.push_back(
          {context.program.find(space, name, environment.inStandardLibrary)->name.range,
           std::string("there is a ") + kind + " of that name"});
      return Poison{};
    }
  std::vector<std::string> candidates = environment.allNames();
  for (const auto &names :
       {context.program.names(Space::Value, environment.inStandardLibrary), builtinNames()})
    candidates.insert(candidates.end(), names.begin(), names.end());
  candidates.push_back("training");
  suggest(error, name, candidates);
  return Poison{};
}

Value Elaborator::evaluateConst(const ast::Item &item) {
  if (auto known = context.consts.find(&item); known != context.consts.end())
    return known->second;
  if (!context.constsUnderWay.insert(&item).second) {
    report.error("const-cycle", item.name.range, quoted(item.name.text) + " is defined by itself");
    return Poison{};
  }
  Elaborator elaborator(context, Purpose::Static, false);
  Environment environment(report.inStandardLibrary(item.range));
  bool isFloat = item.result && item.result->name.text == "float";
  Value value = item.value ? elaborator.evaluate(*item.value, environment,
                                                 isFloat ? Wanted::Float : Wanted::Any)
                           : Value(Poison{});
  if (!value.isPoison() && item.result)
    value = elaborator.convert(std::move(value), *item.result, quoted(item.name.text),
                               item.value->range, item.name.range);
  if (value.is<Tensor>()) {
    report.error("not-static", item.value->range,
                 "`const " + item.name.text + "` must be known when compiling, found a tensor");
    value = Poison{};
  }
  if (!report.inStandardLibrary(item.range))
    if (auto given = context.options.defines.find(item.name.text);
        given != context.options.defines.end() && !value.isPoison())
      value = defined(item, value, given->second);
  context.constsUnderWay.erase(&item);
  context.consts[&item] = value;
  return value;
}

// --- operators ---------------------------------------------------------------------------------

Value Elaborator::evaluateUnary(const Expr &expr, Environment &environment, Wanted wanted) {
  Value value = evaluate(*expr.operands[0], environment, wanted);
  if (value.isPoison())
    return value;
  if (expr.text == "not") {
    if (const bool *truth = value.as<bool>())
      return !*truth;
    report.error("operator-type", expr.operands[0]->range,
                 "`not` needs a static bool, found " + kindOf(value));
    return Poison{};
  }
  if (const Dim *dim = value.as<Dim>())
    return Dim(0) - *dim;
  if (const double *real = value.as<double>())
    return -*real;
  if (value.is<Tensor>())
    return apply("neg", {{value, expr.operands[0]->range}}, focus(expr), "-");
  report.error("operator-type", expr.range,
               "`-` needs a number or a tensor, found " + kindOf(value));
  return Poison{};
}

Value Elaborator::evaluateBinary(const Expr &expr, Environment &environment, Wanted wanted) {
  const std::string &op = expr.text;
  if (op == "and" || op == "or")
    return evaluateLogical(expr, environment);
  const Expr &left = *expr.operands[0], &right = *expr.operands[1];
  Value a = evaluate(left, environment, wanted);
  Value b = evaluate(right, environment, wanted);
  if (a.isPoison() || b.isPoison())
    return Poison{};
  Range site = focus(expr);
  bool hasTensor = a.is<Tensor>() || b.is<Tensor>();
  if (op == "@")
    return matmul({a, left.range}, {b, right.range}, site);
  if (!hasTensor) {
    if (isComparison(op))
      return comparison(op, a, b, site);
    bool literals = left.kind == Expr::Kind::Int && right.kind == Expr::Kind::Int;
    if (op == "/" && wanted == Wanted::Any && literals && right.integer != 0 &&
        left.integer % right.integer != 0) {
      report
          .error("inexact-division", expr.range,
                 "`" + report.text(left.range) + " / " + report.text(right.range) +
                     "` divides ints, which rounds down to " +
                     str(arithmetic(op, a, b, site, wanted)))
          .help.push_back("write `" + report.text(left.range) + ".0 / " + report.text(right.range) +
                          ".0`");
      return Poison{};
    }
    return arithmetic(op, a, b, site, wanted);
  }

  auto isOperand = [](const Value &value) { return value.is<Tensor>() || value.isNumber(); };
  if (!isOperand(a) || !isOperand(b)) {
    const Value &wrong = isOperand(a) ? b : a;
    report.error("operator-type", site,
                 quoted(op) + " combines a tensor with tensors and numbers, found " +
                     kindOf(wrong));
    return Poison{};
  }
  Operand x{std::move(a), left.range}, y{std::move(b), right.range};
  if (op == "<")
    return apply("less", {x, y}, site, op);
  if (op == "<=")
    return apply("less_equal", {x, y}, site, op);
  if (op == ">")
    return apply("less", {y, x}, site, op);
  if (op == ">=")
    return apply("less_equal", {y, x}, site, op);
  static const std::map<std::string, std::string> kOps = {
      {"+", "add"}, {"-", "sub"}, {"*", "mul"}, {"/", "div"}, {"**", "pow"}};
  if (auto found = kOps.find(op); found != kOps.end())
    return apply(found->second, {x, y}, site, op);
  Diagnostic &error = report.error("operator-type", site, quoted(op) + " does not work on tensors");
  if (op == "==")
    error.help.push_back("`same(a, b)` compares class numbers");
  return Poison{};
}

Value Elaborator::evaluateLogical(const Expr &expr, Environment &environment) {
  Value a = evaluate(*expr.operands[0], environment);
  if (a.isPoison())
    return a;
  const bool *left = a.as<bool>();
  if (left && *left == (expr.text == "or"))
    return *left; // decided, so the right side may be meaningless
  Value b = left ? evaluate(*expr.operands[1], environment) : Value(Nothing{});
  if (b.isPoison())
    return b;
  if (left && b.is<bool>())
    return b;
  report.error("operator-type", expr.operands[left ? 1 : 0]->range,
               quoted(expr.text) + " needs static bools, found " + kindOf(left ? b : a));
  return Poison{};
}

// --- indices and conditions --------------------------------------------------------------------

Value Elaborator::evaluateIndex(const Expr &expr, Environment &environment) {
  Value value = evaluate(*expr.operands[0], environment);
  if (value.isPoison())
    return value;
  std::vector<Value> indices;
  for (size_t i = 1; i < expr.operands.size(); ++i) {
    indices.push_back(evaluate(*expr.operands[i], environment));
    if (indices.back().isPoison())
      return Poison{};
  }

  if (const Callable *callable = value.as<Callable>();
      callable && (callable->item->name.text == "zeros" || callable->item->name.text == "ones") &&
      report.inStandardLibrary(callable->item->range)) {
    auto dims = shape(List{indices}); // `zeros[B, 10]`
    if (dims)
      return constant({callable->item->name.text == "ones" ? 1.0 : 0.0}, {Element::Real, *dims, 0},
                      focus(expr));
    report.error("index-type", expr.range, "a shape needs ints");
    return Poison{};
  }

  const std::vector<Value> *elements = nullptr;
  if (const List *list = value.as<List>())
    elements = &list->elements;
  if (const Tuple *tuple = value.as<Tuple>())
    elements = &tuple->elements;
  const Dim *index = indices.size() == 1 ? indices[0].as<Dim>() : nullptr;
  if (!elements || !index || !index->isConstant()) {
    report.error("index-type", focus(expr),
                 elements ? "a list is indexed by one static int"
                          : "only lists and tuples can be indexed, found " + kindOf(value));
    return Poison{};
  }
  int64_t at = *index->constant(), count = static_cast<int64_t>(elements->size());
  if (at < 0 || at >= count) {
    report.error("index-range", expr.operands[1]->range,
                 "the index is " + std::to_string(at) + ", the list has " + std::to_string(count) +
                     " elements, counted from 0");
    return Poison{};
  }
  return (*elements)[at];
}

std::optional<bool> Elaborator::condition(const Expr &expr, Environment &environment) {
  Value value = evaluate(expr, environment);
  if (value.isPoison())
    return std::nullopt;
  if (const bool *truth = value.as<bool>())
    return *truth;
  Diagnostic &error = report.error("condition-type", expr.range,
                                   "a condition must be a static bool, found " + kindOf(value));
  if (value.is<Tensor>())
    error.help.push_back("`select(condition, a, b)` chooses between elements of tensors");
  return std::nullopt;
}

Value Elaborator::evaluateIf(const Expr &expr, Environment &environment, Wanted wanted) {
  auto truth = condition(*expr.operands[0], environment);
  if (!truth)
    return Poison{};
  if (expr.blocks.size() < 2)
    return Poison{}; // reported by the parser
  return evaluateBlock(expr.blocks[*truth ? 0 : 1], environment, wanted);
}

Value Elaborator::evaluateBlock(const ast::Block &block, Environment &outer, Wanted wanted) {
  Environment environment(outer);
  for (const ast::StmtPtr &stmt : block.statements) {
    if (stmt->kind == ast::Stmt::Kind::Return) {
      report.error("misplaced-return", stmt->range, "`return` cannot stand inside an expression");
      return Poison{};
    }
    if (stmt != block.statements.back() || !stmt->value) {
      executeStatement(*stmt, environment, currentBody);
      continue;
    }
    if (stmt->kind == ast::Stmt::Kind::Expr)
      return evaluate(*stmt->value, environment, wanted);
    if (stmt->kind == ast::Stmt::Kind::If && stmt->blocks.size() == 2) {
      auto truth = condition(*stmt->value, environment);
      return truth ? evaluateBlock(stmt->blocks[*truth ? 0 : 1], environment, wanted)
                   : Value(Poison{});
    }
  }
  report.error("missing-value", block.range, "the block must end in the value it gives");
  return Poison{};
}

} // namespace dlc::lang
