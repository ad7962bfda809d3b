// The command line of a compiled program.
#pragma once

#include "runtime/include/dlc/model.h"
#include "runtime/status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dlc::runtime {

struct Options {
  std::string data, run, weights, init, out, grads, outputs;
  std::optional<std::string> split;
  std::optional<int64_t> epochs, steps, batch, threads, top, checkpointEvery, keep;
  std::optional<uint64_t> seed;
  int64_t logEvery = 1;
  double seconds = 2;
  std::vector<std::pair<std::string, double>> settings;
  std::vector<std::pair<std::string, std::string>> inputs;
  std::vector<std::string> files; // what stands without a flag
  bool resume = false, json = false, explain = false, help = false;

  // --threads, else the model's default, else as many as this process may use.
  int threadCount(const dlc_model &model) const;
};

// What one command does with its options.
struct Command {
  const char *name;
  const char *synopsis; // after the name: "--weights FILE INPUT..."
  const char *summary;
  const char *details; // paragraphs of its --help
  const char *flags;   // the names of those it takes, separated by spaces
  Status (*run)(const dlc_model &, const Options &);
};

// Where `train` writes a run unless --run says otherwise.
std::string runFolder(const dlc_model &model);

Status parseOptions(const Command &command, int argc, char **argv, Options *options);

// The text of `command --help`.
std::string helpOf(const Command &command, const char *program);

} // namespace dlc::runtime
