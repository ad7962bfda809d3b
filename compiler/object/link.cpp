// Files on disk: written whole or not at all, and programs linked by the system's C compiler
// driver.
#include "compiler/object/link.h"

#include "llvm/Object/Archive.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <deque>

using namespace llvm;

namespace dlc {

/// The file that the path names, where a link leads to; none for a device or a pipe, which a file
/// must not replace.
static std::optional<std::string> fileOf(const std::string &path) {
  sys::fs::file_status status;
  if (sys::fs::status(path, status))
    return path; // there is nothing yet
  if (!sys::fs::is_regular_file(status) && !sys::fs::is_directory(status))
    return std::nullopt;
  SmallString<128> resolved;
  if (!sys::fs::is_symlink_file(path) || sys::fs::real_path(path, resolved))
    return path;
  return resolved.str().str();
}

/// Writes into what is there. Returns what went wrong.
static std::string writeInto(raw_fd_ostream &stream, const std::string &path, StringRef bytes) {
  stream << bytes;
  stream.flush();
  if (!stream.has_error())
    return "";
  std::string why = stream.error().message();
  stream.clear_error();
  return "cannot write `" + path + "`: " + why;
}

std::string writeFile(const std::string &name, StringRef bytes) {
  std::optional<std::string> named = fileOf(name);
  if (!named) {
    std::error_code error;
    raw_fd_ostream stream(name, error, sys::fs::CD_OpenExisting, sys::fs::FA_Write,
                          sys::fs::OF_None);
    return error ? "cannot write `" + name + "`: " + error.message()
                 : writeInto(stream, name, bytes);
  }
  const std::string &path = *named;
  Expected<sys::fs::TempFile> file = sys::fs::TempFile::create(path + ".%%%%%%.tmp");
  if (!file)
    return "cannot write `" + path + "`: " + toString(file.takeError());
  {
    raw_fd_ostream stream(file->FD, /*shouldClose=*/false);
    if (std::string wrong = writeInto(stream, path, bytes); !wrong.empty()) {
      consumeError(file->discard());
      return wrong;
    }
  }
  if (Error error = file->keep(path)) {
    std::string why = toString(std::move(error));
    return "cannot write `" + path + "`: " + why;
  }
  return "";
}

std::string runtimeLibrary() {
  std::string self = sys::fs::getMainExecutable(nullptr, reinterpret_cast<void *>(&runtimeLibrary));
  SmallString<128> path = sys::path::parent_path(sys::path::parent_path(self));
  sys::path::append(path, "lib", "libdlcrt.a");
  return path.str().str();
}

/// Writes objects to temporary files, which `removed` deletes. Returns what went wrong.
static std::string writeTemporaries(ArrayRef<StringRef> objects,
                                    MutableArrayRef<SmallString<128>> paths,
                                    std::deque<FileRemover> &removed) {
  for (auto [object, path] : zip(objects, paths)) {
    if (std::error_code error = sys::fs::createTemporaryFile("dlc", "o", path))
      return "cannot make a temporary file: " + error.message();
    removed.emplace_back(path);
    if (std::string wrong = writeFile(path.str().str(), object); !wrong.empty())
      return wrong;
  }
  return "";
}

/// What the C compiler driver is called with.
static SmallVector<StringRef> linkArguments(StringRef driver, StringRef result,
                                            ArrayRef<SmallString<128>> objects, StringRef runtime,
                                            bool shared, ArrayRef<StringRef> parts) {
  SmallVector<StringRef> arguments = {driver, "-o", result};
  for (StringRef part : parts)
    arguments.append({"-u", part});
  append_range(arguments, objects);
  arguments.append({runtime, "-lm", "-pthread", "-static-libgcc", "-Wl,--gc-sections",
                    "-Wl,--build-id=none", "-s"});
  if (shared)
    arguments.append({"-shared", "-Wl,-Bsymbolic"}); // two models in one process stay apart
#ifdef DLC_SANITIZED
  else // a library holds nothing of the runtime
    arguments.push_back("-fsanitize=address,undefined");
#endif
  return arguments;
}

std::string linkObjects(const std::string &target, ArrayRef<StringRef> objects, bool shared,
                        ArrayRef<StringRef> parts) {
  std::optional<std::string> named = fileOf(target);
  if (!named)
    return "cannot write `" + target + "`: it is no file; -o PATH names another place";
  const std::string &path = *named;
  const char *chosen = std::getenv("CC");
  std::string name = chosen && *chosen ? chosen : "cc";
  ErrorOr<std::string> driver = sys::findProgramByName(name);
  if (!driver)
    return "linking needs a C compiler driver, and there is no `" + name +
           "`; install gcc or clang, or name one in CC";
  std::string runtime = runtimeLibrary();
  if (!sys::fs::exists(runtime))
    return "the runtime library `" + runtime + "` is missing; build or install dlc completely";

  // The objects and the result are temporary files until all has gone well.
  std::vector<SmallString<128>> objectPaths(objects.size());
  std::deque<FileRemover> removeObjects; // never copied
  if (std::string wrong = writeTemporaries(objects, objectPaths, removeObjects); !wrong.empty())
    return wrong;
  SmallString<128> messages;
  if (std::error_code error = sys::fs::createTemporaryFile("dlc", "txt", messages))
    return "cannot make a temporary file: " + error.message();
  FileRemover removeMessages(messages);
  SmallString<128> result;
  if (std::error_code error = sys::fs::createUniqueFile(path + ".%%%%%%.tmp", result))
    return "cannot write `" + path + "`: " + error.message();
  FileRemover removeResult(result);
  sys::RemoveFileOnSignal(result);

  std::optional<StringRef> redirects[] = {std::nullopt, messages.str(), messages.str()};
  std::string error;
  int code = sys::ExecuteAndWait(
      *driver, linkArguments(*driver, result, objectPaths, runtime, shared, parts), std::nullopt,
      redirects, 0, 0, &error);
  if (code != 0) {
    auto text = MemoryBuffer::getFile(messages);
    return "`" + name + "` could not link `" + path + "`" + (error.empty() ? "" : ": " + error) +
           (text ? "\n" + (*text)->getBuffer().rtrim().str() : "");
  }
  if (std::error_code wrong = sys::fs::rename(result, path))
    return "cannot write `" + path + "`: " + wrong.message() + "; -o PATH names another place";
  removeResult.releaseFile();
  return "";
}

/// Adds the part of the runtime that runtime/level.h declares. Returns what went wrong.
static std::string addLevelPart(SmallVectorImpl<NewArchiveMember> &members) {
  std::string path = runtimeLibrary();
  auto wrong = [&](const std::string &why) { return "cannot read `" + path + "`: " + why; };
  auto bytes = MemoryBuffer::getFile(path);
  if (!bytes)
    return wrong(bytes.getError().message());
  auto runtime = object::Archive::create(**bytes);
  if (!runtime)
    return wrong(toString(runtime.takeError()));
  auto part = (*runtime)->findSym("dlc_choose");
  if (!part)
    return wrong(toString(part.takeError()));
  if (!*part)
    return wrong("it has no `dlc_choose`");
  Expected<StringRef> object = (*part)->getBuffer();
  if (!object)
    return wrong(toString(object.takeError()));
  NewArchiveMember member;
  member.Buf = MemoryBuffer::getMemBufferCopy(*object, "level.o");
  member.MemberName = member.Buf->getBufferIdentifier();
  members.push_back(std::move(member));
  return "";
}

std::string writeArchive(const std::string &path, StringRef object, StringRef header,
                         bool choosesLevel) {
  SmallVector<NewArchiveMember, 2> members;
  members.emplace_back(MemoryBufferRef(object, "model.o"));
  if (choosesLevel)
    if (std::string wrong = addLevelPart(members); !wrong.empty())
      return wrong;
  Expected<std::unique_ptr<MemoryBuffer>> archive =
      writeArchiveToBuffer(members, SymtabWritingMode::NormalSymtab, object::Archive::K_GNU,
                           /*Deterministic=*/true, /*Thin=*/false);
  if (!archive)
    return "cannot make `" + path + "`: " + toString(archive.takeError());
  if (std::string wrong = writeFile(path, (*archive)->getBuffer()); !wrong.empty())
    return wrong;
  StringRef stem = sys::path::stem(path);
  stem.consume_front("lib");
  SmallString<128> headerPath = sys::path::parent_path(path);
  sys::path::append(headerPath, stem + ".h");
  std::string wrong = writeFile(headerPath.str().str(), header);
  if (!wrong.empty())
    (void)sys::fs::remove(path); // both or none
  return wrong;
}

} // namespace dlc
