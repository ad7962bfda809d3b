// Declared types of tensors.
#include "lang/check/tensor_type.h"
#include "lang/check/expression.h"
#include "lang/check/type.h"
#include "lang/check/unfolding.h"

namespace dlc::lang {

using ast::Expr;

std::optional<Shape> evaluateDims(const Expr &expr, Environment &environment) {
  Value value = evaluate(expr, environment);
  if (value.isPoison())
    return std::nullopt;
  if (const Dim *dim = value.as<Dim>())
    return Shape{*dim};
  if (auto dims = shape(value))
    return dims;
  environment.unfolding.report.error("dimension-type", expr.range,
                                     "a dimension must be an int, found " + kindOf(value));
  return std::nullopt;
}

namespace {

/// `T <= 24`, in the type of an input: a size that has a name and a stated maximum.
bool isBounded(const Expr &expr) {
  return expr.kind == Expr::Kind::Binary && expr.text == "<=" &&
         expr.operands[0]->kind == Expr::Kind::Name;
}

} // namespace

std::optional<TensorType> tensorType(const ast::Type &type, Environment &environment,
                                     const std::string &name, bool isInput) {
  Report &report = environment.unfolding.report;
  auto declared = element(type.name, report);
  if (!declared)
    return std::nullopt;
  if (!type.hasShape) {
    report.error("unknown-type", type.range,
                 "a tensor's type needs a shape: " + quoted(type.name.text + "[...]"));
    return std::nullopt;
  }
  TensorType result{*declared, {}, 0};
  for (const ast::ExprPtr &expr : type.shape) {
    auto dims = evaluateDims(isInput && isBounded(*expr) ? *expr->operands[0] : *expr, environment);
    if (!dims)
      return std::nullopt;
    result.shape.insert(result.shape.end(), dims->begin(), dims->end());
  }
  if (type.name.text == "class") {
    result.classes = result.shape.empty() ? 0 : result.shape[0].constant().value_or(0);
    if (result.classes < 1) {
      report.error("class-count", type.range,
                   "a class label needs its number of classes: `class[10]`");
      return std::nullopt;
    }
    result.shape.erase(result.shape.begin());
  }
  for (const Dim &dim : result.shape)
    if (dim.isConstant() && *dim.constant() < 1) {
      report.error("size-not-positive", type.range,
                   (name.empty() ? "" : quoted(name) + ": ") +
                       "every size must be at least 1, found " + str(result.shape));
      return std::nullopt;
    }
  return result;
}

bool isSymbol(const Expr &expr, Environment &environment) {
  if (expr.kind != Expr::Kind::Name || environment.find(expr.text))
    return false;
  const ast::Item *item = environment.unfolding.context.program.find(Space::Value, expr.text,
                                                                     environment.inStandardLibrary);
  return !item || item->kind != ast::Item::Kind::Const;
}

/// The name is the maximum from here on; false after an error.
static bool bindBounded(const Expr &expr, Environment &environment) {
  Report &report = environment.unfolding.report;
  const Expr &name = *expr.operands[0];
  if (!isSymbol(name, environment)) {
    report.error("duplicate-name", name.range,
                 quoted(name.text) + " is defined already, a maximum names a new size");
    return false;
  }
  Value most = evaluate(*expr.operands[1], environment);
  const Dim *dim = most.as<Dim>();
  if (dim && dim->isConstant()) {
    environment.bind(name.text, {Binding::Kind::Dimension, *dim, name.range});
    return true;
  }
  if (!most.isPoison())
    report.error("dimension-type", expr.operands[1]->range,
                 "the maximum of a size is a static int, found " +
                     (dim ? str(most) : kindOf(most)));
  return false;
}

std::optional<TensorType> declaredInput(const ast::Type &type, Environment &environment) {
  const std::string &batchSymbol = environment.unfolding.graph.batchSymbol;
  for (const ast::ExprPtr &expr : type.shape) {
    if (isBounded(*expr)) {
      if (!bindBounded(*expr, environment))
        return std::nullopt;
      continue;
    }
    if (!isSymbol(*expr, environment))
      continue;
    const std::string &name = expr->text;
    Value value = Dim::symbol(name);
    if (name != batchSymbol) {
      std::string batch = batchSymbol.empty() ? "the first dimension of an input, the batch,"
                                              : "the batch, " + quoted(batchSymbol) + ",";
      environment.unfolding.report
          .error("symbol-without-value", expr->range,
                 quoted(name) + " has no value; only " + batch +
                     " gets one when the model is compiled")
          .help.push_back("write the size, state its maximum, `" + name +
                          " <= 16`, or declare `const " + name + " = 16`; `-D " + name +
                          "=32` then sets another");
      value = Poison{}; // said once
    }
    environment.bind(name, {Binding::Kind::Dimension, std::move(value), expr->range});
  }
  return tensorType(type, environment, "", /*isInput=*/true);
}

} // namespace dlc::lang
