// The memory stage: every tensor gets its place, and the arena is planned.
#pragma once
#include "mlir/Pass/Pass.h"

namespace dlc::memory {

/// linalg on tensors -> linalg on views of the call's buffers: weights, gradients, state, inputs,
/// outputs, results, and one arena for all else. Each argument of a placed function is a buffer of
/// bytes, named by its attribute `dlc.buffer` (and `nn.index` among its kind); the function gets
/// `dlc.arena_bytes`. See place.cpp for the rules.
std::unique_ptr<mlir::Pass> createPlacePass();

} // namespace dlc::memory
