// Saving and loading a network's weights, and everything a training needs to continue.
#include "runtime/state/checkpoint.h"

#include "runtime/file.h"
#include "runtime/tensor.h"
#include "runtime/text.h"

#include <cstring>

namespace dlc::runtime {

// Of the resume file's layout, so that a later program never misreads an earlier one's.
constexpr const char *kResumeVersion = "2";

static void addTensors(const std::string &prefix, const dlc_variable *variables, int32_t count,
                       const Buffer &buffer, std::vector<TensorPart> *parts) {
  for (int32_t i = 0; i < count; ++i) {
    const dlc_tensor &tensor = variables[i].tensor;
    parts->push_back(
        {prefix + tensor.name, tensor.dtype, shapeOf(tensor), buffer.at(tensor.offset)});
  }
}

static Status loadTensors(const SafetensorsFile &file, const std::string &prefix,
                          const dlc_variable *variables, int32_t count, const Buffer &buffer) {
  for (int32_t i = 0; i < count; ++i) {
    const dlc_tensor &tensor = variables[i].tensor;
    DLC_TRY(file.copy(prefix + tensor.name, tensor, buffer.at(tensor.offset)));
  }
  return Status();
}

static Status checkFinite(const dlc_variable *variables, int32_t count, const Buffer &buffer) {
  for (int32_t i = 0; i < count; ++i) {
    const dlc_tensor &tensor = variables[i].tensor;
    const void *data = buffer.at(tensor.offset);
    if (int64_t at = firstNotFinite(data, tensor.dtype, elementCount(tensor)); at >= 0)
      return inputError(
          "%s", notFiniteText(tensor.name, shapeOf(tensor), at, readElement(data, tensor.dtype, at))
                    .c_str());
  }
  return Status();
}

Status checkFinite(const dlc_model &model, const Buffer &weights, const Buffer &state) {
  DLC_TRY(checkFinite(model.weights, model.weight_count, weights));
  return checkFinite(model.states, model.state_count, state);
}

// checkFinite() of what was read from a file.
static Status checkLoaded(const std::string &path, const Network &network) {
  Status status = checkFinite(network.model, network.weights, network.state);
  return status.failed()
             ? inputError("`%s`: %s in %s, so nothing can be computed from it", path.c_str(),
                          status.message().c_str(), dtypeName(network.model.precision))
             : Status();
}

Status saveWeights(const std::string &path, const Network &network, const Buffer &weights,
                   const Buffer &state, const Progress &progress) {
  const dlc_model &model = network.model;
  std::vector<TensorPart> parts;
  addTensors("", model.weights, model.weight_count, weights, &parts);
  addTensors("", model.states, model.state_count, state, &parts);
  Metadata metadata = {{"format", "dlc"},
                       {"model", model.name},
                       {"epoch", format("%lld", static_cast<long long>(progress.epoch))},
                       {"step", format("%lld", static_cast<long long>(progress.step))}};
  network.vocabularies.save(&metadata);
  return writeSafetensors(path, parts, metadata);
}

Status loadWeights(const std::string &path, Network *network) {
  const dlc_model &model = network->model;
  if (path.empty())
    return Status();
  SafetensorsFile file;
  DLC_TRY(file.load(path));
  DLC_TRY(loadTensors(file, "", model.weights, model.weight_count, network->weights));
  for (int32_t i = 0; i < model.state_count; ++i) {
    const dlc_tensor &tensor = model.states[i].tensor;
    if (file.find(tensor.name))
      DLC_TRY(file.copy(tensor.name, tensor, network->state.at(tensor.offset)));
  }
  std::vector<std::string> names;
  for (int32_t i = 0; i < model.weight_count; ++i)
    names.push_back(model.weights[i].tensor.name);
  for (int32_t i = 0; i < model.state_count; ++i)
    names.push_back(model.states[i].tensor.name);
  for (const SafetensorsFile::Entry &entry : file.entries()) {
    bool known = false;
    for (const std::string &name : names)
      known |= name == entry.name;
    if (!known)
      return inputError("`%s` has a tensor `%s`, which the model `%s` does not have", path.c_str(),
                        entry.name.c_str(), model.name);
  }
  DLC_TRY(network->vocabularies.load(file));
  return checkLoaded(path, *network);
}

Status saveResume(const std::string &path, const Network &network, const Optimizer &optimizer,
                  const Progress &progress) {
  const dlc_model &model = network.model;
  std::vector<TensorPart> parts;
  addTensors("weights/", model.weights, model.weight_count, network.weights, &parts);
  addTensors("state/", model.states, model.state_count, network.state, &parts);
  for (int32_t i = 0; i < model.slot_count; ++i)
    addTensors(format("slot/%s/", model.slot_names[i]), model.weights, model.weight_count,
               optimizer.slots[i], &parts);
  auto settings = int64_t(optimizer.settings.size());
  parts.push_back({"settings", DLC_F64, {settings}, optimizer.settings.data()});
  parts.push_back(
      {"partial", DLC_F64, {int64_t(progress.partial.sums.size())}, progress.partial.sums.data()});
  parts.push_back({"best", DLC_F64, {}, &progress.best});
  parts.push_back({"drop_epochs", DLC_F64, {settings}, progress.dropEpochs.data()});

  Metadata metadata = {{"format", "dlc-resume"},
                       {"version", kResumeVersion},
                       {"model", model.name},
                       {"precision", dtypeName(model.precision)},
                       {"optimizer", model.optimizer}};
  auto number = [&](const char *key, uint64_t value) {
    metadata.emplace_back(key, format("%llu", static_cast<unsigned long long>(value)));
  };
  number("seed", progress.seed);
  number("batch", uint64_t(progress.batch));
  number("samples", uint64_t(progress.samples));
  number("epochs", uint64_t(progress.epochs));
  number("total_steps", uint64_t(progress.totalSteps));
  number("epoch", uint64_t(progress.epoch));
  number("step_in_epoch", uint64_t(progress.stepInEpoch));
  number("step", uint64_t(progress.step));
  number("calls", progress.calls);
  number("partial_count", uint64_t(progress.partial.count));
  number("has_best", progress.hasBest);
  number("best_step", uint64_t(progress.bestStep));
  number("best_epoch", uint64_t(progress.bestEpoch));
  number("log_bytes", uint64_t(progress.logBytes));
  network.vocabularies.save(&metadata);
  return writeSafetensors(path, parts, metadata);
}

Status loadResume(const std::string &path, Network *network, Optimizer *optimizer,
                  Progress *progress) {
  const dlc_model &model = network->model;
  SafetensorsFile file;
  if (Status status = file.load(path); status.failed())
    return inputError("%s. The run cannot go on bit for bit; its weights can be a start: train "
                      "--init %s --run DIR",
                      status.message().c_str(),
                      joinPath(folderOf(path), "last.safetensors").c_str());
  if (file.metadata("format") != "dlc-resume" || file.metadata("version") != kResumeVersion)
    return inputError("`%s` is not a resume file of this version", path.c_str());
  if (file.metadata("model") != model.name)
    return inputError("`%s` is of the model `%s`, this program is `%s`", path.c_str(),
                      file.metadata("model").c_str(), model.name);
  if (file.metadata("precision") != dtypeName(model.precision))
    return inputError(
        "`%s` was trained in %s, this program computes in %s: its weights can be a start "
        "(--init), but the run cannot be resumed bit for bit",
        path.c_str(), file.metadata("precision").c_str(), dtypeName(model.precision));
  if (file.metadata("optimizer") != model.optimizer)
    return inputError("`%s` was trained with the optimizer `%s`, this program has `%s`",
                      path.c_str(), file.metadata("optimizer").c_str(), model.optimizer);
  DLC_TRY(loadTensors(file, "weights/", model.weights, model.weight_count, network->weights));
  DLC_TRY(loadTensors(file, "state/", model.states, model.state_count, network->state));
  DLC_TRY(checkLoaded(path, *network));
  for (int32_t i = 0; i < model.slot_count; ++i)
    DLC_TRY(loadTensors(file, format("slot/%s/", model.slot_names[i]), model.weights,
                        model.weight_count, optimizer->slots[i]));
  auto vector = [&](const char *name, std::vector<double> *values) {
    auto size = int64_t(values->size());
    return file.copy(name, dlc_tensor{name, DLC_F64, 1, &size, 0, 0, 0}, values->data());
  };
  DLC_TRY(vector("settings", &optimizer->settings));
  DLC_TRY(vector("partial", &progress->partial.sums));
  DLC_TRY(vector("drop_epochs", &progress->dropEpochs));
  DLC_TRY(file.copy("best", dlc_tensor{"best", DLC_F64, 0, nullptr, 0, 0, 0}, &progress->best));

  DLC_TRY(network->vocabularies.load(file));

  uint64_t hasBest = 0;
  bool sound = true;
  auto number = [&](const char *key, auto *value) {
    uint64_t parsed = 0;
    sound = sound && parseUnsigned(file.metadata(key), &parsed);
    *value = static_cast<std::remove_pointer_t<decltype(value)>>(parsed);
  };
  number("seed", &progress->seed);
  number("batch", &progress->batch);
  number("samples", &progress->samples);
  number("epochs", &progress->epochs);
  number("total_steps", &progress->totalSteps);
  number("epoch", &progress->epoch);
  number("step_in_epoch", &progress->stepInEpoch);
  number("step", &progress->step);
  number("calls", &progress->calls);
  number("partial_count", &progress->partial.count);
  number("has_best", &hasBest);
  number("best_step", &progress->bestStep);
  number("best_epoch", &progress->bestEpoch);
  number("log_bytes", &progress->logBytes);
  progress->hasBest = hasBest != 0;
  return sound ? Status() : inputError("`%s` lacks some of its counters", path.c_str());
}

} // namespace dlc::runtime
