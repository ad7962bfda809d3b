// The tree of places that weights belong to.
#include "lang/check/instance.h"

namespace dlc::lang {

int Place::anonymousChildren() const {
  int count = 0;
  for (const auto &[label, place] : children)
    count += place->kind == Kind::Anonymous;
  return count;
}

std::string Place::path() const {
  if (!parent)
    return "";
  std::string prefix = parent->path();
  bool takesTheLoopsName = kind == Kind::Anonymous && parent->kind == Kind::Iteration &&
                           parent->anonymousChildren() == 1;
  if (takesTheLoopsName)
    return prefix;
  return prefix.empty() ? label : prefix + "." + label;
}

Place *Places::create(Place place) { return &places.emplace_back(std::move(place)); }

void Places::enter(Place &place) {
  place.taken.clear();
  place.declared.clear();
  place.counts.clear();
}

Place *Places::child(Place &parent, const std::string &label, Place::Kind kind, Range range) {
  if (!parent.taken.insert(label).second)
    return nullptr;
  Place *&child = parent.children[label];
  if (!child) {
    child = create({});
    child->kind = kind;
    child->label = label;
    child->parent = &parent;
    child->range = range;
  }
  return child;
}

Place *Places::iteration(Place &parent, const std::string &label, Range range) {
  std::string key = label;
  while (parent.taken.count(key))
    key += "'";
  Place *turn = child(parent, key, Place::Kind::Iteration, range);
  turn->label = label;
  return turn;
}

Place *Places::anonymous(Place &parent, const std::string &layer, Range range) {
  int number = ++parent.counts[layer];
  return child(parent, layer + "_" + std::to_string(number), Place::Kind::Anonymous, range);
}

} // namespace dlc::lang
