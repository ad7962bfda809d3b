// Evaluates expressions: names, literals, operators, conditions.
#include "lang/check/expression.h"
#include "lang/check/arithmetic.h"
#include "lang/check/builtin.h"
#include "lang/check/call.h"
#include "lang/check/const.h"
#include "lang/check/loop.h"
#include "lang/check/slice.h"
#include "lang/check/statement.h"

#include <map>
#include <numbers>
#include <utility>

namespace dlc::lang {

using ast::Expr;

namespace {

Range focus(const Expr &expr) { return expr.focus.valid() ? expr.focus : expr.range; }

// --- names -------------------------------------------------------------------------------------

Value undefinedName(const std::string &name, Range range, Environment &environment) {
  const Program &program = environment.unfolding.context.program;
  const bool inLibrary = environment.inStandardLibrary;
  if (program.find(Space::Score, name, true)) {
    environment.unfolding.report
        .error("misplaced-score", range,
               quoted(name) + " is a score of all answers of a split, not a number a sample")
        .help.push_back(
            "it may stand in `metrics` alone, by itself: " + quoted("metrics = " + name + "(…)") +
            " with a result of the model and a "
            "field of the data");
    return Poison{};
  }
  Diagnostic &error =
      environment.unfolding.report.error("undefined-name", range, quoted(name) + " is not defined");
  if (name == "sum" || name == "mean") {
    error.help.push_back("index notation has it, over an index that does not stand on the left: " +
                         quoted("let s[b] = " + name + "(x[b, i])"));
    if (name == "sum")
      error.help.push_back("along whole axes it is `reduce_sum([1])(x)`");
    return Poison{};
  }
  for (auto [space, kind] : {std::pair{Space::Schedule, "schedule"},
                             {Space::Optimizer, "optimizer"},
                             {Space::Transform, "transform"},
                             {Space::Loader, "loader"},
                             {Space::Model, "model"},
                             {Space::Data, "data block"}})
    if (const ast::Item *item = program.find(space, name, inLibrary)) {
      error.notes.push_back(
          {item->name.range, std::string("there is a ") + kind + " of that name"});
      return Poison{};
    }
  std::vector<std::string> candidates = environment.allNames();
  for (const auto &names : {program.names(Space::Value, inLibrary), builtinNames()})
    candidates.insert(candidates.end(), names.begin(), names.end());
  candidates.insert(candidates.end(), {"training", "none"});
  suggest(error, name, candidates);
  return Poison{};
}

Value evaluateName(const Expr &expr, Environment &environment) {
  Unfolding &unfolding = environment.unfolding;
  if (Binding *binding = environment.find(expr.text)) {
    if (!binding->value.is<Nothing>())
      return binding->value;
    unfolding.report
        .error("not-yet-assigned", expr.range,
               "the result " + quoted(expr.text) + " is used before it is assigned")
        .notes.push_back({binding->range, "declared here"});
    return Poison{};
  }
  if (const ast::Item *item =
          unfolding.context.program.find(Space::Value, expr.text, environment.inStandardLibrary))
    return item->kind == ast::Item::Kind::Const ? valueOfConst(*item, unfolding.context)
                                                : Value(Callable{item});
  if (expr.text == "none")
    return None{};
  if (expr.text == "training")
    return unfolding.training;
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

// --- operators ---------------------------------------------------------------------------------

Value evaluateUnary(const Expr &expr, Environment &environment, Wanted wanted) {
  const Expr &operand = *expr.operands[0];
  return unary(expr, {evaluate(operand, environment, wanted), operand.range}, environment);
}

Value evaluateLogical(const Expr &expr, Environment &environment) {
  Value a = evaluate(*expr.operands[0], environment);
  if (a.isPoison())
    return a;
  const bool *left = a.as<bool>();
  if (left && *left == (expr.text == "or"))
    return *left; // decided, so the right side may be meaningless
  Operations &operations = environment.unfolding.operations;
  bool isLeftRight = left || operations.isTruth(a);
  Value b = isLeftRight ? evaluate(*expr.operands[1], environment) : Value(Nothing{});
  if (b.isPoison())
    return b;
  const bool *right = b.as<bool>();
  if (left != nullptr && (right != nullptr || operations.isTruth(b)))
    return b;
  if (isLeftRight && right)
    return *right == (expr.text == "or") ? b : a;
  Operand first{a, expr.operands[0]->range}, second{b, expr.operands[1]->range};
  if (isLeftRight && operations.isTruth(b))
    return operations.logical(expr.text, first, second, focus(expr));
  environment.unfolding.report.error("operator-type", expr.operands[isLeftRight ? 1 : 0]->range,
                                     quoted(expr.text) + " needs bools, found " +
                                         operations.described(isLeftRight ? b : a));
  return Poison{};
}

/// An operator between values of which none is a tensor.
Value staticBinary(const Expr &expr, const Value &a, const Value &b, Report &report,
                   Wanted wanted) {
  static const std::set<std::string> kComparisons = {"==", "!=", "<", "<=", ">", ">="};
  const std::string &op = expr.text;
  const Expr &left = *expr.operands[0], &right = *expr.operands[1];
  if (kComparisons.count(op))
    return comparison(op, a, b, focus(expr), report);
  Value value = arithmetic(op, a, b, wanted, focus(expr), report);
  bool areLiterals = left.kind == Expr::Kind::Int && right.kind == Expr::Kind::Int;
  if (op != "/" || wanted != Wanted::Any || !areLiterals || right.integer == 0 ||
      left.integer % right.integer == 0)
    return value;
  const std::string x = report.text(left.range), y = report.text(right.range);
  report
      .error("inexact-division", expr.range,
             quoted(x + " / " + y) + " divides ints, which rounds down to " + str(value))
      .help.push_back("write " + quoted(x + ".0 / " + y + ".0"));
  return Poison{};
}

/// An operator of which at least one side is a tensor.
Value tensorBinary(const Expr &expr, const Operand &a, const Operand &b, Unfolding &unfolding) {
  struct Operator {
    const char *op;
    bool isSwapped; // a > b is b < a
  };
  static const std::map<std::string, Operator> kOperators = {
      {"+", {"add", false}},         {"-", {"sub", false}},  {"*", {"mul", false}},
      {"/", {"div", false}},         {"**", {"pow", false}}, {"<", {"less", false}},
      {"<=", {"less_equal", false}}, {">", {"less", true}},  {">=", {"less_equal", true}}};
  const std::string &op = expr.text;
  for (const Operand *operand : {&a, &b})
    if (!operand->value.is<Tensor>() && !operand->value.isNumber()) {
      unfolding.report.error("operator-type", focus(expr),
                             quoted(op) + " combines a tensor with tensors and numbers, found " +
                                 kindOf(operand->value));
      return Poison{};
    }
  if (auto found = kOperators.find(op); found != kOperators.end()) {
    const auto &[name, isSwapped] = found->second;
    return unfolding.operations.apply(name, {isSwapped ? b : a, isSwapped ? a : b}, focus(expr),
                                      op);
  }
  if (op == "==" || op == "!=")
    return unfolding.operations.equality(op, a, b, focus(expr));
  if (op == "%")
    return unfolding.operations.remainder(a, b, focus(expr));
  unfolding.report.error("operator-type", focus(expr), quoted(op) + " does not work on tensors");
  return Poison{};
}

Value evaluateBinary(const Expr &expr, Environment &environment, Wanted wanted) {
  if (expr.text == "and" || expr.text == "or")
    return evaluateLogical(expr, environment);
  const Expr &left = *expr.operands[0], &right = *expr.operands[1];
  Operand a{evaluate(left, environment, wanted), left.range};
  Operand b{evaluate(right, environment, wanted), right.range};
  return binary(expr, a, b, environment, wanted);
}

// --- calls and indices -------------------------------------------------------------------------

Value evaluateCall(const Expr &expr, Environment &environment, const Operand *piped) {
  Value callee = evaluate(*expr.operands[0], environment);
  return call(callee, given(expr.arguments), environment, focus(expr), piped);
}

Value evaluatePipe(const Expr &expr, Environment &environment) {
  const Expr &left = *expr.operands[0], &right = *expr.operands[1];
  Value source = evaluate(left, environment);
  if (source.isPoison())
    return source;
  Operand piped{std::move(source), focus(right)};
  if (right.kind == Expr::Kind::Call)
    return evaluateCall(right, environment, &piped);
  Value callee = evaluate(right, environment);
  return call(callee, {}, environment, focus(right), &piped);
}

/// What `zeros[B, 10]` and `ones[B, 10]` are filled with; empty for anything else.
std::optional<double> filling(const Value &value, const Report &report) {
  const Callable *callable = value.as<Callable>();
  if (!callable || !report.inStandardLibrary(callable->item->range))
    return std::nullopt;
  const std::string &name = callable->item->name.text;
  return name == "zeros" ? std::optional(0.0) : name == "ones" ? std::optional(1.0) : std::nullopt;
}

/// `value[indices]` of a list or a tuple.
Value element(const Expr &expr, const Value &value, const std::vector<Value> &indices,
              Report &report) {
  const List *list = value.as<List>();
  const Tuple *tuple = value.as<Tuple>();
  const std::vector<Value> *elements = list ? &list->elements : tuple ? &tuple->elements : nullptr;
  const Dim *index = indices.size() == 1 ? indices[0].as<Dim>() : nullptr;
  if (!elements || !index || !index->isConstant()) {
    report.error("index-type", focus(expr),
                 elements
                     ? "a list is indexed by one static int"
                     : "only lists, tuples and tensors can be indexed, found " + kindOf(value));
    return Poison{};
  }
  int64_t at = *index->constant(), count = static_cast<int64_t>(elements->size());
  if (at >= 0 && at < count)
    return (*elements)[at];
  report.error("index-range", expr.operands[1]->range,
               "the index is " + std::to_string(at) + ", the list has " + std::to_string(count) +
                   " elements, counted from 0");
  return Poison{};
}

Value evaluateIndex(const Expr &expr, Environment &environment) {
  Unfolding &unfolding = environment.unfolding;
  Value value = evaluate(*expr.operands[0], environment);
  if (value.isPoison())
    return value;
  if (const Tensor *tensor = value.as<Tensor>())
    return partOf(*tensor, expr, environment);
  std::vector<Value> indices;
  for (size_t i = 1; i < expr.operands.size(); ++i) {
    indices.push_back(evaluate(*expr.operands[i], environment));
    if (indices.back().isPoison())
      return Poison{};
  }
  auto filler = filling(value, unfolding.report);
  if (!filler)
    return element(expr, value, indices, unfolding.report);
  if (auto dims = shape(List{indices}))
    return unfolding.graph.constant({*filler}, {Element::Real, *dims, 0}, focus(expr));
  unfolding.report.error("index-type", expr.range, "a shape needs ints");
  return Poison{};
}

// --- conditions --------------------------------------------------------------------------------

/// The value that a block gives: that of its last statement.
Value evaluateBlock(const ast::Block &block, Environment &outer, Wanted wanted) {
  Report &report = outer.unfolding.report;
  Environment environment(outer);
  for (const ast::StmtPtr &stmt : block.statements) {
    if (stmt->kind == ast::Stmt::Kind::Return) {
      report.error("misplaced-return", stmt->range, "`return` cannot stand inside an expression");
      return Poison{};
    }
    if (stmt != block.statements.back() || !stmt->value) {
      execute(*stmt, environment);
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

Value evaluateIf(const Expr &expr, Environment &environment, Wanted wanted) {
  auto truth = condition(*expr.operands[0], environment);
  if (!truth || expr.blocks.size() < 2) // the parser reports a missing block
    return Poison{};
  return evaluateBlock(expr.blocks[*truth ? 0 : 1], environment, wanted);
}

// --- all of them -------------------------------------------------------------------------------

Value evaluateElements(const Expr &expr, Environment &environment, Wanted wanted) {
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

Value evaluateKind(const Expr &expr, Environment &environment, Wanted wanted) {
  Report &report = environment.unfolding.report;
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
  case Expr::Kind::Tuple:
    return evaluateElements(expr, environment, wanted);
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
  case Expr::Kind::Slice:
    environment.unfolding.report.error("index-type", expr.range,
                                       "`from:to` takes a part of a tensor, in `x[…]`");
    return Poison{};
  case Expr::Kind::If:
    return evaluateIf(expr, environment, wanted);
  case Expr::Kind::Loop:
    return evaluateLoop(expr, environment);
  case Expr::Kind::Next:
    return evaluateNext(expr, environment);
  case Expr::Kind::Range:
    report.error("misplaced-range", expr.range, "a range stands only in `for … in`");
    return Poison{};
  case Expr::Kind::Ellipsis:
    report.error("misplaced-ellipsis", expr.range,
                 "`...` cannot stand here, where the whole shape must be known");
    return Poison{};
  case Expr::Kind::Member:
    if (!evaluate(*expr.operands[0], environment).isPoison())
      report.error("no-members", focus(expr),
                   "values have no members, found " + quoted("." + expr.text));
    return Poison{};
  }
  return Poison{};
}

} // namespace

Value evaluate(const Expr &expr, Environment &environment, Wanted wanted) {
  if (!environment.unfolding.enter(expr.range))
    return Poison{};
  Value value = evaluateKind(expr, environment, wanted);
  environment.unfolding.leave();
  return value;
}

Value unary(const Expr &expr, const Operand &operand, Environment &environment) {
  Unfolding &unfolding = environment.unfolding;
  const Value &value = operand.value;
  if (value.isPoison())
    return value;
  if (expr.text == "not") {
    if (const bool *truth = value.as<bool>())
      return !*truth;
    if (unfolding.operations.isTruth(value))
      return unfolding.operations.opposite(operand, focus(expr));
    unfolding.report.error("operator-type", operand.range,
                           "`not` needs a bool, found " + unfolding.operations.described(value));
    return Poison{};
  }
  if (const Dim *dim = value.as<Dim>())
    return Dim(0) - *dim;
  if (const double *real = value.as<double>())
    return -*real;
  if (value.is<Tensor>())
    return unfolding.operations.apply("neg", {operand}, focus(expr), "-");
  unfolding.report.error("operator-type", expr.range,
                         "`-` needs a number or a tensor, found " + kindOf(value));
  return Poison{};
}

Value binary(const Expr &expr, const Operand &a, const Operand &b, Environment &environment,
             Wanted wanted) {
  Unfolding &unfolding = environment.unfolding;
  if (a.value.isPoison() || b.value.isPoison())
    return Poison{};
  bool isEquality = expr.text == "==" || expr.text == "!=";
  if (isEquality && (a.value.is<None>() || b.value.is<None>()))
    return (a.value.is<None>() == b.value.is<None>()) == (expr.text == "==");
  if (expr.text == "@")
    return unfolding.operations.matmul(a, b, focus(expr));
  if (!a.value.is<Tensor>() && !b.value.is<Tensor>())
    return staticBinary(expr, a.value, b.value, unfolding.report, wanted);
  return tensorBinary(expr, a, b, unfolding);
}

std::optional<bool> condition(const Expr &expr, Environment &environment) {
  Report &report = environment.unfolding.report;
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

} // namespace dlc::lang
