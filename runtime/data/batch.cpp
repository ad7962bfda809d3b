// The batches a training or an evaluation runs over, prepared ahead in a thread.
#include "runtime/data/batch.h"

#include "runtime/data/order.h"
#include "runtime/random.h"
#include "runtime/tensor.h"

#include <algorithm>
#include <cmath>

namespace dlc::runtime::data {

Batch::Batch(const dlc_model &model) : sampleWeights(model.batch * dtypeSize(model.precision)) {
  for (int32_t i = 0; i < model.input_count; ++i) {
    inputs.emplace_back(byteCount(model.inputs[i]));
    pointers.push_back(inputs.back().data());
  }
}

template <class T> static void narrow(const std::vector<double> &values, void *row) {
  for (size_t i = 0; i < values.size(); ++i)
    static_cast<T *>(row)[i] = T(values[i]);
}

void *Batch::row(const dlc_model &model, int32_t input, int64_t row) {
  const dlc_tensor &tensor = model.inputs[input];
  int64_t first = tensor.batched ? row * elementsPerSample(tensor) : 0;
  return inputs[input].at(first * dtypeSize(tensor.dtype));
}

void Batch::setRow(const dlc_model &model, int32_t input, int64_t row,
                   const std::vector<double> &values) {
  void *start = this->row(model, input, row);
  switch (model.inputs[input].dtype) {
  case DLC_F32:
    return narrow<float>(values, start);
  case DLC_F64:
    return narrow<double>(values, start);
  default:
    return narrow<int32_t>(values, start);
  }
}

void Batch::weigh(const dlc_model &model, int64_t samples, int64_t total) {
  count = samples;
  stepCount = total;
  for (int64_t row = 0; row < model.batch; ++row)
    writeElement(sampleWeights.data(), model.precision, row,
                 row < samples ? 1.0 / double(total) : 0.0);
}

void Batch::clear() {
  for (Buffer &input : inputs)
    input.clear();
}

void Batch::fillRandom(const dlc_model &model, uint64_t seed) {
  Random random(seed, Purpose::Input);
  for (int32_t i = 0; i < model.input_count; ++i) {
    const dlc_tensor &input = model.inputs[i];
    for (int64_t j = 0; j < elementCount(input); ++j) {
      double unit = random.uniform(uint64_t(j), uint32_t(i), 0);
      double value = input.classes > 0 ? std::floor(unit * double(input.classes)) : 2 * unit - 1;
      writeElement(inputs[i].data(), input.dtype, j, value);
    }
  }
}

Status checkFields(const dlc_model &model, bool lossToo) {
  int32_t inputs = lossToo ? model.input_count : model.model_input_count;
  for (int32_t i = 0; i < inputs; ++i) {
    const dlc_tensor &input = model.inputs[i];
    int32_t field = findField(model, input.name);
    if (field < 0)
      return inputError("the data `%s` has no field `%s`, which the model takes as an input",
                        model.data_name, input.name);
    if (elementCount(model.fields[field]) != elementsPerSample(input))
      return inputError("the field `%s` of the data is %s, which does not fit the input's %s",
                        input.name, shapeText(model.fields[field]).c_str(),
                        shapeText(input).c_str());
  }
  return Status();
}

RowFiller::RowFiller(const Plan &plan) : plan_(plan) {
  for (int32_t i = 0; i < plan.model->input_count; ++i)
    fields_.push_back(findField(*plan.model, plan.model->inputs[i].name));
}

Status RowFiller::fill(int64_t sample, int64_t epoch, int64_t row, Batch *batch) {
  const dlc_model &model = *plan_.model;
  SampleAddress address{plan_.training, plan_.seed, epoch, sample};
  for (int32_t i = 0; i < model.input_count; ++i) {
    int32_t field = fields_[size_t(i)];
    if (field < 0)
      continue;
    const Column &column = plan_.dataset->columns[size_t(field)];
    SampleNumbers numbers;
    DLC_TRY(column.find(sample, &numbers));
    if (model.inputs[i].dtype == DLC_F32 &&
        plan_.transforms->lookUp(field, address, numbers, column.perSample,
                                 static_cast<float *>(batch->row(model, i, row))))
      continue;
    values_.resize(size_t(column.perSample));
    plan_.transforms->read(field, address, numbers, column.perSample, values_.data());
    batch->setRow(model, i, row, values_);
  }
  return Status();
}

// How many batches fit into so much memory, of those that the plan has.
static int64_t batchesIn(const Plan &plan, int64_t bytes) {
  int64_t one = 1, steps = plan.stepsPerEpoch(), all = 0;
  for (int32_t i = 0; i < plan.model->input_count; ++i)
    one += byteCount(plan.model->inputs[i]);
  int64_t calls = (plan.samplesPerStep + plan.model->batch - 1) / plan.model->batch * steps;
  if (__builtin_mul_overflow(calls, plan.epochs - plan.firstEpoch, &all))
    all = bytes;
  return std::min(all, bytes / one);
}

Stream::Stream(const Plan &plan)
    : plan_(plan), ahead_(std::clamp(batchesIn(plan, kAheadBytes), kLeastAhead, kMostAhead)),
      refill_(ahead_ > kLeastAhead ? ahead_ / 2 : 1) {
  for (int64_t i = 0; i < ahead_; ++i)
    ring_.emplace_back(*plan.model);
  bool hasFiles = std::any_of(plan.dataset->columns.begin(), plan.dataset->columns.end(),
                              [](const Column &column) { return column.files != nullptr; });
  bool isSlow = hasFiles || (plan.training && plan.transforms->isSlow());
  if (plan.training && plan.shuffle && plan.model->bucket >= 0)
    lengths_ = lengthsOf(plan.dataset->columns[size_t(plan.model->bucket)], plan.dataset->count);
  if (isSlow && plan.threads > 1)
    pool_ = std::make_unique<Pool>(plan.threads);
  thread_ = std::thread([this] { produce(); });
}

Stream::~Stream() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

const Batch *Stream::next() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (inUse_) {
    ++consumed_;
    inUse_ = false;
    if (produced_ - consumed_ <= refill_)
      changed_.notify_all();
  }
  changed_.wait(lock, [this] { return produced_ > consumed_ || finished_; });
  if (produced_ == consumed_)
    return nullptr;
  inUse_ = true;
  return &ring_[consumed_ % ahead_];
}

Batch *Stream::waitForSpace() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (produced_ - consumed_ == ahead_)
    changed_.wait(lock, [this] { return stopping_ || produced_ - consumed_ <= refill_; });
  return stopping_ ? nullptr : &ring_[produced_ % ahead_];
}

void Stream::publish() {
  std::lock_guard<std::mutex> lock(mutex_);
  ++produced_;
  changed_.notify_all();
}

// The rows of one batch. Which thread fills a row has no influence on what is in it.
Status Stream::fill(RowFiller *filler, const std::vector<int64_t> &order, int64_t at, int64_t rows,
                    int64_t epoch, Batch *batch) {
  auto sampleOf = [&](int64_t row) { return plan_.shuffle ? order[size_t(at + row)] : at + row; };
  if (!pool_) {
    for (int64_t row = 0; row < rows; ++row)
      DLC_TRY(filler->fill(sampleOf(row), epoch, row, batch));
    return Status();
  }
  std::vector<Status> statuses{size_t(rows)};
  auto fillSome = [&](int64_t begin, int64_t end) {
    RowFiller own(*filler); // with numbers of the thread's own
    for (int64_t row = begin; row < end; ++row)
      statuses[size_t(row)] = own.fill(sampleOf(row), epoch, row, batch);
  };
  void *function = &fillSome;
  auto kernel = [](void *const *buffers, int64_t begin, int64_t end) {
    (*static_cast<decltype(fillSome) *>(buffers[0]))(begin, end);
  };
  pool_->run(kernel, &function, rows, rows * kRowWork);
  for (Status &status : statuses)
    DLC_TRY(status);
  return Status();
}

void Stream::produce() {
  RowFiller filler(plan_);
  int64_t count = plan_.dataset->count, perCall = plan_.model->batch;
  for (int64_t epoch = plan_.firstEpoch; epoch < plan_.epochs; ++epoch) {
    std::vector<int64_t> order;
    if (plan_.shuffle)
      order = orderOfEpoch(count, plan_.seed, epoch, plan_.samplesPerStep, lengths_);
    int64_t firstStep = epoch == plan_.firstEpoch ? plan_.firstStep : 0;
    for (int64_t step = firstStep; step < plan_.stepsPerEpoch(); ++step) {
      int64_t begin = step * plan_.samplesPerStep;
      int64_t end = std::min(begin + plan_.samplesPerStep, count);
      // More samples than one call takes are several calls, whose gradients add up.
      for (int64_t at = begin; at < end; at += perCall) {
        Batch *batch = waitForSpace();
        if (!batch)
          return;
        int64_t rows = std::min(perCall, end - at);
        if (rows < perCall)
          batch->clear();
        if (Status status = fill(&filler, order, at, rows, epoch, batch); status.failed())
          return finish(std::move(status));
        batch->weigh(*plan_.model, rows, end - begin);
        batch->startsStep = at == begin;
        batch->endsStep = at + rows == end;
        publish();
      }
    }
  }
  finish(Status());
}

void Stream::finish(Status status) {
  std::lock_guard<std::mutex> lock(mutex_);
  status_ = std::move(status);
  finished_ = true;
  changed_.notify_all();
}

} // namespace dlc::runtime::data
