// The dialect `nn`: all that its users need.
#pragma once

#include "compiler/nn/formula.h"
#include "compiler/nn/infer.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "compiler/nn/dialect.h.inc"
#include "compiler/nn/interfaces.h.inc"
#define GET_OP_CLASSES
#include "compiler/nn/ops.h.inc"

namespace dlc::nn {

/// Makes the operation of stdlib/ops.nn named `op`, with its configuration by name. `real` is the
/// floating type of a result that no operand determines (one_hot, random_uniform). Null, with the
/// reason reported at `location`, if the operands do not fit.
mlir::Operation *create(mlir::OpBuilder &builder, mlir::Location location, llvm::StringRef op,
                        mlir::ValueRange operands,
                        llvm::ArrayRef<mlir::NamedAttribute> configuration, mlir::Type real);

/// The number in every element of a constant of the floating type `type`.
ConstantOp constant(mlir::OpBuilder &builder, mlir::Location location, mlir::RankedTensorType type,
                    double number);

// Names of values live in locations: the user's name as a NameLoc, beside the place in the source.
// An operation of several results has their names as a list in its location.

/// The (latest) name in a location, or "".
llvm::StringRef nameIn(mlir::Location location);
/// The location with its name replaced; "" takes the name away.
mlir::Location withName(mlir::Location location, llvm::StringRef name);
/// The location with one more name: one value may play two roles.
mlir::Location addName(mlir::Location location, llvm::StringRef name);
/// The name of a value, or "".
llvm::StringRef nameOf(mlir::Value value);
/// Gives a value one more name, or its first.
void addName(mlir::Value value, llvm::StringRef name);
/// The location of an operation of several results, which have these names, some perhaps "".
mlir::Location withNames(mlir::Location location, llvm::ArrayRef<llvm::StringRef> names);
/// All names in a location, the latest first.
llvm::SmallVector<llvm::StringRef> namesIn(mlir::Location location);

} // namespace dlc::nn
