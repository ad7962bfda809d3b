// Layer instances: who owns which weights, and what they are called.
//
// Every layer written in the source is one instance. Its weights' names are paths of bindings,
// layers and loops. An unfolded network has a tree of such places; a place is found again by its
// label when a shared instance is used a second time.
#pragma once

#include "lang/check/value.h"

#include <deque>
#include <map>
#include <set>
#include <string>

namespace dlc::lang {

/// A place weights can belong to: the model, a layer instance, or one turn of a loop.
struct Place {
  enum class Kind { Model, Bound, Anonymous, Iteration };
  Kind kind = Kind::Model;
  std::string label; // "hidden", "conv_1", "stage.1"
  Place *parent = nullptr;
  Range range;
  const ast::Item *layer = nullptr;
  std::map<std::string, Place *> children;
  std::map<std::string, int> variables; // param or state -> its number, params and states apart

  // Of the visit under way: a second visit of a shared instance finds the same children again.
  std::set<std::string> taken;
  std::set<std::string> declared;    // variables
  std::map<std::string, int> counts; // anonymous instances so far, by layer

  int anonymousChildren() const;
  /// The name's parts joined by dots; an only anonymous instance in a loop's turn takes its name.
  std::string path() const;
};

/// A layer with its configuration. It gets its place when it is bound or first used.
struct LayerInstance {
  const ast::Item *item;
  std::map<std::string, Operand> config;
  Range range;
  Place *scope;           // where it was created
  Place *place = nullptr; // its own
};

/// All places of one unfolding. Owns them.
class Places {
public:
  Places() { root = create({}); }
  Place &model() { return *root; }

  /// Begins a visit: labels may be used again.
  static void enter(Place &place);
  /// The child with this label; null if the label was taken before in this visit.
  Place *child(Place &parent, const std::string &label, Place::Kind kind, Range range);
  /// A turn of a loop. Loops with variables of the same name are told apart, though not in names.
  Place *iteration(Place &parent, const std::string &label, Range range);
  /// The next `conv_1`, `conv_2` … of a layer.
  Place *anonymous(Place &parent, const std::string &layer, Range range);

private:
  Place *create(Place place);
  std::deque<Place> places;
  Place *root;
};

} // namespace dlc::lang
