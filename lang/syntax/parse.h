// Text to syntax tree.
#pragma once

#include "lang/diagnostic.h"
#include "lang/syntax/ast.h"

namespace dlc::lang {

/// Parses one source. Reports every syntax error it can find, recovering at lines and braces; what
/// it could read comes back even then.
ast::File parse(const Sources &sources, int32_t source, Diagnostics &diagnostics);

} // namespace dlc::lang
