// `predict`: the outputs of trained weights for files or samples of the data.
#include "runtime/commands/commands.h"
#include "runtime/data/files.h"
#include "runtime/file.h"
#include "runtime/format/npy.h"
#include "runtime/state/checkpoint.h"
#include "runtime/state/scores.h"
#include "runtime/tensor.h"
#include "runtime/text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <numeric>

namespace dlc::runtime {

namespace {

// One sample as it was given: the numbers of each input that inference needs, before any transform.
struct Sample {
  std::string name;
  std::vector<std::vector<double>> inputs;
  int64_t label = -1;    // -1: not known
  std::string reference; // the text that the answer should be; "" if not known
};

class Prediction {
public:
  Prediction(const dlc_model &model, const Options &options)
      : model_(model), options_(options), pool_(options.threadCount(model)),
        network_(model, pool_, model.train_seed) {}
  Status run();

private:
  Status read(const std::string &argument);
  Status readSplit(const std::string &split, const std::string &index, const std::string &argument);
  Status readArray(const std::string &argument, int32_t input, const std::string &path);
  Status readTable(const std::string &path);
  Status readText(const std::string &text, int32_t input);
  Status readFile(const std::string &path, int32_t input);
  Status addFile(const std::string &path, int32_t input);
  Status addNumbers(const std::string &name, int32_t input, const Numbers &numbers);
  Status addText(const std::string &text, int32_t input);
  Sample &sampleFor(int32_t input, const std::string &name);
  // Whether the data has this input's numbers in files: pictures or sounds.
  bool isFile(int32_t input) const;
  data::FileReader reader(int32_t input) const;
  Status tableFormat(data::CsvFormat *format) const;
  Status readNumbers(const std::string &argument, int32_t input, const std::string &text);
  bool isWord(int32_t input) const;
  Status encode(const std::string &where, int32_t input, const std::string &text,
                std::vector<double> *values);
  Status checkInput(const Sample &sample, int32_t input) const;
  Status infer();
  void print(const Sample &sample, int64_t row);
  void writeJson(JsonWriter *json, const Sample &sample, int64_t row);
  std::vector<std::pair<int64_t, double>> classes(int64_t row) const;
  std::string answer(int32_t output, int64_t row) const;
  std::string className(const char *prefix, int64_t number) const;
  void writeClass(JsonWriter *json, const char *key, int64_t number) const;

  const dlc_model &model_;
  const Options &options_;
  Pool pool_;
  Network network_;
  data::Transforms transforms_;
  std::map<std::string, data::Dataset> splits_;
  std::vector<Sample> samples_;
  std::vector<int32_t> needed_;              // the inputs that inference needs
  std::vector<int32_t> inWords_;             // the outputs whose numbers stand for a text
  std::vector<std::vector<double>> outputs_; // of each output, all samples
};

// The field whose classes the first output's numbers are logits of, or -1: that of a score, else
// one that is no input of the model.
int32_t classField(const dlc_model &model) {
  const dlc_tensor &output = model.outputs[0];
  if (output.rank != 2 || !output.batched || output.dtype == DLC_I32)
    return -1;
  auto fits = [&](int32_t field) {
    return model.fields[field].classes > 0 && model.fields[field].classes == output.shape[1];
  };
  for (int32_t i = 0; i < model.score_count; ++i)
    if (model.scores[i].output == 0 && fits(model.scores[i].field))
      return model.scores[i].field;
  for (int32_t i = 0; i < model.field_count; ++i) {
    bool isInput = std::any_of(
        model.inputs, model.inputs + model.model_input_count,
        [&](const dlc_tensor &input) { return strcmp(input.name, model.fields[i].name) == 0; });
    if (fits(i) && !isInput)
      return i;
  }
  return -1;
}

Status Prediction::readSplit(const std::string &split, const std::string &index,
                             const std::string &argument) {
  int64_t sample = 0;
  data::Dataset &dataset = splits_[split];
  DLC_TRY(data::checkFields(model_, false));
  if (dataset.count == 0) {
    DLC_TRY(data::loadSplit(model_, split, options_.data, &dataset));
    DLC_TRY(network_.vocabularies.encode(&dataset, true));
  }
  if (!parseInteger(index, &sample) || sample < 0 || sample >= dataset.count)
    return inputError("`%s`: the split `%s` has the samples 0 to %lld", argument.c_str(),
                      split.c_str(), static_cast<long long>(dataset.count - 1));
  Sample one;
  one.name = argument;
  one.inputs.resize(size_t(model_.model_input_count));
  for (int32_t i : needed_) {
    const data::Column &column = dataset.columns[data::findField(model_, model_.inputs[i].name)];
    std::vector<double> &values = one.inputs[size_t(i)];
    data::SampleNumbers numbers;
    DLC_TRY(column.find(sample, &numbers));
    values.resize(size_t(column.perSample));
    numbers.read(column.perSample, values.data());
  }
  if (int32_t field = classField(model_); field >= 0 && dataset.columns[field].perSample == 1)
    one.label = int64_t(dataset.columns[field].at(sample));
  for (int32_t output : inWords_)
    one.reference = dataset.columns[textField(model_, output)].texts[size_t(sample)];
  samples_.push_back(std::move(one));
  return Status();
}

// With several inputs their arguments stand side by side: the next sample without this input, else
// a new one.
Sample &Prediction::sampleFor(int32_t input, const std::string &name) {
  auto existing = std::find_if(samples_.begin(), samples_.end(), [&](const Sample &sample) {
    return sample.inputs[size_t(input)].empty();
  });
  if (existing != samples_.end())
    return *existing;
  return samples_.emplace_back(
      Sample{name, std::vector<std::vector<double>>(size_t(model_.model_input_count)), -1, ""});
}

// An array of one sample or of several.
Status Prediction::readArray(const std::string &argument, int32_t input, const std::string &path) {
  Array array;
  DLC_TRY(readNpy(path, &array));
  const dlc_tensor &tensor = model_.inputs[input];
  int64_t perSample = elementsPerSample(tensor), count = array.count();
  bool several = !array.shape.empty() && array.shape[0] * perSample == count;
  if (count == 0 || (count != perSample && !several))
    return inputError("`%s` has the shape %s; a sample of the input `%s` has %lld numbers: %s",
                      path.c_str(), shapeText(array.shape).c_str(), tensor.name,
                      static_cast<long long>(perSample), "give one sample, or [samples, …]");
  for (int64_t i = 0; i < count / perSample; ++i) {
    std::string name =
        count == perSample ? path : format("%s[%lld]", path.c_str(), static_cast<long long>(i));
    std::vector<double> &values = sampleFor(input, name).inputs[size_t(input)];
    values.resize(size_t(perSample));
    array.read(i * perSample, perSample, values.data());
  }
  return Status();
}

// The columns of each field of the data in a line.
static std::vector<std::vector<size_t>> columnsOfFields(const dlc_model &model, size_t *all) {
  std::vector<std::vector<size_t>> columns(size_t(model.field_count));
  *all = 0;
  for (int32_t i = 0; i < model.field_count; ++i)
    for (int64_t j = 0; j < data::csvField(model, i).count; ++j)
      columns[size_t(i)].push_back((*all)++);
  return columns;
}

// The tables of `predict` are written as those of the data block. Where that names columns, those
// of the inputs are read, and others may be there or not; a line without a name among its cells is
// a sample already, of the inputs alone. Where it names none, a line holds the cells of the inputs,
// or of all fields. Files are looked for where those of the training's tables are.
Status Prediction::tableFormat(data::CsvFormat *format) const {
  for (int32_t i = 0; i < model_.source_count; ++i) {
    if (strcmp(model_.sources[i].loader, "csv") != 0)
      continue;
    DLC_TRY(data::csvFormat(model_.sources[i], format));
    break;
  }
  format->isHeaderOptional = true;
  std::vector<std::string> names;
  std::vector<std::vector<size_t>> columns = columnsOfFields(model_, &format->wholeColumns);
  for (int32_t input : needed_) {
    int32_t field = data::findField(model_, model_.inputs[input].name);
    if (field < 0) {
      *format = {};
      return Status();
    }
    for (size_t column : columns[size_t(field)]) {
      format->wholePositions.push_back(column);
      if (!format->chosen.empty())
        names.push_back(format->chosen[column]);
    }
  }
  format->chosen = names;
  return Status();
}

Status Prediction::readTable(const std::string &path) {
  data::CsvFormat format;
  DLC_TRY(tableFormat(&format));
  if (path.ends_with(".tsv"))
    format.separator = '\t';
  std::vector<data::CsvField> fields;
  std::vector<data::Column> columns(needed_.size());
  for (int32_t i : needed_) {
    int32_t field = data::findField(model_, model_.inputs[i].name);
    fields.push_back(field >= 0 ? data::csvField(model_, field)
                                : data::CsvField{model_.inputs[i].name,
                                                 elementsPerSample(model_.inputs[i]),
                                                 data::CsvField::Number});
  }
  DLC_TRY(data::readCsv(path, format, fields, &columns, nullptr));
  bool isText = fields[0].kind != data::CsvField::Number;
  size_t lines = isText ? columns[0].texts.size() : size_t(columns[0].count() / fields[0].count);
  for (size_t line = 0; line < lines; ++line) {
    Sample sample;
    sample.name = dlc::runtime::format("%s[%zu]", path.c_str(), line);
    sample.inputs.resize(size_t(model_.model_input_count));
    for (size_t i = 0; i < fields.size(); ++i) {
      std::vector<double> &values = sample.inputs[size_t(needed_[i])];
      values.resize(size_t(elementsPerSample(model_.inputs[needed_[i]])));
      if (fields[i].kind == data::CsvField::File) {
        std::string folder = options_.data.empty() ? model_.data_folder : options_.data;
        Numbers numbers;
        DLC_TRY(reader(needed_[i]).read(joinPath(folder, columns[i].texts[line]), &numbers));
        numbers.read(0, numbers.count(), values.data()); // the others stay 0
      } else if (fields[i].kind != data::CsvField::Number)
        DLC_TRY(encode(sample.name, needed_[i], columns[i].texts[line], &values));
      else
        columns[i].read(int64_t(line) * fields[i].count, fields[i].count, values.data());
    }
    samples_.push_back(std::move(sample));
  }
  return Status();
}

// A text, or a class, which may have a name.
bool Prediction::isWord(int32_t input) const {
  int32_t field = data::findField(model_, model_.inputs[input].name);
  if (field < 0)
    return false;
  data::CsvField::Kind kind = data::csvField(model_, field).kind;
  return kind == data::CsvField::Text || kind == data::CsvField::Class;
}

bool Prediction::isFile(int32_t input) const {
  return data::findField(model_, model_.inputs[input].name) >= 0 && reader(input).isFile();
}

data::FileReader Prediction::reader(int32_t input) const {
  return {model_, data::findField(model_, model_.inputs[input].name)};
}

Status Prediction::encode(const std::string &where, int32_t input, const std::string &text,
                          std::vector<double> *values) {
  const data::Vocabulary &vocabulary =
      network_.vocabularies.of(data::findField(model_, model_.inputs[input].name));
  if (vocabulary.isText() && !vocabulary.isKnown())
    return inputError("`%s` has no vocabulary for the texts of `%s`: only a training by this "
                      "program writes one",
                      options_.weights.c_str(), model_.inputs[input].name);
  if (findInvalidUtf8(text) != text.npos)
    return inputError("`%.60s` is no UTF-8 text", text.c_str());
  bool isCut = false;
  values->resize(size_t(elementsPerSample(model_.inputs[input])));
  if (Status status = vocabulary.encode(text, values->data(), &isCut); status.failed())
    return inputError("`%s`: the input `%s` %s", where.c_str(), model_.inputs[input].name,
                      status.message().c_str());
  if (isCut)
    fprintf(stderr, "note: `%.60s…` is longer than the %zu pieces of `%s` and was cut\n",
            text.c_str(), values->size(), model_.inputs[input].name);
  return Status();
}

static std::string standardInput() {
  std::string bytes;
  char block[65536];
  while (size_t got = fread(block, 1, sizeof block, stdin))
    bytes.append(block, got);
  return bytes;
}

static std::vector<std::string> linesOf(std::string_view text) {
  if (text.ends_with('\n'))
    text.remove_suffix(1);
  return text.empty() ? std::vector<std::string>() : split(text, '\n');
}

// "-" stands for the lines of standard input.
Status Prediction::readText(const std::string &text, int32_t input) {
  if (text != "-")
    return addText(text, input);
  for (const std::string &line : linesOf(standardInput()))
    DLC_TRY(addText(line, input));
  return Status();
}

// "-" stands for a file on standard input, or for the files that its lines name.
Status Prediction::readFile(const std::string &path, int32_t input) {
  if (path != "-")
    return addFile(path, input);
  std::string file = standardInput();
  if (!data::FileReader::isKnown(file)) {
    for (const std::string &line : linesOf(file))
      DLC_TRY(addFile(line, input));
    return Status();
  }
  Numbers numbers;
  DLC_TRY(reader(input).decode(path, file, &numbers));
  return addNumbers(path, input, numbers);
}

Status Prediction::addFile(const std::string &path, int32_t input) {
  Numbers numbers;
  DLC_TRY(reader(input).read(path, &numbers));
  return addNumbers(path, input, numbers);
}

Status Prediction::addNumbers(const std::string &name, int32_t input, const Numbers &numbers) {
  std::vector<double> &values = sampleFor(input, name).inputs[size_t(input)];
  values.resize(size_t(elementsPerSample(model_.inputs[input])));
  numbers.read(0, numbers.count(), values.data()); // the others stay 0
  return Status();
}

Status Prediction::addText(const std::string &text, int32_t input) {
  std::vector<double> values;
  DLC_TRY(encode(text, input, text, &values));
  sampleFor(input, text).inputs[size_t(input)] = std::move(values);
  return Status();
}

// The numbers of one sample, as `2.5,1`.
Status Prediction::readNumbers(const std::string &argument, int32_t input,
                               const std::string &text) {
  std::vector<double> values;
  for (const std::string &part : split(text, ','))
    if (!parseNumber(trim(part), &values.emplace_back()))
      return inputError("`%s`: `%s` is not a number, nor the name of an array (.npy or "
                        "data.npz:name)",
                        argument.c_str(), part.c_str());
  int64_t perSample = elementsPerSample(model_.inputs[input]);
  if (int64_t(values.size()) != perSample)
    return inputError("`%s` has %zu number%s, but a sample of `%s` has %lld", argument.c_str(),
                      values.size(), values.size() == 1 ? "" : "s", model_.inputs[input].name,
                      static_cast<long long>(perSample));
  sampleFor(input, argument).inputs[size_t(input)] = std::move(values);
  return Status();
}

static bool areNumbers(const std::string &text) {
  return !text.empty() && text.find_first_not_of("0123456789+-.eE, ") == text.npos;
}

static bool isArray(const std::string &argument) {
  return argument.ends_with(".npy") || ArrayName(argument).isInArchive;
}

// `validation:3` is a sample, also where the data has no such split.
static bool isSample(const std::string &split, const std::string &index) {
  uint64_t number;
  return (split == "train" || split == "validation" || split == "test") &&
         parseUnsigned(index, &number);
}

Status Prediction::read(const std::string &argument) {
  size_t colon = argument.find(':'), equals = argument.find('=');
  if (colon != argument.npos) {
    std::string split = argument.substr(0, colon), index = argument.substr(colon + 1);
    if (data::hasSplit(model_, split) || isSample(split, index))
      return readSplit(split, index, argument);
  }
  if (equals != argument.npos)
    for (int32_t i = 0; i < model_.model_input_count; ++i)
      if (std::string given = argument.substr(equals + 1);
          argument.substr(0, equals) == model_.inputs[i].name) {
        if (std::find(needed_.begin(), needed_.end(), i) == needed_.end()) {
          fprintf(stderr, "note: no output depends on the input `%s`; `%s` is not read\n",
                  model_.inputs[i].name, argument.c_str());
          return Status();
        }
        if (isArray(given))
          return readArray(argument, i, given);
        return isWord(i)   ? readText(given, i)
               : isFile(i) ? readFile(given, i)
                           : readNumbers(argument, i, given);
      }
  if (argument.ends_with(".csv") || argument.ends_with(".tsv"))
    return readTable(argument);
  if (!isArray(argument) && needed_.size() == 1 && isWord(needed_[0]))
    return readText(argument, needed_[0]);
  if (!isArray(argument) && needed_.size() == 1 && isFile(needed_[0]))
    return readFile(argument, needed_[0]);
  if (!isArray(argument) && needed_.size() == 1 && areNumbers(argument))
    return readNumbers(argument, needed_[0], argument);
  if (!isArray(argument) && data::hasSplit(model_, argument))
    return inputError("`%s` is a split of the data: `%s:0` is its first sample", argument.c_str(),
                      argument.c_str());
  if (!isArray(argument))
    return inputError("`%s`: expected an array (.npy or data.npz:name), lines of a table (.csv or "
                      ".tsv), `%s=…` for an input of the model, or a sample of the data such as "
                      "`%s:17`",
                      argument.c_str(), model_.inputs[needed_[0]].name,
                      model_.source_count > 0 ? model_.sources[0].split : "test");
  if (needed_.size() > 1)
    return inputError("`%s`: the model has %zu inputs; say which one the array is: `%s=%s`",
                      argument.c_str(), needed_.size(), model_.inputs[needed_[0]].name,
                      argument.c_str());
  return readArray(argument, needed_[0], argument);
}

Status Prediction::checkInput(const Sample &sample, int32_t input) const {
  int32_t field = data::findField(model_, model_.inputs[input].name);
  dlc_tensor range = field >= 0 ? model_.fields[field] : model_.inputs[input];
  for (double value : sample.inputs[size_t(input)])
    if (Status status = data::checkNumber(range, value); status.failed())
      return inputError("`%s`: the input `%s` %s", sample.name.c_str(), model_.inputs[input].name,
                        status.message().c_str());
  return Status();
}

// So many times fewer samples than a batch has are few.
constexpr int64_t kFewInBatch = 4;

Status Prediction::infer() {
  data::Batch batch(model_);
  data::SampleAddress inference;
  outputs_.resize(size_t(model_.output_count));
  int64_t rows = 0;
  for (size_t begin = 0; begin < samples_.size(); begin += size_t(rows)) {
    // A few samples are quicker one by one than as a batch with much padding.
    auto left = int64_t(samples_.size() - begin);
    bool isOne = left * kFewInBatch <= model_.batch;
    rows = isOne ? 1 : std::min(left, model_.batch);
    batch.clear();
    batch.weigh(model_, rows, rows);
    for (int64_t row = 0; row < rows; ++row)
      for (int32_t i : needed_) {
        std::vector<double> values = samples_[begin + size_t(row)].inputs[i];
        if (int32_t field = data::findField(model_, model_.inputs[i].name); field >= 0)
          transforms_.apply(field, inference, values.data());
        batch.setRow(model_, i, row, values);
      }
    isOne ? network_.inferOne(batch) : network_.infer(batch);
    for (int32_t i = 0; i < model_.output_count; ++i) {
      const dlc_tensor &output = model_.outputs[i];
      for (int64_t j = 0; j < rows * elementsPerSample(output); ++j)
        outputs_[i].push_back(readElement(network_.outputs[i].data(), output.dtype, j));
    }
  }
  // Finite weights and inputs can still lead out of a number's range.
  for (int32_t i = 0; i < model_.output_count; ++i) {
    const dlc_tensor &output = model_.outputs[i];
    const std::vector<double> &values = outputs_[i];
    int64_t at = firstNotFinite(values.data(), DLC_F64, int64_t(values.size()));
    if (at < 0)
      continue;
    int64_t perSample = elementsPerSample(output);
    std::vector<int64_t> shape = shapeOf(output);
    if (output.batched)
      shape.erase(shape.begin());
    return inputError(
        "`%s`: the output %s; the weights and the input are finite, but what is computed from them "
        "leaves the range of %s",
        samples_[size_t(at / perSample)].name.c_str(),
        notFiniteText(output.name, shape, at % perSample, values[size_t(at)]).c_str(),
        dtypeName(output.dtype));
  }
  return Status();
}

// The classes with their probabilities (softmax of the logits), the most likely first.
std::vector<std::pair<int64_t, double>> Prediction::classes(int64_t row) const {
  int64_t count = model_.outputs[0].shape[1];
  const double *logits = &outputs_[0][size_t(row * count)];
  double largest = *std::max_element(logits, logits + count), total = 0;
  std::vector<std::pair<int64_t, double>> ranked;
  for (int64_t i = 0; i < count; ++i) {
    ranked.emplace_back(i, std::exp(logits[i] - largest));
    total += ranked.back().second;
  }
  for (auto &[which, probability] : ranked)
    probability /= total;
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](auto &a, auto &b) { return a.second > b.second; });
  ranked.resize(size_t(std::min(count, options_.top.value_or(3))));
  return ranked;
}

// Its name in the data, else its number behind `prefix`.
std::string Prediction::className(const char *prefix, int64_t number) const {
  std::string name = network_.vocabularies.of(classField(model_)).entry(number);
  return name.empty() ? format("%s%lld", prefix, static_cast<long long>(number)) : name;
}

// The keys of a class in JSON: its number, and its name where the data has one.
void Prediction::writeClass(JsonWriter *json, const char *key, int64_t number) const {
  json->key(key).integer(number);
  if (std::string name = network_.vocabularies.of(classField(model_)).entry(number); !name.empty())
    json->key("name").string(name);
}

// The text that an output's numbers stand for.
std::string Prediction::answer(int32_t output, int64_t row) const {
  int64_t count = elementsPerSample(model_.outputs[output]);
  auto begin = outputs_[size_t(output)].begin() + row * count;
  return network_.vocabularies.of(textField(model_, output)).decode({begin, begin + count});
}

void Prediction::print(const Sample &sample, int64_t row) {
  if (classField(model_) >= 0) {
    std::vector<std::pair<int64_t, double>> ranked = classes(row);
    printf("%s:", sample.name.c_str());
    for (auto [which, probability] : ranked)
      printf("  %s (%.2f %%)", className("class ", which).c_str(), 100 * probability);
    if (sample.label >= 0)
      printf("  label %s, %s", className("", sample.label).c_str(),
             sample.label == ranked[0].first ? "right" : "wrong");
    printf("\n");
    return;
  }
  printf("%s:", sample.name.c_str());
  for (int32_t output : inWords_)
    printf("  %s", answer(output, row).c_str());
  if (!sample.reference.empty())
    printf("  (reference: %s)", sample.reference.c_str());
  if (!inWords_.empty()) {
    printf("\n");
    return;
  }
  for (int32_t i = 0; i < model_.output_count; ++i) {
    const dlc_tensor &output = model_.outputs[i];
    int64_t count = elementsPerSample(output);
    printf("  %s =", output.name);
    for (int64_t j = 0; j < count; ++j)
      printf(" %.9g", outputs_[i][size_t(row * count + j)]);
  }
  printf("\n");
}

void Prediction::writeJson(JsonWriter *json, const Sample &sample, int64_t row) {
  json->beginObject().key("input").string(sample.name);
  if (classField(model_) >= 0) {
    std::vector<std::pair<int64_t, double>> ranked = classes(row);
    writeClass(json, "class", ranked[0].first);
    json->key("top").beginArray();
    for (auto [which, probability] : ranked) {
      json->beginObject();
      writeClass(json, "class", which);
      json->key("probability").number(probability).endObject();
    }
    json->endArray();
  }
  for (int32_t output : inWords_)
    json->key(model_.outputs[output].name).string(answer(output, row));
  if (!sample.reference.empty())
    json->key("reference").string(sample.reference);
  if (sample.label >= 0)
    json->key("label").integer(sample.label);
  json->key("outputs").beginObject();
  for (int32_t i = 0; i < model_.output_count; ++i) {
    const dlc_tensor &output = model_.outputs[i];
    int64_t count = elementsPerSample(output);
    json->key(output.name).beginArray();
    for (int64_t j = 0; j < count; ++j)
      json->number(outputs_[i][size_t(row * count + j)], output.dtype == DLC_F32);
    json->endArray();
  }
  json->endObject().endObject();
}

Status Prediction::run() {
  if (options_.files.empty())
    return usageError("`predict` needs something to predict: FILE.npy, FILE.csv, a text for a "
                      "model of texts, or a "
                      "sample such as test:17");
  for (int32_t i = 0; i < model_.model_input_count; ++i)
    if (model_.infer_needs[i])
      needed_.push_back(i);
  if (needed_.empty()) // what comes out is the same for all samples, but some must be given
    for (int32_t i = 0; i < model_.model_input_count; ++i)
      needed_.push_back(i);
  DLC_TRY(transforms_.prepare(model_));
  DLC_TRY(loadWeights(options_.weights, &network_));
  for (int32_t i = 0; i < model_.output_count; ++i)
    if (int32_t field = textField(model_, i);
        field >= 0 && network_.vocabularies.of(field).isKnown())
      inWords_.push_back(i);
  for (const std::string &argument : options_.files)
    DLC_TRY(read(argument));
  if (samples_.empty())
    return inputError("nothing was given for the input `%s`", model_.inputs[needed_[0]].name);
  for (const Sample &sample : samples_)
    for (int32_t i : needed_)
      if (sample.inputs[i].empty())
        return inputError("`%s` comes without the input `%s`: add `%s=%s` with as many samples",
                          sample.name.c_str(), model_.inputs[i].name, model_.inputs[i].name,
                          isWord(i)   ? "TEXT"
                          : isFile(i) ? "FILE"
                                      : "FILE.npy");
  for (const Sample &sample : samples_)
    for (int32_t i : needed_)
      DLC_TRY(checkInput(sample, i));
  DLC_TRY(infer());

  if (!options_.out.empty()) {
    const dlc_tensor &output = model_.outputs[0];
    std::vector<int64_t> shape = shapeOf(output);
    if (output.batched)
      shape[0] = int64_t(samples_.size());
    Buffer values(int64_t(outputs_[0].size()) * dtypeSize(output.dtype));
    for (size_t i = 0; i < outputs_[0].size(); ++i)
      writeElement(values.data(), output.dtype, int64_t(i), outputs_[0][i]);
    DLC_TRY(writeNpy(options_.out, output.dtype, shape, values.data()));
  }
  JsonWriter json;
  json.beginArray();
  for (size_t i = 0; i < samples_.size(); ++i)
    options_.json ? writeJson(&json, samples_[i], int64_t(i)) : print(samples_[i], int64_t(i));
  json.endArray();
  if (options_.json)
    printf("%s\n", json.text().c_str());
  return Status();
}

} // namespace

Status predict(const dlc_model &model, const Options &options) {
  return Prediction(model, options).run();
}

} // namespace dlc::runtime
