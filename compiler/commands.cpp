// The commands of `dlc` around the compiler itself: run, fmt, new.
#include "compiler/driver.h"
#include "compiler/object/link.h"
#include "lang/syntax/format.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <cstring>
#include <unistd.h>

using namespace llvm;

namespace dlc {
namespace {

int fail(const std::string &message) {
  errs() << "error: " << message << "\n";
  return kWrongInput;
}

// --- run ---------------------------------------------------------------------------------------

/// Where compiled programs are kept: $XDG_CACHE_HOME/dlc or ~/.cache/dlc.
std::string cacheFolder() {
  SmallString<128> path;
  if (!sys::path::cache_directory(path))
    sys::path::system_temp_directory(/*erasedOnReboot=*/true, path);
  sys::path::append(path, "dlc");
  return path.str().str();
}

/// Identifies this build of dlc and of the runtime it links.
std::string ownIdentity() {
  std::string identity;
  std::string self = sys::fs::getMainExecutable(nullptr, reinterpret_cast<void *>(&ownIdentity));
  for (const std::string &file : {self, runtimeLibrary()}) {
    sys::fs::file_status status;
    if (!sys::fs::status(file, status))
      identity += std::to_string(status.getSize()) + " " +
                  std::to_string(status.getLastModificationTime().time_since_epoch().count()) + " ";
  }
  return identity;
}

int run(const Options &options) {
  std::string print = fingerprint(options);
  if (print.empty())
    return kWrongInput;
  std::string key =
      toHex(SHA256::hash(arrayRefFromStringRef(ownIdentity() + print)), /*LowerCase=*/true);

  SmallString<128> folder(cacheFolder());
  sys::path::append(folder, key.substr(0, 16));
  if (std::error_code error = sys::fs::create_directories(folder))
    return fail("cannot make the folder `" + folder.str().str() + "`: " + error.message());
  SmallString<128> program(folder);
  sys::path::append(program, sys::path::stem(options.inputs[0]));
  if (!sys::fs::exists(program)) {
    Options compiling = options;
    compiling.emit = "exe";
    compiling.output = program.str().str();
    if (int code = compile(compiling))
      return code;
  }
  std::vector<std::string> words = options.programArguments;
  words.insert(words.begin(), program.str().str());
  std::vector<char *> arguments;
  for (std::string &word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  execv(program.c_str(), arguments.data());
  return fail("cannot start `" + program.str().str() + "`: " + std::strerror(errno));
}

// --- fmt ---------------------------------------------------------------------------------------

int formatFiles(const Options &options) {
  int code = kDone;
  for (const std::string &path : options.inputs) {
    auto buffer = MemoryBuffer::getFile(path);
    if (!buffer) {
      code = fail("cannot read `" + path + "`: " + buffer.getError().message());
      continue;
    }
    lang::Sources sources;
    lang::Diagnostics diagnostics(sources);
    std::string before = (*buffer)->getBuffer().str();
    std::optional<std::string> after =
        lang::format(sources, sources.add(path, before), diagnostics);
    if (!after) {
      errs() << diagnostics.render();
      code = kWrongInput;
    } else if (*after != before && options.checkOnly) {
      code = fail("`" + path + "` is not formatted; `dlc fmt " + path + "` does it");
    } else if (*after != before) {
      if (std::string wrong = writeFile(path, *after); !wrong.empty())
        code = fail(wrong);
    }
  }
  return code;
}

// --- new ---------------------------------------------------------------------------------------

constexpr const char *kNewModel =
    R"(/// A network of one hidden layer that learns XOR. Change it into yours.
model NAME(x: f32[B, 2]) -> (y: f32[B, 1]) {
  y = x |> dense(8) |> tanh |> dense(1) |> sigmoid
}

data samples(x: f32[2], target: f32[1]) {
  folder = "data"
  train  = csv("train.csv")
  test   = csv("train.csv")
}

train NAME on samples {
  loss      = mse(y, target)
  metrics   = binary_accuracy(y, target)
  optimizer = adam(lr = 0.02)
  batch     = 4
  epochs    = 500
}
)";

constexpr const char *kNewReadme = R"(# NAME

    dlc compile NAME.nn
    ./NAME train
    ./NAME eval --weights runs/NAME/best.safetensors

`NAME.nn` holds the network, its data and its training; `data/train.csv` one sample a line.
)";

std::string withName(std::string text, const std::string &name) {
  for (size_t at = 0; (at = text.find("NAME", at)) != std::string::npos; at += name.size())
    text.replace(at, 4, name);
  return text;
}

int startProject(const Options &options) {
  const std::string &name = options.inputs[0];
  bool valid = !name.empty() && (isAlpha(name[0]) || name[0] == '_') &&
               all_of(name, [](char c) { return isAlnum(c) || c == '_'; });
  if (!valid)
    return fail("`" + name +
                "` is no name for a model: letters, digits and _ only, no digit first");
  if (sys::fs::exists(name))
    return fail("`" + name + "` exists already; choose another name");
  if (std::error_code error = sys::fs::create_directories(name + "/data"))
    return fail("cannot make the folder `" + name + "/data`: " + error.message());
  const std::pair<std::string, std::string> files[] = {
      {name + "/" + name + ".nn", withName(kNewModel, name)},
      {name + "/README.md", withName(kNewReadme, name)},
      {name + "/data/train.csv", "0,0,0\n0,1,1\n1,0,1\n1,1,0\n"},
  };
  for (const auto &[path, text] : files)
    if (std::string wrong = writeFile(path, text); !wrong.empty())
      return fail(wrong);
  outs() << "made " << name << "/; next: cd " << name << " && dlc compile " << name << ".nn\n";
  return kDone;
}

} // namespace

int runCommand(const Options &options) {
  if (options.command == "--version") {
    outs() << "dlc " DLC_VERSION "\n";
    return kDone;
  }
  if (options.command == "compile")
    return compile(options);
  if (options.command == "run")
    return run(options);
  if (options.command == "explain")
    return explain(options);
  if (options.command == "check")
    return check(options);
  if (options.command == "fmt")
    return formatFiles(options);
  return startProject(options);
}

} // namespace dlc
