// `check-gradients`: the compiled gradients against differences of the compiled loss.
#include "runtime/commands/commands.h"
#include "runtime/random.h"
#include "runtime/state/checkpoint.h"
#include "runtime/tensor.h"
#include "runtime/text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace dlc::runtime {

namespace {

// How well a difference quotient can be trusted in the program's precision.
struct Precision {
  double tolerance;          // relative
  double noise;              // the loss's rounding spoils a quotient by about noise * |loss| / h
  std::vector<double> steps; // the sizes h that are tried, falling
};

Precision precisionOf(const dlc_model &model) {
  // In f64 the five-point formula is exact to 1e-9 or so; 1e-6 leaves room for nothing but
  // rounding.
  if (model.precision == DLC_F64)
    return {1e-6, 16 * 0x1p-53, {1e-4, 1e-5, 1e-6, 1e-7, 1e-8}};
  // In f32 the loss has 7 digits, so a quotient has 2 or 3. Compile with --precision=f64 for more.
  return {2e-2, 16 * 0x1p-24, {4e-2, 2e-2, 1e-2, 5e-3, 2.5e-3, 1.2e-3, 6e-4, 3e-4, 1.5e-4}};
}

// A quotient smaller than this many times its noise says nothing.
constexpr double kMeasurable = 20;
constexpr int64_t kElements = 8; // single weights checked of each tensor

struct Result {
  std::string name;
  int64_t checked = 0, unmeasured = 0, failed = 0;
  double worst = 0;                 // relative error of what was checked
  double analytic = 0, numeric = 0; // of the worst
};

class Checker {
public:
  Checker(Network &network, const data::Batch &batch)
      : network_(network), batch_(batch), precision_(precisionOf(network.model)),
        state_(network.model.state_bytes), weights_(network.model.weight_bytes) {
    state_.copyFrom(network.state);
    weights_.copyFrom(network.weights);
    loss_ = lossNow();
    gradients_ = Buffer(network.model.weight_bytes);
    gradients_.copyFrom(network.gradients);
  }

  Result check(int32_t weight);

private:
  double lossNow() {
    network_.state.copyFrom(
        state_); // the step changes it, and its random numbers are those of call 0
    network_.step(batch_, 0);
    return network_.loss();
  }

  // d loss / d t along `direction`, at t = 0, by the five-point formula.
  double quotient(const dlc_tensor &tensor,
                  const std::vector<std::pair<int64_t, double>> &direction, double h);
  void compare(const dlc_tensor &tensor, const std::vector<std::pair<int64_t, double>> &direction,
               Result *result);

  Network &network_;
  const data::Batch &batch_;
  Precision precision_;
  Buffer state_, weights_, gradients_;
  double loss_ = 0;
  double lossAbove_ = 0, lossBelow_ = 0; // at h and -h of the last quotient
};

double Checker::quotient(const dlc_tensor &tensor,
                         const std::vector<std::pair<int64_t, double>> &direction, double h) {
  auto lossAt = [&](double t) {
    void *data = network_.weights.at(tensor.offset);
    for (auto [i, d] : direction)
      writeElement(data, tensor.dtype, i,
                   readElement(weights_.at(tensor.offset), tensor.dtype, i) + t * d);
    double loss = lossNow();
    for (auto [i, d] : direction)
      writeElement(data, tensor.dtype, i, readElement(weights_.at(tensor.offset), tensor.dtype, i));
    return loss;
  };
  lossAbove_ = lossAt(h);
  lossBelow_ = lossAt(-h);
  return (8 * (lossAbove_ - lossBelow_) - (lossAt(2 * h) - lossAt(-2 * h))) / (12 * h);
}

// The gradient is right where it agrees with the quotient at some step size, and wrong where it
// disagrees with quotients that have converged: three sizes in a row gave the same. All others say
// nothing: rounding, curvature, or a kink (of relu, of a maximum) within the step spoils them.
void Checker::compare(const dlc_tensor &tensor,
                      const std::vector<std::pair<int64_t, double>> &direction, Result *result) {
  double analytic = 0;
  for (auto [i, d] : direction)
    analytic += d * readElement(gradients_.at(tensor.offset), tensor.dtype, i);
  double previous = INFINITY, beforeThat = INFINITY, error = 0, converged = NAN;
  bool agrees = false;
  for (double h : precision_.steps) {
    double numeric = quotient(tensor, direction, h);
    double size = std::max(std::fabs(analytic), std::fabs(numeric));
    double noise = precision_.noise * std::fabs(loss_) / h;
    double allowed = precision_.tolerance * size + noise;
    if (!(size > kMeasurable * noise))
      break; // smaller steps are noisier still
    double spread = std::max(std::fabs(numeric - previous), std::fabs(numeric - beforeThat));
    agrees = std::fabs(analytic - numeric) <= allowed;
    // What kinks do to a quotient falls with h, so the error left is of the size of the spread.
    // Where a kink lies closer to 0 than any h, the gradient is the slope of one of its sides.
    double left = (loss_ - lossBelow_) / h, right = (lossAbove_ - loss_) / h;
    bool ofASide =
        analytic >= std::min(left, right) - allowed && analytic <= std::max(left, right) + allowed;
    bool disagrees =
        spread <= allowed && std::fabs(analytic - numeric) > allowed + 3 * spread && !ofASide;
    if (agrees || disagrees) {
      converged = numeric;
      error = std::fabs(analytic - numeric) / size;
    }
    if (agrees)
      break;
    beforeThat = previous;
    previous = numeric;
  }
  if (std::isnan(converged)) {
    ++result->unmeasured;
    return;
  }
  ++result->checked;
  result->failed += !agrees;
  if (result->checked == 1 || error > result->worst) {
    result->worst = error;
    result->analytic = analytic;
    result->numeric = converged;
  }
}

Result Checker::check(int32_t weight) {
  const dlc_tensor &tensor = network_.model.weights[weight].tensor;
  int64_t count = elementCount(tensor);
  Random random(network_.seed, Purpose::Direction);
  Result result;
  result.name = tensor.name;
  for (int64_t k = 0; k < std::min(count, kElements); ++k) {
    int64_t i = count <= kElements
                    ? k
                    : int64_t(random.uniform(uint64_t(k), uint32_t(weight), 0) * double(count));
    compare(tensor, {{i, 1.0}}, &result);
  }
  if (count == 1)
    return result;
  // Two directions through the whole tensor, of length 1 so that the steps stay small: the
  // gradient's own, along which the loss changes most, and a random one, along which no element is
  // forgotten.
  std::vector<std::pair<int64_t, double>> along, across;
  double square = 0;
  for (int64_t i = 0; i < count; ++i) {
    double g = readElement(gradients_.at(tensor.offset), tensor.dtype, i);
    square += g * g;
    along.emplace_back(i, g);
    double sign = random.uniform(uint64_t(i), uint32_t(weight), 1) < 0.5 ? -1.0 : 1.0;
    across.emplace_back(i, sign / std::sqrt(double(count)));
  }
  for (auto &[i, g] : along)
    g /= std::sqrt(square);
  if (square > 0)
    compare(tensor, along, &result);
  compare(tensor, across, &result);
  return result;
}

// The first training batch; random inputs where there is no data. Says which.
Status readBatch(const Options &options, uint64_t seed, Network *network, data::Batch *batch,
                 const char **origin) {
  const dlc_model &model = network->model;
  data::Dataset dataset;
  data::Transforms transforms;
  *origin = "the first training batch";
  int64_t samples = model.batch;
  if (model.field_count > 0 && !data::checkFields(model, true).failed() &&
      !data::loadSplit(model, "train", options.data, &dataset).failed()) {
    DLC_TRY(transforms.prepare(model));
    DLC_TRY(network->vocabularies.encode(&dataset));
    samples = std::min(samples, dataset.count);
    for (int64_t row = 0; row < samples; ++row)
      DLC_TRY(data::RowFiller({&model, &dataset, &transforms}).fill(row, 0, row, batch));
  } else if (!options.data.empty()) {
    return data::loadSplit(model, "train", options.data,
                           &dataset); // asked for by name: its error counts
  } else {
    batch->fillRandom(model, seed);
    *origin = "random inputs";
  }
  batch->weigh(model, samples, samples);
  return Status();
}

void print(const std::vector<Result> &results, const Precision &precision, const dlc_model &model,
           const char *origin) {
  printf("gradients of %s (%s) against five-point differences of its loss, on %s; tolerance %g\n\n",
         model.name, dtypeName(model.precision), origin, precision.tolerance);
  size_t widest = 0;
  for (const Result &result : results)
    widest = std::max(widest, result.name.size());
  for (const Result &result : results) {
    printf("  %-*s  ", int(widest), result.name.c_str());
    if (result.checked == 0)
      printf("not measurable: too small, or too many kinks\n");
    else if (result.failed == 0)
      printf("ok     worst relative error %.1e in %lld checks\n", result.worst,
             static_cast<long long>(result.checked));
    else
      printf("WRONG  %lld of %lld checks; the worst: gradient %.9g, difference %.9g (relative "
             "error %.1e)\n",
             static_cast<long long>(result.failed), static_cast<long long>(result.checked),
             result.analytic, result.numeric, result.worst);
  }
}

void printJson(const std::vector<Result> &results, const Precision &precision,
               const dlc_model &model, bool ok) {
  JsonWriter json;
  json.beginObject().key("ok").boolean(ok).key("precision").string(dtypeName(model.precision));
  json.key("tolerance").number(precision.tolerance).key("weights").beginArray();
  for (const Result &result : results) {
    json.beginObject().key("name").string(result.name).key("ok").boolean(result.failed == 0);
    json.key("checked").integer(result.checked).key("unmeasured").integer(result.unmeasured);
    json.key("failed").integer(result.failed).key("worst").number(result.worst).endObject();
  }
  json.endArray().endObject();
  printf("%s\n", json.text().c_str());
}

} // namespace

Status checkGradients(const dlc_model &model, const Options &options) {
  if (!model.step)
    return inputError("`%s` was compiled without a train block, so it has no gradients",
                      model.name);
  uint64_t seed = options.seed.value_or(model.train_seed);
  Pool pool(options.threadCount(model));
  Network network(model, pool, seed);
  DLC_TRY(loadWeights(options.weights, &network));
  data::Batch batch(model);
  const char *origin = nullptr;
  DLC_TRY(readBatch(options, seed, &network, &batch, &origin));

  Checker checker(network, batch);
  std::vector<Result> results;
  std::vector<std::string> wrong;
  int64_t checked = 0;
  for (int32_t i = 0; i < model.weight_count; ++i) {
    results.push_back(checker.check(i));
    checked += results.back().checked;
    if (results.back().failed > 0)
      wrong.push_back("`" + results.back().name + "`");
  }
  Precision precision = precisionOf(model);
  bool ok = wrong.empty() && checked > 0;
  if (options.json)
    printJson(results, precision, model, ok);
  else
    print(results, precision, model, origin);
  if (!wrong.empty())
    return inputError("the gradient of %s disagrees with the loss", join(wrong, ", ").c_str());
  if (checked == 0)
    return inputError("every gradient is too small to measure, so nothing was checked: try other "
                      "--weights or --seed");
  return Status();
}

} // namespace dlc::runtime
