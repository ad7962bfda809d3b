// Compiled models written by hand: what the compiler would emit, as plain C++.
#pragma once

#include "runtime/include/dlc/model.h"

namespace dlc::runtime {

// A softmax regression of `image` f32[8, 1, 2, 3] (or f64) to 4 classes with cross entropy,
// accuracy, a running mean of the inputs as state, and momentum; data from four IDX files
// `train-values`, `train-labels`, `test-values`, `test-labels` scaled by 1/255 and flipped at
// random in training. Its kernel runs in parallel over rows of the weights.
dlc_model handModel(dlc_dtype precision);

// The same with a gradient of the bias that is 5 % too large: what a checker of gradients must
// find.
dlc_model wrongModel(dlc_dtype precision);

} // namespace dlc::runtime
