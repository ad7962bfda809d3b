// Index notation: every element is described at once. An index on the left runs over the result's
// axis; any other one is reduced by the function around it. How far an index runs says the axis
// that it stands at by itself. All becomes operations on whole tensors (indexed.h).
#include "lang/check/notation.h"
#include "lang/check/builtin.h"
#include "lang/check/call.h"
#include "lang/check/expression.h"
#include "lang/check/indexed.h"
#include "lang/check/tensor_type.h"

#include <algorithm>

namespace dlc::lang {

using ast::Expr;

namespace {

Range focus(const Expr &expr) { return expr.focus.valid() ? expr.focus : expr.range; }

/// Calls `visit` with each part of an expression.
template <typename Visit> void forEachPart(const Expr &expr, Visit visit) {
  for (const ast::ExprPtr &operand : expr.operands)
    visit(*operand);
  for (const ast::Argument &argument : expr.arguments)
    visit(*argument.value);
  for (const ast::Block &block : expr.blocks)
    for (const ast::StmtPtr &stmt : block.statements)
      if (stmt->value)
        visit(*stmt->value);
}

/// Whether the expression or a part of it is such.
template <typename Test> bool anyPart(const Expr &expr, Test test) {
  bool found = test(expr);
  forEachPart(expr, [&](const Expr &part) { found = found || anyPart(part, test); });
  return found;
}

/// A whole number that is linear in the indices.
struct Affine {
  std::map<std::string, int64_t> factors;
  int64_t offset = 0;
};

class Notation {
public:
  explicit Notation(Environment &environment)
      : environment(environment), unfolding(environment.unfolding), report(unfolding.report),
        algebra(unfolding, extents) {}

  Value value(const ast::Stmt &stmt) {
    std::vector<std::string> axes;
    std::set<std::string> names;
    for (const ast::Name &index : *stmt.indices) {
      if (!names.insert(index.text).second) {
        report.error("duplicate-name", index.range,
                     "the index " + quoted(index.text) + " stands on the left twice");
        return Poison{};
      }
      axes.push_back(index.text);
      bind(index);
    }
    std::optional<TensorType> type;
    if (stmt.type && !(type = declare(stmt)))
      return Poison{};
    if (!measure(*stmt.value, names))
      return Poison{};
    Indexed result = evaluate(*stmt.value);
    if (result.isPoison() || !isComplete(result))
      return Poison{};
    if (result.value.isNumber())
      result.value = broadcastNumber(result, axes, type);
    else if (!result.value.is<Tensor>()) {
      report.error("argument-type", stmt.value->range,
                   "an element is a number, found " + kindOf(result.value));
      return Poison{};
    }
    Value tensor = algebra.aligned(result, axes, stmt.value->range).value;
    if (type && !tensor.isPoison() &&
        unfolding.graph.typeOf(*tensor.as<Tensor>()).element != type->element) {
      report.error("result-type", stmt.value->range,
                   quoted(stmt.names[0].text) + " is declared as " + report.text(stmt.type->range) +
                       ", found " + str(unfolding.graph.typeOf(*tensor.as<Tensor>())));
      return Poison{};
    }
    return tensor;
  }

private:
  /// Where it was said how far an index runs.
  struct Index {
    Range range;
    bool isKnown = false;
  };

  // --- the indices -----------------------------------------------------------------------------

  void bind(const ast::Name &name) {
    indices[name.text] = {name.range, false};
    extents[name.text] = {Dim(1), static_cast<int>(indices.size() + bound++)};
  }

  bool isIndex(const Expr &expr) const {
    return expr.kind == Expr::Kind::Name && indices.count(expr.text) > 0;
  }

  /// Whether the name means nothing else, so that it can be an index.
  bool isFree(const std::string &name) const {
    static const std::set<std::string> kWords = {"none", "training", "pi", "f32", "f64", "real"};
    return !environment.find(name) && !isBuiltin(name) && !kWords.count(name) &&
           !unfolding.context.program.find(Space::Value, name, environment.inStandardLibrary);
  }

  /// The sizes that a type on the left declares; empty after an error.
  std::optional<TensorType> declare(const ast::Stmt &stmt) {
    auto type = tensorType(*stmt.type, environment);
    if (!type)
      return std::nullopt;
    if (type->shape.size() != stmt.indices->size()) {
      report.error("rank-mismatch", stmt.type->range,
                   quoted(stmt.names[0].text) + " has " + std::to_string(stmt.indices->size()) +
                       " indices, its type " + std::to_string(type->shape.size()) + " axes");
      return std::nullopt;
    }
    for (size_t i = 0; i < type->shape.size(); ++i)
      run((*stmt.indices)[i].text, type->shape[i],
          stmt.type->shape.size() == type->shape.size() ? stmt.type->shape[i]->range
                                                        : stmt.type->range);
    return type;
  }

  /// An index runs so far, as this place says; false, after an error, if another says otherwise.
  bool run(const std::string &name, const Dim &size, Range range) {
    Index &index = indices[name];
    Dim &extent = extents[name].size;
    if (index.isKnown && extent != size) {
      report
          .error("shape-mismatch", range,
                 "the index " + quoted(name) + " runs over " + size.str() + " here, over " +
                     extent.str() + " elsewhere")
          .notes.push_back({index.range, "here it runs over " + extent.str()});
      return false;
    }
    if (!index.isKnown)
      index = {range, true};
    extent = size;
    return true;
  }

  /// Finds how far the indices `names` run; false after an error.
  bool measure(const Expr &expr, const std::set<std::string> &names) {
    auto isUnknown = [&](const std::string &name) { return !indices[name].isKnown; };
    if (!findExtents(expr, names))
      return false;
    if (std::any_of(names.begin(), names.end(), isUnknown) &&
        (!findByWindows(expr) || !areInts(expr)))
      return false;
    for (const std::string &name : names)
      if (isUnknown(name)) {
        report
            .error("unknown-extent", indices[name].range,
                   "it is not said how far the index " + quoted(name) + " runs")
            .help.push_back("it stands at no axis by itself: declare the type on the left, " +
                            quoted("let y[" + name + "]: f32[…]") +
                            ", or the number in a reduction, " +
                            quoted("sum(…, " + name + " = 8)"));
        return false;
      }
    return true;
  }

  bool findExtents(const Expr &expr, const std::set<std::string> &names) {
    bool isRight = true;
    if (const Value *base = baseOf(expr)) {
      const Tensor *tensor = base->as<Tensor>();
      if (base->isPoison())
        return false;
      for (size_t i = 1; tensor && i < expr.operands.size(); ++i) {
        const Expr &place = *expr.operands[i];
        if (place.kind == Expr::Kind::Name && names.count(place.text))
          isRight &= run(place.text, unfolding.graph.typeOf(*tensor).shape[i - 1], place.range);
        else
          isRight &= findExtents(place, names);
      }
      return isRight;
    }
    forEachPart(expr, [&](const Expr &part) { isRight = isRight && findExtents(part, names); });
    return isRight;
  }

  /// An index that stands only with others, as in `x[p + i]`, runs as far as they stay within x.
  /// False after an error.
  bool findByWindows(const Expr &expr) {
    if (const Expr *over = reducedBy(expr)) {
      std::set<std::string> mine = bindFree(expr, *over);
      bool isRight = readExtents(expr) && findExtents(*over, mine) && findByWindows(*over);
      for (const std::string &name : mine)
        indices.erase(name);
      return isRight;
    }
    const Value *base = baseOf(expr);
    if (!base) {
      bool isRight = true;
      forEachPart(expr, [&](const Expr &part) { isRight = isRight && findByWindows(part); });
      return isRight;
    }
    const Tensor *tensor = base->as<Tensor>();
    for (size_t i = 1; tensor && i < expr.operands.size(); ++i)
      if (expr.operands[i]->kind == Expr::Kind::Binary)
        findByWindow(*expr.operands[i], unfolding.graph.typeOf(*tensor).shape[i - 1]);
    return !base->isPoison();
  }

  Diagnostic &notAnIndex(Range range, const std::string &found) {
    return report.error("index-type", range, "an index is an int, found " + found);
  }

  /// Whether what stands in sums of indices are ints; an error where a tensor has an index's name.
  bool areInts(const Expr &expr, bool inPlace = false) {
    if (inPlace && expr.kind == Expr::Kind::Name && !isIndex(expr))
      if (const Binding *binding = environment.find(expr.text))
        if (const Tensor *tensor = binding->value.as<Tensor>();
            tensor && unfolding.graph.typeOf(*tensor).element != Element::Int) {
          notAnIndex(expr.range, str(unfolding.graph.typeOf(*tensor)))
              .notes.push_back({binding->range, quoted(expr.text) + " is this tensor here"});
          return false;
        }
    if (expr.kind == Expr::Kind::Index)
      return std::all_of(expr.operands.begin() + 1, expr.operands.end(),
                         [&](const auto &place) { return areInts(*place, true); });
    bool isRight = true;
    forEachPart(expr, [&](const Expr &part) { isRight = isRight && areInts(part, inPlace); });
    return isRight;
  }

  void findByWindow(const Expr &place, const Dim &size) {
    auto linear = affine(place);
    if (!linear || !size.isConstant())
      return;
    std::string unknown;
    // Between these places all are, but for what the unknown index adds.
    int64_t first = linear->offset, last = linear->offset;
    for (const auto &[name, factor] : linear->factors) {
      const Dim &extent = extents[name].size;
      if (indices[name].isKnown ? !extent.isConstant() : factor < 1 || !unknown.empty())
        return;
      if (indices[name].isKnown)
        (factor < 0 ? first : last) += factor * (*extent.constant() - 1);
      else
        unknown = name;
    }
    int64_t room = *size.constant() - 1 - last;
    if (!unknown.empty() && first >= 0 && room >= 0)
      run(unknown, Dim(room / linear->factors[unknown] + 1), place.range);
  }

  /// What is indexed, evaluated once; null for any other expression.
  const Value *baseOf(const Expr &expr) {
    if (expr.kind != Expr::Kind::Index)
      return nullptr;
    if (auto known = bases.find(&expr); known != bases.end())
      return &known->second;
    Value base = lang::evaluate(*expr.operands[0], environment);
    if (const Tensor *tensor = base.as<Tensor>()) {
      const TensorType &type = unfolding.graph.typeOf(*tensor);
      size_t given = expr.operands.size() - 1;
      if (given != type.shape.size()) {
        Diagnostic &error = report.error("rank-mismatch", expr.range,
                                         "the tensor is " + str(type) + ", which needs " +
                                             std::to_string(type.shape.size()) +
                                             " indices here, found " + std::to_string(given));
        unfolding.graph.noteOrigin(error, tensor->id, true, expr.range);
        base = Poison{};
      }
    }
    return &(bases[&expr] = std::move(base));
  }

  // --- reductions ------------------------------------------------------------------------------

  /// The one expression that `sum(…)`, `mean(…)`, `max(…)` or `min(…)` goes over; null for other
  /// expressions.
  const Expr *reducedBy(const Expr &expr) const {
    if (expr.kind != Expr::Kind::Call || expr.operands[0]->kind != Expr::Kind::Name)
      return nullptr;
    const std::string &name = expr.operands[0]->text;
    static const std::set<std::string> kReductions = {"sum", "mean", "max", "min"};
    const ast::Item *item =
        unfolding.context.program.find(Space::Value, name, environment.inStandardLibrary);
    bool isOther = environment.find(name) || (item && item->kind != ast::Item::Kind::Op);
    if (!kReductions.count(name) || isOther)
      return nullptr;
    const Expr *only = nullptr;
    for (const ast::Argument &argument : expr.arguments)
      if (!argument.name && std::exchange(only, argument.value.get()))
        return nullptr;
    return only;
  }

  /// The names that mean nothing else in the places of elements, but for those inside of a further
  /// reduction.
  void findFree(const Expr &expr, bool isPlace, std::vector<ast::Name> &found) {
    if (reducedBy(expr))
      return;
    if (isPlace && expr.kind == Expr::Kind::Name && !isIndex(expr) && isFree(expr.text))
      found.push_back({expr.text, expr.range});
    if (const Value *base = baseOf(expr)) {
      for (size_t i = 1; base->is<Tensor>() && i < expr.operands.size(); ++i)
        findFree(*expr.operands[i], true, found);
      return;
    }
    forEachPart(expr, [&](const Expr &part) { findFree(part, isPlace, found); });
  }

  /// Binds the indices that a reduction goes over.
  std::set<std::string> bindFree(const Expr &reduction, const Expr &over) {
    std::vector<ast::Name> names;
    for (const ast::Argument &argument : reduction.arguments)
      if (argument.name)
        names.push_back(*argument.name);
    findFree(over, false, names);
    std::set<std::string> bound;
    for (const ast::Name &name : names)
      if (bound.insert(name.text).second)
        bind(name);
    return bound;
  }

  Indexed reduction(const Expr &expr, const Expr &over) {
    std::set<std::string> mine = bindFree(expr, over);
    if (mine.empty()) {
      report
          .error("nothing-to-reduce", expr.range,
                 quoted(expr.operands[0]->text) + " has no index to go over")
          .help.push_back(
              "each index in it belongs to the left, to a reduction around or inside of it, or is "
              "the name of something else");
      return poison(expr);
    }
    Indexed result = poison(expr);
    if (readExtents(expr) && measure(over, mine))
      result = reduced(expr, over, mine);
    for (const std::string &name : mine)
      indices.erase(name);
    return result;
  }

  /// `sum(…, k = 400)`.
  bool readExtents(const Expr &expr) {
    for (const ast::Argument &argument : expr.arguments) {
      if (!argument.name)
        continue;
      Value count = lang::evaluate(*argument.value, environment);
      const Dim *size = count.as<Dim>();
      if (!size && !count.isPoison())
        report.error("argument-type", argument.value->range,
                     "how far an index runs is an int, found " + kindOf(count));
      if (size && size->isConstant() && *size->constant() < 1) {
        report.error("bad-configuration", argument.value->range,
                     "an index runs over at least 1, not " + size->str());
        return false;
      }
      if (!size || !run(argument.name->text, *size, argument.value->range))
        return false;
    }
    return true;
  }

  Indexed reduced(const Expr &expr, const Expr &over, const std::set<std::string> &mine) {
    const std::string &name = expr.operands[0]->text;
    if (name == "max" || name == "min") {
      Indexed x = evaluate(over);
      if (x.isPoison() || !isComplete(x))
        return poison(expr);
      return name == "max" ? algebra.reduced("reduce_max", x, mine, expr.range)
                           : negated(algebra.reduced("reduce_max", negated(x), mine, expr.range));
    }
    Indexed sum = sumOver(expr, over, mine);
    if (name == "sum" || sum.isPoison())
      return sum;
    Dim count = 1;
    for (const std::string &index : mine)
      count = count * extents[index].size;
    if (count.isConstant())
      return scaled(sum, 1.0 / static_cast<double>(*count.constant()), expr.range);
    report.error("symbolic-number", expr.range,
                 "a mean over " + count.str() + " elements: their number is not known yet");
    return poison(expr);
  }

  Indexed negated(const Indexed &x) { return scaled(x, -1, x.range); }
  Indexed scaled(const Indexed &x, double factor, Range site) {
    if (x.isPoison())
      return x;
    Value by = factor == -1 ? Value(Dim(-1)) : Value(factor);
    return {unfolding.operations.apply("mul", {{x.value, x.range}, {by, site}}, site), x.axes,
            site};
  }

  Indexed sumOver(const Expr &expr, const Expr &over, const std::set<std::string> &mine) {
    std::vector<const Expr *> terms;
    flatten(over, terms);
    std::vector<Indexed> factors;
    const Expr *windowed = nullptr;
    for (const Expr *term : terms)
      if (!windowed && terms.size() > 1 && hasWindow(*term, mine)) {
        windowed = term;
      } else {
        factors.push_back(evaluate(*term));
        if (factors.back().isPoison() || !isComplete(factors.back()))
          return poison(expr);
      }
    if (windowed) {
      Indexed w = algebra.sumOfProducts(factors, {}, expr.range);
      if (w.isPoison())
        return w;
      if (auto found = convolution(*windowed, w, mine, expr.range))
        return *found;
      factors.push_back(evaluate(*windowed));
    }
    return algebra.sumOfProducts(std::move(factors), mine, expr.range);
  }

  void flatten(const Expr &expr, std::vector<const Expr *> &factors) const {
    if (expr.kind != Expr::Kind::Binary || expr.text != "*") {
      factors.push_back(&expr);
      return;
    }
    flatten(*expr.operands[0], factors);
    flatten(*expr.operands[1], factors);
  }

  // --- windows ---------------------------------------------------------------------------------

  /// The expression as a linear one in the indices; empty if it is none.
  std::optional<Affine> affine(const Expr &expr) {
    if (isIndex(expr))
      return Affine{{{expr.text, 1}}, 0};
    auto twoSided = [&]() -> std::optional<Affine> {
      auto a = affine(*expr.operands[0]), b = affine(*expr.operands[1]);
      if (!a || !b)
        return std::nullopt;
      if (expr.text == "*") {
        const Affine &scale = a->factors.empty() ? *a : *b;
        if (!scale.factors.empty())
          return std::nullopt;
        Affine &other = a->factors.empty() ? *b : *a;
        for (auto &[name, factor] : other.factors)
          factor *= scale.offset;
        return Affine{other.factors, other.offset * scale.offset};
      }
      int64_t sign = expr.text == "-" ? -1 : 1;
      for (const auto &[name, factor] : b->factors)
        a->factors[name] += sign * factor;
      a->offset += sign * b->offset;
      return a;
    };
    bool isLinear = expr.text == "+" || expr.text == "-" || expr.text == "*";
    if (expr.kind == Expr::Kind::Binary && isLinear && mentionsIndex(expr))
      return twoSided();
    if (mentionsIndex(expr))
      return std::nullopt;
    Value value = lang::evaluate(expr, environment);
    const Dim *dim = value.as<Dim>();
    return dim && dim->isConstant() ? std::optional(Affine{{}, *dim->constant()}) : std::nullopt;
  }

  bool mentionsIndex(const Expr &expr) const {
    return anyPart(expr, [&](const Expr &part) { return isIndex(part); });
  }

  /// One axis as a window of a convolution that is summed over; empty if it is none.
  std::optional<WindowAxis> window(const Expr &place, const std::set<std::string> &over) {
    auto linear = place.kind == Expr::Kind::Binary ? affine(place) : std::nullopt;
    if (!linear || linear->factors.size() != 2)
      return std::nullopt;
    auto first = linear->factors.begin(), second = std::next(first);
    if (over.count(first->first))
      std::swap(first, second);
    if (over.count(first->first) || !over.count(second->first) || first->second < 1 ||
        second->second < 1)
      return std::nullopt;
    return WindowAxis{first->first, second->first, first->second, second->second, linear->offset};
  }

  /// Whether the term is a tensor with one or two windows, and else plain indices.
  bool hasWindow(const Expr &term, const std::set<std::string> &over) {
    const Value *base = baseOf(term);
    if (!base || !base->is<Tensor>())
      return false;
    std::multiset<std::string> used;
    int windows = 0;
    for (size_t i = 1; i < term.operands.size(); ++i) {
      const Expr &place = *term.operands[i];
      if (isIndex(place)) {
        used.insert(place.text);
      } else if (auto found = window(place, over)) {
        used.insert({found->out, found->in});
        ++windows;
      } else {
        return false;
      }
    }
    return (windows == 1 || windows == 2) &&
           std::all_of(used.begin(), used.end(),
                       [&](const std::string &name) { return used.count(name) == 1; });
  }

  std::optional<Indexed> convolution(const Expr &term, const Indexed &w,
                                     const std::set<std::string> &over, Range site) {
    std::vector<std::string> axes;
    std::vector<WindowAxis> windows;
    for (size_t i = 1; i < term.operands.size(); ++i) {
      const Expr &place = *term.operands[i];
      axes.push_back(isIndex(place) ? place.text : "");
      if (!isIndex(place))
        windows.push_back(*window(place, over));
    }
    return algebra.convolution(*baseOf(term)->as<Tensor>(), axes, windows, w, over, site);
  }

  // --- expressions -----------------------------------------------------------------------------

  Indexed poison(const Expr &expr) const { return {Poison{}, {}, expr.range}; }

  /// Whether each axis of a tensor has its index; else an error.
  bool isComplete(const Indexed &x) {
    const Tensor *tensor = x.value.as<Tensor>();
    if (!tensor || unfolding.graph.typeOf(*tensor).shape.size() == x.axes.size())
      return true;
    const TensorType &type = unfolding.graph.typeOf(*tensor);
    report
        .error("rank-mismatch", x.range,
               "an element is needed here, found the whole tensor " + str(type))
        .help.push_back("name its axes: " + quoted(report.text(x.range) + "[…]"));
    return false;
  }

  Indexed evaluate(const Expr &expr) {
    if (!unfolding.enter(expr.range))
      return poison(expr);
    Indexed result = evaluateKind(expr);
    unfolding.leave();
    return result;
  }

  Indexed evaluateKind(const Expr &expr) {
    if (isIndex(expr))
      return algebra.counted(expr.text, expr.range);
    if (const Expr *over = reducedBy(expr))
      return reduction(expr, *over);
    switch (expr.kind) {
    case Expr::Kind::Unary: {
      Indexed x = evaluate(*expr.operands[0]);
      if (x.isPoison() || !isComplete(x))
        return poison(expr);
      return {unary(expr, {x.value, x.range}, environment), x.axes, expr.range};
    }
    case Expr::Kind::Binary:
      return evaluateBinary(expr);
    case Expr::Kind::Pipe: {
      const Expr &right = *expr.operands[1];
      bool isCall = right.kind == Expr::Kind::Call;
      return evaluateCall(isCall ? *right.operands[0] : right, isCall ? &right : nullptr,
                          expr.operands[0].get(), expr);
    }
    case Expr::Kind::Call:
      return evaluateCall(*expr.operands[0], &expr, nullptr, expr);
    case Expr::Kind::Index:
      return element(expr);
    case Expr::Kind::If:
      return evaluateIf(expr);
    default:
      return {lang::evaluate(expr, environment), {}, expr.range};
    }
  }

  Indexed evaluateBinary(const Expr &expr) {
    Indexed a = evaluate(*expr.operands[0]), b = evaluate(*expr.operands[1]);
    if (a.isPoison() || b.isPoison())
      return poison(expr);
    const std::vector<std::string> axes = algebra.common({&a, &b});
    if (axes.empty() && expr.text == "@")
      return {binary(expr, {a.value, a.range}, {b.value, b.range}, environment, Wanted::Any),
              {},
              expr.range};
    if (!isComplete(a) || !isComplete(b))
      return poison(expr);
    Operand left{algebra.aligned(a, axes, expr.range).value, a.range};
    Operand right{algebra.aligned(b, axes, expr.range).value, b.range};
    bool isLogical = expr.text == "and" || expr.text == "or";
    Operations &operations = unfolding.operations;
    if (isLogical && operations.isTruth(left.value) && operations.isTruth(right.value))
      return {operations.logical(expr.text, left, right, focus(expr)), axes, expr.range};
    if (isLogical) {
      report.error("operator-type", expr.range,
                   quoted(expr.text) + " needs bools, found " + operations.described(left.value) +
                       " and " + operations.described(right.value));
      return poison(expr);
    }
    return {binary(expr, left, right, environment, Wanted::Any), axes, expr.range};
  }

  /// `f(x[i], y[j])` for a function that works element by element; without indices any function.
  Indexed evaluateCall(const Expr &callee, const Expr *callWithArguments, const Expr *piped,
                       const Expr &expr) {
    static const std::vector<ast::Argument> kNone;
    const std::vector<ast::Argument> &arguments =
        callWithArguments ? callWithArguments->arguments : kNone;
    std::vector<Indexed> values;
    if (piped)
      values.push_back(evaluate(*piped));
    for (const ast::Argument &argument : arguments)
      values.push_back(evaluate(*argument.value));
    std::vector<const Indexed *> all;
    for (const Indexed &value : values) {
      if (value.isPoison())
        return poison(expr);
      all.push_back(&value);
    }
    const std::vector<std::string> axes = algebra.common(all);
    Value function = lang::evaluate(callee, environment);
    if (function.isPoison())
      return poison(expr);
    if (!axes.empty() && !isElementwise(function)) {
      report
          .error("not-elementwise", callee.range,
                 kindOf(function) + " does not work element by element")
          .help.push_back("call it with whole tensors and index what it gives: `f(x)[i, j]`");
      return poison(expr);
    }
    std::vector<GivenArgument> given;
    std::optional<Operand> source;
    for (size_t i = 0; i < values.size(); ++i) {
      if (!axes.empty() && !isComplete(values[i]))
        return poison(expr);
      Value value = algebra.aligned(values[i], axes, values[i].range).value;
      if (piped && i == 0)
        source = Operand{value, values[i].range};
      else
        given.push_back({&arguments[i - (piped ? 1 : 0)], nullptr, value, values[i].range});
    }
    Value result = call(function, given, environment, focus(expr), source ? &*source : nullptr);
    return {result, axes, expr.range};
  }

  /// Whether all tensors that a function takes and gives have one shape, whatever it is.
  bool isElementwise(const Value &function) const {
    if (const Builtin *builtin = function.as<Builtin>())
      return builtin->name == "float" || builtin->name == "int";
    const Callable *callable = function.as<Callable>();
    if (!callable)
      return false;
    const ast::Item &item = *callable->item;
    bool isOp = item.kind == ast::Item::Kind::Op && item.config.empty();
    if (!isOp && item.kind != ast::Item::Kind::Function)
      return false;
    auto isOpen = [](const ast::Type &type) {
      return type.shape.size() == 1 && type.shape[0]->kind == Expr::Kind::Ellipsis;
    };
    for (const ast::Parameter &parameter : isOp ? item.inputs : item.config)
      if (parameter.type && parameter.type->hasShape && !isOpen(*parameter.type))
        return false;
    return item.result && isOpen(*item.result);
  }

  /// A static condition.
  Indexed evaluateIf(const Expr &expr) {
    auto truth = condition(*expr.operands[0], environment);
    if (!truth || expr.blocks.size() < 2)
      return poison(expr);
    const std::vector<ast::StmtPtr> &statements = expr.blocks[*truth ? 0 : 1].statements;
    if (statements.size() == 1 && statements[0]->kind == ast::Stmt::Kind::Expr &&
        statements[0]->value)
      return evaluate(*statements[0]->value);
    report.error("misplaced-statement", expr.blocks[*truth ? 0 : 1].range,
                 "in index notation a block is one expression");
    return poison(expr);
  }

  /// `x[b, i + 1, table[j]]`.
  Indexed element(const Expr &expr) {
    const Value *base = baseOf(expr);
    if (base->isPoison())
      return poison(expr);
    const Tensor *tensor = base->as<Tensor>();
    if (!tensor)
      return {lang::evaluate(expr, environment), {}, expr.range};
    Value x = *tensor;
    std::vector<std::string> axes(expr.operands.size() - 1);
    std::vector<std::optional<Indexed>> places(axes.size());
    std::set<std::string> used;
    bool isComputed = false;
    std::vector<bool> isGone(axes.size(), false);
    for (size_t i = 0; i < axes.size(); ++i) {
      const Expr &place = *expr.operands[i + 1];
      if (isIndex(place) && used.insert(place.text).second) {
        axes[i] = place.text;
        continue;
      }
      if (auto shifted = shift(expr, i); shifted && used.insert(shifted->first).second) {
        axes[i] = shifted->first;
        Dim begin(shifted->second);
        x = algebra.part(x, i, begin, begin + extents[shifted->first].size, place.range);
        continue;
      }
      Indexed at = evaluatePlace(place);
      if (at.isPoison())
        return at;
      if (const Dim *fixed = at.value.as<Dim>()) {
        auto part = fixedPart(x, i, *fixed, place);
        if (part.isPoison())
          return poison(expr);
        x = part;
        isGone[i] = true;
        continue;
      }
      places[i] = std::move(at);
      isComputed = true;
    }
    return withoutAxes(x, axes, places, isGone, isComputed, expr.range);
  }

  /// Drops the axes of which one element was taken, then looks up computed places.
  Indexed withoutAxes(Value x, std::vector<std::string> axes,
                      std::vector<std::optional<Indexed>> places, const std::vector<bool> &isGone,
                      bool isComputed, Range site) {
    Shape kept;
    std::vector<std::string> keptAxes;
    std::vector<std::optional<Indexed>> keptPlaces;
    const Shape shape = unfolding.graph.typeOf(*x.as<Tensor>()).shape;
    for (size_t i = 0; i < axes.size(); ++i)
      if (!isGone[i]) {
        kept.push_back(shape[i]);
        keptAxes.push_back(axes[i]);
        keptPlaces.push_back(places[i]);
      }
    if (kept.size() != shape.size())
      x = unfolding.operations.applyExactly("reshape", {{x, site}}, {{"shape", kept}}, site);
    if (isComputed)
      return algebra.taken(*x.as<Tensor>(), keptAxes, keptPlaces, site);
    return {x, keptAxes, site};
  }

  /// An index plus a number at axis `i`, if the index stands nowhere else in the element.
  std::optional<std::pair<std::string, int64_t>> shift(const Expr &expr, size_t i) {
    const Expr &place = *expr.operands[i + 1];
    if (place.kind != Expr::Kind::Binary || !mentionsIndex(place))
      return std::nullopt;
    auto linear = affine(place);
    if (!linear || linear->factors.size() != 1 || linear->factors.begin()->second != 1)
      return std::nullopt;
    const std::string &name = linear->factors.begin()->first;
    const Shape &shape = unfolding.graph.typeOf(*baseOf(expr)->as<Tensor>()).shape;
    if (!extents[name].size.isConstant() || !shape[i].isConstant())
      return std::nullopt;
    auto isName = [&](const Expr &part) {
      return part.kind == Expr::Kind::Name && part.text == name;
    };
    for (size_t j = 1; j < expr.operands.size(); ++j)
      if (j != i + 1 && anyPart(*expr.operands[j], isName))
        return std::nullopt;
    return std::pair{name, linear->offset};
  }

  /// Where an element stands along an axis: a static int, or ints of some indices.
  Indexed evaluatePlace(const Expr &place) {
    if (place.kind == Expr::Kind::Name && !isIndex(place) && isFree(place.text)) {
      report
          .error("undefined-name", place.range,
                 "the index " + quoted(place.text) + " is neither on the left nor reduced")
          .help.push_back("`sum`, `mean`, `max` and `min` go over an index: " +
                          quoted("sum(… " + place.text + " …)"));
      return poison(place);
    }
    Indexed at = evaluate(place);
    if (at.isPoison() || !isComplete(at))
      return poison(place);
    const Tensor *tensor = at.value.as<Tensor>();
    bool isInt =
        at.value.is<Dim>() || (tensor && unfolding.graph.typeOf(*tensor).element == Element::Int);
    if (isInt)
      return at;
    notAnIndex(place.range, unfolding.operations.described(at.value));
    return poison(place);
  }

  /// The one element at a static index, which counts from the end if it is negative. Keeps the
  /// axis.
  Value fixedPart(const Value &x, size_t axis, const Dim &index, const Expr &place) {
    const Dim size = unfolding.graph.typeOf(*x.as<Tensor>()).shape[axis];
    Dim at = index.isConstant() && *index.constant() < 0 ? size + index : index;
    bool isWithin = at.isConstant() && *at.constant() >= 0 && size.isConstant() &&
                    *at.constant() < *size.constant();
    if (isWithin)
      return algebra.part(x, axis, at, at + Dim(1), place.range);
    report.error("index-range", place.range,
                 "axis " + std::to_string(axis) + " has the size " + size.str() +
                     ", counted from 0: there is no element " + index.str());
    return Poison{};
  }

  Value broadcastNumber(const Indexed &result, const std::vector<std::string> &axes,
                        const std::optional<TensorType> &type) {
    Shape shape;
    for (const std::string &axis : axes)
      shape.push_back(extents[axis].size);
    Element element = type ? type->element : Element::Real;
    return unfolding.graph.constant({number(result.value).value_or(0)}, {element, shape, 0},
                                    result.range);
  }

  Environment &environment;
  Unfolding &unfolding;
  Report &report;
  std::map<std::string, Index> indices; // in scope
  IndexAlgebra::Extents extents;        // of those and of earlier ones
  size_t bound = 0;
  IndexAlgebra algebra;
  std::map<const Expr *, Value> bases;
};

} // namespace

Value evaluateNotation(const ast::Stmt &stmt, Environment &environment) {
  return Notation(environment).value(stmt);
}

} // namespace dlc::lang
