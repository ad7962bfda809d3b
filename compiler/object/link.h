// Files on disk: written whole or not at all, and programs linked by the system's C compiler
// driver.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace dlc {

// Each returns what went wrong, or "" if all went well.

/// Writes the bytes to a temporary file beside `path` and renames it.
std::string writeFile(const std::string &path, llvm::StringRef bytes);

/// Links the object files with the runtime to a program, or to a shared library. `parts` are
/// symbols of those parts of the runtime that a program has only where it asks for them.
std::string linkObjects(const std::string &path, llvm::ArrayRef<llvm::StringRef> objects,
                        bool shared, llvm::ArrayRef<llvm::StringRef> parts = {});

/// A static library of the object, and the header beside it (libNAME.a, NAME.h). Code that chooses
/// its level when it runs gets the part of the runtime that does so.
std::string writeArchive(const std::string &path, llvm::StringRef object, llvm::StringRef header,
                         bool choosesLevel);

/// The runtime's static library, as installed beside this program.
std::string runtimeLibrary();

} // namespace dlc
