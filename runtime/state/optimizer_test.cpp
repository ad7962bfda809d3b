// Gradients of several calls add up to those of one step, and means count every sample once.
#include "runtime/state/evaluation.h"
#include "runtime/state/optimizer.h"
#include "runtime/tensor.h"
#include "test/runtime/hand_model.h"

#include <gtest/gtest.h>

namespace dlc::runtime {

namespace {

constexpr int64_t kSamples = 11; // one call of 8 and one of 3

struct Fixture {
  Fixture() : model(handModel(DLC_F64)), pool(1), network(model, pool, 1) {
    dataset.count = kSamples;
    dataset.columns.resize(2);
    dataset.columns[0].perSample = 6;
    dataset.columns[1].perSample = 1;
    for (int64_t i = 0; i < kSamples; ++i) {
      for (int64_t j = 0; j < 6; ++j)
        dataset.columns[0].append(double((i * 7 + j * 3) % 13) / 13);
      dataset.columns[1].append(double(i % 4));
    }
  }
  data::Plan plan(int64_t samplesPerStep) {
    data::Plan plan{&model, &dataset, &transforms};
    plan.samplesPerStep = samplesPerStep;
    return plan;
  }

  dlc_model model;
  data::Dataset dataset;
  data::Transforms transforms;
  Pool pool;
  Network network;
};

double elementAt(const Buffer &buffer, const dlc_tensor &tensor, int64_t i) {
  return readElement(buffer.at(tensor.offset), tensor.dtype, i);
}

} // namespace

TEST(Optimizer, AccumulatesTheMeanOverAllSamplesOfAStep) {
  Fixture f;
  const dlc_tensor &weight = f.model.weights[0].tensor;
  // Every sample alone, weighing 1: the mean of these gradients is what a step must see.
  std::vector<double> mean(24);
  {
    data::Stream singles(f.plan(1));
    while (const data::Batch *batch = singles.next()) {
      f.network.step(*batch, 0);
      for (int64_t i = 0; i < 24; ++i)
        mean[size_t(i)] += elementAt(f.network.gradients, weight, i) / double(kSamples);
    }
  }
  Buffer before(f.model.weight_bytes);
  before.copyFrom(f.network.weights);
  Optimizer optimizer(f.model);
  ASSERT_FALSE(optimizer.set("mu", 0).failed());
  ASSERT_FALSE(optimizer.set("lr", 0.25).failed());
  int calls = 0;
  data::Stream stream(f.plan(kSamples));
  while (const data::Batch *batch = stream.next()) {
    ++calls;
    f.network.step(*batch, 0);
    optimizer.accumulate(f.network, batch->startsStep, batch->endsStep);
    if (batch->endsStep)
      optimizer.update(f.network, 1, 1);
  }
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(optimizer.rate(), 0.25);
  for (int64_t i = 0; i < 24; ++i) {
    double move = elementAt(before, weight, i) - elementAt(f.network.weights, weight, i);
    EXPECT_NE(move, 0);
    EXPECT_NEAR(move, 0.25 * mean[size_t(i)], 1e-15);
  }
}

TEST(Optimizer, AStepAfterALongOneStartsAnew) {
  Fixture f;
  Optimizer optimizer(f.model);
  ASSERT_FALSE(optimizer.set("mu", 0).failed());
  data::Batch batch(f.model);
  batch.fillRandom(f.model, 1);
  batch.weigh(f.model, 8, 8);
  auto moveOf = [&](auto accumulate) {
    f.network.weights.copyFrom(Network(f.model, f.pool, 1).weights);
    accumulate();
    optimizer.update(f.network, 1, 1);
    return elementAt(f.network.weights, f.model.weights[1].tensor, 0);
  };
  auto once = [&] {
    f.network.step(batch, 0);
    optimizer.accumulate(f.network, true, true);
  };
  auto twice = [&] {
    f.network.step(batch, 0);
    optimizer.accumulate(f.network, true, false);
    optimizer.accumulate(f.network, false, true);
  };
  double first = moveOf(once);
  double start = elementAt(Network(f.model, f.pool, 1).weights, f.model.weights[1].tensor, 0);
  EXPECT_NEAR(moveOf(twice) - start, 2 * (first - start), 1e-15);
  EXPECT_EQ(moveOf(once), first);
}

TEST(Averages, CountEverySampleOnce) {
  Fixture f;
  double loss = 0, accuracy = 0;
  {
    data::Stream singles(f.plan(1));
    while (const data::Batch *batch = singles.next()) {
      f.network.evaluate(*batch);
      loss += f.network.loss() / double(kSamples);
      accuracy += f.network.metric(0) / double(kSamples);
    }
  }
  Evaluation evaluation(f.network);
  ASSERT_FALSE(evaluateAll(f.network, f.plan(f.model.batch), &evaluation).failed());
  const Averages &averages = evaluation.averages;
  EXPECT_EQ(averages.count, kSamples);
  EXPECT_NEAR(averages.loss(), loss, 1e-14);
  EXPECT_NEAR(averages.metric(0), accuracy, 1e-14);
}

} // namespace dlc::runtime
