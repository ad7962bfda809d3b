// The stage `nn`: the checked network as a module of the `nn` dialect.
#pragma once

#include "lang/net/net.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace dlc {

/// What a network is compiled for.
struct Specialization {
  int64_t batch;
  bool doublePrecision;
};

/// Builds `@train`, `@evaluate`, `@infer` and `@update` (without a train block only `@infer`) with
/// every dimension known. Their arguments and results say what they are in `nn.kind`, `nn.index`
/// and `nn.name`.
mlir::OwningOpRef<mlir::ModuleOp> buildModule(const lang::Network &network,
                                              const lang::Sources &sources,
                                              const Specialization &specialization,
                                              mlir::MLIRContext &context);

/// Where tensors lie in a flat buffer: in order, each at the next multiple of 64 bytes.
struct Layout {
  std::vector<int64_t> offsets; // bytes
  int64_t bytes = 0;            // a multiple of 64
};
Layout flatLayout(const std::vector<lang::Variable> &variables, int64_t elementBytes);

} // namespace dlc
