// The way from a model's text to a program, as a table of stages.
#pragma once

#include "compiler/options.h"

#include <string>
#include <vector>

namespace dlc {

/// The exit codes of `dlc`.
enum ExitCode { kDone = 0, kWrongInput = 1, kWrongUsage = 2, kFault = 3 };

/// Does what the command line says.
int runCommand(const Options &options);

/// Runs the stages up to options.emit and writes its result to options.output.
int compile(const Options &options);

/// Prints what the network's layers cost, the memory of a step, and its derivative.
int explain(const Options &options);

/// Runs the checker only.
int check(const Options &options);

/// A text that is the same for two programs only if their sources and options are the same. Empty,
/// after the errors were printed, if the program is wrong.
std::string fingerprint(const Options &options);

/// What --emit takes, in the order of the stages.
std::vector<std::string> emitNames();

/// What --emit takes as a text for --help: a line a stage and a line each other form.
std::string stageTable();

} // namespace dlc
