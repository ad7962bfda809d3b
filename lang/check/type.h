// Declared types: what a static value must be to fit them.
#pragma once

#include "lang/check/report.h"
#include "lang/check/value.h"

namespace dlc::lang {

/// Whether a parameter of this type takes a static value, not a tensor.
bool isStaticType(const std::string &name);
/// Whether a value of the type is wanted as a float.
bool isFloat(const std::optional<ast::Type> &type);
/// The element type a name means; empty after an error.
std::optional<Element> element(const ast::Name &name, Report &report);

/// The static value in the declared type (which has no shape), or Poison after an error. `what` is
/// the value in words, `declaration` the place that wants the type.
Value convert(Value value, const ast::Type &type, const std::string &what, Range site,
              Range declaration, Report &report);

} // namespace dlc::lang
