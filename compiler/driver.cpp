// The commands, made of the stages.
#include "compiler/driver.h"

#include "compiler/object/header.h"
#include "compiler/object/link.h"
#include "compiler/stages.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"

#include <chrono>

using namespace mlir;

namespace dlc {
namespace {

int refuse(const std::string &message) {
  llvm::errs() << "error: " << message << "\n";
  return kWrongInput;
}

int report(const Compilation &c, ExitCode code) {
  llvm::errs() << c.diagnostics.render();
  return code;
}

/// Runs the stages up to the one named. 0 if all went well; else what was wrong has been said.
int runStages(Compilation &c, StringRef last) {
  using Clock = std::chrono::steady_clock;
  bool known = llvm::any_of(stages(), [&](const Stage &stage) { return last == stage.name; });
  double total = 0;
  for (const Stage &stage : stages()) {
    auto begin = Clock::now();
    bool done = stage.run(c);
    double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    total += seconds;
    if (c.options.time)
      llvm::errs() << llvm::format("%-8s %7.3f s\n", stage.name, seconds);
    if (!done) {
      if (c.diagnostics.hasErrors())
        return report(c, kWrongInput);
      if (!c.refusal.empty())
        return refuse(c.refusal);
      llvm::errs() << "fault: stage `" << stage.name << "` failed on `" << c.options.inputs[0]
                   << "`; this is an error in dlc, not in your model. Please report it"
                   << (llvm::sys::fs::exists(kReproducer) ? StringRef(", with ") + kReproducer
                                                          : Twine(""))
                   << "\n";
      return kFault;
    }
    if (known ? last == stage.name : StringRef("obj") == stage.name)
      break;
  }
  if (c.options.time)
    llvm::errs() << llvm::format("%-8s %7.3f s\n", "all", total);
  llvm::errs() << c.diagnostics.render(); // warnings
  return kDone;
}

int writeText(const std::string &path, const std::string &text) {
  if (path.empty() || path == "-") {
    llvm::outs() << text;
    return kDone;
  }
  std::string wrong = writeFile(path, text);
  return wrong.empty() ? kDone : refuse(wrong);
}

/// Writes the result in the form asked for, to where -o says. A program is already written: that
/// was its last stage.
int writeResult(Compilation &c) {
  const std::string &form = c.options.emit, &path = c.options.output;
  for (const Stage &stage : stages())
    if (form == stage.name && stage.text)
      return writeText(path, stage.text(c));
  if (form == "exe")
    return kDone;
  if (form == "asm")
    return writeText(path, c.code.assembly());
  std::string header = headerText(*c.network, c.specialization());
  if (form == "header")
    return writeText(path, header);

  const std::string &name = c.network->name;
  auto pathOr = [&](const std::string &usual) { return path.empty() ? usual : path; };
  std::string wrong;
  if (form == "obj")
    wrong = writeFile(pathOr(name + ".o"), c.code.objectFiles()[0]);
  else if (form == "static")
    wrong = writeArchive(pathOr("lib" + name + ".a"), c.code.objectFiles()[0], header,
                         /*choosesLevel=*/c.options.target == kMulti);
  else
    wrong = linkObjects(pathOr("lib" + name + ".so"), c.code.objectFiles(), /*shared=*/true);
  return wrong.empty() ? kDone : refuse(wrong);
}

/// Whether -o would destroy the model.
bool overwritesModel(const Options &options) {
  return !options.output.empty() && llvm::sys::fs::equivalent(options.inputs[0], options.output);
}

} // namespace

std::vector<std::string> emitNames() {
  std::vector<std::string> names;
  for (const Stage &stage : stages())
    names.push_back(stage.name);
  for (const Form &form : forms())
    names.push_back(form.name);
  return names;
}

std::string stageTable() {
  auto line = [](const std::string &name, const std::string &summary) {
    return "  " + name + std::string(10 - name.size(), ' ') + summary + "\n";
  };
  std::string table = "stages, in the order they run:\n";
  for (const Stage &stage : stages())
    table += line(stage.name, stage.summary);
  table += "\nother forms of the result:\n";
  for (const Form &form : forms())
    table += line(form.name, form.summary);
  return table;
}

int compile(const Options &options) {
  if (overwritesModel(options))
    return refuse("`-o " + options.output +
                  "` is the model itself; name another place for the result");
  Compilation c(options);
  if (int code = runStages(c, options.emit))
    return code;
  return writeResult(c);
}

int explain(const Options &options) {
  Compilation c(options);
  if (int code = runStages(c, "fused"))
    return code;
  std::string derivative = describeStep(*c.module);
  if (!lowerToLinalg(c) || !lowerToLlvm(c)) // for the arena
    return kFault;
  auto report = options.json ? reportJson : reportText;
  return writeText(options.output, report(*c.network, c.specialization(), memoryOf(c), derivative));
}

int check(const Options &options) {
  Compilation c(options);
  if (int code = runStages(c, "net"))
    return code;
  if (options.shapes)
    llvm::outs() << lang::print(*c.network);
  return kDone;
}

std::string fingerprint(const Options &options) {
  Compilation c(options);
  if (runStages(c, "net"))
    return "";
  std::string text = options.target + " " + options.precision + " " + std::to_string(c.batch());
  for (const auto &[name, value] : options.defines)
    text += " " + name + "=" + value;
  text +=
      " " + std::to_string(options.seed.value_or(0)) + " " + std::to_string(options.threadsDefault);
  for (int32_t file = 0; file < c.sources.size(); ++file)
    text += "\n" + std::string(c.sources.text(file));
  return text;
}

} // namespace dlc
