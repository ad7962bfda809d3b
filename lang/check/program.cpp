// Collects the definitions of a program and of the modules it uses.
#include "lang/check/program.h"
#include "lang/syntax/parse.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace dlc::lang {

using ast::Item;

namespace {

std::optional<Space> spaceOf(Item::Kind kind) {
  switch (kind) {
  case Item::Kind::Const:
  case Item::Kind::Function:
  case Item::Kind::Layer:
  case Item::Kind::Op:
    return Space::Value;
  case Item::Kind::Schedule:
    return Space::Schedule;
  case Item::Kind::Optimizer:
    return Space::Optimizer;
  case Item::Kind::Loader:
    return Space::Loader;
  case Item::Kind::Transform:
    return Space::Transform;
  case Item::Kind::Score:
    return Space::Score;
  case Item::Kind::Model:
    return Space::Model;
  case Item::Kind::Data:
    return Space::Data;
  case Item::Kind::Use:
  case Item::Kind::Train:
    return std::nullopt;
  }
  return std::nullopt;
}

std::string resolved(const std::filesystem::path &path) {
  std::error_code ignored;
  return std::filesystem::weakly_canonical(path, ignored).string();
}

} // namespace

Program::Program(Sources &sources, const std::vector<ast::File> &standardLibrary,
                 const ast::File &program, const CheckOptions &options, Report &report,
                 Diagnostics &diagnostics)
    : sources(sources), report(report), diagnostics(diagnostics) {
  for (const ast::File &file : standardLibrary) {
    collect(file, standard);
    if (!file.items.empty() && file.items.front().kind == Item::Kind::Op)
      opsFile = &file;
  }
  std::string name(sources.name(program.source));
  modulePaths.insert(resolved(name));
  collect(program, user);
  for (const Item &item : program.items)
    if (item.kind == Item::Kind::Use)
      use(item, options.baseFolder, options);
}

void Program::collect(const ast::File &file, Table &table) {
  for (const Item &item : file.items) {
    if (item.kind == Item::Kind::Train)
      trainItems.push_back(&item);
    auto space = spaceOf(item.kind);
    if (!space)
      continue;
    auto [entry, isNew] = table[*space].try_emplace(item.name.text, &item);
    if (!isNew) {
      Diagnostic &error = report.error("duplicate-definition", item.name.range,
                                       quoted(item.name.text) + " is defined twice");
      error.notes.push_back({entry->second->name.range, "it was first defined here"});
      continue;
    }
    if (item.kind == Item::Kind::Model)
      modelItems.push_back(&item);
    if (item.kind == Item::Kind::Const && &table == &user)
      constItems.push_back(&item);
  }
}

void Program::use(const Item &item, const std::string &folder, const CheckOptions &options) {
  std::filesystem::path path = item.text;
  if (path.is_relative() && !folder.empty())
    path = std::filesystem::path(folder) / path;
  if (!modulePaths.insert(resolved(path)).second)
    return; // read before, perhaps because modules use each other
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  if (!stream || std::filesystem::is_directory(path) || !(text << stream.rdbuf())) {
    report.error("missing-module", item.range, "the file " + quoted(item.text) + " cannot be read",
                 "modules are looked for relative to the file that uses them");
    return;
  }
  int32_t source = sources.add(path.string(), text.str());
  modules.push_back(std::make_unique<ast::File>(parse(sources, source, diagnostics)));
  const ast::File &module = *modules.back();
  collect(module, user);
  for (const Item &inner : module.items)
    if (inner.kind == Item::Kind::Use)
      use(inner, path.parent_path().string(), options);
}

const Item *Program::find(Space space, const std::string &name, bool fromStandardLibrary) const {
  auto findIn = [&](const Table &table) -> const Item * {
    auto items = table.find(space);
    if (items == table.end())
      return nullptr;
    auto item = items->second.find(name);
    return item == items->second.end() ? nullptr : item->second;
  };
  if (!fromStandardLibrary)
    if (const Item *item = findIn(user))
      return item;
  return findIn(standard);
}

std::vector<std::string> Program::names(Space space, bool fromStandardLibrary) const {
  std::vector<std::string> names;
  for (const Table *table : {&user, &standard}) {
    auto items = table->find(space);
    if (items == table->end() || (table == &user && fromStandardLibrary))
      continue;
    for (const auto &[name, item] : items->second)
      names.push_back(name);
  }
  return names;
}

} // namespace dlc::lang
