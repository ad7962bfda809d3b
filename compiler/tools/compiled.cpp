// Functions of `nn` operations as machine code in this process.
#include "compiler/tools/compiled.h"

#include "compiler/contract/contract.h"
#include "compiler/pipeline.h"
#include "runtime/buffer.h"
#include "runtime/include/dlc/model.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"

#include <chrono>
#include <cmath>
#include <cstring>
#include <random>

using namespace mlir;
using dlc::interp::Tensor;

namespace dlc::tools {

// --- precision ---------------------------------------------------------------------------------

OwningOpRef<ModuleOp> inSinglePrecision(ModuleOp module) {
  OwningOpRef<ModuleOp> single = module.clone();
  for (auto function : single->getOps<func::FuncOp>()) { // test attributes are about the f64 form
    function.removeArgAttrsAttr();
    function->setDiscardableAttrs(DictionaryAttr::get(module.getContext()));
  }
  Type f32 = Float32Type::get(module.getContext());
  AttrTypeReplacer replacer;
  replacer.addReplacement([=](Float64Type) { return f32; });
  replacer.addReplacement([=](DenseElementsAttr numbers) -> std::pair<Attribute, WalkResult> {
    if (!numbers.getElementType().isF64())
      return {numbers, WalkResult::skip()};
    auto round = [](const APFloat &number) {
      return APFloat(float(number.convertToDouble())).bitcastToAPInt();
    };
    return {numbers.mapValues(f32, round), WalkResult::skip()};
  });
  replacer.recursivelyReplaceElementsIn(*single, /*replaceAttrs=*/true, /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
  return single;
}

Tensor rounded(Tensor tensor, Type type) {
  if (getElementTypeOrSelf(type).isF32())
    for (double &number : tensor.numbers)
      number = float(number);
  return tensor;
}

// --- buffers -----------------------------------------------------------------------------------

namespace {

constexpr size_t kGuard = 64;          // bytes after a buffer that must stay as they are
constexpr unsigned char kUnset = 0xFF; // as a float: not a number

/// A tensor's bytes as a compiled function sees them, between untouched bytes.
class Buffer {
public:
  explicit Buffer(size_t size)
      : size(size), bytes(static_cast<unsigned char *>(runtime::allocate(size + kGuard))) {
    std::memset(bytes.get(), kUnset, size + kGuard);
  }
  explicit Buffer(Type type)
      : Buffer(cast<RankedTensorType>(type).getNumElements() * elementBytes(type)) {}

  void *data() const { return bytes.get(); }
  bool isIntact() const {
    return std::all_of(bytes.get() + size, bytes.get() + size + kGuard,
                       [](unsigned char byte) { return byte == kUnset; });
  }

  void write(const Tensor &tensor, Type type) {
    visit(type, [&](auto *numbers) {
      using Number = std::remove_pointer_t<decltype(numbers)>;
      for (int64_t i = 0; i < tensor.size(); ++i) // through int64: keys use all 32 bits
        numbers[i] = std::is_floating_point_v<Number> ? Number(tensor.numbers[i])
                                                      : Number(int64_t(tensor.numbers[i]));
    });
  }
  void writeRandom() {
    std::minstd_rand random;
    auto *numbers = static_cast<float *>(data());
    for (size_t i = 0; i < size / sizeof(float); ++i)
      numbers[i] = float(random()) / float(random.max()) - 0.5f;
  }
  Tensor read(Type type) const {
    Tensor tensor(cast<RankedTensorType>(type).getShape().vec());
    visit(type,
          [&](auto *numbers) { std::copy_n(numbers, tensor.size(), tensor.numbers.begin()); });
    return tensor;
  }

private:
  /// A bool takes a byte.
  static size_t elementBytes(Type type) {
    return (getElementTypeOrSelf(type).getIntOrFloatBitWidth() + 7) / 8;
  }
  template <typename F> void visit(Type type, F f) const {
    Type element = getElementTypeOrSelf(type);
    if (element.isF64())
      f(static_cast<double *>(data()));
    else if (element.isF32())
      f(static_cast<float *>(data()));
    else if (element.isInteger(32))
      f(static_cast<int32_t *>(data()));
    else
      f(static_cast<int8_t *>(data()));
  }

  struct Free {
    void operator()(unsigned char *bytes) const { std::free(bytes); }
  };
  size_t size;
  std::unique_ptr<unsigned char, Free> bytes;
};

/// Times the kernels of a call that do at least so much work.
struct Stopwatch {
  int64_t leastWork;
  int64_t work = 0;
  double seconds = 0;

  static double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }

  /// A dlc_parallel whose pool is a Stopwatch.
  static void run(void *pool, dlc_kernel kernel, void *const *buffers, int64_t count,
                  int64_t work) {
    double begin = now();
    kernel(buffers, 0, count);
    auto *watch = static_cast<Stopwatch *>(pool);
    if (work < watch->leastWork)
      return;
    watch->seconds += now() - begin;
    watch->work += work;
  }
};

double median(std::vector<double> numbers) {
  auto middle = numbers.begin() + int64_t(numbers.size() / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  return *middle;
}

/// Does a kernel's items last to first, each in a call of its own: they must not depend on order.
void runBackwards(void *, dlc_kernel kernel, void *const *buffers, int64_t count, int64_t) {
  for (int64_t item = count; item-- > 0;)
    kernel(buffers, item, item + 1);
}

} // namespace

// --- code --------------------------------------------------------------------------------------

struct Compiled::Code {
  std::unique_ptr<llvm::orc::LLJIT> linked;
  llvm::StringMap<int64_t> arenaBytes, flops; // by the function's name; flops: of contractions

  using Entry = void (*)(const dlc_call *);
  llvm::Expected<Entry> entry(StringRef name) {
    auto address = linked->lookup(name);
    if (!address)
      return address.takeError();
    return address->toPtr<Entry>();
  }
};

Compiled::Compiled(std::unique_ptr<Code> code) : code(std::move(code)) {}
Compiled::~Compiled() = default;

std::unique_ptr<Compiled> Compiled::make(ModuleOp module, const Target &target,
                                         const GroupPassOptions &groups,
                                         std::shared_ptr<const kernel::Chooser> chooser) {
  OwningOpRef<ModuleOp> lowered = module.clone();
  for (auto function : lowered->getOps<func::FuncOp>()) { // all are inputs and outputs here
    function.removeArgAttrsAttr();
    function.removeResAttrsAttr();
    function.setSymName(("test_" + function.getName()).str()); // an @update has a call of its own
  }
  PassManager passes(module.getContext());
  addLinalgPasses(passes);
  addLlvmPasses(passes, target.shape(), groups, std::move(chooser));
  if (failed(passes.run(*lowered)))
    return nullptr;

  auto code = std::make_unique<Code>();
  for (auto function : lowered->getOps<LLVM::LLVMFuncOp>())
    if (auto bytes = contract::get<contract::ArenaBytes>(function)) {
      code->arenaBytes[function.getName()] = bytes.getInt();
      code->flops[function.getName()] = contract::get<contract::Flops>(function).getInt();
    }

  std::optional<dlc::Code> generated = translate(*lowered, target);
  if (!generated || !generated->emitObject())
    return nullptr;
  auto fail = [&](llvm::Error error) {
    module.emitError() << "cannot load the code: " << llvm::toString(std::move(error));
    return nullptr;
  };
  auto linker = llvm::orc::LLJITBuilder().create();
  if (!linker)
    return fail(linker.takeError());
  auto object = llvm::MemoryBuffer::getMemBufferCopy(generated->objectFiles()[0], "test.o");
  if (llvm::Error error = (*linker)->addObjectFile(std::move(object)))
    return fail(std::move(error));
  code->linked = std::move(*linker);
  return std::unique_ptr<Compiled>(new Compiled(std::move(code)));
}

static std::string entryName(func::FuncOp function) {
  return ("dlc_test_" + function.getName()).str();
}

static SmallVector<void *> addressesOf(const std::vector<Buffer> &buffers) {
  return llvm::map_to_vector(buffers, [](const Buffer &buffer) { return buffer.data(); });
}

FailureOr<std::vector<Tensor>> Compiled::run(func::FuncOp function, ArrayRef<Tensor> arguments) {
  std::string name = entryName(function);
  auto entry = code->entry(name);
  if (!entry)
    return function.emitError() << llvm::toString(entry.takeError()), failure();

  std::vector<Buffer> inputs, outputs;
  for (auto [tensor, type] : llvm::zip_equal(arguments, function.getArgumentTypes())) {
    inputs.emplace_back(type);
    inputs.back().write(tensor, type);
  }
  for (Type type : function.getResultTypes())
    outputs.emplace_back(type);
  Buffer arena(code->arenaBytes.lookup(name));

  SmallVector<void *> inputAddresses = addressesOf(inputs), outputAddresses = addressesOf(outputs);
  dlc_call call = {};
  call.inputs = inputAddresses.data();
  call.outputs = outputAddresses.data();
  call.arena = arena.data();
  call.parallel = runBackwards;
  (*entry)(&call);

  std::vector<Tensor> results;
  bool intact = arena.isIntact();
  for (auto [buffer, type] : llvm::zip_equal(outputs, function.getResultTypes())) {
    intact &= buffer.isIntact();
    results.push_back(buffer.read(type));
  }
  for (const Buffer &buffer : inputs)
    intact &= buffer.isIntact();
  if (!intact)
    return function.emitError("compiled: the code writes beyond its buffers"), failure();
  return results;
}

FailureOr<Compiled::Timing> Compiled::time(func::FuncOp function, double seconds) {
  constexpr int kWarmUpCalls = 2;
  constexpr size_t kFewestCalls = 3;
  // What else a function does is less than this part of its contractions; the parts of one
  // contraction (of a strided gradient, say) are more.
  constexpr int64_t kSmallestPart = 32;

  std::string name = entryName(function);
  auto entry = code->entry(name);
  if (!entry)
    return function.emitError() << llvm::toString(entry.takeError()), failure();

  std::vector<Buffer> inputs, outputs;
  for (Type type : function.getArgumentTypes()) {
    if (!getElementTypeOrSelf(type).isF32())
      return function.emitError("only functions of f32 tensors can be timed"), failure();
    inputs.emplace_back(type);
    inputs.back().writeRandom();
  }
  for (Type type : function.getResultTypes())
    outputs.emplace_back(type);
  Buffer arena(code->arenaBytes.lookup(name));
  int64_t flops = code->flops.lookup(name);

  SmallVector<void *> inputAddresses = addressesOf(inputs), outputAddresses = addressesOf(outputs);
  dlc_call call = {};
  call.inputs = inputAddresses.data();
  call.outputs = outputAddresses.data();
  call.arena = arena.data();
  call.parallel = Stopwatch::run;
  std::vector<double> whole, contractions;
  auto once = [&] {
    Stopwatch watch{std::max<int64_t>(1, flops / kSmallestPart)};
    call.pool = &watch;
    double begin = Stopwatch::now();
    (*entry)(&call);
    whole.push_back(Stopwatch::now() - begin);
    contractions.push_back(watch.seconds);
    return watch.work;
  };
  for (int i = 0; i < kWarmUpCalls; ++i)
    if (once() < flops) // a kernel of one item is called directly
      return function.emitError("its contraction cannot be timed alone"), failure();
  whole.clear(), contractions.clear();
  for (double begin = Stopwatch::now();
       whole.size() < kFewestCalls || Stopwatch::now() - begin < seconds;)
    once();
  return Timing{median(std::move(whole)), median(std::move(contractions))};
}

} // namespace dlc::tools
