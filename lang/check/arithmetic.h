// Arithmetic on static numbers: what the compiler computes itself. An error gives Poison.
#pragma once

#include "lang/check/report.h"
#include "lang/check/value.h"

namespace dlc::lang {

/// The number or the int; an error if it is not finite or beyond what a size can be.
Value checkedNumber(double number, const std::string &what, Range site, Report &report);
Value checkedDim(Dim dim, Range site, Report &report);

/// `a op b` for + - * / % **, and list + list.
Value arithmetic(const std::string &op, const Value &a, const Value &b, Wanted wanted, Range site,
                 Report &report);
/// `a op b` for == != < <= > >=.
Value comparison(const std::string &op, const Value &a, const Value &b, Range site, Report &report);

/// The elementwise operation `op` of numbers; empty if some operand has no value yet, or the
/// compiler does not compute this operation.
std::optional<Value> fold(const std::string &op, const std::vector<Operand> &operands, Range site,
                          Report &report);

} // namespace dlc::lang
