// `dlc`: the command line.
#include "compiler/driver.h"

#include "llvm/Support/raw_ostream.h"

#include <cstdio>

int main(int argc, char **argv) {
  std::optional<dlc::Options> options = dlc::parseOptions(argc, argv);
  if (!options)
    return dlc::kWrongUsage;
  int code = dlc::kDone;
  if (options->help)
    llvm::outs() << dlc::helpText(options->command);
  else
    code = dlc::runCommand(*options);
  // What was printed must have arrived.
  llvm::outs().flush();
  if (llvm::outs().has_error()) {
    std::string why = llvm::outs().error().message();
    llvm::outs().clear_error();
    std::fprintf(stderr, "error: cannot write to the standard output: %s\n", why.c_str());
    return dlc::kWrongInput;
  }
  return code;
}
