// Result types of the operations, from their signatures in stdlib/ops.nn.
#include "compiler/nn/infer.h"

#include "stdlib/embedded.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace dlc::nn {

namespace {

// The shape rules in C++, until the signatures of stdlib/ops.nn can be evaluated.
struct Rule {
  StringRef op;
  TypeRange operands;
  DictionaryAttr configuration;

  ArrayRef<int64_t> shapeOf(unsigned i) const {
    return cast<RankedTensorType>(operands[i]).getShape();
  }
  ArrayRef<int64_t> list(StringRef name) const {
    return cast<DenseI64ArrayAttr>(configuration.get(name)).asArrayRef();
  }
  int64_t number(StringRef name) const {
    return cast<IntegerAttr>(configuration.get(name)).getInt();
  }

  SmallVector<int64_t> window(ArrayRef<int64_t> x, int64_t channels,
                              ArrayRef<int64_t> kernel) const {
    auto pad = list("pad"), stride = list("stride");
    return {x[0], channels, (x[2] + pad[0] + pad[2] - kernel[0]) / stride[0] + 1,
            (x[3] + pad[1] + pad[3] - kernel[1]) / stride[1] + 1};
  }

  SmallVector<int64_t> shape() const {
    if (op == "reshape" || op == "random_uniform" || op == "conv2d_grad_input" ||
        op == "conv2d_grad_weight" || op == "avg_pool2d_grad")
      return llvm::to_vector(list("shape"));
    SmallVector<int64_t> y = llvm::to_vector(shapeOf(0));
    if (op == "transpose") {
      for (auto [i, axis] : llvm::enumerate(list("permutation")))
        y[i] = shapeOf(0)[axis];
    } else if (op == "broadcast") {
      for (auto [axis, size] : llvm::zip(list("axes"), list("sizes")))
        y.insert(y.begin() + axis, size);
    } else if (op == "reduce_sum" || op == "reduce_max") {
      for (int64_t axis : llvm::reverse(list("axes")))
        y.erase(y.begin() + axis);
    } else if (op == "argmax") {
      y.pop_back();
    } else if (op == "one_hot") {
      y.push_back(number("classes"));
    } else if (op == "matmul") {
      y.back() = shapeOf(1).back();
    } else if (op == "conv2d") {
      auto w = shapeOf(1), dilation = list("dilation");
      return window(shapeOf(0), w[0], {dilation[0] * (w[2] - 1) + 1, dilation[1] * (w[3] - 1) + 1});
    } else if (op == "max_pool2d" || op == "avg_pool2d") {
      return window(shapeOf(0), shapeOf(0)[1], list("kernel"));
    }
    return y;
  }

  Type element() const {
    MLIRContext *context = configuration.getContext();
    if (auto to = configuration.getAs<TypeAttr>("to"))
      return to.getValue();
    if (auto element = configuration.getAs<TypeAttr>("element"))
      return element.getValue();
    if (op == "less" || op == "less_equal" || op == "same")
      return IntegerType::get(context, 1);
    if (op == "argmax")
      return IntegerType::get(context, 32);
    return cast<RankedTensorType>(operands.back()).getElementType();
  }
};

} // namespace

FailureOr<RankedTensorType> inferResultType(StringRef op, TypeRange operands,
                                            DictionaryAttr configuration,
                                            std::optional<Location> location) {
  Rule rule{op, operands, configuration};
  return RankedTensorType::get(rule.shape(), rule.element());
}

std::vector<std::string> signatureNames() {
  std::vector<std::string> names;
  for (const StandardFile &file : standardLibrary())
    if (StringRef(file.name) == "stdlib/ops.nn")
      for (StringRef line : llvm::split(file.text, '\n'))
        if (line.consume_front("op "))
          names.push_back(
              line.take_while([](char c) { return c == '_' || llvm::isAlnum(c); }).str());
  return names;
}

bool hasSignature(StringRef op) { return llvm::is_contained(signatureNames(), op); }

} // namespace dlc::nn
