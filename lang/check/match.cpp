// Tensors against the types that a function or layer declares for them.
#include "lang/check/match.h"
#include "lang/check/tensor_type.h"
#include "lang/check/type.h"
#include "lang/check/unfolding.h"

#include <algorithm>

namespace dlc::lang {

using ast::Expr;

namespace {

std::string axes(size_t count) { return std::to_string(count) + (count == 1 ? " axis" : " axes"); }

bool isReal(Element element) { return element == Element::Real || element == Element::Double; }

std::string declaration(const ast::Parameter &parameter, const Report &report) {
  return parameter.name.text + ": " + report.text(parameter.type->range);
}

} // namespace

// --- dimensions --------------------------------------------------------------------------------

void CallShapes::bindDims(Range range) {
  for (const auto &[name, variable] : variables.dims)
    if (!callee.findHere(name))
      callee.bind(name, {Binding::Kind::Dimension, variable.value, range});
}

/// What the dimensions of a pattern stand for; a name without a meaning is a new variable if
/// `mayBind`.
EvaluateDims CallShapes::evaluator(bool mayBind) {
  return [this, mayBind](const Expr &expr) -> std::optional<Shape> {
    if (mayBind && isSymbol(expr, callee))
      return std::nullopt;
    bindDims(expr.range);
    return evaluateDims(expr, callee);
  };
}

// --- parameters --------------------------------------------------------------------------------

bool CallShapes::bind(const ast::Parameter &parameter, Operand operand) {
  Report &report = callee.unfolding.report;
  GraphBuilder &graph = callee.unfolding.graph;
  const ast::Type &type = *parameter.type;
  const std::string &name = parameter.name.text;
  auto declared = element(type.name, report);
  if (!declared)
    return false;
  if (operand.value.is<None>() && parameter.defaultValue) {
    callee.bind(name, {Binding::Kind::Argument, None{}, parameter.name.range});
    return true;
  }
  if (operand.value.isNumber() && type.shape.empty())
    operand.value = graph.constant({*number(operand.value)}, {*declared, {}, 0}, operand.range);
  const Tensor *tensor = operand.value.as<Tensor>();
  if (!tensor) {
    report.error("argument-type", operand.range,
                 quoted(name) + " of " + quoted(item.name.text) + " must be a tensor, found " +
                     kindOf(operand.value),
                 declaration(parameter, report));
    return false;
  }
  const TensorType actual = graph.typeOf(*tensor);
  if (*declared != actual.element && !(*declared == Element::Real && isReal(actual.element))) {
    Diagnostic &error = report.error("element-mismatch", operand.range,
                                     quoted(name) + " of " + quoted(item.name.text) + " must be " +
                                         type.name.text + " numbers, found " + str(actual),
                                     declaration(parameter, report));
    graph.noteOrigin(error, tensor->id, false, operand.range);
    return false;
  }
  auto mismatch = matchShape(type.shape, actual.shape, static_cast<int>(matched.size()), variables,
                             evaluator(true));
  matched.push_back({name, tensor->id, operand.range});
  if (!mismatch) {
    bindDims(parameter.name.range);
    callee.bind(name, {Binding::Kind::Argument, operand.value, parameter.name.range});
    return true;
  }
  if (mismatch->kind == ShapeMismatch::Kind::Rank)
    reportRank(parameter);
  else
    reportShape(parameter, *mismatch);
  return false;
}

void CallShapes::reportRank(const ast::Parameter &parameter) {
  Report &report = callee.unfolding.report;
  GraphBuilder &graph = callee.unfolding.graph;
  const Matched &operand = matched.back();
  const std::vector<ast::ExprPtr> &pattern = parameter.type->shape;
  bool isOpen = std::any_of(pattern.begin(), pattern.end(),
                            [](const auto &expr) { return expr->kind == Expr::Kind::Ellipsis; });
  size_t count = pattern.size() - (isOpen ? 1 : 0);
  std::string needed =
      isOpen ? "an input of at least " + axes(count) : "a " + std::to_string(count) + "-axis input";
  Diagnostic &error = report.error("rank-mismatch", operand.range,
                                   quoted(item.name.text) + " needs " + needed + ", found " +
                                       str(graph.typeOf(operand.id)),
                                   declaration(parameter, report));
  graph.noteOrigin(error, operand.id, true, operand.range);
  if (!error.notes.empty() && report.text(error.notes.back().range) == "flatten")
    error.help.push_back("move `flatten` after the last " + quoted(item.name.text));
}

void CallShapes::reportShape(const ast::Parameter &parameter, const ShapeMismatch &mismatch) {
  Report &report = callee.unfolding.report;
  GraphBuilder &graph = callee.unfolding.graph;
  const Matched &operand = matched.back();
  Diagnostic &error = report.error("shape-mismatch", operand.range, inWords(mismatch),
                                   declaration(parameter, report));
  bool isOther =
      mismatch.otherOperand >= 0 && mismatch.otherOperand + 1 < static_cast<int>(matched.size());
  if (isOther) {
    const Matched &other = matched[mismatch.otherOperand];
    if (other.range.begin != operand.range.begin && !report.inStandardLibrary(other.range))
      error.notes.push_back(
          {other.range, quoted(other.name) + " is " + str(graph.typeOf(other.id))});
    else
      graph.noteOrigin(error, other.id, false, operand.range);
  }
  graph.noteOrigin(error, operand.id, false, operand.range);
}

/// What is wrong with the shape of the last operand: an axis, or what `...` stands for.
std::string CallShapes::inWords(const ShapeMismatch &mismatch) const {
  const Report &report = callee.unfolding.report;
  const GraphBuilder &graph = callee.unfolding.graph;
  const Matched &operand = matched.back();
  const TensorType &actual = graph.typeOf(operand.id);
  if (mismatch.kind == ShapeMismatch::Kind::Ellipsis) {
    const Matched &other = matched[mismatch.otherOperand];
    return quoted(item.name.text) + " needs the same `...` in " + quoted(other.name) + " and " +
           quoted(operand.name) + ", found " + str(graph.typeOf(other.id)) + " and " + str(actual);
  }
  std::string found = actual.shape[mismatch.axis].str();
  std::string written = report.text(mismatch.pattern->range), value = mismatch.expected.str();
  if (mismatch.otherOperand >= 0) {
    const Matched &other = matched[mismatch.otherOperand];
    std::string places = &other == &operand
                             ? " on both axes of " + quoted(operand.name)
                             : " in " + quoted(other.name) + " and " + quoted(operand.name);
    return quoted(item.name.text) + " needs the same " + quoted(written) + places + ", found " +
           value + " and " + found;
  }
  return "axis " + std::to_string(mismatch.axis) + " of " + quoted(operand.name) + " must be " +
         (written == value ? value : quoted(written) + " (= " + value + ")") + " for " +
         quoted(item.name.text) + ", found " + found;
}

// --- the result --------------------------------------------------------------------------------

bool CallShapes::fits(const ast::Type &result, const Value &value, Range site) {
  if (value.isPoison())
    return false;
  Report &report = callee.unfolding.report;
  bool isTuple = !result.elements.empty() || result.name.text.empty();
  if (!isTuple && result.hasShape)
    return tensorFits(result, value, site);
  if (!isTuple)
    return !convert(value, result, "the result of " + quoted(item.name.text), site, result.range,
                    report)
                .isPoison();
  const Tuple *tuple = value.as<Tuple>();
  if (!tuple && result.elements.size() == 1)
    return fits(result.elements[0], value, site);
  if (!tuple || tuple->elements.size() != result.elements.size()) {
    report.error("result-type", site,
                 quoted(item.name.text) + " must return " + std::to_string(result.elements.size()) +
                     " values, found " + kindOf(value));
    return false;
  }
  for (size_t i = 0; i < tuple->elements.size(); ++i)
    if (!fits(result.elements[i], tuple->elements[i], site))
      return false;
  return true;
}

bool CallShapes::tensorFits(const ast::Type &result, const Value &value, Range site) {
  Report &report = callee.unfolding.report;
  GraphBuilder &graph = callee.unfolding.graph;
  auto declared = element(result.name, report);
  if (!declared)
    return false;
  std::string must =
      quoted(item.name.text) + " must return " + report.text(result.range) + ", found ";
  const Tensor *tensor = value.as<Tensor>();
  if (!tensor) {
    report.error("result-type", site, must + kindOf(value));
    return false;
  }
  const TensorType actual = graph.typeOf(*tensor);
  bool isOfElement = *declared == actual.element ||
                     (*declared == Element::Real && actual.element == Element::Double);
  auto mismatch = matchShape(result.shape, actual.shape, -1, variables, evaluator(false));
  if (!mismatch && isOfElement)
    return true;
  std::string because;
  if (mismatch && mismatch->kind == ShapeMismatch::Kind::Axis)
    because = ": axis " + std::to_string(mismatch->axis) + " must be " + mismatch->expected.str();
  Diagnostic &error = report.error("result-type", site, must + str(actual) + because);
  if (!report.inStandardLibrary(result.range))
    error.notes.push_back({result.range, "the result is declared here"});
  graph.noteOrigin(error, tensor->id, mismatch && mismatch->kind == ShapeMismatch::Kind::Rank,
                   site);
  return false;
}

} // namespace dlc::lang
