// The stage `nn`: the checked network as a module of the `nn` dialect.
#pragma once

#include "compiler/target/layout.h"
#include "lang/net/net.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace dlc {

/// What a network is compiled for.
struct Specialization {
  int64_t batch;
  bool doublePrecision;
};

/// Builds `@train`, `@evaluate`, `@infer`, `@infer_one` (the same for a batch of
/// one sample) and `@update` (without a train block only `@infer` and `@infer_one`) with
/// every dimension known. Their arguments and results say what they are in `nn.kind`, `nn.index`
/// and `nn.name`.
mlir::OwningOpRef<mlir::ModuleOp> buildModule(const lang::Network &network,
                                              const lang::Sources &sources,
                                              const Specialization &specialization,
                                              mlir::MLIRContext &context);

/// Where weights or states lie in their buffer.
FlatLayout flatLayout(const std::vector<lang::Variable> &variables, int64_t elementBytes);

} // namespace dlc
