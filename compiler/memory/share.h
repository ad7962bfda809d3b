// Loops and groups of nests that threads share: each takes a part of the batch through all of them.
#pragma once
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace dlc::memory {

/// In how many parts threads take a batch of so many rows through a loop; 1 where it is not worth
/// parting.
int64_t partsOfLoop(int64_t batch);

/// Whether a loop on tensors looks as if `-dlc-share-loops` would take it: then its tensors must
/// not share memory in time.
bool mayBeShared(mlir::scf::ForOp loop);

/// The loop of a nest along the first axis of all that it writes, if there is one.
std::optional<unsigned> loopOverRows(mlir::linalg::GenericOp nest);

/// Whether a nest makes each of so many equal parts of its rows from the same rows of what it
/// reads, or from what has no rows.
bool goesByRows(mlir::linalg::GenericOp nest, int64_t parts);

} // namespace dlc::memory
