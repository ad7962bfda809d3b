// A training step explained, with formulas in the language's notation.
//
// Values the user named get a line, the gradients of those, and whatever else is used twice; all
// other operations are written out inside the formulas of these.
#include "compiler/grad/explain.h"

#include "compiler/nn/nn.h"
#include "compiler/target/layout.h"
#include "dlc/model.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InterleavedRange.h"

using namespace mlir;

namespace dlc {
namespace {

// Beyond this nobody reads the numbers.
constexpr int64_t kMaxElements = 2048;
constexpr size_t kMaxValues = 160;

/// How tightly the outermost operator of a text binds.
enum Binding { kCompare, kSum, kProduct, kPower, kAtom };

struct Text {
  std::string words;
  Binding binding = kAtom;
};

std::string number(double value) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << llvm::format("%.9g", value);
  return text;
}

class Writer {
public:
  explicit Writer(const DenseMap<Value, std::string> &names) : names(names) {}

  /// The value by its name, or written out if it has none.
  Text write(Value value) const {
    auto name = names.find(value);
    return name != names.end() ? Text{name->second} : definition(value);
  }

  /// What makes the value: of one among several results, with its number.
  Text definition(Value value) const {
    Operation *op = value.getDefiningOp();
    if (op->getNumResults() == 1 && !isa<nn::LoopOp>(op))
      return writeOut(op);
    unsigned number = cast<OpResult>(value).getResultNumber();
    if (auto loop = dyn_cast<nn::LoopOp>(op)) {
      unsigned carried = loop.getInits().size();
      return number < carried
                 ? Text{"the last " + write(loop.getCarriedArguments()[number]).words}
                 : Text{"all " + inside(loop.getStackedOperands()[number - carried], kAtom)};
    }
    return {writeOut(op).words + "[" + std::to_string(number) + "]"};
  }

  Text writeOut(Operation *op) const {
    if (auto constant = dyn_cast<nn::ConstantOp>(op))
      return writeConstant(constant);
    StringRef kind = op->getName().stripDialect();
    struct Infix {
      const char *op, *symbol;
      Binding binding;
    };
    static constexpr Infix kInfix[] = {
        {"add", " + ", kSum},        {"sub", " - ", kSum},
        {"mul", " * ", kProduct},    {"div", " / ", kProduct},
        {"matmul", " @ ", kProduct}, {"pow", " ** ", kPower},
        {"less", " < ", kCompare},   {"less_equal", " <= ", kCompare},
        {"same", " == ", kCompare},
    };
    for (const Infix &infix : kInfix)
      if (kind == infix.op)
        return {inside(op->getOperand(0), infix.binding) + infix.symbol +
                    inside(op->getOperand(1), Binding(infix.binding + 1)),
                infix.binding};
    // What changes only the shape or the type is not worth a word: operators broadcast.
    if (kind == "broadcast" || kind == "reshape" || kind == "cast" || kind == "stop_gradient")
      return write(op->getOperand(0));
    if (kind == "neg")
      return {"-" + inside(op->getOperand(0), kPower), kProduct};
    if (kind == "transpose")
      return {inside(op->getOperand(0), kAtom) + "^T"};
    if (auto flip = dyn_cast<nn::FlipOp>(op)) {
      std::string axes;
      llvm::raw_string_ostream(axes) << llvm::interleaved_array(flip.getAxes());
      return {"flip(" + axes + ")(" + arguments(op) + ")"};
    }
    if (auto concat = dyn_cast<nn::ConcatOp>(op))
      return {"concat(" + std::to_string(concat.getAxis()) + ")(" + arguments(op) + ")"};
    if (auto split = dyn_cast<nn::SplitOp>(op)) {
      std::string sizes;
      llvm::raw_string_ostream(sizes) << llvm::interleaved_array(split.getSizes());
      return {"split(" + std::to_string(split.getAxis()) + ", " + sizes + ")(" + arguments(op) +
              ")"};
    }
    std::string function = kind == "reduce_sum" ? "sum" : kind == "reduce_max" ? "max" : kind.str();
    return {function + "(" + arguments(op) + ")"};
  }

private:
  std::string inside(Value value, Binding least) const {
    Text text = write(value);
    return text.binding < least ? "(" + text.words + ")" : text.words;
  }

  std::string arguments(Operation *op) const {
    std::string list;
    for (Value operand : op->getOperands())
      list += (list.empty() ? "" : ", ") + write(operand).words;
    return list;
  }

  static Text writeConstant(nn::ConstantOp constant) {
    auto whole = dyn_cast<DenseIntElementsAttr>(constant.getValue());
    if (whole && whole.isSplat()) {
      APInt value = whole.getSplatValue<APInt>();
      bool isTruth = whole.getElementType().isInteger(1);
      return {isTruth ? (value.isZero() ? "false" : "true") : number(double(value.getSExtValue()))};
    }
    auto values = dyn_cast<DenseFPElementsAttr>(constant.getValue());
    if (!values)
      return {"constant"};
    if (values.isSplat())
      return {number(values.getSplatValue<APFloat>().convertToDouble())};
    std::string list;
    for (APFloat value : values.getValues<APFloat>())
      list += (list.empty() ? "" : ", ") + number(value.convertToDouble());
    return {"[" + list + "]"};
  }

  const DenseMap<Value, std::string> &names;
};

bool isPlain(Operation *op) {
  StringRef kind = op->getName().stripDialect();
  return kind == "constant" || kind == "broadcast" || kind == "reshape" || kind == "cast" ||
         kind == "transpose" || kind == "flip" || kind == "stop_gradient";
}

int64_t elementsOf(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }

class Explainer {
public:
  explicit Explainer(func::FuncOp step) : step(step) {}

  Trace run() {
    name();
    if (values.size() > kMaxValues)
      return {};
    int64_t elements = 0;
    for (Value value : values)
      elements += elementsOf(value);
    if (elements > kMaxElements)
      return {};
    return write();
  }

  std::string describe() {
    name();
    Writer writer(names);
    std::string text;
    for (Value value : values) {
      if (auto loop = value.getDefiningOp<nn::LoopOp>(); loop && described.insert(loop).second)
        text += describe(loop, writer, "  ");
      if (value.getDefiningOp())
        text += "  " + names[value] + " = " + writer.definition(value).words + "\n";
    }
    return text;
  }

private:
  /// What a loop takes and does in a turn.
  std::string describe(nn::LoopOp loop, const Writer &writer, const std::string &indent) {
    std::string text = indent + "loop of " + std::to_string(loop.getCount()) + " turns" +
                       (loop.getReversed() ? ", from the last to the first" : "");
    for (auto [init, argument] : llvm::zip(loop.getInits(), loop.getCarriedArguments()))
      text += ", " + names[argument] + " from " + writer.write(init).words;
    for (auto [slices, argument] : llvm::zip(loop.getSlices(), loop.getSliceArguments()))
      text += ", " + names[argument] + " of " + writer.write(slices).words;
    text += "\n";
    for (Operation &op : loop.getBlock().without_terminator()) {
      if (auto inner = dyn_cast<nn::LoopOp>(op))
        text += describe(inner, writer, indent + "  ");
      for (Value value : op.getResults())
        if (names.contains(value))
          text += indent + "  " + names[value] + " = " + writer.definition(value).words + "\n";
    }
    for (auto [next, argument] : llvm::zip(loop.getNext(), loop.getCarriedArguments()))
      text += indent + "  next " + names[argument] + " = " + writer.write(next).words + "\n";
    return text;
  }

  /// Names the values of a turn of a loop.
  void name(nn::LoopOp loop) {
    auto label = [&](Value value, StringRef other) {
      StringRef own = nn::nameOf(value);
      names[value] = unique(own.empty() ? other.str() + std::to_string(++temporaries) : own.str());
    };
    for (Value argument : loop.getBlock().getArguments())
      label(argument, "t");
    for (Operation &op : loop.getBlock().without_terminator()) {
      if (auto inner = dyn_cast<nn::LoopOp>(op))
        name(inner);
      for (Value value : op.getResults())
        if (!isPlain(&op) && !value.use_empty() &&
            (!value.hasOneUse() || !nn::nameOf(value).empty() || isa<nn::LoopOp>(op)))
          label(value, "t");
    }
  }

  /// Decides which values have a line, in order, and what they are called.
  void name() {
    func::ReturnOp end = cast<func::ReturnOp>(step.getBody().front().getTerminator());
    for (auto [i, argument] : llvm::enumerate(step.getArguments())) {
      StringRef kind = step.getArgAttrOfType<StringAttr>(i, "nn.kind").getValue();
      if (kind == "input")
        add(argument, step.getArgAttrOfType<StringAttr>(i, "nn.name").str(), DLC_VALUE_INPUT);
      else if (kind == "param" || kind == "state")
        add(argument, step.getArgAttrOfType<StringAttr>(i, "nn.name").str(), DLC_VALUE_WEIGHT);
      else if (kind == "sample_weight")
        add(argument, kind.str(), DLC_VALUE_INPUT);
      else // random_key: spoken of by name, without a line
        names[argument] = kind.str();
    }
    // What the results are goes before what their place in the program says.
    DenseMap<Value, std::pair<std::string, int>> results;
    for (auto [i, value] : llvm::enumerate(end.getOperands())) {
      StringRef kind = step.getResultAttrOfType<StringAttr>(i, "nn.kind").getValue();
      std::string label = step.getResultAttrOfType<StringAttr>(i, "nn.name").str();
      if (kind == "gradient")
        results.insert({value, {"d(" + label + ")", DLC_VALUE_WEIGHT_GRADIENT}});
      else if (kind == "loss" || kind == "metric")
        results.insert({value, {label, DLC_VALUE_LOSS}});
      else
        results.insert({value, {label, DLC_VALUE_FORWARD}});
    }
    for (Operation &op : step.getBody().front().without_terminator()) {
      if (auto loop = dyn_cast<nn::LoopOp>(op))
        name(loop);
      for (Value value : op.getResults()) {
        bool backward =
            llvm::any_of(op.getOperands(), [&](Value v) { return gradients.contains(v); });
        StringRef own = nn::nameOf(value);
        backward |= own.starts_with("d(");
        if (backward)
          gradients.insert(value);
        if (cast<RankedTensorType>(value.getType()).getElementType().isInteger(1))
          continue;
        auto result = results.find(value);
        if (result != results.end())
          add(value, result->second.first, result->second.second);
        else if (!own.empty() && !isa<nn::ConstantOp>(op))
          add(value, own.str(), backward ? DLC_VALUE_GRADIENT : DLC_VALUE_FORWARD);
        else if (!isPlain(&op) && !value.use_empty() && (!value.hasOneUse() || isa<nn::LoopOp>(op)))
          add(value, "t" + std::to_string(++temporaries),
              backward ? DLC_VALUE_GRADIENT : DLC_VALUE_FORWARD);
      }
    }
  }

  std::string unique(std::string label) {
    for (int copy = 2; used.contains(label); ++copy)
      if (std::string next = label + "'" + std::to_string(copy); !used.contains(next))
        label = next;
    used.insert(label);
    return label;
  }

  void add(Value value, std::string label, int kind) {
    names[value] = unique(std::move(label));
    values.push_back(value);
    kinds.push_back(kind);
  }

  Trace write() {
    Trace trace;
    Writer writer(names);
    for (auto [value, kind] : llvm::zip(values, kinds)) {
      auto type = cast<RankedTensorType>(value.getType());
      int dtype = type.getElementType().isF32()   ? DLC_F32
                  : type.getElementType().isF64() ? DLC_F64
                                                  : DLC_I32;
      trace.values.push_back({names[value],
                              value.getDefiningOp() ? writer.definition(value).words : "", kind,
                              dtype, type.getShape().vec(), trace.bytes});
      int64_t bytes = type.getNumElements() * type.getElementTypeBitWidth() / 8;
      trace.bytes += aligned(bytes);
    }
    clone(trace);
    return trace;
  }

  /// @explain: the step with all these values as its results.
  void clone(const Trace &trace) {
    OpBuilder builder(step);
    auto explain = cast<func::FuncOp>(builder.clone(*step));
    explain.setName("explain");
    IRMapping map;
    for (auto [from, to] : llvm::zip(step.getArguments(), explain.getArguments()))
      map.map(from, to);
    for (auto [from, to] : llvm::zip(step.getBody().front(), explain.getBody().front()))
      for (auto [a, b] : llvm::zip(from.getResults(), to.getResults()))
        map.map(a, b);
    SmallVector<Value> returned;
    SmallVector<Type> types;
    SmallVector<Attribute> roles;
    for (auto [i, value] : llvm::enumerate(values)) {
      returned.push_back(map.lookup(value));
      types.push_back(value.getType());
      roles.push_back(builder.getDictionaryAttr({
          builder.getNamedAttr("nn.index", builder.getI64IntegerAttr(i)),
          builder.getNamedAttr("nn.kind", builder.getStringAttr("trace")),
          builder.getNamedAttr("nn.name", builder.getStringAttr(trace.values[i].name)),
          builder.getNamedAttr("nn.offset", builder.getI64IntegerAttr(trace.values[i].offset)),
      }));
    }
    explain.getBody().front().getTerminator()->setOperands(returned);
    explain.setType(builder.getFunctionType(explain.getArgumentTypes(), types));
    explain.setResAttrsAttr(builder.getArrayAttr(roles));
  }

  func::FuncOp step;
  DenseMap<Value, std::string> names;
  DenseSet<Value> gradients;
  llvm::StringSet<> used;
  DenseSet<Operation *> described; // loops
  std::vector<Value> values;
  std::vector<int> kinds;
  int temporaries = 0;
};

} // namespace

Trace addExplain(ModuleOp module) {
  auto step = module.lookupSymbol<func::FuncOp>("step");
  return step ? Explainer(step).run() : Trace();
}

std::string describeStep(ModuleOp module) {
  auto step = module.lookupSymbol<func::FuncOp>("step");
  return step ? Explainer(step).describe() : "";
}

} // namespace dlc
