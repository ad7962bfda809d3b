// The program as a whole: its definitions, and what its blocks have to do with each other.
#include "lang/check/check.h"
#include "lang/check/block.h"
#include "lang/check/const.h"

#include <algorithm>

namespace dlc::lang {

using ast::Item;

namespace {

class Checker {
public:
  Checker(Context &context) : context(context), report(context.report) {}

  std::optional<Network> check() {
    int errorsBefore = report.count();
    checkConsts();
    const Item *train = theTrain();
    const Item *model = theModel(train);
    const Item *data = train ? find(Space::Data, "data block", train->dataName) : nullptr;
    checkOthers(model, data);
    if (data && (network.data = checkData(*data, context)))
      requireTrainingData(*train);
    if (!model)
      return std::nullopt;
    std::optional<TrainBlock> block;
    if (train) {
      block.emplace(*train, context);
      network.train = block->check();
    }
    network.name = model->name.text;
    network.doc = model->doc;
    // An error in the first mode would mostly be repeated in the second.
    bool isRight = unfold(*model, true, block, network.training) &&
                   unfold(*model, false, block, network.inference);
    if (!isRight || report.count() != errorsBefore || report.hasErrors())
      return std::nullopt;
    return std::move(network);
  }

private:
  void checkConsts() {
    std::vector<std::string> names;
    for (const Item *item : context.program.consts()) {
      valueOfConst(*item, context);
      names.push_back(item->name.text);
    }
    for (const auto &[name, text] : context.options.defines) {
      if (std::find(names.begin(), names.end(), name) != names.end())
        continue;
      Diagnostic &error = report.error("unknown-define", {},
                                       quoted("-D " + name + "=" + text) + ": there is no " +
                                           quoted("const " + name));
      suggest(error, name, names);
    }
  }

  const Item *find(Space space, const std::string &what, const ast::Name &name) {
    const Item *item = context.program.find(space, name.text, false);
    if (!item) {
      Diagnostic &error = report.error("undefined-name", name.range,
                                       "there is no " + what + " " + quoted(name.text));
      suggest(error, name.text, context.program.names(space, false));
    }
    return item;
  }

  const Item *theTrain() {
    const auto &trains = context.program.trains();
    if (trains.size() > 1)
      report.error("several-trains", trains[1]->name.range, "a program has one `train` block")
          .notes.push_back({trains[0]->name.range, "the first one"});
    return trains.empty() ? nullptr : trains[0];
  }

  const Item *theModel(const Item *train) {
    if (train)
      return find(Space::Model, "model", train->name);
    const auto &models = context.program.models();
    if (models.empty()) {
      if (!report.hasErrors())
        report.error("no-model", {}, "the program has no `model`");
      return nullptr;
    }
    if (models.size() > 1) {
      report
          .error("several-models", models[1]->name.range,
                 "there are several models, and no `train` block says which one is meant")
          .notes.push_back({models[0]->name.range, "the first one"});
      return nullptr;
    }
    return models[0];
  }

  /// Models and data that are not part of the network are checked all the same.
  void checkOthers(const Item *model, const Item *data) {
    for (const Item *other : context.program.models())
      if (other != model) {
        Unfolding unfolding(context, Purpose::Network, true);
        unfoldModel(*other, unfolding);
      }
    for (const std::string &name : context.program.names(Space::Data, false))
      if (const Item *other = context.program.find(Space::Data, name, false); other != data)
        checkData(*other, context);
  }

  void requireTrainingData(const Item &train) {
    const auto &sources = network.data->sources;
    bool hasTrain = std::any_of(sources.begin(), sources.end(),
                                [](const DataSource &source) { return source.split == "train"; });
    if (!hasTrain)
      report.error("missing-split", train.dataName.range,
                   quoted(network.data->name) + " has nothing to train on; it needs `train = …`");
  }

  bool unfold(const Item &model, bool isTraining, std::optional<TrainBlock> &block,
              Function &function) {
    Unfolding unfolding(context, Purpose::Network, isTraining);
    auto unfolded = unfoldModel(model, unfolding);
    if (!unfolded)
      return false;
    std::vector<Port> extra;
    if (block) {
      int errorsBefore = report.count();
      if (!unfolded->batchSymbol.empty())
        extra = block->extraInputs(*unfolded, network.data);
      if (report.count() != errorsBefore || !network.data ||
          !block->addLoss(*unfolded, extra, unfolding, function))
        return false;
      if (isTraining && network.train) {
        network.train->scores = block->scores(*unfolded, *network.data);
        network.train->bucket = block->bucket(*network.data);
      }
    }
    if (!unfolding.nameVariables())
      return false;

    function.outputs = unfolded->outputValues;
    function.states = unfolding.newStates;
    std::vector<ValueId *> results = {&function.loss};
    for (auto *ids : {&function.outputs, &function.states, &function.metrics})
      for (ValueId &id : *ids)
        results.push_back(&id);
    function.graph = unfolding.graph.finish(results);

    if (isTraining) {
      network.batchSymbol = unfolded->batchSymbol;
      network.inputs = unfolded->inputs;
      network.modelInputs = static_cast<int>(unfolded->inputs.size());
      network.inputs.insert(network.inputs.end(), extra.begin(), extra.end());
      network.outputs = unfolded->outputs;
      network.params = unfolding.params.list;
      network.states = unfolding.states.list;
      return true;
    }
    return modesAgree(unfolding) && isDeterministic(function);
  }

  bool modesAgree(const Unfolding &inference) {
    auto agree = [&](const std::vector<Variable> &training, const std::vector<Variable> &other) {
      for (size_t i = 0; i < std::max(training.size(), other.size()); ++i) {
        bool isSame = i < training.size() && i < other.size() &&
                      training[i].name == other[i].name &&
                      training[i].type.shape == other[i].type.shape;
        if (isSame)
          continue;
        const Variable &variable = i < training.size() ? training[i] : other[i];
        report.error("modes-disagree", variable.range,
                     quoted(variable.name) + " is not the same in training and in inference; "
                                             "weights must not depend on `training`");
        return false;
      }
      return true;
    };
    return agree(network.params, inference.params.list) &&
           agree(network.states, inference.states.list);
  }

  /// Whether the results in inference depend on the inputs and the weights alone.
  bool isDeterministic(const Function &function) {
    const Node *random = nullptr, *share = nullptr;
    std::vector<bool> isNeeded = neededValues(function.graph, function.outputs);
    forEachNode(function.graph.body, [&](const Node &node) {
      if (node.op == "random_uniform" && !random)
        random = &node;
      if (node.op == "sample_weight" && isNeeded[node.results[0]])
        share = &node;
    });
    if (random)
      report.error("random-in-inference", random->range,
                   "inference must not be random; ask for `training` first");
    else if (share)
      report.error("batch-in-inference", share->range,
                   "in inference a sample's result must not depend on `sample_weight()`; ask for "
                   "`training` first");
    return !random && !share;
  }

  Context &context;
  Report &report;
  Network network;
};

} // namespace

std::optional<Network> check(Sources &sources, const std::vector<ast::File> &standardLibrary,
                             const ast::File &program, const CheckOptions &options,
                             Diagnostics &diagnostics) {
  Report report(sources, diagnostics);
  Program definitions(sources, standardLibrary, program, options, report, diagnostics);
  Signatures signatures(definitions.ops());
  Context context{definitions, signatures, report, options, {}, {}};
  return Checker(context).check();
}

} // namespace dlc::lang
