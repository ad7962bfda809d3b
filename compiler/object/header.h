// The C header of a compiled model, for programs that link it.
#pragma once

#include "compiler/nn/from_net.h"
#include "lang/net/net.h"

#include <string>

namespace dlc {

/// Names the model's inputs and outputs and says how they and the weights lie in memory.
std::string headerText(const lang::Network &network, const Specialization &specialization);

} // namespace dlc
