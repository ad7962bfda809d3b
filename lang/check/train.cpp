// Checks a `train` block: its settings, and loss and metrics as part of the model's graph.
#include "lang/check/block.h"
#include "lang/check/expression.h"

#include <algorithm>

namespace dlc::lang {

using ast::Expr;
using ast::Item;

namespace {

const std::vector<std::string> kKeys = {"loss",  "metrics", "optimizer", "batch",    "epochs",
                                        "steps", "seed",    "shuffle",   "clip_norm"};

/// All names in an expression.
void collectNames(const Expr &expr, std::set<std::string> &names) {
  if (expr.kind == Expr::Kind::Name)
    names.insert(expr.text);
  for (const ast::ExprPtr &operand : expr.operands)
    collectNames(*operand, names);
  for (const auto *arguments : {&expr.arguments, &expr.options})
    for (const ast::Argument &argument : *arguments)
      if (argument.value)
        collectNames(*argument.value, names);
  for (const ast::Block &block : expr.blocks)
    for (const ast::StmtPtr &stmt : block.statements)
      if (stmt->value)
        collectNames(*stmt->value, names);
}

/// What a metric is called: the function at its root.
std::string metricName(const Expr &expr) {
  if (expr.kind == Expr::Kind::Call && expr.operands[0]->kind == Expr::Kind::Name)
    return expr.operands[0]->text;
  if (expr.kind == Expr::Kind::Pipe)
    return metricName(*expr.operands[1]);
  if (expr.kind == Expr::Kind::Name)
    return expr.text;
  return "metric";
}

} // namespace

TrainBlock::TrainBlock(const Item &block, Context &context)
    : block(block), context(context), report(context.report),
      keys(readKeys(block, kKeys, context.report)) {
  for (const char *key : {"loss", "optimizer"})
    if (!keys.count(key))
      report.error("missing-key", block.name.range, "the train block needs " + quoted(key));
}

template <typename T>
void TrainBlock::readInt(const char *key, int64_t smallest, T &target, Unfolding &unfolding) {
  auto stmt = keys.find(key);
  if (stmt == keys.end() || !stmt->second->value)
    return;
  Environment environment(unfolding, false);
  Value value = evaluate(*stmt->second->value, environment);
  if (value.isPoison())
    return;
  const Dim *dim = value.as<Dim>();
  if (!dim || !dim->isConstant() || *dim->constant() < smallest) {
    report.error("setting-value", stmt->second->value->range,
                 quoted(key) + " must be an int of at least " + std::to_string(smallest) +
                     ", found " + (dim ? str(value) : kindOf(value)));
    return;
  }
  target = static_cast<T>(*dim->constant());
}

std::optional<Train> TrainBlock::check() {
  int errorsBefore = report.count();
  Unfolding unfolding(context, Purpose::Static, true);
  Environment environment(unfolding, false);
  Train train;
  auto valueOf = [&](const char *key) -> const Expr * {
    auto stmt = keys.find(key);
    return stmt == keys.end() ? nullptr : stmt->second->value.get();
  };

  const Expr *batch = valueOf("batch");
  if (batch && batch->kind == Expr::Kind::Name && batch->text == "all")
    train.batch = 0;
  else
    readInt("batch", 1, train.batch, unfolding);
  readInt("epochs", 1, train.epochs, unfolding);
  readInt("steps", 1, train.steps, unfolding);
  readInt("seed", 0, train.seed, unfolding);
  if (const Expr *shuffle = valueOf("shuffle")) {
    Value value = evaluate(*shuffle, environment);
    if (const bool *truth = value.as<bool>())
      train.shuffle = *truth;
    else if (!value.isPoison())
      report.error("setting-value", shuffle->range,
                   "`shuffle` must be a bool, found " + kindOf(value));
  }
  std::optional<double> clipNorm;
  if (const Expr *clip = valueOf("clip_norm")) {
    Value value = evaluate(*clip, environment, Wanted::Float);
    clipNorm = number(value);
    if (!value.isPoison() && (!clipNorm || *clipNorm <= 0))
      report.error("setting-value", clip->range,
                   "`clip_norm` must be a number above 0, found " +
                       (value.isNumber() ? str(value) : kindOf(value)));
  }
  if (context.options.batch)
    train.batch = *context.options.batch;
  if (context.options.seed)
    train.seed = *context.options.seed;

  std::set<std::string> taken;
  for (const Expr *metric : metricExprs()) {
    std::string name = metricName(*metric), unique = name;
    for (int number = 2; !taken.insert(unique).second; ++number)
      unique = name + "_" + std::to_string(number);
    train.metrics.push_back(unique);
  }
  if (const Expr *optimizer = valueOf("optimizer"))
    if (auto update = checkOptimizer(*optimizer, clipNorm, context))
      train.update = std::move(*update);
  if (report.count() != errorsBefore)
    return std::nullopt;
  return train;
}

std::vector<const Expr *> TrainBlock::metricExprs() const {
  auto stmt = keys.find("metrics");
  if (stmt == keys.end() || !stmt->second->value)
    return {};
  const Expr &value = *stmt->second->value;
  if (value.kind != Expr::Kind::List && value.kind != Expr::Kind::Tuple)
    return {&value};
  std::vector<const Expr *> exprs;
  for (const ast::ExprPtr &operand : value.operands)
    exprs.push_back(operand.get());
  return exprs;
}

std::vector<Port> TrainBlock::extraInputs(const UnfoldedModel &model,
                                          const std::optional<Data> &data) {
  if (!data)
    return {};
  std::set<std::string> used;
  for (const char *key : {"loss", "metrics"})
    if (auto stmt = keys.find(key); stmt != keys.end() && stmt->second->value)
      collectNames(*stmt->second->value, used);
  auto find = [](const std::vector<Port> &ports, const std::string &name) -> const Port * {
    auto found = std::find_if(ports.begin(), ports.end(),
                              [&](const Port &port) { return port.name == name; });
    return found == ports.end() ? nullptr : &*found;
  };
  std::vector<Port> extra;
  for (const Port &field : data->fields) {
    Port batched = field;
    batched.type.shape.insert(batched.type.shape.begin(), Dim::symbol(model.batchSymbol));
    if (const Port *input = find(model.inputs, field.name)) {
      if (input->type.shape != batched.type.shape || input->type.element != batched.type.element)
        report
            .error("field-mismatch", field.range,
                   "the field " + quoted(field.name) + " gives " + str(batched.type) +
                       " a batch, the model's input " + quoted(field.name) + " is " +
                       str(input->type))
            .notes.push_back({input->range, "the model's input"});
    } else if (const Port *output = find(model.outputs, field.name)) {
      report
          .error("duplicate-name", field.range,
                 quoted(field.name) + " is a field of the data and a result of the model")
          .notes.push_back({output->range, "the model's result"});
    } else if (used.count(field.name)) {
      extra.push_back(batched);
    }
  }
  for (const Port &input : model.inputs)
    if (!find(data->fields, input.name)) {
      report
          .error("missing-field", block.dataName.range,
                 quoted(data->name) + " has no field for the model's input " + quoted(input.name))
          .notes.push_back({input.range, "the model's input"});
    }
  return extra;
}

std::optional<ValueId> TrainBlock::perSample(const Expr &expr, const std::string &what,
                                             const UnfoldedModel &model, Environment &environment) {
  GraphBuilder &graph = environment.unfolding.graph;
  Value value = evaluate(expr, environment);
  if (value.isPoison())
    return std::nullopt;
  const Tensor *tensor = value.as<Tensor>();
  Shape wanted = {Dim::symbol(model.batchSymbol)};
  if (tensor && graph.typeOf(*tensor).shape == wanted &&
      graph.typeOf(*tensor).element == Element::Real)
    return tensor->id;
  Diagnostic &error =
      report.error("loss-type", expr.range,
                   what + " must give one number a sample, f32" + str(wanted) + ", found " +
                       (tensor ? str(graph.typeOf(*tensor)) : kindOf(value)));
  if (tensor)
    graph.noteOrigin(error, tensor->id, false, expr.range);
  return std::nullopt;
}

ValueId TrainBlock::weightedSum(ValueId perSample, Range range, Unfolding &unfolding,
                                const std::string &name) {
  Value weight = unfolding.graph.sampleWeight(range);
  Value shares =
      unfolding.operations.apply("mul", {{Tensor{perSample}, range}, {weight, range}}, range);
  Value sum = unfolding.operations.applyExactly("reduce_sum", {{shares, range}},
                                                {{"axes", Shape{Dim(0)}}}, range);
  unfolding.graph.nameValue(sum, name);
  return sum.as<Tensor>()->id;
}

bool TrainBlock::addLoss(const UnfoldedModel &model, const std::vector<Port> &extra,
                         Unfolding &unfolding, Function &function) {
  int errorsBefore = report.count();
  if (model.batchSymbol.empty()) {
    report.error(
        "missing-batch", block.name.range,
        quoted(block.name.text) +
            " cannot be trained: its inputs have no batch dimension, such as `B` in `f32[B, 2]`");
    return false;
  }
  Environment environment(unfolding, false);
  auto bind = [&](const Port &port, ValueId id) {
    environment.bind(port.name, {Binding::Kind::Argument, Tensor{id}, port.range});
  };
  for (size_t i = 0; i < model.inputs.size(); ++i)
    bind(model.inputs[i], model.inputValues[i]);
  for (size_t i = 0; i < model.outputs.size(); ++i)
    bind(model.outputs[i], model.outputValues[i]);
  for (size_t i = 0; i < extra.size(); ++i) {
    ValueId id = unfolding.graph.addNode("input", {}, {{"index", int64_t(model.inputs.size() + i)}},
                                         extra[i].type, extra[i].range);
    unfolding.graph.nameValue(Tensor{id}, extra[i].name);
    bind(extra[i], id);
  }

  if (auto stmt = keys.find("loss"); stmt != keys.end() && stmt->second->value)
    if (auto id = perSample(*stmt->second->value, "the loss", model, environment))
      function.loss = weightedSum(*id, stmt->second->value->range, unfolding, "loss");
  for (const Expr *metric : metricExprs())
    if (auto id = perSample(*metric, "a metric", model, environment))
      function.metrics.push_back(weightedSum(*id, metric->range, unfolding, metricName(*metric)));
  if (report.count() == errorsBefore && unfolding.params.list.empty())
    report.error("missing-weights", block.name.range,
                 quoted(block.name.text) + " cannot be trained: it has no weights");
  return report.count() == errorsBefore;
}

} // namespace dlc::lang
