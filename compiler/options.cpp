// The commands and flags of `dlc`: one table each, from which parsing and --help both come.
#include "compiler/options.h"
#include "compiler/target/target.h"

#include "compiler/driver.h"
#include "lang/diagnostic.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace dlc {
namespace {

struct Command {
  const char *name;
  const char *arguments;
  const char *summary;
};

constexpr Command kCommands[] = {
    {"compile", "MODEL.nn", "make a program that trains, evaluates and predicts"},
    {"run", "MODEL.nn [-- ARGS...]", "compile, then run the program with ARGS"},
    {"check", "MODEL.nn", "only diagnose"},
    {"explain", "MODEL.nn", "what each layer costs, the memory of a step, the derivative"},
    {"fmt", "FILE.nn...", "rewrite files in the one formatting"},
    {"new", "NAME", "a started project in the folder NAME"},
};

/// A flag, the commands that know it, and what it does to the options. Returns what was wrong.
struct Flag {
  const char *name;
  const char *value; // what stands for its value in --help; null if it takes none
  const char *commands;
  const char *summary;
  std::string (*set)(Options &, const std::string &);
};

constexpr const char *kCompiling = "compile run check explain";

std::string setInteger(const std::string &text, int64_t least, int64_t &out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || out < least)
    return "takes a whole number, " + std::to_string(least) + " or more";
  return "";
}

std::string setDefine(Options &options, const std::string &text) {
  size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    return "takes NAME=VALUE";
  options.defines[text.substr(0, equals)] = text.substr(equals + 1);
  return "";
}

std::string setBatch(Options &options, const std::string &text) {
  int64_t value;
  std::string wrong = setInteger(text, 1, value);
  if (wrong.empty())
    options.batch = value;
  return wrong;
}

std::string setSeed(Options &options, const std::string &text) {
  int64_t value;
  std::string wrong = setInteger(text, 0, value);
  if (wrong.empty())
    options.seed = static_cast<uint64_t>(value);
  return wrong;
}

std::string setEmit(Options &options, const std::string &text) {
  std::vector<std::string> names = emitNames();
  if (std::find(names.begin(), names.end(), text) == names.end()) {
    std::string all;
    for (const std::string &name : names)
      all += " " + name;
    std::string near = lang::didYouMean(text, names);
    return "takes one of:" + all + (near.empty() ? "" : " (did you mean `" + near + "`?)");
  }
  options.emit = text;
  return "";
}

std::string levelNames() {
  std::string names;
  for (const Level &level : kLevels)
    names += std::string(names.empty() ? "" : ", ") + level.name;
  return names;
}

std::string setTarget(Options &options, const std::string &text) {
  bool isLevel = std::ranges::any_of(kLevels, [&](const Level &each) { return text == each.name; });
  if (text != kNative && text != kMulti && !isLevel)
    return "takes " + std::string(kNative) + ", " + levelNames() + " or " + kMulti;
  options.target = text;
  return "";
}

std::string setPrecision(Options &options, const std::string &text) {
  if (text != "f32" && text != "f64")
    return "takes f32 or f64";
  options.precision = text;
  return "";
}

std::string setMemoryBudget(Options &options, const std::string &text) {
  std::string digits = text;
  int64_t unit = 1;
  if (!digits.empty()) {
    switch (digits.back()) {
    case 'K':
      unit = int64_t(1) << 10;
      break;
    case 'M':
      unit = int64_t(1) << 20;
      break;
    case 'G':
      unit = int64_t(1) << 30;
      break;
    default:
      break;
    }
    if (unit > 1)
      digits.pop_back();
  }
  int64_t value;
  if (!setInteger(digits, 1, value).empty() || value > INT64_MAX / unit)
    return "takes a number of bytes, also as 512K, 64M or 2G";
  options.memoryBudget = value * unit;
  return "";
}

const std::string kTargets =
    std::string(kNative) + " (the default), " + levelNames() + ", or " + kMulti + ": all of these";

const Flag kFlags[] = {
    {"-o", "PATH", "compile explain", "where the result goes",
     [](Options &o, const std::string &v) {
       o.output = v;
       return std::string();
     }},
    {"--emit", "STAGE", "compile", "stop at a stage and write what it made (see below)", setEmit},
    {"-D", "NAME=VALUE", kCompiling, "set a `const` of the model", setDefine},
    {"--batch", "N", kCompiling, "samples a call takes, instead of the train block's", setBatch},
    {"--target", "CPU", "compile run explain", kTargets.c_str(), setTarget},
    {"--precision", "TYPE", "compile run explain", "f32 (the default) or f64", setPrecision},
    {"--memory-budget", "SIZE", "compile run",
     "fail if a step needs more than SIZE bytes (K, M, G)", setMemoryBudget},
    {"--seed", "N", kCompiling, "the default seed of the program", setSeed},
    {"--threads-default", "N", "compile run",
     "threads the program uses unless told; 0: the cores it is given",
     [](Options &o, const std::string &v) { return setInteger(v, 0, o.threadsDefault); }},
    {"--time", nullptr, kCompiling, "print how long each stage took",
     [](Options &o, const std::string &) {
       o.time = true;
       return std::string();
     }},
    {"--shapes", nullptr, "check", "print every value with its shape",
     [](Options &o, const std::string &) {
       o.shapes = true;
       return std::string();
     }},
    {"--json", nullptr, "explain", "machine-readable output",
     [](Options &o, const std::string &) {
       o.json = true;
       return std::string();
     }},
    {"--check", nullptr, "fmt", "change nothing; exit 1 if a file is not formatted",
     [](Options &o, const std::string &) {
       o.checkOnly = true;
       return std::string();
     }},
    {"--help", nullptr, "", "this text",
     [](Options &o, const std::string &) {
       o.help = true;
       return std::string();
     }},
};

const Command *findCommand(const std::string &name) {
  for (const Command &command : kCommands)
    if (name == command.name)
      return &command;
  return nullptr;
}

bool knows(const Flag &flag, const std::string &command) {
  if (!*flag.commands)
    return true;
  std::string list = std::string(" ") + flag.commands + " ";
  return list.find(" " + command + " ") != std::string::npos;
}

std::optional<Options> refuse(const std::string &message) {
  std::fprintf(stderr, "error: %s\n", message.c_str());
  return std::nullopt;
}

/// The flag an argument names: `--seed`, `--seed=3`, `-D`, `-Dname=3`. Sets `value` if it holds
/// one.
const Flag *findFlag(const std::string &argument, const std::string &command,
                     std::optional<std::string> &value) {
  for (const Flag &flag : kFlags) {
    if (!knows(flag, command))
      continue;
    std::string name = flag.name;
    if (argument == name)
      return &flag;
    bool isLong = name.size() > 2;
    if (flag.value && argument.rfind(name + (isLong ? "=" : ""), 0) == 0) {
      value = argument.substr(name.size() + (isLong ? 1 : 0));
      return &flag;
    }
  }
  return nullptr;
}

std::optional<Options> refuseCommand(const std::string &command) {
  std::vector<std::string> names;
  for (const Command &known : kCommands)
    names.push_back(known.name);
  std::string near = lang::didYouMean(command, names);
  return refuse("there is no command `" + command + "`" +
                (near.empty() ? "; `dlc --help` lists them" : "; did you mean `" + near + "`?"));
}

std::optional<Options> refuseOption(const std::string &argument, const std::string &command) {
  std::vector<std::string> names;
  for (const Flag &flag : kFlags)
    if (knows(flag, command))
      names.push_back(flag.name);
  std::string near = lang::didYouMean(argument.substr(0, argument.find('=')), names);
  return refuse("`dlc " + command + "` has no option `" + argument + "`" +
                (near.empty() ? "; `dlc " + command + " --help` lists them"
                              : "; did you mean `" + near + "`?"));
}

/// The options, if they name as many inputs as the command takes.
std::optional<Options> countInputs(const Options &options) {
  const std::string &command = options.command;
  bool isNew = command == "new";
  if (options.inputs.empty())
    return refuse("`dlc " + command + "` needs " + (isNew ? "a name" : "a .nn file"));
  if (options.inputs.size() > 1 && command != "fmt")
    return refuse("`dlc " + command + "` takes one " + (isNew ? "name" : "file") + ", not also `" +
                  options.inputs[1] + "`" +
                  (command == "run" ? "; what is meant for the program stands after `--`" : ""));
  return options;
}

} // namespace

std::optional<Options> parseOptions(int argc, char **argv) {
  Options options;
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty()) {
    std::fputs(helpText("").c_str(), stderr);
    return std::nullopt;
  }
  if (arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    options.help = true;
    return options;
  }
  if (arguments[0] == "--version") {
    options.command = "--version";
    return options;
  }
  options.command = arguments[0];
  if (!findCommand(options.command))
    return refuseCommand(options.command);
  for (size_t i = 1; i < arguments.size(); ++i) {
    const std::string &argument = arguments[i];
    if (argument == "--" && options.command == "run") {
      options.programArguments.assign(arguments.begin() + i + 1, arguments.end());
      break;
    }
    if (argument == "-h") {
      options.help = true;
      continue;
    }
    if (argument.size() < 2 || argument[0] != '-') {
      options.inputs.push_back(argument);
      continue;
    }
    std::optional<std::string> value;
    const Flag *flag = findFlag(argument, options.command, value);
    if (!flag)
      return refuseOption(argument, options.command);
    if (flag->value && !value) {
      if (i + 1 == arguments.size())
        return refuse(std::string("`") + flag->name + "` needs a value: " + flag->value);
      value = arguments[++i];
    }
    std::string wrong = flag->set(options, value.value_or(""));
    if (!wrong.empty())
      return refuse(std::string("`") + flag->name + "` " + wrong + ", not `" + value.value_or("") +
                    "`");
  }
  return options.help ? options : countInputs(options);
}

std::string helpText(const std::string &name) {
  constexpr size_t kColumn = 28; // where the summaries start
  auto line = [](const std::string &left, const std::string &right) {
    return "  " + left + std::string(left.size() < kColumn ? kColumn - left.size() : 1, ' ') +
           right + "\n";
  };
  const Command *command = findCommand(name);
  std::string text;
  if (!command) {
    text =
        "dlc: a language and compiler for neural networks\n\nusage: dlc COMMAND [OPTIONS] FILE\n\n";
    for (const Command &each : kCommands)
      text += line(std::string(each.name) + " " + each.arguments, each.summary);
    text += line("--version", "the version of dlc");
    return text + "\n`dlc COMMAND --help` tells a command's options.\n";
  }
  text = std::string("usage: dlc ") + command->name + " [OPTIONS] " + command->arguments + "\n\n" +
         command->summary + "\n\n";
  for (const Flag &flag : kFlags)
    if (knows(flag, name))
      text += line(std::string(flag.name) + (flag.value ? std::string(" ") + flag.value : ""),
                   flag.summary);
  if (name == "compile")
    text += "\n" + stageTable();
  return text;
}

} // namespace dlc
