// Declared types, and the conversion of static values to them.
#include "lang/check/type.h"

#include <algorithm>

namespace dlc::lang {

namespace {

bool isCallable(const Value &value, ast::Item::Kind kind) {
  const Callable *callable = value.as<Callable>();
  return callable && callable->item->kind == kind;
}

bool isFunction(const Value &value) {
  return isCallable(value, ast::Item::Kind::Function) || isCallable(value, ast::Item::Kind::Op);
}

bool isLayer(const Value &value) {
  return isCallable(value, ast::Item::Kind::Layer) || value.is<std::shared_ptr<LayerInstance>>();
}

bool areStrings(const Value &value) {
  const List *list = value.as<List>();
  return list && std::all_of(list->elements.begin(), list->elements.end(),
                             [](const Value &element) { return element.is<std::string>(); });
}

/// A type of static values: which values it takes, and what a value has to be, in words.
struct StaticType {
  const char *name;
  const char *words;
  bool (*takes)(const Value &);
};

constexpr StaticType kStaticTypes[] = {
    {"int", "an int", [](const Value &value) { return value.is<Dim>(); }},
    {"float", "a float", [](const Value &value) { return number(value).has_value(); }},
    {"bool", "a bool", [](const Value &value) { return value.is<bool>(); }},
    {"string", "a string", [](const Value &value) { return value.is<std::string>(); }},
    {"strings", "a list of strings",
     [](const Value &value) { return value.is<std::string>() || areStrings(value); }},
    {"numbers", "numbers", [](const Value &value) { return numbers(value) && !value.is<bool>(); }},
    {"init", "an init",
     [](const Value &value) {
       return value.is<Init>() || value.isNumber() || numbers(value) || isFunction(value);
     }},
    {"shape", "a shape", [](const Value &value) { return shape(value).has_value(); }},
    {"type", "a type", [](const Value &value) { return value.is<Element>(); }},
    {"schedule", "a schedule",
     [](const Value &value) { return value.is<ConfiguredSchedule>() || number(value); }},
    {"layer", "a layer", [](const Value &value) { return isLayer(value) || isFunction(value); }},
    {"fn", "a fn", isFunction},
};

const StaticType *staticType(const std::string &name) {
  const auto *found = std::find_if(std::begin(kStaticTypes), std::end(kStaticTypes),
                                   [&](const StaticType &type) { return name == type.name; });
  return found == std::end(kStaticTypes) ? nullptr : found;
}

struct ElementName {
  const char *name;
  Element element;
};

constexpr ElementName kElements[] = {
    {"f32", Element::Real}, {"f64", Element::Double}, {"real", Element::Real},
    {"int", Element::Int},  {"bool", Element::Bool},  {"class", Element::Int},
};

} // namespace

bool isStaticType(const std::string &name) { return staticType(name) != nullptr; }

bool isFloat(const std::optional<ast::Type> &type) {
  return type && type->name.text == "float" && !type->hasShape;
}

std::optional<Element> element(const ast::Name &name, Report &report) {
  std::vector<std::string> candidates;
  for (const ElementName &known : kElements) {
    if (name.text == known.name)
      return known.element;
    candidates.push_back(known.name);
  }
  for (const StaticType &type : kStaticTypes)
    candidates.push_back(type.name);
  Diagnostic &error =
      report.error("unknown-type", name.range, "there is no type " + quoted(name.text));
  if (!suggest(error, name.text, candidates))
    error.help.push_back("tensors are of f32, f64, int, bool or class");
  return std::nullopt;
}

Value convert(Value value, const ast::Type &type, const std::string &what, Range site,
              Range declaration, Report &report) {
  if (value.isPoison())
    return value;
  const std::string &name = type.name.text;
  const StaticType *wanted = staticType(name);
  if (!wanted) {
    if (element(type.name, report))
      report.error("unknown-type", type.name.range,
                   "a tensor's type needs a shape: " + quoted(name + "[...]"));
    return Poison{};
  }
  if (wanted->takes(value)) {
    if (name == "float")
      return *number(value);
    if (name == "strings" && value.is<std::string>())
      return List{{value}};
    return value;
  }
  std::string found = kindOf(value);
  if (value.isNumber() || value.is<bool>() || value.is<std::string>())
    found += " (" + str(value) + ")";
  Diagnostic &error =
      report.error("argument-type", site, what + " must be " + wanted->words + ", found " + found);
  if (declaration.valid() && !report.inStandardLibrary(declaration))
    error.notes.push_back({declaration, "declared here"});
  return Poison{};
}

} // namespace dlc::lang
