// Drives the compiled update rule.
#include "runtime/state/optimizer.h"

#include "runtime/tensor.h"
#include "runtime/text.h"

namespace dlc::runtime {

Optimizer::Optimizer(const dlc_model &table) : model(table), arena_(table.update_arena_bytes) {
  for (int32_t i = 0; i < model.slot_count; ++i)
    slots.emplace_back(model.weight_bytes);
  for (int32_t i = 0; i < model.setting_count; ++i)
    settings.push_back(model.settings[i].value);
}

Status Optimizer::set(const std::string &name, double value) {
  std::vector<std::string> names;
  for (int32_t i = 0; i < model.setting_count; ++i) {
    names.push_back(model.settings[i].name);
    if (name == names.back()) {
      settings[i] = value;
      return Status();
    }
  }
  return usageError("--set: the optimizer `%s` has no setting `%s`%s (it has %s)", model.optimizer,
                    name.c_str(), didYouMean(name, names).c_str(), join(names, ", ").c_str());
}

template <class Real> static void add(const Buffer &sum, const Buffer &term) {
  auto *a = static_cast<Real *>(sum.data());
  auto *b = static_cast<const Real *>(term.data());
  for (int64_t i = 0, n = sum.bytes() / int64_t(sizeof(Real)); i < n; ++i)
    a[i] += b[i];
}

void Optimizer::accumulate(const Network &network, bool startsStep, bool endsStep) {
  summed_ = !(startsStep && endsStep);
  if (!summed_)
    return;
  if (!sum_.data())
    sum_ = Buffer(model.weight_bytes);
  if (startsStep)
    sum_.copyFrom(network.gradients);
  else if (model.precision == DLC_F64)
    add<double>(sum_, network.gradients);
  else
    add<float>(sum_, network.gradients);
}

void Optimizer::update(Network &network, int64_t step, int64_t totalSteps) {
  std::vector<void *> pointers;
  for (Buffer &slot : slots)
    pointers.push_back(slot.data());
  dlc_update u = {};
  u.weights = network.weights.data();
  u.gradients = summed_ ? sum_.data() : network.gradients.data();
  u.slots = pointers.data();
  u.settings = settings.data();
  u.step = double(step);
  u.total_steps = double(totalSteps);
  u.arena = arena_.data();
  u.rate = &rate_;
  u.parallel = Pool::parallel;
  u.pool = &network.pool;
  model.update(&u);
}

} // namespace dlc::runtime
