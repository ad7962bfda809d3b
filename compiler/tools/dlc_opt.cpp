// dlc-opt: runs passes on modules in MLIR's text form.
#include "compiler/contract/contract.h"
#include "compiler/nn/nn.h"
#include "compiler/pipeline.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllPasses();
  dlc::registerPasses();
  registry.insert<dlc::nn::NnDialect, dlc::contract::DlcDialect>();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "dlc optimizer driver\n", registry));
}
