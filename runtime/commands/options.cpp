// The command line of a compiled program: one table of flags for parsing and for --help.
#include "runtime/commands/options.h"

#include "runtime/pool.h"
#include "runtime/text.h"

#include <cstring>

namespace dlc::runtime {

namespace {

struct Flag {
  const char *name;        // without "--"
  const char *placeholder; // of its value; null for a switch
  const char *help;
  // Takes the value (null for a switch) or returns what was expected instead.
  const char *(*take)(Options &, const std::string &value);
};

template <auto member> const char *takeText(Options &options, const std::string &value) {
  options.*member = value;
  return value.empty() ? "a name" : nullptr;
}

template <auto member> const char *takeSwitch(Options &options, const std::string &) {
  options.*member = true;
  return nullptr;
}

template <auto member> const char *takeCount(Options &options, const std::string &value) {
  int64_t count = 0;
  if (!parseInteger(value, &count) || count < 1 || count > (int64_t(1) << 40))
    return "a whole number of at least 1";
  options.*member = count;
  return nullptr;
}

const char *takeThreads(Options &options, const std::string &value) {
  constexpr int64_t kMostThreads = 1024;
  const char *expected = takeCount<&Options::threads>(options, value);
  return expected || *options.threads <= kMostThreads ? expected : "at most 1024";
}

const char *takeKeep(Options &options, const std::string &value) {
  int64_t count = 0;
  if (!parseInteger(value, &count) || count < 0 || count > (int64_t(1) << 40))
    return "a whole number of MiB";
  options.keep = count;
  return nullptr;
}

const char *takeSeed(Options &options, const std::string &value) {
  uint64_t seed = 0;
  if (!parseUnsigned(value, &seed))
    return "a whole number from 0 to 18446744073709551615";
  options.seed = seed;
  return nullptr;
}

const char *takeSeconds(Options &options, const std::string &value) {
  return parseNumber(value, &options.seconds) && options.seconds > 0 && options.seconds <= 86400
             ? nullptr
             : "a number of seconds above 0";
}

const char *takeSetting(Options &options, const std::string &value) {
  size_t equals = value.find('=');
  double number = 0;
  if (equals == 0 || equals == value.npos || !parseNumber(value.substr(equals + 1), &number))
    return "name=number";
  options.settings.emplace_back(value.substr(0, equals), number);
  return nullptr;
}

const char *takeInput(Options &options, const std::string &value) {
  size_t equals = value.find('=');
  if (equals == 0 || equals == value.npos || equals + 1 == value.size())
    return "name=FILE.npy or name=1,0";
  options.inputs.emplace_back(value.substr(0, equals), value.substr(equals + 1));
  return nullptr;
}

constexpr Flag kFlags[] = {
    {"batch", "N", "samples an optimizer step (default: the train block's batch)",
     takeCount<&Options::batch>},
    {"checkpoint-every", "STEPS", "also save every so many steps",
     takeCount<&Options::checkpointEvery>},
    {"data", "DIR",
     "the folder of the data files (default: the data block's, else the current one)",
     takeText<&Options::data>},
    {"epochs", "N", "passes over the training data", takeCount<&Options::epochs>},
    {"explain", nullptr, "print every value, its formula and its numbers; for small networks",
     takeSwitch<&Options::explain>},
    {"grads", "FILE.safetensors", "write the gradient of every weight, under the weight's name",
     takeText<&Options::grads>},
    {"init", "FILE.safetensors", "start from these weights", takeText<&Options::init>},
    {"input", "NAME=FILE.npy|NUMBERS",
     "an input's array (or FILE.npz:ARRAY), or its numbers separated by commas; repeat for each "
     "input",
     takeInput},
    {"json", nullptr, "print JSON", takeSwitch<&Options::json>},
    {"keep", "MIB",
     "MiB of read pictures and sounds to keep in memory (default 1024); others are read each time",
     takeKeep},
    {"log-every", "STEPS", "a line in log.jsonl every so many steps (default 1)",
     takeCount<&Options::logEvery>},
    {"out", "FILE.npy", "write the raw outputs of all samples", takeText<&Options::out>},
    {"outputs", "FILE.safetensors", "write the model's outputs, by name",
     takeText<&Options::outputs>},
    {"resume", nullptr, "continue the run in --run from its last checkpoint, bit for bit",
     takeSwitch<&Options::resume>},
    {"run", "DIR", "the folder of the run's files (default: runs/NAME)", takeText<&Options::run>},
    {"seconds", "S", "how long to measure each (default 2)", takeSeconds},
    {"seed", "N", "of all random numbers (default: the train block's)", takeSeed},
    {"set", "NAME=VALUE", "change a setting of the optimizer, such as lr=3e-4; may be repeated",
     takeSetting},
    {"split", "NAME", "which part of the data (default: test, else validation)",
     takeText<&Options::split>},
    {"steps", "N", "stop after so many optimizer steps; without --epochs the epochs don't matter",
     takeCount<&Options::steps>},
    {"threads", "N", "threads to compute with (default: the processors this process may use)",
     takeThreads},
    {"top", "K", "print the K most likely classes (default 3)", takeCount<&Options::top>},
    {"weights", "FILE.safetensors", "the trained weights", takeText<&Options::weights>},
};

const Flag *findFlag(const std::string &name) {
  for (const Flag &flag : kFlags)
    if (name == flag.name)
      return &flag;
  return nullptr;
}

} // namespace

int Options::threadCount(const dlc_model &model) const {
  if (threads || model.threads_default > 0)
    return int(threads.value_or(model.threads_default));
  return allowedThreads();
}

std::string runFolder(const dlc_model &model) { return std::string("runs/") + model.name; }

Status parseOptions(const Command &command, int argc, char **argv, Options *options) {
  std::vector<std::string> allowed = split(command.flags, ' ');
  bool onlyFiles = false;
  for (int i = 0; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      options->help = true;
      return Status();
    }
    if (argument == "--" && !onlyFiles) {
      onlyFiles = true;
      continue;
    }
    if (onlyFiles || argument.size() < 2 || argument[0] != '-') {
      options->files.push_back(argument);
      continue;
    }
    size_t equals = argument.find('=');
    std::string name = argument.substr(0, equals);
    const Flag *flag = name.compare(0, 2, "--") == 0 ? findFlag(name.substr(2)) : nullptr;
    bool known = false;
    for (const std::string &other : allowed)
      known |= flag && other == flag->name;
    if (!known) {
      std::vector<std::string> flags;
      for (const std::string &other : allowed)
        flags.push_back("--" + other);
      return usageError("`%s` does not take `%s`%s", command.name, name.c_str(),
                        didYouMean(name, flags).c_str());
    }
    std::string value;
    if (!flag->placeholder) {
      if (equals != argument.npos)
        return usageError("`--%s` takes no value", flag->name);
    } else if (equals != argument.npos) {
      value = argument.substr(equals + 1);
    } else if (++i < argc) {
      value = argv[i];
    } else {
      return usageError("`--%s` needs a value: --%s %s", flag->name, flag->name, flag->placeholder);
    }
    if (const char *expected = flag->take(*options, value))
      return usageError("`--%s %s`: expected %s", flag->name, value.c_str(), expected);
  }
  return Status();
}

std::string helpOf(const Command &command, const char *program) {
  std::string text =
      format("usage: %s %s %s\n\n%s\n\n", program, command.name, command.synopsis, command.details);
  size_t widest = strlen("--help");
  auto title = [](const Flag &flag) {
    return flag.placeholder ? format("--%s %s", flag.name, flag.placeholder)
                            : format("--%s", flag.name);
  };
  for (const std::string &name : split(command.flags, ' '))
    widest = std::max(widest, title(*findFlag(name)).size());
  text += "options:\n";
  for (const std::string &name : split(command.flags, ' '))
    text +=
        format("  %-*s  %s\n", int(widest), title(*findFlag(name)).c_str(), findFlag(name)->help);
  text += format("  %-*s  this page\n", int(widest), "--help");
  return text;
}

} // namespace dlc::runtime
