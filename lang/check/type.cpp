// Declared types: conversion of static values, matching of tensors against shapes.
#include "lang/check/elaborate.h"

#include <algorithm>
#include <cmath>

namespace dlc::lang {

using ast::Expr;

namespace {

const std::vector<std::string> kStaticTypes = {"int",     "float",    "bool",  "string",
                                               "strings", "numbers",  "init",  "shape",
                                               "type",    "schedule", "layer", "fn"};
const std::vector<std::string> kElements = {"f32", "f64", "real", "int", "bool", "class"};

std::string axes(size_t count) { return std::to_string(count) + (count == 1 ? " axis" : " axes"); }

bool isLayerOrFunction(const Value &value, ast::Item::Kind kind) {
  const Callable *callable = value.as<Callable>();
  return callable &&
         (callable->item->kind == kind ||
          (kind == ast::Item::Kind::Function && callable->item->kind == ast::Item::Kind::Op));
}

} // namespace

bool Elaborator::isStaticType(const std::string &name) {
  return std::find(kStaticTypes.begin(), kStaticTypes.end(), name) != kStaticTypes.end();
}

std::optional<Element> Elaborator::element(const ast::Name &name) {
  if (name.text == "f32" || name.text == "real")
    return Element::Real;
  if (name.text == "f64")
    return Element::Double;
  if (name.text == "int" || name.text == "class")
    return Element::Int;
  if (name.text == "bool")
    return Element::Bool;
  Diagnostic &error =
      report.error("unknown-type", name.range, "there is no type " + quoted(name.text));
  std::vector<std::string> candidates = kElements;
  candidates.insert(candidates.end(), kStaticTypes.begin(), kStaticTypes.end());
  if (!suggest(error, name.text, candidates))
    error.help.push_back("tensors are of f32, f64, int, bool or class");
  return std::nullopt;
}

// --- static types ------------------------------------------------------------------------------

Value Elaborator::convert(Value value, const ast::Type &type, const std::string &what, Range site,
                          Range declaration) {
  if (value.isPoison())
    return value;
  const std::string &name = type.name.text;
  if (!isStaticType(name)) {
    element(type.name) ? (void)report.error("unknown-type", type.name.range,
                                            "a tensor's type needs a shape: `" + name + "[...]`")
                       : (void)0;
    return Poison{};
  }
  if (name == "int" && value.is<Dim>())
    return value;
  if (name == "float")
    if (auto real = number(value))
      return *real;
  if ((name == "bool" && value.is<bool>()) || (name == "string" && value.is<std::string>()) ||
      (name == "type" && value.is<Element>()) || (name == "shape" && shape(value)) ||
      (name == "numbers" && numbers(value) && !value.is<bool>()))
    return value;
  if (name == "schedule" && (value.is<ConfiguredSchedule>() || number(value)))
    return value;
  if ((name == "layer" && (isLayerOrFunction(value, ast::Item::Kind::Layer) ||
                           value.is<std::shared_ptr<LayerInstance>>())) ||
      ((name == "fn" || name == "layer") && isLayerOrFunction(value, ast::Item::Kind::Function)))
    return value;
  if (name == "init" && (value.is<Init>() || value.isNumber() || numbers(value) ||
                         isLayerOrFunction(value, ast::Item::Kind::Function)))
    return value;
  if (name == "strings") {
    if (value.is<std::string>())
      return List{{value}};
    const List *list = value.as<List>();
    if (list && std::all_of(list->elements.begin(), list->elements.end(),
                            [](const Value &element) { return element.is<std::string>(); }))
      return value;
  }

  std::string wanted = name == "int" || name == "init" ? "an " + name
                       : name == "strings"             ? "a list of strings"
                       : name == "numbers"             ? "numbers"
                                                       : "a " + name;
  std::string found = kindOf(value);
  if (value.isNumber() || value.is<bool>() || value.is<std::string>())
    found += " (" + str(value) + ")";
  Diagnostic &error =
      report.error("argument-type", site, what + " must be " + wanted + ", found " + found);
  if (declaration.valid() && !report.inStandardLibrary(declaration))
    error.notes.push_back({declaration, "declared here"});
  return Poison{};
}

// --- dimensions --------------------------------------------------------------------------------

std::optional<Shape> Elaborator::evaluateDims(const Expr &expr, Environment &environment) {
  Value value = evaluate(expr, environment);
  if (value.isPoison())
    return std::nullopt;
  if (const Dim *dim = value.as<Dim>())
    return Shape{*dim};
  if (auto dims = shape(value))
    return dims;
  report.error("dimension-type", expr.range, "a dimension must be an int, found " + kindOf(value));
  return std::nullopt;
}

void Elaborator::bindDims(Environment &environment, const ShapeVariables &variables, Range range) {
  for (const auto &[name, variable] : variables.dims)
    if (!environment.findHere(name))
      environment.bind(name, {Binding::Kind::Dimension, variable.value, range});
}

EvaluateDims Elaborator::dimEvaluator(Environment &environment, const ShapeVariables &variables,
                                      bool mayBind) {
  return [this, &environment, &variables, mayBind](const Expr &expr) -> std::optional<Shape> {
    if (mayBind && isSymbol(expr, environment))
      return std::nullopt; // a new variable
    bindDims(environment, variables, expr.range);
    return evaluateDims(expr, environment);
  };
}

bool Elaborator::matchTensor(const ast::Item &item, const ast::Parameter &parameter,
                             Operand &operand, Environment &callee, ShapeVariables &variables,
                             std::vector<MatchedOperand> &matched) {
  const ast::Type &type = *parameter.type;
  const std::string &name = parameter.name.text;
  int number = static_cast<int>(matched.size());
  auto declared = element(type.name);
  if (!declared)
    return false;
  if (operand.value.isNumber() && type.shape.empty())
    operand.value = constant({*lang::number(operand.value)}, {*declared, {}, 0}, operand.range);
  const Tensor *tensor = operand.value.as<Tensor>();
  std::string pattern = name + ": " + report.text(type.range);
  if (!tensor) {
    report.error("argument-type", operand.range,
                 quoted(name) + " of " + quoted(item.name.text) + " must be a tensor, found " +
                     kindOf(operand.value),
                 pattern);
    return false;
  }
  const TensorType actual = typeOf(tensor->id);
  bool isNumeric = *declared == Element::Real &&
                   (actual.element == Element::Real || actual.element == Element::Double);
  if (*declared != actual.element && !isNumeric) {
    Diagnostic &error = report.error("element-mismatch", operand.range,
                                     quoted(name) + " of " + quoted(item.name.text) + " must be " +
                                         type.name.text + " numbers, found " + str(actual),
                                     pattern);
    noteOrigin(error, tensor->id, false, operand.range);
    return false;
  }
  auto mismatch = matchShape(type.shape, actual.shape, number, variables,
                             dimEvaluator(callee, variables, true));
  matched.push_back({name, operand.value, operand.range});
  if (!mismatch) {
    bindDims(callee, variables, parameter.name.range);
    callee.bind(name, {Binding::Kind::Argument, operand.value, parameter.name.range});
    return true;
  }

  if (mismatch->kind == ShapeMismatch::Kind::Rank) {
    bool isOpen = std::any_of(type.shape.begin(), type.shape.end(),
                              [](const auto &expr) { return expr->kind == Expr::Kind::Ellipsis; });
    size_t count = type.shape.size() - (isOpen ? 1 : 0);
    std::string needed = isOpen ? "an input of at least " + axes(count)
                                : "a " + std::to_string(count) + "-axis input";
    Diagnostic &error = report.error(
        "rank-mismatch", operand.range,
        quoted(item.name.text) + " needs " + needed + ", found " + str(actual), pattern);
    noteOrigin(error, tensor->id, true, operand.range);
    if (!error.notes.empty() && report.text(error.notes.back().range) == "flatten")
      error.help.push_back("move `flatten` after the last " + quoted(item.name.text));
    return false;
  }
  std::string found = mismatch->axis >= 0 && mismatch->kind == ShapeMismatch::Kind::Axis
                          ? actual.shape[mismatch->axis].str()
                          : str(actual);
  std::string message;
  if (mismatch->kind == ShapeMismatch::Kind::Ellipsis) {
    message = quoted(item.name.text) + " needs the same `...` in " +
              quoted(matched[mismatch->otherOperand].name) + " and " + quoted(name) + ", found " +
              str(typeOf(matched[mismatch->otherOperand].value.as<Tensor>()->id)) + " and " + found;
  } else if (mismatch->otherOperand >= 0) {
    message =
        quoted(item.name.text) + " needs the same " + quoted(report.text(mismatch->pattern->range));
    message += mismatch->otherOperand == number
                   ? " on both axes of " + quoted(name)
                   : " in " + quoted(matched[mismatch->otherOperand].name) + " and " + quoted(name);
    message += ", found " + mismatch->expected.str() + " and " + found;
  } else {
    std::string written = report.text(mismatch->pattern->range);
    std::string value = mismatch->expected.str();
    message = "axis " + std::to_string(mismatch->axis) + " of " + quoted(name) + " must be " +
              (written == value ? value : quoted(written) + " (= " + value + ")") + " for " +
              quoted(item.name.text) + ", found " + found;
  }
  Diagnostic &error = report.error("shape-mismatch", operand.range, message, pattern);
  if (mismatch->otherOperand >= 0 && mismatch->otherOperand != number) {
    const MatchedOperand &other = matched[mismatch->otherOperand];
    const ValueId id = other.value.as<Tensor>()->id;
    if (other.range.begin != operand.range.begin && !report.inStandardLibrary(other.range))
      error.notes.push_back({other.range, quoted(other.name) + " is " + str(typeOf(id))});
    else
      noteOrigin(error, id, false, operand.range);
  }
  noteOrigin(error, tensor->id, false, operand.range);
  return false;
}

bool Elaborator::checkResult(const ast::Item &item, const ast::Type &type, const Value &value,
                             Environment &callee, ShapeVariables &variables, Range site) {
  if (value.isPoison())
    return false;
  if (!type.elements.empty() || type.name.text.empty()) {
    const Tuple *tuple = value.as<Tuple>();
    if (!tuple && type.elements.size() == 1)
      return checkResult(item, type.elements[0], value, callee, variables, site);
    if (!tuple || tuple->elements.size() != type.elements.size()) {
      report.error("result-type", site,
                   quoted(item.name.text) + " must return " + std::to_string(type.elements.size()) +
                       " values, found " + kindOf(value));
      return false;
    }
    for (size_t i = 0; i < tuple->elements.size(); ++i)
      if (!checkResult(item, type.elements[i], tuple->elements[i], callee, variables, site))
        return false;
    return true;
  }
  if (!type.hasShape)
    return !convert(value, type, "the result of " + quoted(item.name.text), site, type.range)
                .isPoison();

  auto declared = element(type.name);
  const Tensor *tensor = value.as<Tensor>();
  if (!declared)
    return false;
  if (!tensor) {
    report.error("result-type", site,
                 quoted(item.name.text) + " must return " + report.text(type.range) + ", found " +
                     kindOf(value));
    return false;
  }
  const TensorType actual = typeOf(tensor->id);
  bool isReal = *declared == Element::Real && actual.element == Element::Double;
  std::optional<ShapeMismatch> mismatch =
      matchShape(type.shape, actual.shape, -1, variables, dimEvaluator(callee, variables, false));
  if (!mismatch && (*declared == actual.element || isReal))
    return true;
  std::string because;
  if (mismatch && mismatch->kind == ShapeMismatch::Kind::Axis)
    because = ": axis " + std::to_string(mismatch->axis) + " must be " + mismatch->expected.str();
  Diagnostic &error =
      report.error("result-type", site,
                   quoted(item.name.text) + " must return " + report.text(type.range) + ", found " +
                       str(actual) + because);
  if (!report.inStandardLibrary(type.range))
    error.notes.push_back({type.range, "the result is declared here"});
  noteOrigin(error, tensor->id, mismatch && mismatch->kind == ShapeMismatch::Kind::Rank, site);
  return false;
}

// --- declared tensors --------------------------------------------------------------------------

std::optional<TensorType> Elaborator::tensorType(const ast::Type &type, Environment &environment,
                                                 const std::string &name) {
  auto declared = element(type.name);
  if (!declared)
    return std::nullopt;
  if (!type.hasShape) {
    report.error("unknown-type", type.range,
                 "a tensor's type needs a shape: `" + type.name.text + "[...]`");
    return std::nullopt;
  }
  TensorType result{*declared, {}, 0};
  for (const ast::ExprPtr &expr : type.shape) {
    auto dims = evaluateDims(*expr, environment);
    if (!dims)
      return std::nullopt;
    result.shape.insert(result.shape.end(), dims->begin(), dims->end());
  }
  if (type.name.text == "class") {
    int64_t classes = result.shape.size() == 1 ? result.shape[0].constant().value_or(0) : 0;
    if (classes < 1) {
      report.error("class-count", type.range,
                   "a class label needs its number of classes: `class[10]`");
      return std::nullopt;
    }
    return TensorType{Element::Int, {}, classes};
  }
  for (size_t i = 0; i < result.shape.size(); ++i)
    if (result.shape[i].isConstant() && *result.shape[i].constant() < 1) {
      report.error("size-not-positive", type.range,
                   (name.empty() ? "" : quoted(name) + ": ") +
                       "every size must be at least 1, found " + str(result.shape));
      return std::nullopt;
    }
  return result;
}

std::optional<TensorType> Elaborator::declaredInput(const ast::Type &type,
                                                    Environment &environment) {
  for (const ast::ExprPtr &expr : type.shape) {
    if (!isSymbol(*expr, environment))
      continue;
    const std::string &name = expr->text;
    Value value = Dim::symbol(name);
    if (name != batchSymbol) {
      std::string batch = batchSymbol.empty() ? "the first dimension of an input, the batch,"
                                              : "the batch, " + quoted(batchSymbol) + ",";
      report
          .error("symbol-without-value", expr->range,
                 quoted(name) + " has no value; only " + batch +
                     " gets one when the model is compiled")
          .help.push_back("write the size, or declare `const " + name + " = 16`; `-D " + name +
                          "=32` then sets another");
      value = Poison{}; // said once
    }
    environment.bind(name, {Binding::Kind::Dimension, std::move(value), expr->range});
  }
  return tensorType(type, environment);
}

bool Elaborator::isSymbol(const Expr &expr, Environment &environment) const {
  if (expr.kind != Expr::Kind::Name || environment.find(expr.text))
    return false;
  const ast::Item *item =
      context.program.find(Space::Value, expr.text, environment.inStandardLibrary);
  return !item || item->kind != ast::Item::Kind::Const;
}

} // namespace dlc::lang
