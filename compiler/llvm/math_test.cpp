// Compiles each elementary function as kernels do, runs it on floats of every magnitude, and
// measures how far the results are from libm's in f64.
//
// DLC_MATH_STRIDE=1 tests all 2^32 floats instead of one in 1021; some minutes a function.
#include "compiler/dialects.h"
#include "compiler/linalg/rules.h"
#include "compiler/llvm/math.h"
#include "compiler/object/codegen.h"
#include "compiler/object/link.h"
#include "compiler/pipeline.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "gtest/gtest.h"

#include <bit>
#include <chrono>
#include <cmath>
#include <cstring>
#include <dlfcn.h>

using namespace mlir;

namespace dlc::lower {
namespace {

using Formula = Value (*)(ImplicitLocOpBuilder &b, Value x);
using Program = void (*)(const void *x, void *y);
constexpr int64_t kCount = 3 << 12; // elements a run; x and y stay in the L2 cache

struct Compiled {
  void *library = nullptr;
  Program run = nullptr;
  ~Compiled() {
    if (library)
      dlclose(library);
  }
};

// y[i] = formula(x[i]), in steps of one vector of this shape; one by one if it has no dimension.
OwningOpRef<ModuleOp> makeModule(MLIRContext &context, Formula formula, Type element,
                                 ArrayRef<int64_t> shape) {
  ImplicitLocOpBuilder b(UnknownLoc::get(&context), &context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(b.getLoc());
  b.setInsertionPointToStart(module->getBody());
  auto buffer = MemRefType::get({kCount}, element);
  auto function = func::FuncOp::create(b, "run", b.getFunctionType({buffer, buffer}, {}));
  b.setInsertionPointToStart(function.addEntryBlock());
  Value x = function.getArgument(0), y = function.getArgument(1);

  int64_t lanes = 1;
  for (int64_t size : shape)
    lanes *= size;
  auto constant = [&](int64_t i) -> Value { return arith::ConstantIndexOp::create(b, i); };
  auto loop = scf::ForOp::create(b, constant(0), constant(kCount), constant(lanes));
  Value i = loop.getInductionVar();
  b.setInsertionPointToStart(loop.getBody());
  if (shape.empty()) {
    memref::StoreOp::create(b, formula(b, memref::LoadOp::create(b, x, i)), y, i);
  } else {
    auto flat = VectorType::get({lanes}, element), full = VectorType::get(shape, element);
    Value loaded = vector::LoadOp::create(b, flat, x, i);
    Value result = formula(b, vector::ShapeCastOp::create(b, full, loaded));
    vector::StoreOp::create(b, vector::ShapeCastOp::create(b, flat, result), y, i);
  }
  b.setInsertionPointAfter(loop);
  func::ReturnOp::create(b);
  return module;
}

// Through the compiler's last passes, its code generator and its linker.
void compile(Compiled &compiled, Formula formula, bool isF64, ArrayRef<int64_t> shape,
             const Target &options) {
  DialectRegistry registry;
  registerDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  Type element = isF64 ? Type(Float64Type::get(&context)) : Type(Float32Type::get(&context));
  OwningOpRef<ModuleOp> module = makeModule(context, formula, element, shape);
  PassManager passes(&context);
  addConversionPasses(passes);
  ASSERT_TRUE(succeeded(passes.run(*module)));
  std::optional<Code> code = translate(*module, options);
  ASSERT_TRUE(code && code->emitObject());
  llvm::SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("math_test", "so", path));
  llvm::FileRemover remove(path);
  ASSERT_EQ(linkObjects(path.str().str(), code->objectFiles(), /*shared=*/true), "");
  compiled.library = dlopen(path.c_str(), RTLD_NOW);
  ASSERT_TRUE(compiled.library) << dlerror();
  compiled.run = reinterpret_cast<Program>(dlsym(compiled.library, "run"));
  ASSERT_TRUE(compiled.run);
}

// The distance in units of the last place that f32 has at `want`. Infinity counts as 2^128, which
// is what comes after the largest float.
double ulps(float got, double want) {
  if (std::isnan(want) || std::isnan(got))
    return std::isnan(want) == std::isnan(got) ? 0 : HUGE_VAL;
  if (std::signbit(got) != std::signbit(want))
    return HUGE_VAL;
  double value = std::isinf(got) ? std::copysign(0x1p128, got) : double(got);
  want = std::clamp(want, -0x1p128, 0x1p128);
  int exponent = want == 0 ? -126 : std::clamp(std::ilogb(want), -126, 127);
  return std::abs(value - want) / std::ldexp(1.0, exponent - 23);
}

// --- functions -------------------------------------------------------------------------------

struct Function {
  const char *name;
  Formula formula;
  double (*reference)(double);
  bool isBounded = false; // by 1, which rounding must not exceed: then 1 - y * y is never negative
};

// GoogleTest's name. NOLINTNEXTLINE(readability-identifier-naming)
void PrintTo(const Function &function, std::ostream *stream) { *stream << function.name; }

template <typename Op> Value apply(ImplicitLocOpBuilder &b, Value x) { return Op::create(b, x); }
double sigmoid(double x) {
  return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}

const Function kFunctions[] = {
    {"exp", apply<math::ExpOp>, std::exp},          {"log", apply<math::LogOp>, std::log},
    {"tanh", apply<math::TanhOp>, std::tanh, true}, {"erf", apply<math::ErfOp>, std::erf, true},
    {"sigmoid", emitSigmoid, sigmoid, true},        {"sin", apply<math::SinOp>, std::sin, true},
    {"cos", apply<math::CosOp>, std::cos, true},
};

uint32_t stride() {
  const char *chosen = std::getenv("DLC_MATH_STRIDE");
  return chosen ? std::max(1, int(std::strtol(chosen, nullptr, 10)))
                : 1021; // a prime: every bit pattern's tail occurs
}

// Where formulas break: zeros, the ends of the ranges, neighbours of powers of two.
std::vector<float> specialValues() {
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> values = {
      0,       infinity, 0x1p-149f, 0x1.fffffcp-127f, 0x1p-126f, 0x1.fffffep127f,
      88.72f,  88.73f,   89,        103.97f,          103.98f,   104,
      87.336f, 9.01f,    10,        3.919f,           3.95f,     NAN};
  for (int e = -149; e < 128; ++e)
    for (float scale : {1.0f, 2.0f / 3, 1.3333333f, 1.4142135f, 0.6931472f, 0.34657359f})
      for (float x = std::ldexp(scale, e); float to : {-infinity, x, infinity})
        values.push_back(std::nextafter(x, to));
  for (size_t i = 0, n = values.size(); i < n; ++i)
    values.push_back(-values[i]);
  return values;
}

struct Worst {
  double ulps = 0;
  float at = 0;
};

void measure(const Function &function, Program run, ArrayRef<float> x, Worst &worst) {
  ASSERT_LE(int64_t(x.size()), kCount);
  std::vector<float> in(kCount, 1.0f), out(kCount);
  std::copy(x.begin(), x.end(), in.begin());
  run(in.data(), out.data());
  for (size_t i = 0; i < x.size(); ++i) {
    if (function.isBounded && !std::isnan(out[i])) {
      ASSERT_LE(std::abs(out[i]), 1) << "at x = " << x[i];
    }
    if (double error = ulps(out[i], function.reference(x[i])); error > worst.ulps)
      worst = {error, x[i]};
  }
}

// The best of some runs, on numbers at which nothing is special.
double nanosecondsPerElement(Program run) {
  std::vector<float> x(kCount), y(kCount);
  for (int64_t i = 0; i < kCount; ++i)
    x[i] = 0.001f + 8.0f * i / kCount;
  double best = HUGE_VAL;
  for (int repetition = 0; repetition < 50; ++repetition) {
    auto start = std::chrono::steady_clock::now();
    run(x.data(), y.data());
    std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    best = std::min(best, time.count() / kCount);
  }
  return best;
}

class Math : public testing::TestWithParam<std::tuple<Function, const char *>> {};

TEST_P(Math, isWithinTwoUlp) {
  auto [function, target] = GetParam();
  Target options{target};
  if (!options.runsHere())
    GTEST_SKIP() << "this processor cannot run " << target;
  Compiled compiled;
  ASSERT_NO_FATAL_FAILURE(
      compile(compiled, function.formula, false, {options.vectorBits() / 32}, options));

  Worst worst;
  std::vector<float> x = specialValues();
  for (size_t i = 0; i < x.size(); i += kCount)
    ASSERT_NO_FATAL_FAILURE(measure(function, compiled.run,
                                    ArrayRef(x).slice(i, std::min<size_t>(kCount, x.size() - i)),
                                    worst));
  x.clear();
  for (uint64_t bits = 0; bits < 1ull << 32; bits += stride()) {
    x.push_back(std::bit_cast<float>(uint32_t(bits)));
    if (x.size() == kCount) {
      ASSERT_NO_FATAL_FAILURE(measure(function, compiled.run, x, worst));
      x.clear();
    }
  }
  ASSERT_NO_FATAL_FAILURE(measure(function, compiled.run, x, worst));
  EXPECT_LE(worst.ulps, 2) << "at x = " << worst.at;
  std::printf("%-8s %-10s max %.3f ulp at %.9g, %.3f ns/element\n", function.name, target,
              worst.ulps, worst.at, nanosecondsPerElement(compiled.run));
}

INSTANTIATE_TEST_SUITE_P(, Math,
                         testing::Combine(testing::ValuesIn(kFunctions),
                                          testing::Values("native", "x86-64-v4", "x86-64-v3",
                                                          "x86-64-v2")),
                         [](const auto &info) {
                           std::string name = std::string(std::get<0>(info.param).name) + "_" +
                                              std::get<1>(info.param);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// --- other types -----------------------------------------------------------------------------

TEST(MathTypes, scalarsAndOtherShapesAgreeWithVectors) {
  Target options;
  std::vector<float> x(kCount);
  for (int64_t i = 0; i < kCount; ++i)
    x[i] = -12 + 24.0f * i / kCount;
  for (const Function &function : kFunctions) {
    SCOPED_TRACE(function.name);
    for (const std::vector<int64_t> &shape :
         {std::vector<int64_t>{}, {3}, {2, 4}, {1, 1}, {2, 2, 16}}) {
      Compiled compiled;
      ASSERT_NO_FATAL_FAILURE(compile(compiled, function.formula, false, shape, options));
      Worst worst;
      ASSERT_NO_FATAL_FAILURE(measure(function, compiled.run, x, worst));
      EXPECT_LE(worst.ulps, 2) << "rank " << shape.size() << ", at x = " << worst.at;
    }
  }
}

TEST(MathTypes, f64IsLibms) {
  std::vector<double> x(kCount), y(kCount);
  for (int64_t i = 0; i < kCount; ++i)
    x[i] = -800 + 1600.0 * i / kCount;
  for (const Function &function : kFunctions) {
    SCOPED_TRACE(function.name);
    for (const std::vector<int64_t> &shape : {std::vector<int64_t>{}, {8}, {3}, {2, 4}}) {
      Compiled compiled;
      ASSERT_NO_FATAL_FAILURE(compile(compiled, function.formula, true, shape, Target()));
      compiled.run(x.data(), y.data());
      for (int64_t i = 0; i < kCount; ++i) {
        double want = function.reference(x[i]);
        if (std::isnan(want) || std::isinf(want))
          ASSERT_EQ(std::isnan(want), std::isnan(y[i])) << "at x = " << x[i];
        else
          ASSERT_NEAR(y[i], want, 1e-15 * std::abs(want) + 0x1p-1074) << "at x = " << x[i];
      }
    }
  }
}

} // namespace
} // namespace dlc::lower
