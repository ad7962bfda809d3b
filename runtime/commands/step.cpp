// `step`: one forward and backward pass on given arrays, for anybody's independent check.
#include "runtime/commands/commands.h"
#include "runtime/commands/explain.h"
#include "runtime/format/npy.h"
#include "runtime/state/checkpoint.h"
#include "runtime/tensor.h"
#include "runtime/text.h"

#include <cstdio>

namespace dlc::runtime {

// The numbers of --input: a .npy file's, or those written out.
static Status readNumbers(const std::string &name, const std::string &text,
                          std::vector<double> *values, std::string *shape) {
  if (text.find_first_not_of("0123456789+-.eE, ") != text.npos) {
    Array array;
    DLC_TRY(readNpy(text, &array));
    values->resize(size_t(array.count()));
    array.read(0, array.count(), values->data());
    *shape = shapeText(array.shape);
    return Status();
  }
  for (const std::string &part : split(text, ','))
    if (!parseNumber(trim(part), &values->emplace_back()))
      return usageError("`--input %s=%s`: `%s` is not a number", name.c_str(), text.c_str(),
                        part.c_str());
  *shape = shapeText({int64_t(values->size())});
  return Status();
}

static Status setInput(const dlc_model &model, int32_t i, const std::string &text,
                       data::Batch *batch) {
  const dlc_tensor &input = model.inputs[i];
  std::vector<double> values;
  std::string shape;
  DLC_TRY(readNumbers(input.name, text, &values, &shape));
  int64_t perSample = elementsPerSample(input), count = int64_t(values.size());
  int64_t samples = perSample > 0 ? count / perSample : 0;
  if (count == 0 || samples * perSample != count || (!input.batched && samples != 1))
    return inputError("the input `%s` is %s, the model needs %s%s", input.name, shape.c_str(),
                      shapeText(input).c_str(), input.batched ? " or fewer samples" : "");
  if (samples > model.batch && input.batched)
    return inputError(
        "the input `%s` has %lld samples, the program was compiled for a batch of %lld: compile it "
        "with --batch %lld",
        input.name, static_cast<long long>(samples), static_cast<long long>(model.batch),
        static_cast<long long>(samples));
  if (input.batched && batch->count > 0 && batch->count != samples)
    return inputError(
        "the inputs disagree on the number of samples: `%s` has %lld, another has %lld", input.name,
        static_cast<long long>(samples), static_cast<long long>(batch->count));
  if (input.batched)
    batch->count = samples;
  for (double value : values)
    if (Status status = data::checkNumber(input, value); status.failed())
      return inputError("the input `%s` %s", input.name, status.message().c_str());
  batch->setRow(model, i, 0, values); // all samples follow each other
  return Status();
}

// All inputs from --input, or, where there is none, the first training sample.
static Status readInputs(const Options &options, Network *network, data::Batch *batch) {
  const dlc_model &model = network->model;
  if (options.inputs.empty() && model.field_count > 0) {
    data::Transforms transforms;
    data::Dataset dataset;
    DLC_TRY(transforms.prepare(model));
    DLC_TRY(data::checkFields(model, true));
    DLC_TRY(data::loadSplit(model, "train", options.data, &dataset));
    DLC_TRY(network->vocabularies.encode(&dataset));
    DLC_TRY(data::RowFiller({&model, &dataset, &transforms}).fill(0, 0, 0, batch));
    batch->weigh(model, 1, 1);
    return Status();
  }
  std::vector<std::string> names;
  for (int32_t i = 0; i < model.input_count; ++i)
    names.push_back(model.inputs[i].name);
  for (const auto &[name, text] : options.inputs) {
    bool known = false;
    for (int32_t i = 0; i < model.input_count; ++i)
      if (name == names[i]) {
        known = true;
        DLC_TRY(setInput(model, i, text, batch));
      }
    if (!known)
      return usageError("--input: the model has no input `%s`%s (it has %s)", name.c_str(),
                        didYouMean(name, names).c_str(), join(names, ", ").c_str());
  }
  for (const std::string &name : names) {
    bool given = false;
    for (const auto &input : options.inputs)
      given |= input.first == name;
    if (!given)
      return usageError("`step` needs --input %s=FILE.npy", name.c_str());
  }
  int64_t samples = batch->count > 0 ? batch->count : model.batch;
  batch->weigh(model, samples, samples);
  return Status();
}

static Status writeGradients(const std::string &path, const Network &network) {
  const dlc_model &model = network.model;
  std::vector<TensorPart> parts;
  for (int32_t i = 0; i < model.weight_count; ++i) {
    const dlc_tensor &tensor = model.weights[i].tensor;
    parts.push_back(
        {tensor.name, tensor.dtype, shapeOf(tensor), network.gradients.at(tensor.offset)});
  }
  return writeSafetensors(path, parts, {{"model", model.name}, {"of", "gradients"}});
}

static Status writeOutputs(const std::string &path, const Network &network, int64_t samples) {
  const dlc_model &model = network.model;
  std::vector<TensorPart> parts;
  for (int32_t i = 0; i < model.output_count; ++i) {
    const dlc_tensor &tensor = model.outputs[i];
    std::vector<int64_t> shape = shapeOf(tensor);
    if (tensor.batched)
      shape[0] = samples; // without the padding
    parts.push_back({tensor.name, tensor.dtype, shape, network.outputs[i].data()});
  }
  return writeSafetensors(path, parts, {{"model", model.name}, {"of", "outputs"}});
}

Status step(const dlc_model &model, const Options &options) {
  if (!model.step)
    return inputError(
        "`%s` was compiled without a train block, so it has no loss to take a step on", model.name);
  if (options.explain && model.value_count == 0)
    return inputError("`%s` is too large to explain: its program has no table of values",
                      model.name);
  Pool pool(options.threadCount(model));
  Network network(model, pool, options.seed.value_or(model.train_seed));
  DLC_TRY(loadWeights(options.weights, &network));
  data::Batch batch(model);
  DLC_TRY(readInputs(options, &network, &batch));
  Optimizer optimizer(model);
  for (const auto &[name, value] : options.settings)
    DLC_TRY(optimizer.set(name, value));

  Buffer state(model.state_bytes);
  state.copyFrom(network.state);
  network.step(batch, 0);
  if (!options.grads.empty())
    DLC_TRY(writeGradients(options.grads, network));
  if (!options.outputs.empty())
    DLC_TRY(writeOutputs(options.outputs, network, batch.count));
  Averages averages(model);
  averages.add(network, batch.count);
  averages.countSamples(batch.count);
  JsonWriter json;
  json.beginObject();
  averages.write(&json, true);
  if (options.explain) {
    network.state.copyFrom(state); // explain repeats the step from where it began
    Explanation explanation(network, batch, optimizer);
    if (options.json)
      explanation.write(&json);
    else
      explanation.print();
  }
  json.endObject();
  if (options.json)
    printf("%s\n", json.text().c_str());
  else if (!options.explain)
    printf("%s\n", averages.text().c_str());
  return Status();
}

} // namespace dlc::runtime
