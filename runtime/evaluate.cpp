// `eval`: loss and metrics over one split of the data.
#include "runtime/checkpoint.h"
#include "runtime/commands.h"

#include "runtime/text.h"

#include <cstdio>

namespace dlc::runtime {

Status evaluate(const dlc_model &model, const Options &options) {
  if (options.weights.empty())
    return usageError("`eval` needs --weights FILE.safetensors");
  if (!model.evaluate)
    return inputError("`%s` was compiled without a train block, so it has no loss to evaluate",
                      model.name);
  std::string split = options.split.value_or("test");
  data::Transforms transforms;
  data::Dataset dataset;
  DLC_TRY(transforms.prepare(model));
  DLC_TRY(data::checkFields(model, true));
  DLC_TRY(data::loadSplit(model, split, options.data, &dataset));
  Pool pool(options.threadCount(model));
  Network network(model, pool, model.train_seed);
  DLC_TRY(loadWeights(options.weights, &network));

  data::Plan plan{&model, &dataset, &transforms};
  plan.samplesPerStep = model.batch;
  Averages averages = evaluateAll(network, plan);
  if (options.json) {
    JsonWriter json;
    json.beginObject().key("split").string(split).key("samples").integer(dataset.count);
    averages.write(&json, true);
    json.endObject();
    printf("%s\n", json.text().c_str());
  } else {
    printf("%s: %s  (%s samples)\n", split.c_str(), averages.text().c_str(),
           grouped(dataset.count).c_str());
  }
  return Status();
}

} // namespace dlc::runtime
