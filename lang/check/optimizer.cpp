// Unfolds an optimizer's rule over the vector of all weights.
#include "lang/check/block.h"
#include "lang/check/call.h"
#include "lang/check/expression.h"
#include "lang/check/statement.h"
#include "lang/check/type.h"

namespace dlc::lang {

using ast::Expr;
using ast::Item;

namespace {

/// Unfolds one use of an optimizer.
class UpdateBuilder {
public:
  UpdateBuilder(const Item &item, Context &context)
      : item(item), context(context), report(context.report),
        unfolding(context, Purpose::Optimizer, true), graph(unfolding.graph),
        operations(unfolding.operations) {
    update.optimizer = item.name.text;
  }

  std::optional<Update> build(const std::vector<ast::Argument> &arguments,
                              std::optional<double> clipNorm, Range site) {
    int errorsBefore = report.count();
    Environment environment(unfolding, report.inStandardLibrary(item.range));
    if (item.inputs.size() != 2) {
      report.error("optimizer-inputs", item.name.range,
                   "an optimizer takes the weight and the gradient: " +
                       quoted(item.name.text + "(…)(w, g)"));
      return std::nullopt;
    }
    ValueId weight =
        graph.addNode("weight", {}, {}, unfolding.rule.vectorType, item.inputs[0].name.range);
    ValueId gradient =
        graph.addNode("gradient", {}, {}, unfolding.rule.vectorType, item.inputs[1].name.range);
    graph.nameValue(Tensor{weight}, item.inputs[0].name.text);
    graph.nameValue(Tensor{gradient}, item.inputs[1].name.text);
    step = scalar("step", {}, item.name.range);
    total = scalar("total_steps", {}, item.name.range);
    graph.nameValue(Tensor{step}, "t");
    graph.nameValue(Tensor{total}, "total");
    if (!bindHyperparameters(arguments, site, environment))
      return std::nullopt;
    environment.bind(item.inputs[0].name.text,
                     {Binding::Kind::Weight, Tensor{weight}, item.inputs[0].name.range});
    environment.bind(item.inputs[1].name.text,
                     {Binding::Kind::Argument, clipped(Tensor{gradient}, clipNorm, site),
                      item.inputs[1].name.range});
    environment.bind("t", {Binding::Kind::Argument, Tensor{step}, item.name.range});
    environment.bind("total", {Binding::Kind::Argument, Tensor{total}, item.name.range});

    report.enter(item.name.text, site);
    executeBody(item.body, environment, Body::Optimizer);
    report.leave();
    if (report.count() == errorsBefore && unfolding.rule.newWeight < 0)
      report.error("weight-not-written", item.name.range,
                   quoted(item.name.text) +
                       " never writes the weight: " + quoted(item.inputs[0].name.text + " <- …"));
    if (report.count() != errorsBefore)
      return std::nullopt;
    return finished();
  }

private:
  ValueId scalar(const std::string &op, std::map<std::string, Attribute> attributes, Range range) {
    return graph.addNode(op, {}, std::move(attributes), {Element::Double, {}, 0}, range);
  }

  Value setting(const std::string &name, double value, Range range) {
    ValueId id = scalar("setting", {{"index", int64_t(update.settings.size())}}, range);
    graph.nameValue(Tensor{id}, name);
    update.settings.push_back({name, value});
    return Tensor{id};
  }

  bool bindHyperparameters(const std::vector<ast::Argument> &arguments, Range site,
                           Environment &environment) {
    auto given = lang::given(arguments);
    auto matched = matchArguments(item.name.text, item.config, given, site, report);
    if (!matched)
      return false;
    Environment user(unfolding, false);
    bool isRight = true;
    for (size_t i = 0; i < item.config.size(); ++i) {
      const ast::Parameter &parameter = item.config[i];
      const std::string &name = parameter.name.text;
      const auto *argument = (*matched)[i];
      const Expr &expr = argument ? *argument->expr : *parameter.defaultValue;
      Environment &scope = argument ? user : environment;
      std::string type = parameter.type ? parameter.type->name.text : "float";
      Value value;
      if (type == "schedule") {
        value = schedule(name, expr, scope);
      } else {
        value = evaluate(expr, scope, type == "float" ? Wanted::Float : Wanted::Any);
        if (parameter.type)
          value = convert(std::move(value), *parameter.type,
                          quoted(name) + " of " + quoted(item.name.text), expr.range,
                          parameter.name.range, report);
        if (type == "float" && number(value))
          value = setting(name, *number(value), parameter.name.range);
      }
      isRight &= !value.isPoison();
      if (const Tensor *tensor = value.as<Tensor>(); tensor && name == "lr")
        update.rate = tensor->id;
      environment.bind(name, {Binding::Kind::Argument, std::move(value), parameter.name.range});
    }
    return isRight;
  }

  /// `cosine(1e-3, warmup = 200)` or a number, which is `constant(number)`.
  Value schedule(const std::string &name, const Expr &expr, Environment &scope) {
    bool isCall = expr.kind == Expr::Kind::Call && expr.operands[0]->kind == Expr::Kind::Name;
    const ast::Name callee =
        isCall ? ast::Name{expr.operands[0]->text, expr.operands[0]->range} : ast::Name{};
    const Item *rule =
        isCall ? context.program.find(Space::Schedule, callee.text, scope.inStandardLibrary)
               : nullptr;
    if (rule)
      return unfoldSchedule(name, *rule, lang::given(expr.arguments), expr.focus, scope);
    bool isOtherFunction =
        isCall && (scope.find(callee.text) || isMath(callee.text) ||
                   context.program.find(Space::Value, callee.text, scope.inStandardLibrary));
    if (isCall && !isOtherFunction) {
      Diagnostic &error = report.error("unknown-schedule", callee.range,
                                       "there is no schedule " + quoted(callee.text));
      suggest(error, callee.text, context.program.names(Space::Schedule, scope.inStandardLibrary));
      return Poison{};
    }
    Value value = evaluate(expr, scope, Wanted::Float);
    if (value.isPoison())
      return value;
    if (!number(value)) {
      report.error("argument-type", expr.range,
                   quoted(name) + " of " + quoted(item.name.text) +
                       " must be a number or a schedule, found " + kindOf(value));
      return Poison{};
    }
    const Item *constant = context.program.find(Space::Schedule, "constant", true);
    return unfoldSchedule(name, *constant, {{nullptr, nullptr, value, expr.range}}, expr.range,
                          scope);
  }

  static bool isMath(const std::string &name) { return name == "float" || name == "int"; }

  Value unfoldSchedule(const std::string &name, const Item &rule,
                       const std::vector<GivenArgument> &given, Range site, Environment &scope) {
    Environment configuration(unfolding, report.inStandardLibrary(rule.range));
    if (rule.inputs.size() != 2) {
      report.error("bad-configuration", rule.name.range,
                   "a schedule is computed from two numbers, the step and how many there are: " +
                       quoted("(step, total)"));
      return Poison{};
    }
    if (!bindConfiguration(rule, given, site, scope, configuration))
      return Poison{};
    Environment body(unfolding, report.inStandardLibrary(rule.range));
    for (size_t i = 0; i < rule.config.size(); ++i) {
      const std::string &argument = rule.config[i].name.text;
      Value value = configuration.findHere(argument)->value;
      if (auto start = number(value))
        value = setting(i == 0 ? name : name + "." + argument, *start, rule.config[i].name.range);
      body.bind(argument, {Binding::Kind::Argument, value, rule.config[i].name.range});
    }
    const ValueId clock[] = {step, total};
    for (size_t i = 0; i < rule.inputs.size(); ++i)
      body.bind(rule.inputs[i].name.text,
                {Binding::Kind::Argument, Tensor{clock[i]}, rule.inputs[i].name.range});
    Value rate = callSchedule(rule, body, site);
    if (auto fixed = number(rate))
      rate = graph.constant({*fixed}, {Element::Double, {}, 0}, site);
    if (!rate.is<Tensor>() && !rate.isPoison()) {
      report.error("result-type", rule.name.range,
                   "a schedule must give a number, found " + kindOf(rate));
      return Poison{};
    }
    return rate;
  }

  /// g * min(1, clip_norm / (|g| + 1e-6)), as PyTorch's clip_grad_norm_.
  Value clipped(Value gradient, std::optional<double> clipNorm, Range site) {
    if (!clipNorm)
      return gradient;
    constexpr double kSmall = 1e-6; // PyTorch's guard against a zero norm
    Value bound = setting("clip_norm", *clipNorm, site);
    Value squares = operations.apply("mul", {{gradient, site}, {gradient, site}}, site);
    Value sum =
        operations.applyExactly("reduce_sum", {{squares, site}}, {{"axes", Shape{Dim(0)}}}, site);
    Value norm = operations.apply("sqrt", {{sum, site}}, site);
    graph.nameValue(norm, "gradient_norm");
    Value guarded = operations.apply("add", {{norm, site}, {kSmall, site}}, site);
    // A scalar of the vector's type, so that the division adapts the setting to it.
    Value ratio = operations.apply("div", {{bound, site}, {guarded, site}}, site);
    Value factor = operations.apply("min", {{ratio, site}, {1.0, site}}, site);
    return operations.apply("mul", {{gradient, site}, {factor, site}}, site);
  }

  Update finished() {
    update.slots = unfolding.rule.slots;
    update.newSlots = unfolding.rule.newSlots;
    update.weight = unfolding.rule.newWeight;
    std::vector<ValueId *> results = {&update.weight, &update.rate};
    for (ValueId &slot : update.newSlots)
      results.push_back(&slot);
    update.graph = graph.finish(results);
    return std::move(update);
  }

  const Item &item;
  Context &context;
  Report &report;
  Unfolding unfolding;
  GraphBuilder &graph;
  Operations &operations;
  Update update;
  ValueId step = -1, total = -1;
};

} // namespace

std::optional<Update> checkOptimizer(const Expr &expr, std::optional<double> clipNorm,
                                     Context &context) {
  bool isCall = expr.kind == Expr::Kind::Call && expr.operands[0]->kind == Expr::Kind::Name;
  const Expr *callee = isCall                          ? expr.operands[0].get()
                       : expr.kind == Expr::Kind::Name ? &expr
                                                       : nullptr;
  if (!callee) {
    context.report.error("optimizer-form", expr.range,
                         "the optimizer must be called by its name: `sgd(lr = 0.1)`");
    return std::nullopt;
  }
  const Item *item = context.program.find(Space::Optimizer, callee->text, false);
  if (!item) {
    Diagnostic &error = context.report.error("unknown-optimizer", callee->range,
                                             "there is no optimizer " + quoted(callee->text));
    suggest(error, callee->text, context.program.names(Space::Optimizer, false));
    return std::nullopt;
  }
  static const std::vector<ast::Argument> kNone;
  return UpdateBuilder(*item, context)
      .build(isCall ? expr.arguments : kNone, clipNorm, callee->range);
}

} // namespace dlc::lang
