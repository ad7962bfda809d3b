// `train`: runs the epochs, logs, evaluates, saves, and continues what was interrupted.
#include "runtime/commands/commands.h"
#include "runtime/file.h"
#include "runtime/progress.h"
#include "runtime/state/checkpoint.h"
#include "runtime/state/evaluation.h"
#include "runtime/state/log.h"
#include "runtime/text.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace dlc::runtime {

namespace {

volatile std::sig_atomic_t interrupted = 0;

// The first signal finishes the step; a second one ends the program at once.
void listenForInterrupts() {
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = int(SA_RESETHAND) | SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

// Epochs shorter than this share a checkpoint: waiting for the disk would take longer than they do.
constexpr double kCheckpointSeconds = 1;
constexpr double kFlushSeconds = 1;
// Of more epochs than this only some get a line of their own.
constexpr int64_t kMostEpochLines = 100;

// Seconds with as many digits as a log needs.
double toMilliseconds(double seconds) { return std::round(seconds * 1000) / 1000; }

long long wide(int64_t value) { return static_cast<long long>(value); }

class Training {
public:
  Training(const dlc_model &model, const Options &options)
      : model_(model), options_(options), pool_(options.threadCount(model)),
        network_(model, pool_, options.seed.value_or(model.train_seed)), optimizer_(model),
        progress_(model), display_(options.json),
        folder_(options.run.empty() ? runFolder(model) : options.run) {}

  Status run();

private:
  std::string file(const char *name) const { return joinPath(folder_, name); }

  Status loadData();
  Status encodeData();
  Status planLength();
  Status begin();
  Status start();
  Status resume();
  Status moveEarlierRun();
  Status checkAgainst(const char *flag, std::optional<int64_t> asked, int64_t was) const;

  Status takeSteps();
  Status finishStep(const data::Batch &batch, const Averages &step);
  Status finishEpoch();
  Status noteBest(double worth);
  Status dropRates(std::string *note);
  bool isPatienceOver() const;
  Status save();
  Status flushLog();
  Status finish();
  void showProgress();
  std::string resumeCommand() const;

  const dlc_model &model_;
  const Options &options_;
  Pool pool_;
  Network network_;
  Optimizer optimizer_;
  Progress progress_;
  Display display_;
  Log log_;
  std::string folder_;

  data::Transforms transforms_;
  data::Dataset trainData_, evaluationData_;
  data::Plan plan_, evaluation_;
  std::string evaluationSplit_; // "" without one

  // The weights of the best evaluation, until best.safetensors has them.
  Buffer bestWeights_, bestState_;
  bool bestIsNew_ = false;

  int64_t firstStep_ = 0;         // of this process
  int64_t samplesSinceEpoch_ = 0; // trained on since epochStarted_
  double started_ = 0, saved_ = 0, flushed_ = 0, epochStarted_ = 0;
  double stepSeconds_ = 0; // since epochStarted_, in steps: what is left is waiting for data, logs
  double dataSeconds_ = 0,
         allDataSeconds_ = 0; // waiting for data, since epochStarted_ and started_

  int64_t samplesPerSecond() const {
    return int64_t(double(samplesSinceEpoch_) / std::max(secondsNow() - epochStarted_, 1e-9));
  }
};

Status Training::run() {
  if (!model_.update)
    return inputError("`%s` was compiled without a train block, so it cannot be trained",
                      model_.name);
  for (const auto &[name, value] : options_.settings)
    DLC_TRY(optimizer_.set(name, value));
  DLC_TRY(loadData());
  DLC_TRY(begin());
  listenForInterrupts();
  started_ = saved_ = flushed_ = epochStarted_ = secondsNow();
  firstStep_ = progress_.step;
  return takeSteps();
}

Status Training::loadData() {
  DLC_TRY(transforms_.prepare(model_));
  for (const char *split : {"validation", "test"})
    if (evaluationSplit_.empty() && data::hasSplit(model_, split))
      evaluationSplit_ = split;
  DLC_TRY(data::checkFields(model_, true));
  DLC_TRY(
      data::loadTraining(model_, evaluationSplit_, options_.data, &trainData_, &evaluationData_));
  evaluation_ = {&model_, &evaluationData_, &transforms_};
  evaluation_.samplesPerStep = model_.batch;
  evaluation_.threads = pool_.threads();
  return Status();
}

// Numbers for texts: by the vocabularies that a checkpoint brought, else by those of the data.
Status Training::encodeData() {
  DLC_TRY(network_.vocabularies.encode(&trainData_));
  if (!evaluationSplit_.empty())
    DLC_TRY(network_.vocabularies.encode(&evaluationData_, true));
  for (int32_t i = 0; i < model_.field_count; ++i)
    if (int64_t cut = trainData_.columns[size_t(i)].cutTexts)
      fprintf(stderr, "note: %s of %s texts of `%s` are longer than its %lld pieces and were cut\n",
              grouped(cut).c_str(), grouped(trainData_.count).c_str(), model_.fields[i].name,
              wide(trainData_.columns[size_t(i)].perSample));
  return Status();
}

// How long to train: what the command line says, else what the run was started with, else the
// model.
Status Training::planLength() {
  plan_ = {&model_,       &trainData_,    &transforms_, true, model_.shuffle != 0,
           network_.seed, progress_.batch};
  int64_t perEpoch = plan_.stepsPerEpoch();
  if (options_.epochs || options_.steps || progress_.totalSteps == 0) {
    bool fromModel = !options_.epochs && !options_.steps;
    int64_t steps = fromModel ? model_.steps : options_.steps.value_or(0);
    int64_t epochs = fromModel ? model_.epochs : options_.epochs.value_or(0);
    if (epochs == 0)
      epochs = steps > 0 ? (steps + perEpoch - 1) / perEpoch : 1;
    if (__builtin_mul_overflow(epochs, perEpoch, &progress_.totalSteps))
      return usageError("--epochs %lld: that many steps cannot be counted", wide(epochs));
    if (steps > 0)
      progress_.totalSteps = std::min(progress_.totalSteps, steps);
    progress_.epochs = epochs;
  }
  plan_.threads = pool_.threads();
  plan_.epochs = progress_.epochs;
  plan_.firstEpoch = progress_.epoch;
  plan_.firstStep = progress_.stepInEpoch;
  return Status();
}

Status Training::begin() {
  bool hasCheckpoint = fileExists(file("resume.safetensors"));
  bool resumes = options_.resume && hasCheckpoint;
  // First what may be wrong: then nothing is made, and an earlier run stays where it is.
  if (resumes && !options_.init.empty())
    return usageError("the run in `%s` goes on from its own weights, --init cannot give it others: "
                      "leave one of --resume and --init out",
                      folder_.c_str());
  if (!resumes) {
    DLC_TRY(loadWeights(options_.init, &network_));
    DLC_TRY(encodeData());
  }
  DLC_TRY(makeFolders(folder_));
  DLC_TRY(log_.open(file("log.jsonl")));
  if (resumes)
    return resume();
  if (options_.resume)
    fprintf(stderr, "note: `%s` has no checkpoint to resume from: starting from the beginning\n",
            folder_.c_str());
  // Weights without a checkpoint: a run that was being moved when its process was killed.
  bool hasWeights = fileExists(file("last.safetensors")) || fileExists(file("best.safetensors"));
  if (hasCheckpoint || hasWeights || (log_.bytes() > 0 && !options_.resume))
    DLC_TRY(moveEarlierRun());
  else
    DLC_TRY(log_.truncate(0));
  return start();
}

Status Training::start() {
  progress_.seed = network_.seed;
  progress_.samples = trainData_.count;
  int64_t batch =
      options_.batch.value_or(model_.train_batch > 0 ? model_.train_batch : trainData_.count);
  progress_.batch = std::min(batch, trainData_.count);
  DLC_TRY(planLength());

  JsonWriter json;
  json.beginObject().key("kind").string("start").key("model").string(model_.name);
  json.key("seed").string(format("%llu", static_cast<unsigned long long>(network_.seed)));
  json.key("batch").integer(progress_.batch).key("samples").integer(progress_.samples);
  if (!evaluationSplit_.empty())
    json.key("evaluated_on")
        .string(evaluationSplit_)
        .key("evaluated_samples")
        .integer(evaluationData_.count);
  json.key("epochs").integer(progress_.epochs).key("steps").integer(progress_.totalSteps);
  json.key("settings").beginObject();
  for (int32_t i = 0; i < model_.setting_count; ++i)
    json.key(model_.settings[i].name).number(optimizer_.settings[i]);
  json.endObject().endObject();
  DLC_TRY(log_.add(json.text(), options_.json));
  std::string others; // " (1,000 of validation)"
  if (!evaluationSplit_.empty())
    others =
        format(" (%s of %s)", grouped(evaluationData_.count).c_str(), evaluationSplit_.c_str());
  display_.line(
      format("training %s: %s samples%s, batch %lld, %lld epochs (%s steps), %s, %d thread%s",
             model_.name, grouped(progress_.samples).c_str(), others.c_str(), wide(progress_.batch),
             wide(progress_.epochs), grouped(progress_.totalSteps).c_str(), model_.optimizer,
             pool_.threads(), pool_.threads() > 1 ? "s" : ""));
  return Status();
}

Status Training::checkAgainst(const char *flag, std::optional<int64_t> asked, int64_t was) const {
  if (!asked || *asked == was)
    return Status();
  return usageError(
      "the run in `%s` was started with --%s %lld, it cannot be resumed with --%s %lld: "
      "leave --%s out, or start another run with --run",
      folder_.c_str(), flag, wide(was), flag, wide(*asked), flag);
}

Status Training::resume() {
  std::string path = file("resume.safetensors");
  DLC_TRY(loadResume(path, &network_, &optimizer_, &progress_));
  DLC_TRY(encodeData());
  if (options_.seed && *options_.seed != progress_.seed)
    return usageError("the run in `%s` was started with --seed %llu, it cannot be resumed with "
                      "--seed %llu: leave --seed out, or start another run with --run",
                      folder_.c_str(), static_cast<unsigned long long>(progress_.seed),
                      static_cast<unsigned long long>(*options_.seed));
  std::optional<int64_t> batch = options_.batch;
  if (batch)
    batch = std::min(*batch, trainData_.count);
  DLC_TRY(checkAgainst("batch", batch, progress_.batch));
  if (progress_.samples != trainData_.count)
    return inputError("the run in `%s` was started on %lld training samples, the data now has %lld",
                      folder_.c_str(), wide(progress_.samples), wide(trainData_.count));
  network_.seed = progress_.seed;
  for (const auto &[name, value] : options_.settings)
    for (int32_t i = 0; i < model_.setting_count; ++i)
      if (name == model_.settings[i].name && optimizer_.settings[i] != value) {
        fprintf(stderr, "note: %s was %g and is %g from here on\n", name.c_str(),
                optimizer_.settings[i], value);
        optimizer_.settings[i] = value;
      }
  DLC_TRY(planLength());
  // A kill after the checkpoint may have left lines of steps that will be done again.
  DLC_TRY(log_.truncate(progress_.logBytes));
  if (isPatienceOver())
    display_.line(format("the run in `%s` is complete: it ended early, at epoch %lld; a larger "
                         "`patience` in the train block would go on",
                         folder_.c_str(), wide(progress_.epoch)));
  else if (progress_.step >= progress_.totalSteps)
    display_.line(
        format("the run in `%s` is complete (%lld epochs, %lld steps): give it more --epochs",
               folder_.c_str(), wide(progress_.epoch), wide(progress_.step)));
  else
    display_.line(format("resuming %s at epoch %lld/%lld, step %s of %s", model_.name,
                         wide(progress_.epoch + 1), wide(progress_.epochs),
                         grouped(progress_.step).c_str(), grouped(progress_.totalSteps).c_str()));
  return Status();
}

// An earlier run is never overwritten: its files move to a folder of their own inside this one.
Status Training::moveEarlierRun() {
  std::string earlier;
  for (int number = 1; earlier.empty() || fileExists(earlier); ++number)
    earlier = joinPath(folder_, format("earlier-%d", number));
  DLC_TRY(makeFolders(earlier));
  for (const char *name :
       {"resume.safetensors", "log.jsonl", "best.safetensors", "last.safetensors"})
    if (fileExists(file(name)) && rename(file(name).c_str(), joinPath(earlier, name).c_str()) != 0)
      return inputError("cannot move `%s` to `%s`: %s", file(name).c_str(), earlier.c_str(),
                        strerror(errno));
  fprintf(stderr, "note: the earlier run in `%s` was moved to `%s` (--resume would continue it)\n",
          folder_.c_str(), earlier.c_str());
  return log_.open(file("log.jsonl"));
}

Status Training::takeSteps() {
  if (progress_.step >= progress_.totalSteps || isPatienceOver())
    return Status();
  data::Stream stream(plan_);
  Averages step(model_);
  auto next = [&] {
    double asked = secondsNow();
    const data::Batch *batch = stream.next();
    double waited = secondsNow() - asked;
    dataSeconds_ += waited;
    allDataSeconds_ += waited;
    return batch;
  };
  while (const data::Batch *batch = next()) {
    if (batch->startsStep)
      step = Averages(model_);
    double called = secondsNow();
    network_.step(*batch, progress_.calls++);
    optimizer_.accumulate(network_, batch->startsStep, batch->endsStep);
    stepSeconds_ += secondsNow() - called;
    step.add(network_, batch->stepCount);
    if (!batch->endsStep)
      continue;
    step.countSamples(batch->stepCount);
    DLC_TRY(finishStep(*batch, step));
    if (progress_.stepInEpoch == plan_.stepsPerEpoch() || progress_.step == progress_.totalSteps)
      DLC_TRY(finishEpoch());
    if (progress_.step == progress_.totalSteps || isPatienceOver())
      return finish();
    if (interrupted) {
      DLC_TRY(save());
      display_.clear();
      return Status(
          Fault::Interrupted,
          format("interrupted at epoch %lld, step %lld; everything is saved. To continue:\n  %s",
                 wide(progress_.epoch + 1), wide(progress_.step), resumeCommand().c_str()));
    }
    if (options_.checkpointEvery && progress_.step % *options_.checkpointEvery == 0)
      DLC_TRY(save());
    if (display_.due())
      showProgress();
    DLC_TRY(flushLog());
  }
  if (stream.status().failed()) {
    (void)log_.flush().failed();
    display_.clear();
    return stream.status();
  }
  return internalError("the data ended before step %lld", wide(progress_.totalSteps));
}

Status Training::finishStep(const data::Batch &batch, const Averages &step) {
  if (!std::isfinite(step.loss())) {
    (void)log_.flush().failed();
    display_.clear();
    return inputError(
        "the loss became %g at step %lld (epoch %lld); the last checkpoint is untouched. "
        "A smaller learning rate often helps: --set lr=…",
        step.loss(), wide(progress_.step + 1), wide(progress_.epoch + 1));
  }
  ++progress_.step;
  ++progress_.stepInEpoch;
  samplesSinceEpoch_ += batch.stepCount;
  double called = secondsNow();
  optimizer_.update(network_, progress_.step, progress_.totalSteps);
  stepSeconds_ += secondsNow() - called;
  for (size_t i = 0; i < step.sums.size(); ++i)
    progress_.partial.sums[i] += step.sums[i];
  progress_.partial.countSamples(batch.stepCount);

  if (progress_.step % options_.logEvery != 0)
    return Status();
  JsonWriter json;
  json.beginObject().key("kind").string("step").key("epoch").integer(progress_.epoch + 1);
  json.key("step").integer(progress_.step);
  step.write(&json, false);
  json.key("lr").number(optimizer_.rate());
  json.key("samples_per_s").integer(samplesPerSecond());
  json.endObject();
  return log_.add(json.text(), options_.json);
}

// Also called where --steps ends the training within an epoch.
Status Training::finishEpoch() {
  Averages trained = progress_.partial;
  int64_t epoch = progress_.epoch + 1;
  JsonWriter json;
  json.beginObject().key("kind").string("epoch").key("epoch").integer(epoch);
  json.key("step").integer(progress_.step);
  trained.write(&json, false);
  double seconds = secondsNow() - epochStarted_;
  int64_t speed = samplesPerSecond();
  json.key("seconds").number(toMilliseconds(seconds));
  json.key("step_seconds").number(toMilliseconds(stepSeconds_));
  json.key("data_seconds").number(toMilliseconds(dataSeconds_)).endObject();
  DLC_TRY(log_.add(json.text(), options_.json));

  std::string text =
      format("epoch %lld/%lld  %s", wide(epoch), wide(progress_.epochs), trained.text().c_str());
  double worth = trained.worth();
  if (!evaluationSplit_.empty()) {
    double evaluated = secondsNow();
    Evaluation evaluation(network_);
    DLC_TRY(evaluateAll(network_, evaluation_, &evaluation));
    worth = evaluation.worth();
    JsonWriter line;
    line.beginObject().key("kind").string("eval").key("epoch").integer(epoch);
    line.key("step").integer(progress_.step).key("split").string(evaluationSplit_);
    evaluation.write(&line, false);
    line.key("seconds").number(toMilliseconds(secondsNow() - evaluated)).endObject();
    DLC_TRY(log_.add(line.text(), options_.json));
    text += format("  |  %s: %s", evaluationSplit_.c_str(), evaluation.text().c_str());
  }
  if (progress_.stepInEpoch == plan_.stepsPerEpoch()) {
    progress_.epoch = epoch;
    progress_.stepInEpoch = 0;
    progress_.partial = Averages(model_);
  }
  DLC_TRY(noteBest(worth));
  bool last = progress_.step == progress_.totalSteps || isPatienceOver();
  std::string note;
  DLC_TRY(dropRates(&note));
  if (last || secondsNow() - saved_ >= kCheckpointSeconds)
    DLC_TRY(save());
  int64_t every = progress_.epochs > kMostEpochLines ? progress_.epochs / 20 : 1;
  if (last || epoch % every == 0)
    display_.line(
        text + format("  |  %s samples/s, %s", grouped(speed).c_str(), duration(seconds).c_str()));
  if (!note.empty())
    display_.line(note);
  epochStarted_ = secondsNow();
  stepSeconds_ = dataSeconds_ = 0;
  samplesSinceEpoch_ = 0;
  return Status();
}

// The best weights are those of the highest worth, on the validation or test split, else in
// training. Of equals the first stays; any number is better than NaN.
Status Training::noteBest(double worth) {
  bool better = worth > progress_.best || (std::isnan(progress_.best) && !std::isnan(worth));
  if (progress_.hasBest && !better)
    return Status();
  progress_.hasBest = true;
  progress_.best = worth;
  progress_.bestStep = progress_.step;
  progress_.bestEpoch = progress_.epoch;
  bestIsNew_ = true;
  if (!bestWeights_.data()) {
    bestWeights_ = Buffer(model_.weight_bytes);
    bestState_ = Buffer(model_.state_bytes);
  }
  bestWeights_.copyFrom(network_.weights);
  bestState_.copyFrom(network_.state);
  return Status();
}

// Whether the train block's `patience` has passed without a better evaluation.
bool Training::isPatienceOver() const {
  return model_.patience > 0 && progress_.stepInEpoch == 0 && progress_.hasBest &&
         progress_.epoch - progress_.bestEpoch >= model_.patience;
}

// Of schedules that wait for a better evaluation, `plateau` of stdlib/schedule.nn: raises the
// setting `lr.drops` where `lr.patience` epochs have passed.
Status Training::dropRates(std::string *note) {
  if (progress_.stepInEpoch != 0)
    return Status();
  for (int32_t i = 0; i < model_.setting_count; ++i) {
    constexpr std::string_view kDrops = ".drops";
    std::string name = model_.settings[i].name;
    if (!name.ends_with(kDrops))
      continue;
    std::string patience = name.substr(0, name.size() - kDrops.size()) + ".patience";
    double &dropped = progress_.dropEpochs[size_t(i)];
    double waited = double(progress_.epoch) - std::max(dropped, double(progress_.bestEpoch));
    for (int32_t j = 0; j < model_.setting_count; ++j)
      if (patience == model_.settings[j].name && waited >= optimizer_.settings[size_t(j)]) {
        double drops = ++optimizer_.settings[size_t(i)];
        dropped = double(progress_.epoch);
        JsonWriter json;
        json.beginObject().key("kind").string("drop").key("epoch").integer(progress_.epoch);
        json.key("step").integer(progress_.step).key("setting").string(name);
        json.key("value").number(drops).endObject();
        DLC_TRY(log_.add(json.text(), options_.json));
        *note = format("epoch %lld was the best of %lld: %s is %g from here on",
                       wide(progress_.bestEpoch), wide(progress_.epoch), name.c_str(), drops);
      }
  }
  return Status();
}

// The resume file comes last and holds all that continuing needs: a kill between two of these files
// continues from the earlier resume file, and the same steps write the same files again. A
// checkpoint that nothing can be computed from never replaces a sound one.
Status Training::save() {
  if (Status status = checkFinite(model_, network_.weights, network_.state); status.failed()) {
    (void)log_.flush().failed();
    display_.clear();
    return inputError("%s after step %lld; the last checkpoint is untouched. "
                      "A smaller learning rate often helps: --set lr=…",
                      status.message().c_str(), wide(progress_.step));
  }
  if (bestIsNew_) {
    Progress then = progress_;
    then.step = progress_.bestStep;
    then.epoch = progress_.bestEpoch;
    DLC_TRY(saveWeights(file("best.safetensors"), network_, bestWeights_, bestState_, then));
    bestIsNew_ = false;
  }
  DLC_TRY(
      saveWeights(file("last.safetensors"), network_, network_.weights, network_.state, progress_));
  DLC_TRY(log_.sync());
  progress_.logBytes = log_.bytes();
  DLC_TRY(saveResume(file("resume.safetensors"), network_, optimizer_, progress_));
  saved_ = secondsNow();
  return Status();
}

// Others may watch the log (or, with --json, the output) while the training runs.
Status Training::flushLog() {
  if (secondsNow() - flushed_ < kFlushSeconds)
    return Status();
  flushed_ = secondsNow();
  fflush(stdout);
  return log_.flush();
}

Status Training::finish() {
  if (isPatienceOver() && progress_.step < progress_.totalSteps)
    display_.line(format("ended early: no better %s in %lld epochs",
                         evaluationSplit_.empty() ? "training" : evaluationSplit_.c_str(),
                         wide(model_.patience)));
  double seconds = secondsNow() - started_;
  display_.line(
      format("done in %s, %.1f %% of it waiting for data; the best weights (step %s) are in %s",
             duration(seconds).c_str(), 100 * allDataSeconds_ / std::max(seconds, 1e-9),
             grouped(progress_.bestStep).c_str(), file("best.safetensors").c_str()));
  return Status();
}

void Training::showProgress() {
  double seconds = secondsNow() - started_;
  double perStep = seconds / double(progress_.step - firstStep_);
  display_.update(
      format("epoch %lld/%lld  step %s/%s  %s  %s samples/s  %s left", wide(progress_.epoch + 1),
             wide(progress_.epochs), grouped(progress_.stepInEpoch).c_str(),
             grouped(plan_.stepsPerEpoch()).c_str(), progress_.partial.text().c_str(),
             grouped(samplesPerSecond()).c_str(),
             duration(perStep * double(progress_.totalSteps - progress_.step)).c_str()));
}

std::string Training::resumeCommand() const {
  std::string command =
      format("%s train --run %s --resume", program_invocation_name, folder_.c_str());
  if (!options_.data.empty())
    command += format(" --data %s", options_.data.c_str());
  return command;
}

} // namespace

Status train(const dlc_model &model, const Options &options) {
  return Training(model, options).run();
}

} // namespace dlc::runtime
