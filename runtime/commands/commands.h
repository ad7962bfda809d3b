// The commands of a compiled program; each is one file of the same name.
#pragma once

#include "runtime/commands/options.h"

namespace dlc::runtime {

Status train(const dlc_model &model, const Options &options);
Status evaluate(const dlc_model &model, const Options &options);
Status predict(const dlc_model &model, const Options &options);
Status step(const dlc_model &model, const Options &options);
Status checkGradients(const dlc_model &model, const Options &options);
Status bench(const dlc_model &model, const Options &options);
Status info(const dlc_model &model, const Options &options);

} // namespace dlc::runtime
