// Random functions of `nn` operations, for the nests that the compiler makes of them.
#pragma once

#include <cstdint>
#include <string>

namespace dlc::tools {

/// A module with one function, as text: products, convolutions in three directions, reductions,
/// pools or elementwise operations, with transpositions and what follows a sum, at sizes around
/// those of tiles and lanes. The same text for the same seed.
std::string randomFunction(uint64_t seed);

} // namespace dlc::tools
