// `dlc`: the command line.
#include "compiler/driver.h"

#include <cstdio>

int main(int argc, char **argv) {
  std::optional<dlc::Options> options = dlc::parseOptions(argc, argv);
  if (!options)
    return dlc::kWrongUsage;
  if (options->help) {
    std::fputs(dlc::helpText(options->command).c_str(), stdout);
    return dlc::kDone;
  }
  return dlc::runCommand(*options);
}
