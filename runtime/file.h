// Whole files: read at once, and written so that nobody ever sees half of one.
#pragma once

#include "runtime/status.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace dlc::runtime {

bool fileExists(const std::string &path);
Status readFile(const std::string &path, std::string *bytes);

// A part of a file to write; the memory stays the caller's.
using FilePart = std::pair<const void *, size_t>;

// Writes `path` by way of a temporary file beside it, fsync, rename, and fsync of the folder: after
// a crash at any moment the path holds the old bytes or the new ones.
Status writeFileAtomically(const std::string &path, const std::vector<FilePart> &parts);

// Creates the folder and those it lies in.
Status makeFolders(const std::string &path);
std::string folderOf(const std::string &path);                            // "." for a bare name
std::string joinPath(const std::string &folder, const std::string &name); // an absolute name stays

} // namespace dlc::runtime
