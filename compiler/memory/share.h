// Loops that threads share: each takes some rows of the batch through all turns.
#pragma once
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace dlc::memory {

/// How many rows of a batch of so many a thread takes at a time; the batch itself where it is not
/// worth parting.
int64_t rowsOfGroup(int64_t batch);

/// Whether a loop on tensors looks as if `-dlc-share-loops` would take it: then its tensors must
/// not share memory in time.
bool mayBeShared(mlir::scf::ForOp loop);

} // namespace dlc::memory
