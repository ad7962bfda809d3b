// The C header of a compiled model, for programs that link it.
#pragma once

#include "lang/net.h"

#include <string>

namespace dlc {

/// Declares the model's table and describes its inputs, outputs and weights for the given batch.
std::string headerText(const lang::Network &network, int64_t batch);

} // namespace dlc
