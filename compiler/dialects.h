// The dialects that the stages use.
#pragma once

#include "mlir/IR/DialectRegistry.h"

namespace dlc {

void registerDialects(mlir::DialectRegistry &registry);

} // namespace dlc
