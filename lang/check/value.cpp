// Conversions and descriptions of static values.
#include "lang/check/value.h"
#include "lang/check/instance.h"

namespace dlc::lang {

std::optional<double> number(const Value &value) {
  if (const double *real = value.as<double>())
    return *real;
  if (const Dim *dim = value.as<Dim>())
    if (auto constant = dim->constant())
      return static_cast<double>(*constant);
  return std::nullopt;
}

std::optional<Shape> shape(const Value &value) {
  const List *list = value.as<List>();
  if (!list)
    return std::nullopt;
  Shape result;
  for (const Value &element : list->elements) {
    const Dim *dim = element.as<Dim>();
    if (!dim)
      return std::nullopt;
    result.push_back(*dim);
  }
  return result;
}

std::optional<std::vector<double>> numbers(const Value &value) {
  if (const bool *truth = value.as<bool>())
    return std::vector<double>{*truth ? 1.0 : 0.0};
  if (auto single = number(value))
    return std::vector<double>{*single};
  const List *list = value.as<List>();
  if (!list)
    return std::nullopt;
  std::vector<double> result;
  for (const Value &element : list->elements) {
    auto part = numbers(element);
    if (!part)
      return std::nullopt;
    result.insert(result.end(), part->begin(), part->end());
  }
  return result;
}

namespace {

std::string itemKind(const ast::Item &item) {
  std::string name = " " + quoted(item.name.text);
  switch (item.kind) {
  case ast::Item::Kind::Layer:
    return "the layer" + name;
  case ast::Item::Kind::Function:
    return "the function" + name;
  case ast::Item::Kind::Op:
    return "the operation" + name;
  default:
    return "the definition" + name;
  }
}

struct KindOf {
  std::string operator()(const Poison &) const { return "an erroneous value"; }
  std::string operator()(const Nothing &) const { return "nothing"; }
  std::string operator()(const None &) const { return "`none`"; }
  std::string operator()(const Dim &) const { return "an int"; }
  std::string operator()(double) const { return "a float"; }
  std::string operator()(bool) const { return "a bool"; }
  std::string operator()(const std::string &) const { return "a string"; }
  std::string operator()(const Element &) const { return "a type"; }
  std::string operator()(const Init &) const { return "an init"; }
  std::string operator()(const Tensor &) const { return "a tensor"; }
  std::string operator()(const List &) const { return "a list"; }
  std::string operator()(const Tuple &tuple) const {
    return "a tuple of " + std::to_string(tuple.elements.size());
  }
  std::string operator()(const Callable &callable) const { return itemKind(*callable.item); }
  std::string operator()(const Builtin &builtin) const {
    return "the function " + quoted(builtin.name);
  }
  std::string operator()(const ConfiguredOp &op) const { return itemKind(*op.item); }
  std::string operator()(const ConfiguredSchedule &schedule) const {
    return "the schedule " + quoted(schedule.item->name.text);
  }
  std::string operator()(const std::shared_ptr<LayerInstance> &instance) const {
    return itemKind(*instance->item);
  }
};

std::string join(const std::vector<Value> &values, char open, char close) {
  std::string text(1, open);
  for (size_t i = 0; i < values.size(); ++i)
    text += (i ? ", " : "") + str(values[i]);
  return text + close;
}

} // namespace

std::string kindOf(const Value &value) { return std::visit(KindOf{}, value.content); }

std::string str(const Value &value) {
  if (const Dim *dim = value.as<Dim>())
    return dim->str();
  if (const double *real = value.as<double>())
    return str(*real);
  if (const bool *truth = value.as<bool>())
    return *truth ? "true" : "false";
  if (const std::string *text = value.as<std::string>())
    return "\"" + *text + "\"";
  if (const List *list = value.as<List>())
    return join(list->elements, '[', ']');
  if (const Tuple *tuple = value.as<Tuple>())
    return join(tuple->elements, '(', ')');
  return kindOf(value);
}

} // namespace dlc::lang
