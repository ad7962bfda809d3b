// The definitions of a program: the standard library's, the file's and those of the modules it
// uses.
#pragma once

#include "lang/check/check.h"
#include "lang/check/report.h"

#include <memory>

namespace dlc::lang {

/// Names of different spaces do not clash: `step` is a function and a schedule.
enum class Space { Value, Schedule, Optimizer, Loader, Transform, Score, Model, Data };

class Program {
public:
  /// Reads the modules that the program uses, and reports definitions that clash.
  Program(Sources &sources, const std::vector<ast::File> &standardLibrary, const ast::File &program,
          const CheckOptions &options, Report &report, Diagnostics &diagnostics);

  /// The definition that a place in the user's files, or in the library's, means: the library does
  /// not see the user's. Null if there is none.
  const ast::Item *find(Space space, const std::string &name, bool fromStandardLibrary) const;
  /// All names that `find` would find.
  std::vector<std::string> names(Space space, bool fromStandardLibrary) const;

  const std::vector<const ast::Item *> &models() const { return modelItems; }
  const std::vector<const ast::Item *> &trains() const { return trainItems; }
  const std::vector<const ast::Item *> &consts() const { return constItems; } // the user's
  const ast::File &ops() const { return *opsFile; }

private:
  using Table = std::map<Space, std::map<std::string, const ast::Item *>>;

  void collect(const ast::File &file, Table &table);
  void use(const ast::Item &item, const std::string &folder, const CheckOptions &options);

  Sources &sources;
  Report &report;
  Diagnostics &diagnostics;
  std::vector<std::unique_ptr<ast::File>> modules;
  std::set<std::string> modulePaths;
  Table standard, user;
  std::vector<const ast::Item *> modelItems, trainItems, constItems;
  const ast::File *opsFile = nullptr;
};

} // namespace dlc::lang
