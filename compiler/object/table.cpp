// The constant table `dlc_the_model`, field by field as runtime/include/dlc/model.h declares it.
#include "compiler/object/table.h"

#include "compiler/nn/from_net.h"
#include "dlc/model.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"

using namespace llvm;

namespace dlc {
namespace {

class TableBuilder {
public:
  TableBuilder(Module &module, const lang::Network &network, const TableFacts &facts)
      : module(module), context(module.getContext()), network(network), facts(facts),
        realBytes(facts.doublePrecision ? 8 : 4),
        realType(facts.doublePrecision ? DLC_F64 : DLC_F32) {}

  void build() {
    std::vector<Constant *> fields;
    identity(fields);
    interface(fields);
    entryPoints(fields);
    data(fields);
    train(fields);
    trace(fields);
    Constant *table = record(fields);
    auto *global = new GlobalVariable(module, table->getType(), /*isConstant=*/true,
                                      GlobalValue::ExternalLinkage, table, "dlc_the_model");
    global->setAlignment(Align(DLC_ALIGNMENT));
  }

private:
  void identity(std::vector<Constant *> &fields) {
    append(fields, {u32(DLC_MODEL_VERSION), u32(realType), text(network.name), text(network.doc),
                    text("dlc " DLC_VERSION), text(facts.target), text(facts.options)});
  }

  void interface(std::vector<Constant *> &fields) {
    std::vector<Constant *> inputs, outputs, metrics, scores;
    for (const lang::Port &port : network.inputs)
      inputs.push_back(tensor(port.name, port.type, 0, isBatched(port)));
    for (const lang::Port &port : network.outputs)
      outputs.push_back(tensor(port.name, port.type, 0, isBatched(port)));
    if (network.train) {
      for (const std::string &metric : network.train->metrics)
        metrics.push_back(text(metric));
      for (const lang::Score &score : network.train->scores)
        scores.push_back(
            record({text(score.name), text(score.function), u32(score.output), u32(score.field)}));
    }
    FlatLayout weights = flatLayout(network.params, realBytes);
    FlatLayout states = flatLayout(network.states, realBytes);

    append(fields, {i64(facts.batch), u32(inputs.size()), u32(network.modelInputs), array(inputs),
                    array(inferNeeds()), u32(outputs.size()), array(outputs)});
    append(fields, {u32(network.params.size()), variables(network.params, weights)});
    append(fields, {u32(network.states.size()), variables(network.states, states)});
    append(fields, {u32(metrics.size()), array(metrics), u32(scores.size()), array(scores)});
    append(fields, {i64(weights.bytes), i64(states.bytes)});
    for (const char *function : {"step", "evaluate", "infer", "infer_one", "update"})
      fields.push_back(i64(factsOf(function).arenaBytes));
    append(fields, {i64(factsOf("step").flops), i64(factsOf("infer").flops)});
  }

  void entryPoints(std::vector<Constant *> &fields) {
    for (const char *name :
         {"dlc_step", "dlc_evaluate", "dlc_infer", "dlc_infer_one", "dlc_update"})
      fields.push_back(entry(name));
  }

  void data(std::vector<Constant *> &fields) {
    lang::Data none;
    const lang::Data &data = network.data ? *network.data : none;
    std::vector<Constant *> ports, sources, transforms;
    for (const lang::Port &field : data.fields)
      ports.push_back(tensor(field.name, field.type, 0, false));
    for (const lang::DataSource &source : data.sources)
      sources.push_back(record({text(source.split), text(source.loader),
                                u32(source.arguments.size()), arguments(source.arguments)}));
    for (const lang::DataTransform &transform : data.transforms)
      transforms.push_back(
          record({text(transform.field), text(transform.name), u32(transform.trainingOnly),
                  u32(transform.arguments.size()), arguments(transform.arguments)}));
    append(fields,
           {text(data.name), text(data.folder), u32(ports.size()), array(ports),
            u32(sources.size()), array(sources), u32(transforms.size()), array(transforms)});
  }

  void train(std::vector<Constant *> &fields) {
    lang::Train none;
    const lang::Train &train = network.train ? *network.train : none;
    std::vector<Constant *> slots, settings;
    for (const std::string &slot : train.update.slots)
      slots.push_back(text(slot));
    for (const lang::Setting &setting : train.update.settings)
      settings.push_back(record({text(setting.name), f64(setting.value)}));
    append(fields, {i64(train.batch), i64(train.epochs), i64(train.steps), i64(train.patience),
                    i64(train.seed), u32(train.shuffle), u32(train.bucket),
                    i64(facts.threadsDefault), text(train.update.optimizer), u32(slots.size()),
                    array(slots), u32(settings.size()), array(settings)});
  }

  void trace(std::vector<Constant *> &fields) {
    std::vector<Constant *> values;
    for (const TraceValue &value : facts.trace.values)
      values.push_back(record({tensor(value.name, value.dtype, value.shape, value.offset, 0, false),
                               u32(value.kind), text(value.formula)}));
    append(fields, {u32(values.size()), array(values), i64(facts.trace.bytes),
                    i64(factsOf("explain").arenaBytes), entry("dlc_explain")});
  }

  // --- parts of the table ----------------------------------------------------------------------

  std::vector<Constant *> inferNeeds() {
    std::vector<Constant *> needs;
    for (bool isNeeded : lang::inferenceNeeds(network))
      needs.push_back(u32(isNeeded));
    return needs;
  }

  bool isBatched(const lang::Port &port) {
    return !network.batchSymbol.empty() && !port.type.shape.empty() &&
           port.type.shape[0] == lang::Dim::symbol(network.batchSymbol);
  }

  Constant *tensor(const std::string &name, const lang::TensorType &type, int64_t offset,
                   bool batched) {
    std::vector<int64_t> shape;
    for (const lang::Dim &dim : type.shape)
      shape.push_back(*dim.substitute({{network.batchSymbol, facts.batch}}).constant());
    int dtype = type.element == lang::Element::Real     ? realType
                : type.element == lang::Element::Double ? DLC_F64
                                                        : DLC_I32;
    return tensor(name, dtype, shape, offset, type.classes, batched);
  }

  Constant *tensor(const std::string &name, int dtype, ArrayRef<int64_t> shape, int64_t offset,
                   int64_t classes, bool batched) {
    std::vector<Constant *> sizes;
    for (int64_t size : shape)
      sizes.push_back(i64(size));
    return record({text(name), u32(dtype), u32(shape.size()), array(sizes), i64(offset),
                   i64(classes), u32(batched)});
  }

  Constant *variables(const std::vector<lang::Variable> &variables, const FlatLayout &layout) {
    std::vector<Constant *> rows;
    for (auto [i, variable] : enumerate(variables)) {
      std::vector<Constant *> values;
      for (double value : variable.init.values)
        values.push_back(f64(value));
      rows.push_back(record({tensor(variable.name, variable.type, layout.offsets[i], false),
                             u32(static_cast<uint32_t>(variable.init.kind)), f64(variable.init.a),
                             f64(variable.init.b), array(values)}));
    }
    return array(rows);
  }

  Constant *arguments(const std::vector<lang::DataArgument> &arguments) {
    std::vector<Constant *> rows;
    for (const lang::DataArgument &argument : arguments) {
      auto *words = std::get_if<std::string>(&argument.value);
      std::vector<Constant *> numbers;
      if (!words)
        for (double number : std::get<std::vector<double>>(argument.value))
          numbers.push_back(f64(number));
      rows.push_back(record({text(argument.name), u32(words ? DLC_TEXT : DLC_NUMBERS),
                             i64(numbers.size()), array(numbers), words ? text(*words) : null()}));
    }
    return array(rows);
  }

  Constant *entry(StringRef name) {
    Function *function = module.getFunction(name);
    return function ? static_cast<Constant *>(function) : null();
  }

  FunctionFacts factsOf(const std::string &function) const {
    auto found = facts.functions.find(function);
    return found == facts.functions.end() ? FunctionFacts() : found->second;
  }

  // --- constants of C --------------------------------------------------------------------------

  static void append(std::vector<Constant *> &fields, std::initializer_list<Constant *> more) {
    fields.insert(fields.end(), more);
  }
  Constant *u32(uint32_t value) { return ConstantInt::get(Type::getInt32Ty(context), value); }
  Constant *i64(uint64_t value) { return ConstantInt::get(Type::getInt64Ty(context), value); }
  Constant *f64(double value) { return ConstantFP::get(Type::getDoubleTy(context), value); }
  Constant *null() { return ConstantPointerNull::get(PointerType::getUnqual(context)); }
  Constant *record(ArrayRef<Constant *> fields) { return ConstantStruct::getAnon(context, fields); }

  Constant *text(StringRef value) { return constant(ConstantDataArray::getString(context, value)); }

  /// A pointer to the rows, which are all of one type; null for none.
  Constant *array(ArrayRef<Constant *> rows) {
    if (rows.empty())
      return null();
    return constant(ConstantArray::get(ArrayType::get(rows[0]->getType(), rows.size()), rows));
  }

  Constant *constant(Constant *value) {
    auto *global = new GlobalVariable(module, value->getType(), /*isConstant=*/true,
                                      GlobalValue::PrivateLinkage, value, "table");
    global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    return global;
  }

  Module &module;
  LLVMContext &context;
  const lang::Network &network;
  const TableFacts &facts;
  int64_t realBytes;
  int realType;
};

} // namespace

void addModelTable(Module &module, const lang::Network &network, const TableFacts &facts) {
  TableBuilder(module, network, facts).build();
}

} // namespace dlc
