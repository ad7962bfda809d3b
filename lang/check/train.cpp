// Checks a `train` block: its settings, and loss and metrics as part of the model's graph.
#include "lang/check/block.h"
#include "lang/check/expression.h"

#include <algorithm>

namespace dlc::lang {

using ast::Expr;
using ast::Item;

namespace {

const std::vector<std::string> kKeys = {"loss",    "metrics", "optimizer", "batch",
                                        "epochs",  "steps",   "patience",  "seed",
                                        "shuffle", "bucket",  "clip_norm"};

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
  readInt("patience", 1, train.patience, unfolding);
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

  std::vector<const Expr *> metrics = allMetrics();
  std::vector<std::string> names = metricNames();
  for (size_t i = 0; i < metrics.size(); ++i)
    if (!scoreOf(*metrics[i]))
      train.metrics.push_back(names[i]);
  if (const Expr *optimizer = valueOf("optimizer"))
    if (auto update = checkOptimizer(*optimizer, clipNorm, context))
      train.update = std::move(*update);
  if (report.count() != errorsBefore)
    return std::nullopt;
  return train;
}

int TrainBlock::bucket(const Data &data) {
  auto stmt = keys.find("bucket");
  if (stmt == keys.end() || !stmt->second->value)
    return -1;
  auto field = portOf(*stmt->second->value, data.fields, "setting-value",
                      "`bucket` takes a field of the data by its name");
  if (!field)
    return -1;
  const Port &port = data.fields[*field];
  if (port.type.shape.empty())
    report
        .error("setting-value", stmt->second->value->range,
               "`bucket` goes by the lengths of a field, " + quoted(port.name) +
                   " has one number a sample")
        .notes.push_back({port.range, "declared here"});
  return static_cast<int>(*field);
}

// --- metrics -------------------------------------------------------------------------------------

std::vector<const Expr *> TrainBlock::allMetrics() const {
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

std::vector<const Expr *> TrainBlock::sampleMetrics() const {
  std::vector<const Expr *> exprs = allMetrics();
  std::erase_if(exprs, [&](const Expr *expr) { return scoreOf(*expr); });
  return exprs;
}

std::vector<std::string> TrainBlock::metricNames() const {
  std::vector<std::string> names;
  for (const Expr *metric : allMetrics()) {
    std::string name = metricName(*metric), unique = name;
    for (int number = 2; std::find(names.begin(), names.end(), unique) != names.end(); ++number)
      unique = name + "_" + std::to_string(number);
    names.push_back(unique);
  }
  return names;
}

/// The score that a metric calls by its name; null if it is something else. The user's function of
/// that name hides it.
const Item *TrainBlock::scoreOf(const Expr &metric) const {
  if (metric.kind != Expr::Kind::Call || metric.operands[0]->kind != Expr::Kind::Name)
    return nullptr;
  const std::string &name = metric.operands[0]->text;
  return context.program.find(Space::Value, name, false)
             ? nullptr
             : context.program.find(Space::Score, name, true);
}

std::vector<Score> TrainBlock::scores(const UnfoldedModel &model, const Data &data) {
  std::vector<const Expr *> metrics = allMetrics();
  std::vector<std::string> names = metricNames();
  std::vector<Score> found;
  for (size_t i = 0; i < metrics.size(); ++i) {
    const Item *item = scoreOf(*metrics[i]);
    if (!item)
      continue;
    std::vector<const Expr *> arguments = scoreArguments(*metrics[i]);
    if (arguments.empty())
      continue;
    const std::string &function = item->name.text;
    auto output = portOf(*arguments[0], model.outputs, "score-arguments",
                         quoted(function) + " takes a result of the model by its name");
    auto field = portOf(*arguments[1], data.fields, "score-arguments",
                        quoted(function) + " takes a field of the data by its name");
    if (!output || !field)
      continue;
    Score score{names[i], function, static_cast<int>(*output), static_cast<int>(*field)};
    if (scoreFits(*metrics[i], score, model, data))
      found.push_back(score);
  }
  return found;
}

/// The arguments of a score in the order of its declaration; none after an error.
std::vector<const Expr *> TrainBlock::scoreArguments(const Expr &call) {
  const Item &item = *scoreOf(call);
  std::vector<const Expr *> arguments(item.config.size());
  bool isRight = call.arguments.size() == arguments.size();
  for (size_t i = 0; isRight && i < arguments.size(); ++i) {
    const ast::Argument &argument = call.arguments[i];
    auto parameter = item.config.begin() + static_cast<int64_t>(i);
    if (argument.name)
      parameter =
          std::find_if(item.config.begin(), item.config.end(), [&](const ast::Parameter &known) {
            return known.name.text == argument.name->text;
          });
    isRight = parameter != item.config.end();
    if (isRight)
      arguments[static_cast<size_t>(parameter - item.config.begin())] = argument.value.get();
  }
  if (isRight && std::find(arguments.begin(), arguments.end(), nullptr) == arguments.end())
    return arguments;
  report
      .error("score-arguments", call.range,
             quoted(item.name.text) + " takes two names: " + quoted(item.config[0].name.text) +
                 ", a result of the model, and " + quoted(item.config[1].name.text) +
                 ", a field of the data")
      .notes.push_back({item.name.range, "declared here"});
  return {};
}

/// Which of the ports an argument names.
std::optional<size_t> TrainBlock::portOf(const Expr &argument, const std::vector<Port> &ports,
                                         const char *id, const std::string &what) {
  std::vector<std::string> names;
  std::string all;
  for (const Port &port : ports) {
    names.push_back(port.name);
    all += (all.empty() ? "" : ", ") + port.name;
  }
  auto found = std::find(names.begin(), names.end(), argument.text);
  if (argument.kind == Expr::Kind::Name && found != names.end())
    return static_cast<size_t>(found - names.begin());
  Diagnostic &error = report.error(id, argument.range, what);
  if (argument.kind != Expr::Kind::Name || !suggest(error, argument.text, names))
    error.help.push_back("there is " + all);
  return std::nullopt;
}

bool TrainBlock::scoreFits(const Expr &call, const Score &score, const UnfoldedModel &model,
                           const Data &data) {
  const Port &output = model.outputs[static_cast<size_t>(score.output)];
  const Port &field = data.fields[static_cast<size_t>(score.field)];
  const Shape &shape = output.type.shape;
  bool isBatched = !shape.empty() && shape[0] == Dim::symbol(model.batchSymbol);
  auto fail = [&](const std::string &wanted, const Port &port) {
    report
        .error("score-type", call.range,
               quoted(score.function) + " " + wanted + ", found " + quoted(port.name) + ": " +
                   str(port.type))
        .notes.push_back({port.range, "declared here"});
    return false;
  };
  if (score.function == "perplexity") {
    Shape wanted = field.type.shape;
    wanted.insert(wanted.begin(), Dim::symbol(model.batchSymbol));
    wanted.push_back(Dim(field.type.classes));
    if (field.type.classes == 0)
      return fail("compares with a field of class labels", field);
    if (output.type.element != Element::Real || shape != wanted)
      return fail("needs one logit a class of each label, " +
                      str(TensorType{Element::Real, wanted, 0}),
                  output);
    return true;
  }
  if (score.function.starts_with("macro_") || score.function == "confusion_matrix") {
    if (field.type.classes == 0 || !field.type.shape.empty())
      return fail("compares with a field of class labels", field);
    if (!isBatched || output.type.element != Element::Real || shape.size() != 2 ||
        shape[1] != Dim(field.type.classes))
      return fail("needs one logit a class, " +
                      str(TensorType{Element::Real,
                                     {Dim::symbol(model.batchSymbol), Dim(field.type.classes)},
                                     0}),
                  output);
    return true;
  }
  bool isText = std::any_of(data.transforms.begin(), data.transforms.end(),
                            [&](const DataTransform &transform) {
                              return transform.field == field.name && isTokenizer(transform.name);
                            });
  if (!isText)
    return fail("compares with a field of texts, such as `each " + field.name + " |> words`",
                field);
  if (!isBatched || output.type.element != Element::Int || shape.size() != 2)
    return fail("needs the numbers of an answer's words, int[" + model.batchSymbol + ", …]",
                output);
  return true;
}

std::vector<Port> TrainBlock::extraInputs(const UnfoldedModel &model,
                                          const std::optional<Data> &data) {
  if (!data)
    return {};
  std::set<std::string> used;
  if (auto stmt = keys.find("loss"); stmt != keys.end() && stmt->second->value)
    collectNames(*stmt->second->value, used);
  for (const Expr *metric : sampleMetrics())
    collectNames(*metric, used);
  auto find = [](const std::vector<Port> &ports, const std::string &name) -> const Port * {
    auto found = std::find_if(ports.begin(), ports.end(),
                              [&](const Port &port) { return port.name == name; });
    return found == ports.end() ? nullptr : &*found;
  };
  std::vector<Port> extra;
  unusedFields.clear();
  for (const Port &field : data->fields) {
    Port batched = field;
    batched.type.shape.insert(batched.type.shape.begin(), Dim::symbol(model.batchSymbol));
    if (const Port *input = find(model.inputs, field.name)) {
      if (input->type.shape != batched.type.shape || input->type.element != batched.type.element) {
        Diagnostic &error = report.error("field-mismatch", field.range,
                                         "the field " + quoted(field.name) + " gives " +
                                             str(batched.type) + " a batch, the model's input " +
                                             quoted(field.name) + " is " + str(input->type));
        error.notes.push_back({input->range, "the model's input"});
        TensorType fitting = input->type;
        if (!fitting.shape.empty() && fitting.shape[0] == Dim::symbol(model.batchSymbol)) {
          fitting.shape.erase(fitting.shape.begin());
          error.help.push_back(
              "a field that fits: " + quoted(field.name + ": " + str(fitting)) +
              (fitting.element == Element::Int ? ", or class numbers of that shape" : ""));
        }
      }
    } else if (const Port *output = find(model.outputs, field.name)) {
      report
          .error("duplicate-name", field.range,
                 quoted(field.name) + " is a field of the data and a result of the model")
          .notes.push_back({output->range, "the model's result"});
    } else if (used.count(field.name)) {
      extra.push_back(batched);
    } else {
      unusedFields.push_back(field);
    }
  }
  std::string all;
  for (const Port &field : data->fields) {
    all += (all.empty() ? "" : ", ") + field.name;
  }
  for (const Port &input : model.inputs)
    if (!find(data->fields, input.name)) {
      Diagnostic &error = report.error("missing-field", block.dataName.range,
                                       quoted(data->name) + " has no field for the model's input " +
                                           quoted(input.name));
      error.notes.push_back({input.range, "the model's input"});
      error.help.push_back(all.empty()
                               ? "it has no fields; one must have the input's name"
                               : "the fields are " + all + "; one must have the input's name");
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
  else
    error.help.push_back("call a function with results and fields: `mse(y, target)`");
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

  // Nothing reads these; a misspelt name may be meant for one.
  for (const Port &field : unusedFields)
    environment.bind(field.name, {Binding::Kind::Argument, Poison{}, field.range});

  if (auto stmt = keys.find("loss"); stmt != keys.end() && stmt->second->value)
    if (auto id = perSample(*stmt->second->value, "the loss", model, environment))
      function.loss = weightedSum(*id, stmt->second->value->range, unfolding, "loss");
  for (const Expr *metric : sampleMetrics())
    if (auto id = perSample(*metric, "a metric", model, environment))
      function.metrics.push_back(weightedSum(*id, metric->range, unfolding, metricName(*metric)));
  if (report.count() == errorsBefore && unfolding.params.list.empty())
    report.error("missing-weights", block.name.range,
                 quoted(block.name.text) + " cannot be trained: it has no weights");
  return report.count() == errorsBefore;
}

} // namespace dlc::lang
