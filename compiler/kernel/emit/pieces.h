// The pieces that a kernel is written of, outermost first, each in the file of its name.
#pragma once
#include "compiler/kernel/emit/cursor.h"
#include "mlir/IR/IRMapping.h"

namespace dlc::kernel {

// --- packing.cpp ---------------------------------------------------------------------------------
/// Reserves the memory for packed inputs.
void allocatePanels(const Cursor &at);
/// Copies the current block of an input to its panels and lets the loops inside read the copy.
void pack(Cursor &at, unsigned input);

// --- tile.cpp ------------------------------------------------------------------------------------
/// All that is done for the tile of `at.extents` points.
void emitTile(Cursor at);

// --- prefetch.cpp --------------------------------------------------------------------------------
/// Prefetches the lines of the next part of an input whose turn it is.
void prefetchPart(const Cursor &at);
/// Prefetches the lines of a tile's outputs while its sums are made: a store, too, needs its line.
void prefetchOutputs(const Cursor &at);
/// Prefetches what accesses say is needed soon.
void prefetchAccesses(const Cursor &at);

// --- accumulators.cpp ----------------------------------------------------------------------------
/// What the accumulators of a tile are before the current block: of `types`, none if that is empty.
Values starts(const Cursor &at, llvm::ArrayRef<mlir::Type> types);
/// Stores what a tile's accumulators have become.
void finish(const Cursor &at, const Values &results);

// --- reduction.cpp -------------------------------------------------------------------------------
/// Runs the reduction loops over all accumulators of a tile.
Values emitReduction(const Cursor &at, const Values &accumulators);

// --- body.cpp ------------------------------------------------------------------------------------
/// The nest's body for each point of a tile: the next values of the accumulators.
Values emitBody(const Cursor &at, const Values &accumulators);
/// One operation of a scalar body, for a point's lanes. `values` has its operands and gets its
/// results.
void emitOperation(const Cursor &at, mlir::Operation &op, const Point &point,
                   mlir::IRMapping &values);

// --- epilogue.cpp --------------------------------------------------------------------------------
/// What is done to the sums of a tile when they stand.
void emitEpilogue(const Cursor &at, const Values &sums);

} // namespace dlc::kernel
