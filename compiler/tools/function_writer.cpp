// Writes a function of `nn` operations, line by line, as text.
#include "compiler/tools/function_writer.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/InterleavedRange.h"
#include "llvm/Support/raw_ostream.h"

#include <numeric>

namespace dlc::tools {

int64_t product(const Sizes &sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t(1), std::multiplies<>());
}

std::string FunctionWriter::text() const {
  std::string all;
  llvm::raw_string_ostream os(all);
  auto typed = [&](const Tensor &t) { return t.name + ": " + type(t.shape); };
  auto names = llvm::map_range(results, [](const Tensor &t) { return t.name; });
  auto types = llvm::map_range(results, [&](const Tensor &t) { return type(t.shape); });
  os << "func.func @drawn(" << llvm::interleaved(llvm::map_range(arguments, typed)) << ") -> ("
     << llvm::interleaved(types) << ") {\n"
     << body << "  return " << llvm::interleaved(names) << " : " << llvm::interleaved(types)
     << "\n}\n";
  return all;
}

std::string FunctionWriter::type(const Sizes &shape, const std::string &element) {
  std::string text = "tensor<";
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text + element + ">";
}

std::string FunctionWriter::type(const Sizes &shape) const { return type(shape, element); }

std::string FunctionWriter::list(const Sizes &sizes) {
  std::string text;
  llvm::raw_string_ostream(text) << "[" << llvm::interleaved(sizes) << "]";
  return text;
}

Tensor FunctionWriter::argument(Sizes shape) {
  arguments.push_back({"%a" + std::to_string(arguments.size()), std::move(shape)});
  return arguments.back();
}

Tensor FunctionWriter::add(const std::string &operation, const std::string &types, Sizes shape) {
  Tensor result{"%v" + std::to_string(values++), std::move(shape)};
  body += "  " + result.name + " = nn." + operation + " : " + types + "\n";
  return result;
}

std::string FunctionWriter::signature(std::initializer_list<Tensor> from, const Sizes &to) const {
  std::string text;
  auto types = llvm::map_range(from, [&](const Tensor &t) { return type(t.shape); });
  llvm::raw_string_ostream(text) << "(" << llvm::interleaved(types) << ") -> " << type(to);
  return text;
}

} // namespace dlc::tools
