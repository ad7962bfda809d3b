// The command line of `dlc` as a struct.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dlc {

struct Options {
  std::string command;             // "compile", "check", …
  std::vector<std::string> inputs; // the files named
  std::string output;              // -o
  std::string emit = "exe";
  std::map<std::string, std::string> defines;
  std::optional<int64_t> batch;
  std::optional<uint64_t> seed;
  std::string target = "native";
  std::string precision = "f32";
  std::optional<int64_t> memoryBudget; // bytes
  int64_t threadsDefault = 0;          // 0: the cores allowed
  bool time = false;
  bool shapes = false;    // check
  bool checkOnly = false; // fmt --check
  bool json = false;      // explain
  bool help = false;
  std::vector<std::string> programArguments; // run: after `--`
};

/// Reads the arguments after the program's name. Prints what is wrong to stderr and returns nothing
/// if they are no valid command line.
std::optional<Options> parseOptions(int argc, char **argv);

/// The text of `dlc --help`, or of `dlc COMMAND --help`.
std::string helpText(const std::string &command);

} // namespace dlc
