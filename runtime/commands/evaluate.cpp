// `eval`: loss and metrics over one split of the data.
#include "runtime/commands/commands.h"
#include "runtime/state/checkpoint.h"
#include "runtime/state/evaluation.h"
#include "runtime/tensor.h"
#include "runtime/text.h"

#include <cstdio>

namespace dlc::runtime {

// Finite weights and data can still lead out of a number's range. Names the first output where they
// did.
static Status explainNotFinite(Network &network, const data::Plan &plan, const std::string &split) {
  const dlc_model &model = network.model;
  const char *range = dtypeName(model.precision);
  data::Stream stream(plan);
  int64_t before = 0;
  while (const data::Batch *batch = stream.next()) {
    network.evaluate(*batch);
    for (int32_t i = 0; i < model.output_count; ++i) {
      const dlc_tensor &output = model.outputs[i];
      int64_t perSample = elementsPerSample(output), rows = output.batched ? batch->count : 1;
      const void *data = network.outputs[i].data();
      int64_t at = firstNotFinite(data, output.dtype, rows * perSample);
      if (at < 0)
        continue;
      int64_t first = output.batched ? before * perSample : 0;
      return inputError("the split `%s`: the output %s; the weights and the data are finite, but "
                        "what is computed from them leaves the range of %s",
                        split.c_str(),
                        notFiniteText(output.name, shapeOf(output), first + at,
                                      readElement(data, output.dtype, at))
                            .c_str(),
                        range);
    }
    before += batch->count;
  }
  DLC_TRY(stream.status());
  return inputError("the split `%s`: the outputs are finite, but the loss or a metric of them "
                    "leaves the range of %s",
                    split.c_str(), range);
}

Status evaluate(const dlc_model &model, const Options &options) {
  if (!model.evaluate)
    return inputError("`%s` was compiled without a train block, so it has no loss to evaluate",
                      model.name);
  bool hasOnlyValidation = !data::hasSplit(model, "test") && data::hasSplit(model, "validation");
  std::string split = options.split.value_or(hasOnlyValidation ? "validation" : "test");
  data::Transforms transforms;
  data::Dataset dataset;
  DLC_TRY(transforms.prepare(model));
  DLC_TRY(data::checkFields(model, true));
  DLC_TRY(data::loadSplit(model, split, options.data, &dataset));
  Pool pool(options.threadCount(model));
  Network network(model, pool, model.train_seed);
  DLC_TRY(loadWeights(options.weights, &network));
  DLC_TRY(network.vocabularies.encode(&dataset, true));

  data::Plan plan{&model, &dataset, &transforms};
  plan.samplesPerStep = model.batch;
  plan.threads = pool.threads();
  Evaluation evaluation(network);
  DLC_TRY(evaluateAll(network, plan, &evaluation));
  if (!evaluation.averages.areFinite())
    return explainNotFinite(network, plan, split);
  if (options.json) {
    JsonWriter json;
    json.beginObject().key("split").string(split).key("samples").integer(dataset.count);
    evaluation.write(&json, true);
    evaluation.scores.writeTables(&json);
    json.endObject();
    printf("%s\n", json.text().c_str());
  } else {
    printf("%s: %s  (%s samples)\n%s", split.c_str(), evaluation.text().c_str(),
           grouped(dataset.count).c_str(), evaluation.scores.tables().c_str());
  }
  return Status();
}

} // namespace dlc::runtime
