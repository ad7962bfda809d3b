// `step --explain`: every value of a training step with its formula and its numbers.
#include "runtime/commands/explain.h"

#include "runtime/tensor.h"
#include "runtime/text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace dlc::runtime {

static constexpr struct {
  int32_t kind;
  const char *name, *title;
} kKinds[] = {{DLC_VALUE_INPUT, "input", "Inputs"},
              {DLC_VALUE_WEIGHT, "weight", "Weights"},
              {DLC_VALUE_FORWARD, "forward", "Forward"},
              {DLC_VALUE_LOSS, "loss", "Loss"},
              {DLC_VALUE_GRADIENT, "gradient",
               "Backward: the derivative of the loss by each value (its delta)"},
              {DLC_VALUE_WEIGHT_GRADIENT, "weight_gradient",
               "Gradients: the derivative of the loss by each weight"}};

Explanation::Explanation(Network &network, const data::Batch &batch, Optimizer &optimizer)
    : model_(network.model), samples_(batch.count), trace_(model_.trace_bytes),
      before_(model_.weight_bytes), gradients_(model_.weight_bytes) {
  network.explain(batch, 0, trace_.data());
  before_.copyFrom(network.weights);
  gradients_.copyFrom(network.gradients);
  if (!model_.update)
    return;
  optimizer.accumulate(network, true, true);
  optimizer.update(network, 1, 1);
  rate_ = optimizer.rate();
  after_ = Buffer(model_.weight_bytes);
  after_.copyFrom(network.weights);
  network.weights.copyFrom(before_);
}

Explanation::Numbers Explanation::numbersOf(const dlc_tensor &tensor, const char *data) const {
  Numbers numbers{shapeOf(tensor), {}};
  if (tensor.batched && tensor.rank > 0)
    numbers.shape[0] = std::min(samples_, numbers.shape[0]);
  int64_t count = checkedProduct(numbers.shape);
  for (int64_t i = 0; i < count; ++i)
    numbers.values.push_back(readElement(data, tensor.dtype, i));
  if (tensor.batched && tensor.rank > 0 && numbers.shape[0] == 1)
    numbers.shape.erase(numbers.shape.begin());
  return numbers;
}

// As many digits as are surely meaningful, so that 0.3 is 0.3 in f32 too; 0 for -0.
static std::string number(double value, int digits) {
  return format("%.*g", digits, value == 0 ? 0.0 : value);
}

// The rows of a tensor, its last axis across: "0.3  0.5".
static std::vector<std::string> rowsOf(const std::vector<int64_t> &shape,
                                       const std::vector<double> &values, int digits) {
  size_t across = shape.empty() ? 1 : size_t(std::max<int64_t>(shape.back(), 1));
  size_t widest = 0;
  for (double value : values)
    widest = std::max(widest, number(value, digits).size());
  std::vector<std::string> rows;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i % across == 0)
      rows.emplace_back();
    rows.back() += format("%s%*s", i % across ? "  " : "", values.size() > 1 ? int(widest) : 0,
                          number(values[i], digits).c_str());
  }
  return rows;
}

void Explanation::printSection(const char *title, int32_t kind) const {
  size_t widest = 0;
  for (int32_t i = 0; i < model_.value_count; ++i)
    if (model_.values[i].kind == kind)
      widest = std::max(widest, strlen(model_.values[i].tensor.name));
  if (widest == 0)
    return;
  printf("\n%s\n", title);
  for (int32_t i = 0; i < model_.value_count; ++i) {
    const dlc_value &value = model_.values[i];
    if (value.kind != kind)
      continue;
    const char *name = value.tensor.name;
    if (value.formula && *value.formula) {
      printf("  %-*s = %s\n", int(widest), name, value.formula);
      name = "";
    }
    Numbers numbers = numbersOf(value.tensor, trace_.at(value.tensor.offset));
    const char *sign = "=";
    for (const std::string &row : rowsOf(numbers.shape, numbers.values, digits())) {
      printf("  %-*s %s %s\n", int(widest), name, sign, row.c_str());
      name = "";
      sign = " ";
    }
  }
}

// An element's place: "[2, 0]"; nothing for a scalar.
static std::string indexText(const dlc_tensor &tensor, int64_t i) {
  std::vector<int64_t> index(size_t(tensor.rank));
  for (int64_t axis = tensor.rank - 1; axis >= 0; --axis) {
    index[size_t(axis)] = i % tensor.shape[axis];
    i /= tensor.shape[axis];
  }
  return index.empty() ? "" : shapeText(index);
}

void Explanation::printUpdate() const {
  // Every weight's old value, gradient and new value; where the rule is plain descent, as
  // arithmetic.
  bool plain = true;
  auto at = [&](const Buffer &buffer, const dlc_tensor &tensor, int64_t i) {
    return readElement(buffer.at(tensor.offset), tensor.dtype, i);
  };
  double precision = model_.precision == DLC_F64 ? 1e-14 : 1e-6;
  for (int32_t w = 0; w < model_.weight_count; ++w) {
    const dlc_tensor &tensor = model_.weights[w].tensor;
    for (int64_t i = 0; i < elementCount(tensor); ++i) {
      double old = at(before_, tensor, i), move = rate_ * at(gradients_, tensor, i);
      plain &= std::fabs(at(after_, tensor, i) - (old - move)) <=
               precision * (std::fabs(old) + std::fabs(move));
    }
  }
  printf("\nUpdate by %s: %s\n", model_.optimizer,
         plain ? format("w <- w - lr * gradient, lr = %s", number(rate_, digits()).c_str()).c_str()
               : format("old and new weights, lr = %s", number(rate_, digits()).c_str()).c_str());
  for (int32_t w = 0; w < model_.weight_count; ++w) {
    const dlc_tensor &tensor = model_.weights[w].tensor;
    for (int64_t i = 0; i < elementCount(tensor); ++i) {
      std::string name = tensor.name + indexText(tensor, i),
                  old = number(at(before_, tensor, i), digits()),
                  gradient = number(at(gradients_, tensor, i), digits()),
                  updated = number(at(after_, tensor, i), digits());
      if (plain && gradient[0] == '-')
        gradient = "(" + gradient + ")";
      if (plain)
        printf("  %-20s %15s - %s * %-17s = %s\n", name.c_str(), old.c_str(),
               number(rate_, digits()).c_str(), gradient.c_str(), updated.c_str());
      else
        printf("  %-20s %15s -> %-15s  gradient %s\n", name.c_str(), old.c_str(), updated.c_str(),
               gradient.c_str());
    }
  }
}

void Explanation::print() const {
  printf("%s, %lld sample%s\n", model_.name, static_cast<long long>(samples_),
         samples_ == 1 ? "" : "s");
  for (const auto &kind : kKinds)
    printSection(kind.title, kind.kind);
  if (after_.data())
    printUpdate();
}

static void writeNumbers(JsonWriter *json, const std::vector<int64_t> &shape,
                         const std::vector<double> &values) {
  json->key("shape").beginArray();
  for (int64_t size : shape)
    json->integer(size);
  json->endArray().key("values").beginArray();
  for (double value : values)
    json->number(value);
  json->endArray();
}

void Explanation::write(JsonWriter *json) const {
  json->key("values").beginArray();
  for (int32_t i = 0; i < model_.value_count; ++i) {
    const dlc_value &value = model_.values[i];
    json->beginObject().key("name").string(value.tensor.name);
    for (const auto &kind : kKinds)
      if (kind.kind == value.kind)
        json->key("kind").string(kind.name);
    json->key("formula").string(value.formula ? value.formula : "");
    Numbers numbers = numbersOf(value.tensor, trace_.at(value.tensor.offset));
    writeNumbers(json, numbers.shape, numbers.values);
    json->endObject();
  }
  json->endArray();
  if (!after_.data())
    return;
  json->key("lr").number(rate_, digits()).key("updated").beginArray();
  for (int32_t i = 0; i < model_.weight_count; ++i) {
    const dlc_tensor &tensor = model_.weights[i].tensor;
    Numbers numbers = numbersOf(tensor, after_.at(tensor.offset));
    json->beginObject().key("name").string(tensor.name);
    writeNumbers(json, numbers.shape, numbers.values);
    json->endObject();
  }
  json->endArray();
}

} // namespace dlc::runtime
