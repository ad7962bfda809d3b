// `param`, `state` and `<-`: what a model or an optimizer keeps.
#pragma once

#include "lang/check/environment.h"

namespace dlc::lang {

void executeParam(const ast::Stmt &stmt, Environment &environment);
/// In an optimizer a state is a vector as long as the weights, a slot.
void executeState(const ast::Stmt &stmt, Environment &environment);
void executeWrite(const ast::Stmt &stmt, Environment &environment);

} // namespace dlc::lang
