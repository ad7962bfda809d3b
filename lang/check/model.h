// Unfolds a model: its inputs, its body and its results.
#pragma once

#include "lang/check/unfolding.h"

namespace dlc::lang {

/// A model in one mode.
struct UnfoldedModel {
  std::vector<Port> inputs, outputs;
  std::vector<ValueId> inputValues, outputValues;
  std::string batchSymbol;
};

/// Empty after errors.
std::optional<UnfoldedModel> unfoldModel(const ast::Item &model, Unfolding &unfolding);

} // namespace dlc::lang
