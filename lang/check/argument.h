// Arguments and the parameters they are given for.
#pragma once

#include "lang/check/environment.h"
#include "lang/check/report.h"

namespace dlc::lang {

struct GivenArgument {
  const ast::Argument *source = nullptr; // null for a piped value
  const ast::Expr *expr = nullptr;       // null for a piped value and a value at hand
  Value value;                           // of those
  Range range;
};

std::vector<GivenArgument> given(const std::vector<ast::Argument> &arguments);

/// For each parameter the argument given for it, or null if its default is meant; empty after an
/// error.
std::optional<std::vector<const GivenArgument *>>
matchArguments(const std::string &callee, const std::vector<ast::Parameter> &parameters,
               const std::vector<GivenArgument> &given, Range site, Report &report);

/// The value of an argument, which stands in `caller`, or without one the parameter's default,
/// which stands in `callee`.
Value evaluateArgument(const GivenArgument *argument, const ast::Parameter &parameter,
                       Environment &caller, Environment &callee);

/// The configuration's values, converted to the declared types, defaults evaluated; into
/// `callee`. False after an error.
bool bindConfiguration(const ast::Item &item, const std::vector<GivenArgument> &given, Range site,
                       Environment &caller, Environment &callee);

} // namespace dlc::lang
