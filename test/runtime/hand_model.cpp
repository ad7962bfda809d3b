// Compiled models written by hand: what the compiler would emit, as plain C++.
#include "test/runtime/hand_model.h"

#include <cmath>
#include <cstring>

namespace dlc::runtime {

namespace {

constexpr int64_t kBatch = 8, kInputs = 6, kClasses = 4;
constexpr int64_t kImageShape[] = {kBatch, 1, 2, 3}, kLabelShape[] = {kBatch};
constexpr int64_t kLogitsShape[] = {kBatch, kClasses};
constexpr int64_t kWeightShape[] = {kInputs, kClasses}, kBiasShape[] = {kClasses};
constexpr int64_t kMeanShape[] = {kInputs}, kFieldShape[] = {1, 2, 3};

// The layout the compiler promises: each tensor at the next multiple of 64 bytes.
constexpr int64_t padded(int64_t bytes) { return (bytes + 63) / 64 * 64; }
template <class Real> constexpr int64_t kBiasOffset = padded(kInputs * kClasses * sizeof(Real));
template <class Real> constexpr int64_t kBias = kBiasOffset<Real> / int64_t(sizeof(Real));
template <class Real>
constexpr int64_t kWeightBytes = kBiasOffset<Real> + padded(kClasses * int64_t(sizeof(Real)));

// Logits of all rows; the loss, accuracy and, in the arena, d loss / d logits.
template <class Real> void forward(const dlc_call *call, bool withLoss) {
  auto *x = static_cast<const Real *>(call->inputs[0]);
  auto *w = static_cast<const Real *>(call->weights);
  auto *b = w + kBias<Real>;
  auto *logits = static_cast<Real *>(call->outputs[0]);
  for (int64_t n = 0; n < kBatch; ++n)
    for (int64_t c = 0; c < kClasses; ++c) {
      Real z = b[c];
      for (int64_t i = 0; i < kInputs; ++i)
        z += x[n * kInputs + i] * w[i * kClasses + c];
      logits[n * kClasses + c] = z;
    }
  if (!withLoss)
    return;
  auto *label = static_cast<const int32_t *>(call->inputs[1]);
  auto *share = static_cast<const Real *>(call->sample_weights);
  auto *results = static_cast<Real *>(call->results);
  auto *dz = static_cast<Real *>(call->arena);
  results[0] = results[1] = 0;
  for (int64_t n = 0; n < kBatch; ++n) {
    const Real *z = logits + n * kClasses;
    Real total = 0;
    int64_t best = 0;
    for (int64_t c = 0; c < kClasses; ++c) {
      total += std::exp(z[c]);
      best = z[c] > z[best] ? c : best;
    }
    results[0] += share[n] * (std::log(total) - z[label[n]]);
    results[1] += share[n] * Real(best == label[n]);
    for (int64_t c = 0; c < kClasses; ++c)
      dz[n * kClasses + c] = share[n] * (std::exp(z[c]) / total - Real(c == label[n]));
  }
}

// Items are rows of dw.
template <class Real> void weightGradient(void *const *buffers, int64_t begin, int64_t end) {
  auto *x = static_cast<const Real *>(buffers[0]);
  auto *dz = static_cast<const Real *>(buffers[1]);
  auto *dw = static_cast<Real *>(buffers[2]);
  for (int64_t i = begin; i < end; ++i)
    for (int64_t c = 0; c < kClasses; ++c) {
      Real sum = 0;
      for (int64_t n = 0; n < kBatch; ++n)
        sum += x[n * kInputs + i] * dz[n * kClasses + c];
      dw[i * kClasses + c] = sum;
    }
}

template <class Real, bool wrong> void step(const dlc_call *call) {
  forward<Real>(call, true);
  auto *dz = static_cast<const Real *>(call->arena);
  auto *db = static_cast<Real *>(call->gradients) + kBias<Real>;
  void *buffers[] = {call->inputs[0], call->arena, call->gradients};
  constexpr int64_t kClaimedWork = 1 << 20; // enough that the pool does divide it
  call->parallel(call->pool, weightGradient<Real>, buffers, kInputs, kClaimedWork);
  for (int64_t c = 0; c < kClasses; ++c) {
    db[c] = 0;
    for (int64_t n = 0; n < kBatch; ++n)
      db[c] += dz[n * kClasses + c];
    if (wrong)
      db[c] *= Real(1.05);
  }
  auto *x = static_cast<const Real *>(call->inputs[0]);
  auto *mean = static_cast<Real *>(call->state);
  for (int64_t i = 0; i < kInputs; ++i)
    for (int64_t n = 0; n < kBatch; ++n)
      mean[i] = Real(0.99) * mean[i] + Real(0.01) * x[n * kInputs + i];
}

template <class Real> void evaluate(const dlc_call *call) { forward<Real>(call, true); }
template <class Real> void infer(const dlc_call *call) { forward<Real>(call, false); }

// Momentum with a rate that decays with the step.
template <class Real> void update(const dlc_update *u) {
  auto *w = static_cast<Real *>(u->weights);
  auto *g = static_cast<const Real *>(u->gradients);
  auto *v = static_cast<Real *>(u->slots[0]);
  *u->rate = u->settings[0] * (1 - 0.5 * (u->step - 1) / u->total_steps);
  for (int64_t i = 0; i < kWeightBytes<Real> / int64_t(sizeof(Real)); ++i) {
    v[i] = Real(u->settings[1]) * v[i] + g[i];
    w[i] -= Real(*u->rate) * v[i];
  }
}

// The trace holds one line of memory for each value of the table below.
template <class Real>
constexpr int64_t kTraceLine = padded(kBatch * kClasses * int64_t(sizeof(Real)));
template <class Real> void explain(const dlc_call *call, void *trace) {
  step<Real, false>(call);
  auto copy = [&](int64_t line, const void *from, int64_t bytes) {
    memcpy(static_cast<char *>(trace) + line * kTraceLine<Real>, from, size_t(bytes));
  };
  copy(0, call->outputs[0], kBatch * kClasses * int64_t(sizeof(Real)));
  copy(1, call->results, sizeof(Real));
  copy(2, call->arena, kBatch * kClasses * int64_t(sizeof(Real)));
  copy(3, static_cast<Real *>(call->gradients) + kBias<Real>, kClasses * int64_t(sizeof(Real)));
}

template <class Real> dlc_model make(bool wrong) {
  constexpr int32_t kReal = sizeof(Real) == 8 ? DLC_F64 : DLC_F32;
  static const dlc_tensor inputs[] = {{"image", kReal, 4, kImageShape, 0, 0, 1},
                                      {"label", DLC_I32, 1, kLabelShape, 0, kClasses, 1}};
  static const int32_t inferNeeds[] = {1};
  static const dlc_tensor outputs[] = {{"logits", kReal, 2, kLogitsShape, 0, 0, 1}};
  static const dlc_variable weights[] = {
      {{"dense.weight", kReal, 2, kWeightShape, 0, 0, 0}, DLC_INIT_NORMAL, 0, 0.5, nullptr},
      {{"dense.bias", kReal, 1, kBiasShape, kBiasOffset<Real>, 0, 0},
       DLC_INIT_UNIFORM,
       -0.1,
       0.1,
       nullptr}};
  static const dlc_variable states[] = {
      {{"mean", kReal, 1, kMeanShape, 0, 0, 0}, DLC_INIT_CONSTANT, 0, 0, nullptr}};
  static const char *const metrics[] = {"accuracy"};
  static const dlc_tensor fields[] = {{"image", kReal, 3, kFieldShape, 0, 0, 0},
                                      {"label", DLC_I32, 0, nullptr, 0, kClasses, 0}};
  static const dlc_argument train[] = {{"values", DLC_TEXT, 1, nullptr, "train-values"},
                                       {"labels", DLC_TEXT, 1, nullptr, "train-labels"}};
  static const dlc_argument test[] = {{"values", DLC_TEXT, 1, nullptr, "test-values"},
                                      {"labels", DLC_TEXT, 1, nullptr, "test-labels"}};
  static const dlc_source sources[] = {{"train", "idx", 2, train}, {"test", "idx", 2, test}};
  static const double factor[] = {1.0 / 255}, probability[] = {0.5};
  static const dlc_argument scale[] = {{"factor", DLC_NUMBERS, 1, factor, nullptr}};
  static const dlc_argument flip[] = {{"probability", DLC_NUMBERS, 1, probability, nullptr}};
  static const dlc_transform transforms[] = {{"image", "scale", 0, 1, scale},
                                             {"image", "random_flip", 1, 1, flip}};
  static const dlc_setting settings[] = {{"lr", 0.1}, {"mu", 0.9}};
  static const char *const slots[] = {"v"};

  static const dlc_value values[] = {
      {{"logits", kReal, 2, kLogitsShape, 0, 0, 1}, DLC_VALUE_FORWARD, "image @ weight + bias"},
      {{"loss", kReal, 0, nullptr, kTraceLine<Real>, 0, 0},
       DLC_VALUE_LOSS,
       "cross_entropy(logits, label)"},
      {{"d_logits", kReal, 2, kLogitsShape, 2 * kTraceLine<Real>, 0, 1},
       DLC_VALUE_GRADIENT,
       "softmax(logits) - one_hot(label)"},
      {{"dense.bias", kReal, 1, kBiasShape, 3 * kTraceLine<Real>, 0, 0},
       DLC_VALUE_WEIGHT_GRADIENT,
       "sum(d_logits)"}};

  dlc_model model = {};
  model.version = DLC_MODEL_VERSION;
  model.precision = kReal;
  model.name = "hand";
  model.summary = "Softmax regression.";
  model.compiler = "0";
  model.target = "any";
  model.options = "";
  model.batch = kBatch;
  model.input_count = 2;
  model.model_input_count = 1;
  model.inputs = inputs;
  model.infer_needs = inferNeeds;
  model.output_count = 1;
  model.outputs = outputs;
  model.weight_count = 2;
  model.weights = weights;
  model.state_count = 1;
  model.states = states;
  model.metric_count = 1;
  model.metrics = metrics;
  model.weight_bytes = kWeightBytes<Real>;
  model.state_bytes = padded(kInputs * int64_t(sizeof(Real)));
  model.step_arena_bytes = model.evaluate_arena_bytes = kBatch * kClasses * int64_t(sizeof(Real));
  model.step_flops = 6 * kBatch * kInputs * kClasses;
  model.infer_flops = 2 * kBatch * kInputs * kClasses;
  model.step = wrong ? step<Real, true> : step<Real, false>;
  model.evaluate = evaluate<Real>;
  model.infer = infer<Real>;
  model.update = update<Real>;
  model.data_name = "dots";
  model.data_folder = "";
  model.field_count = 2;
  model.fields = fields;
  model.source_count = 2;
  model.sources = sources;
  model.transform_count = 2;
  model.transforms = transforms;
  model.train_batch = 8;
  model.epochs = 3;
  model.train_seed = 1;
  model.shuffle = 1;
  model.bucket = -1;
  model.optimizer = "momentum";
  model.slot_count = 1;
  model.slot_names = slots;
  model.setting_count = 2;
  model.settings = settings;
  model.value_count = 4;
  model.values = values;
  model.trace_bytes = 4 * kTraceLine<Real>;
  model.explain_arena_bytes = model.step_arena_bytes;
  model.explain = explain<Real>;
  return model;
}

} // namespace

dlc_model handModel(dlc_dtype precision) {
  return precision == DLC_F64 ? make<double>(false) : make<float>(false);
}

dlc_model wrongModel(dlc_dtype precision) {
  return precision == DLC_F64 ? make<double>(true) : make<float>(true);
}

} // namespace dlc::runtime
