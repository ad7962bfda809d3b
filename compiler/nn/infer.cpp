// Result types of the operations, from their signatures in stdlib/ops.nn.
#include "compiler/nn/infer.h"

#include "lang/check/signature.h"
#include "lang/syntax/parse.h"
#include "stdlib/embedded.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;

namespace dlc::nn {

namespace {

/// stdlib/ops.nn, read once, with all that its signatures refer to.
struct Declarations {
  lang::Sources sources;
  lang::Diagnostics diagnostics{sources};
  lang::ast::File file = read();
  lang::Signatures signatures{file};

  lang::ast::File read() {
    for (const StandardFile &standard : standardLibrary()) {
      if (StringRef(standard.name) != "stdlib/ops.nn")
        continue;
      int32_t source = sources.add(standard.name, standard.text, /*isStandardLibrary=*/true);
      lang::ast::File operations = lang::parse(sources, source, diagnostics);
      if (diagnostics.hasErrors())
        llvm::report_fatal_error(llvm::Twine(diagnostics.render()));
      return operations;
    }
    llvm::report_fatal_error("stdlib/ops.nn is not in this program");
  }
};

const lang::Signatures &signatures() {
  static const Declarations declarations;
  return declarations.signatures;
}

// The language's `real` is one of two types here: f32 is its Real and f64 its Double.

lang::Element toElement(Type type) {
  if (type.isF64())
    return lang::Element::Double;
  if (type.isF32())
    return lang::Element::Real;
  return type.isInteger(1) ? lang::Element::Bool : lang::Element::Int;
}

Type fromElement(lang::Element element, MLIRContext *context) {
  switch (element) {
  case lang::Element::Real:
    return Float32Type::get(context);
  case lang::Element::Double:
    return Float64Type::get(context);
  case lang::Element::Int:
    return IntegerType::get(context, 32);
  case lang::Element::Bool:
    return IntegerType::get(context, 1);
  }
  llvm_unreachable("no such element type");
}

lang::Shape toShape(ArrayRef<int64_t> sizes) { return lang::Shape(sizes.begin(), sizes.end()); }

std::map<std::string, lang::Attribute> toConfiguration(DictionaryAttr attributes) {
  std::map<std::string, lang::Attribute> configuration;
  for (NamedAttribute attribute : attributes) {
    std::string name = attribute.getName().str();
    if (auto numbers = dyn_cast<DenseI64ArrayAttr>(attribute.getValue()))
      configuration[name] = toShape(numbers.asArrayRef());
    else if (auto number = dyn_cast<IntegerAttr>(attribute.getValue()))
      configuration[name] = number.getInt();
    else if (auto type = dyn_cast<TypeAttr>(attribute.getValue()))
      configuration[name] = toElement(type.getValue());
  }
  return configuration;
}

} // namespace

std::vector<std::string> signatureNames() { return signatures().names(); }
bool hasSignature(StringRef op) { return signatures().contains(op.str()); }

FailureOr<SmallVector<Type>> inferResultTypes(StringRef op, TypeRange operands,
                                              DictionaryAttr attributes,
                                              std::optional<Location> location) {
  std::vector<lang::TensorType> types;
  for (Type operand : operands) {
    auto type = dyn_cast<RankedTensorType>(operand);
    if (!type || !type.hasStaticShape())
      return emitOptionalError(location, "`nn.", op, "` takes tensors of static shape, found ",
                               operand);
    types.push_back({toElement(type.getElementType()), toShape(type.getShape())});
  }
  auto inferred = signatures().infer(op.str(), types, toConfiguration(attributes));
  if (auto *error = std::get_if<lang::SignatureError>(&inferred))
    return emitOptionalError(location, error->message);

  SmallVector<Type> results;
  for (const lang::TensorType &result : std::get<std::vector<lang::TensorType>>(inferred)) {
    Type element = fromElement(result.element, attributes.getContext());
    if (auto stated = attributes.getAs<TypeAttr>("element")) // no operand says it
      element = stated.getValue();
    SmallVector<int64_t> shape;
    for (const lang::Dim &size : result.shape)
      shape.push_back(*size.constant());
    results.push_back(RankedTensorType::get(shape, element));
  }
  return results;
}

} // namespace dlc::nn
