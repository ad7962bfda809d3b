// The C header of a compiled model, for programs that link it.
#include "compiler/object/header.h"

#include <algorithm>
#include <cctype>

namespace dlc {
namespace {

/// Writes one header; what it says of memory holds for one batch size and precision.
class HeaderWriter {
public:
  HeaderWriter(const lang::Network &network, const Specialization &specialization)
      : network(network), specialization(specialization) {}

  std::string write() {
    std::string guard = "DLC_MODEL_" + network.name + "_H";
    std::transform(guard.begin(), guard.end(), guard.begin(),
                   [](unsigned char c) { return std::toupper(c); });

    text = "/* The model `" + network.name + "`, compiled by dlc " DLC_VERSION " for calls of " +
           std::to_string(specialization.batch) +
           (specialization.batch == 1 ? " sample" : " samples") +
           ". Its entry points and sizes stand\n * in dlc_the_model (dlc/model.h). */\n";
    text += "#ifndef " + guard + "\n#define " + guard + "\n\n#include \"dlc/model.h\"\n\n";
    text += "typedef " + real() + " " + network.name + "_real;\n\n";
    text += "enum { " + network.name + "_batch = " + std::to_string(specialization.batch) + " };\n";
    ports("input", "what dlc_call.inputs points to", network.inputs);
    ports("output", "what dlc_call.outputs points to", network.outputs);
    results();
    variables("weights", network.params);
    variables("state", network.states);
    text += "\n#endif\n";
    return text;
  }

private:
  std::string real() const { return specialization.doublePrecision ? "double" : "float"; }

  /// A tensor as C would declare it: "float[64][10]".
  std::string declaration(const lang::TensorType &type) const {
    std::string result = type.element == lang::Element::Int ? "int32_t" : real();
    for (const lang::Dim &dim : type.shape)
      result += "[" +
                std::to_string(
                    *dim.substitute({{network.batchSymbol, specialization.batch}}).constant()) +
                "]";
    return result;
  }

  void ports(const std::string &kind, const std::string &meaning,
             const std::vector<lang::Port> &ports) {
    text += "\n/* " + meaning + " */\nenum {\n";
    for (size_t i = 0; i < ports.size(); ++i) {
      const lang::TensorType &type = ports[i].type;
      text += "  " + network.name + "_" + kind + "_" + ports[i].name + " = " + std::to_string(i) +
              ", /* " + declaration(type);
      if (type.classes > 0)
        text += ", each from 0 to " + std::to_string(type.classes - 1);
      if (kind == "input" && static_cast<int>(i) >= network.modelInputs)
        text += "; for the loss only";
      else if (kind == "input" && !inferenceNeeds(network)[i])
        text += "; infer does not read it";
      text += " */\n";
    }
    text += "  " + network.name + "_" + kind + "s = " + std::to_string(ports.size()) + "\n};\n";
  }

  void results() {
    if (!network.train)
      return;
    text += "\n/* dlc_call.results holds the loss";
    for (const std::string &metric : network.train->metrics)
      text += ", " + metric;
    text += ". */\n";
  }

  void variables(const std::string &buffer, const std::vector<lang::Variable> &variables) {
    if (variables.empty())
      return;
    FlatLayout layout = flatLayout(variables, specialization.doublePrecision ? 8 : 4);
    text += "\n/* dlc_call." + buffer + ", " + std::to_string(layout.bytes) + " bytes:\n";
    for (size_t i = 0; i < variables.size(); ++i)
      text += " *   at byte " + std::to_string(layout.offsets[i]) + ": " + variables[i].name +
              ", " + declaration(variables[i].type) + "\n";
    text += " */\n";
  }

  const lang::Network &network;
  const Specialization &specialization;
  std::string text;
};

} // namespace

std::string headerText(const lang::Network &network, const Specialization &specialization) {
  return HeaderWriter(network, specialization).write();
}

} // namespace dlc
