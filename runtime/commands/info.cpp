// `info`: what the program was compiled from and what it needs.
#include "runtime/commands/commands.h"

#include "runtime/format/json.h"
#include "runtime/level.h"
#include "runtime/tensor.h"
#include "runtime/text.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace dlc::runtime {

static void writeTensor(JsonWriter *json, const dlc_tensor &tensor) {
  json->beginObject().key("name").string(tensor.name).key("shape").beginArray();
  for (int64_t size : shapeOf(tensor))
    json->integer(size);
  json->endArray().key("dtype").string(dtypeName(tensor.dtype));
  if (tensor.classes > 0)
    json->key("classes").integer(tensor.classes);
  json->endObject();
}

template <class T, class TensorOf>
static void writeTensors(JsonWriter *json, const char *key, const T *items, int32_t count,
                         TensorOf tensorOf) {
  json->key(key).beginArray();
  for (int32_t i = 0; i < count; ++i)
    writeTensor(json, *tensorOf(items[i]));
  json->endArray();
}

static int64_t arenaBytes(const dlc_model &model) {
  return std::max({model.step_arena_bytes, model.evaluate_arena_bytes, model.infer_arena_bytes,
                   model.infer_one_arena_bytes, model.update_arena_bytes});
}

static int64_t weightCount(const dlc_model &model) {
  int64_t count = 0;
  for (int32_t i = 0; i < model.weight_count; ++i)
    count += elementCount(model.weights[i].tensor);
  return count;
}

static bool isMulti(const dlc_model &model) { return strcmp(model.target, "multi") == 0; }

// The kernels that run on this processor.
static std::string level() { return format("x86-64-v%d", dlc_level()); }

static std::string infoJson(const dlc_model &model) {
  auto ofVariable = [](const dlc_variable &variable) { return &variable.tensor; };
  auto itself = [](const dlc_tensor &tensor) { return &tensor; };
  JsonWriter json;
  json.beginObject().key("name").string(model.name).key("summary").string(model.summary);
  json.key("precision").string(dtypeName(model.precision)).key("batch").integer(model.batch);
  writeTensors(&json, "weights", model.weights, model.weight_count, ofVariable);
  writeTensors(&json, "state", model.states, model.state_count, ofVariable);
  writeTensors(&json, "inputs", model.inputs, model.input_count, itself);
  writeTensors(&json, "outputs", model.outputs, model.output_count, itself);
  json.key("metrics").beginArray();
  for (int32_t i = 0; i < model.metric_count; ++i)
    json.string(model.metrics[i]);
  for (int32_t i = 0; i < model.score_count; ++i)
    json.string(model.scores[i].name);
  json.endArray();
  json.key("weight_count")
      .integer(weightCount(model))
      .key("weight_bytes")
      .integer(model.weight_bytes);
  json.key("state_bytes").integer(model.state_bytes);
  json.key("arena_bytes").integer(arenaBytes(model));
  json.key("step_arena_bytes").integer(model.step_arena_bytes);
  json.key("infer_arena_bytes").integer(model.infer_arena_bytes);
  json.key("infer_one_arena_bytes").integer(model.infer_one_arena_bytes);
  json.key("step_flops").integer(model.step_flops).key("infer_flops").integer(model.infer_flops);
  if (model.update) {
    json.key("train").beginObject().key("optimizer").string(model.optimizer);
    json.key("batch").integer(model.train_batch).key("epochs").integer(model.epochs);
    json.key("settings").beginObject();
    for (int32_t i = 0; i < model.setting_count; ++i)
      json.key(model.settings[i].name).number(model.settings[i].value);
    json.endObject().endObject();
  }
  json.key("compiler").string(model.compiler).key("target").string(model.target);
  if (isMulti(model))
    json.key("level").string(level());
  json.key("options").string(model.options).endObject();
  return json.text();
}

static void printTensor(const char *kind, const dlc_tensor &tensor, const char *remark = "") {
  printf("%-8s %-32s %s%s%s\n", kind, tensor.name, dtypeName(tensor.dtype),
         shapeText(tensor).c_str(), remark);
}

static const char *needOf(const dlc_model &model, int32_t input) {
  if (input >= model.model_input_count)
    return ", for the loss only";
  return model.infer_needs[input] ? "" : ", not needed by predict";
}

Status info(const dlc_model &model, const Options &options) {
  if (options.json) {
    printf("%s\n", infoJson(model).c_str());
    return Status();
  }
  printf("%s", model.name);
  if (*model.summary)
    printf(": %s", model.summary);
  printf("\n%s weights (%s bytes), batch %lld, arena %s bytes\n",
         grouped(weightCount(model)).c_str(), grouped(model.weight_bytes).c_str(),
         static_cast<long long>(model.batch), grouped(arenaBytes(model)).c_str());
  printf("compiled by %s for %s%s%s%s\n\n", model.compiler, model.target,
         isMulti(model) ? format(" (%s runs here)", level().c_str()).c_str() : "",
         *model.options ? " with " : "", model.options);
  for (int32_t i = 0; i < model.input_count; ++i)
    printTensor("input", model.inputs[i], needOf(model, i));
  for (int32_t i = 0; i < model.output_count; ++i)
    printTensor("output", model.outputs[i]);
  for (int32_t i = 0; i < model.weight_count; ++i)
    printTensor("weight", model.weights[i].tensor);
  for (int32_t i = 0; i < model.state_count; ++i)
    printTensor("state", model.states[i].tensor);
  if (!model.update)
    return Status();
  printf("\ntrained by %s", model.optimizer);
  for (int32_t i = 0; i < model.setting_count; ++i)
    printf("%s%s = %g", i ? ", " : ": ", model.settings[i].name, model.settings[i].value);
  printf("\n");
  return Status();
}

} // namespace dlc::runtime
