// The mean loss and metrics of an epoch or a split.
#include "runtime/state/metrics.h"

#include "runtime/tensor.h"
#include "runtime/text.h"

#include <cstring>

namespace dlc::runtime {

void Averages::add(const Network &network, int64_t total) {
  sums[0] += network.loss() * double(total);
  for (int32_t i = 0; i < model_->metric_count; ++i)
    sums[1 + size_t(i)] += network.metric(i) * double(total);
}

bool Averages::areFinite() const {
  return firstNotFinite(sums.data(), DLC_F64, int64_t(sums.size())) < 0;
}

std::string Averages::text() const {
  std::string text = format("loss %.4g", loss());
  for (int32_t i = 0; i < model_->metric_count; ++i)
    text += format("  %s %.4f", model_->metrics[i], metric(i));
  return text;
}

void Averages::write(JsonWriter *json, bool nested) const {
  json->key("loss").number(loss());
  if (nested)
    json->key("metrics").beginObject();
  writeMetrics(json);
  if (nested)
    json->endObject();
}

void Averages::writeMetrics(JsonWriter *json) const {
  for (int32_t i = 0; i < model_->metric_count; ++i)
    json->key(model_->metrics[i]).number(metric(i));
}

int32_t Averages::accuracy() const {
  int32_t i = model_->metric_count - 1;
  while (i >= 0 && strcmp(model_->metrics[i], "accuracy") != 0)
    --i;
  return i;
}

bool Averages::hasAccuracy() const { return accuracy() >= 0; }

double Averages::worth() const { return hasAccuracy() ? metric(accuracy()) : -loss(); }

} // namespace dlc::runtime
