// The constant table `dlc_the_model` that a compiled program's runtime reads.
#pragma once

#include "compiler/grad/explain.h"
#include "lang/net/net.h"

#include "llvm/IR/Module.h"

#include <map>
#include <string>

namespace dlc {

/// What compiling a function told of it.
struct FunctionFacts {
  int64_t arenaBytes = 0;
  int64_t flops = 0;
};

struct TableFacts {
  int64_t batch = 1;
  bool doublePrecision = false;
  std::string target;
  std::string options;
  int64_t threadsDefault = 0;
  std::map<std::string, FunctionFacts>
      functions; // "step", "evaluate", "infer", "update", "explain"
  Trace trace;
};

/// Adds the table to the module that holds the entry points `dlc_step` and so on.
/// Its form is that of `dlc_model` in runtime/include/dlc/model.h.
void addModelTable(llvm::Module &module, const lang::Network &network, const TableFacts &facts);

} // namespace dlc
