// Folders of files, one for each class.
#include "runtime/data/dataset.h"

#include "runtime/data/files.h"
#include "runtime/file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <sys/stat.h>

namespace dlc::runtime::data {

namespace {

bool isFolder(const std::string &path) {
  struct stat about;
  return stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
}

// The names in a folder in the order of their bytes, without hidden ones.
Status listFolder(const std::string &path, std::vector<std::string> *names) {
  DIR *folder = opendir(path.c_str());
  if (!folder)
    return inputError("cannot read the folder `%s`: %s", path.c_str(), strerror(errno));
  errno = 0;
  while (const dirent *entry = readdir(folder))
    if (entry->d_name[0] != '.')
      names->emplace_back(entry->d_name);
  int error = errno;
  closedir(folder);
  if (error)
    return inputError("cannot read the folder `%s`: %s", path.c_str(), strerror(error));
  std::sort(names->begin(), names->end());
  return Status();
}

} // namespace

Status loadFolders(const LoaderCall &call, Dataset *dataset) {
  std::string root;
  DLC_TRY(call.path("folder", &root));
  // The checker has seen that there are two fields, and which is which.
  int32_t label = call.model.fields[0].classes > 0 ? 0 : 1, file = 1 - label;
  Column &labels = dataset->columns[size_t(label)], &files = dataset->columns[size_t(file)];
  labels.origin = files.origin = root;
  labels.areNames = true;

  std::vector<std::string> classes, paths;
  DLC_TRY(listFolder(root, &classes));
  for (const std::string &name : classes) {
    std::string folder = joinPath(root, name);
    if (!isFolder(folder))
      continue;
    std::vector<std::string> names;
    DLC_TRY(listFolder(folder, &names));
    if (names.empty())
      return inputError("the folder `%s` of the class `%s` has no files: remove it, or put the "
                        "class's files there",
                        folder.c_str(), name.c_str());
    for (const std::string &sample : names) {
      paths.push_back(joinPath(folder, sample));
      labels.texts.push_back(name);
      if (isFolder(paths.back()))
        return inputError("`%s` is a folder in the folder of a class, which holds files only: move "
                          "its files to `%s`",
                          paths.back().c_str(), folder.c_str());
    }
  }
  if (paths.empty())
    return inputError("`%s` has no folders of classes: its files must be in folders named as their "
                      "classes",
                      root.c_str());
  dataset->count = int64_t(paths.size());
  files.files = std::make_shared<Files>(FileReader(call.model, file), std::move(paths));
  return Status();
}

extern "C" void dlc_folders(const LoaderCall &call, Dataset *dataset, Status *status) {
  *status = loadFolders(call, dataset);
}

} // namespace dlc::runtime::data
