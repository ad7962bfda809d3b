// The C header of a compiled model, for programs that link it.
#include "compiler/header.h"

#include <cctype>

namespace dlc {
namespace {

std::string describe(const std::string &name, const lang::TensorType &type) {
  std::string element = type.element == lang::Element::Int ? "int32" : "real";
  return " *   " + name + ": " + element + lang::str(type.shape) + "\n";
}

} // namespace

std::string headerText(const lang::Network &network, int64_t batch) {
  std::string guard = "DLC_MODEL_" + network.name + "_H";
  for (char &c : guard)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  std::string text = "/* " + network.name + ", compiled by dlc for " +
                     (network.batchSymbol.empty() ? "one sample" : "batches of " + network.batchSymbol + " = " + std::to_string(batch)) +
                     ".\n * Inputs (in the order of dlc_call.inputs):\n";
  for (const lang::Port &port : network.inputs)
    text += describe(port.name, port.type);
  text += " * Outputs (in the order of dlc_call.outputs):\n";
  for (const lang::Port &port : network.outputs)
    text += describe(port.name, port.type);
  text += " * Weights (their offsets stand in dlc_the_model.weights):\n";
  for (const lang::Variable &param : network.params)
    text += describe(param.name, param.type);
  return text + " */\n#ifndef " + guard + "\n#define " + guard + "\n\n#include \"dlc/model.h\"\n\n#endif\n";
}

} // namespace dlc
