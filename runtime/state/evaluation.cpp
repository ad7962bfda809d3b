// What a network achieves on a whole split.
#include "runtime/state/evaluation.h"

namespace dlc::runtime {

void Evaluation::write(JsonWriter *json, bool nested) const {
  json->key("loss").number(averages.loss());
  if (nested)
    json->key("metrics").beginObject();
  averages.writeMetrics(json);
  scores.write(json);
  if (nested)
    json->endObject();
}

double Evaluation::worth() const {
  double score = 0;
  if (!averages.hasAccuracy() && scores.first(&score))
    return score;
  return averages.worth();
}

Status evaluateAll(Network &network, const data::Plan &plan, Evaluation *evaluation) {
  data::Stream stream(plan);
  int64_t before = 0;
  while (const data::Batch *batch = stream.next()) {
    network.evaluate(*batch);
    evaluation->averages.add(network, batch->stepCount);
    evaluation->averages.countSamples(batch->count);
    evaluation->scores.add(*plan.dataset, before, batch->count);
    before += batch->count;
  }
  return stream.status();
}

} // namespace dlc::runtime
