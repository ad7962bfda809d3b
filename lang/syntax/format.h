// The one formatting of a source file, for `dlc fmt`.
#pragma once

#include "lang/diagnostic.h"

#include <optional>
#include <string>

namespace dlc::lang {

/// The text as it should be laid out; the same syntax tree and the same comments. Lines stay broken
/// where the writer broke them; what is settled is indentation, spaces, blank lines and columns:
///   - two spaces a level; what continues in brackets stands under their first word, a pipe under
///     the statement's first pipe, a broken `else` under its `if`;
///   - at most one blank line, exactly one around an item with a body of several lines;
///   - neighbouring settings of a data or train block, params, states, pipe lines of equally many
///     stages, and comments behind the text stand in columns, unless they differ much in width.
/// Formatting twice changes nothing. Empty if the text has syntax errors, which are then reported.
std::optional<std::string> format(const Sources &sources, int32_t file, Diagnostics &diagnostics);

} // namespace dlc::lang
