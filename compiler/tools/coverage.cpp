// Whether every operation has all that an operation needs.
#include "compiler/tools/coverage.h"

#include "compiler/interp/evaluate.h"
#include "compiler/linalg/lower.h"
#include "compiler/nn/nn.h"
#include "compiler/tools/random_function.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <set>

using namespace mlir;

namespace dlc::tools {

/// Whether the file exists and uses the operation.
static bool hasTest(StringRef folder, StringRef op) {
  SmallString<128> path(folder);
  llvm::sys::path::append(path, op + ".mlir");
  auto text = llvm::MemoryBuffer::getFile(path);
  return text && (*text)->getBuffer().contains(("nn." + op + " ").str());
}

/// The operations in many of the functions that the test of schedules draws.
static std::string drawnFunctions() {
  constexpr uint64_t kMany = 2000; // even what is drawn seldom is in tens of them
  std::string text;
  for (uint64_t seed = 0; seed < kMany; ++seed)
    text += randomFunction(seed);
  return text;
}

LogicalResult checkCoverage(MLIRContext &context, StringRef folder) {
  int missing = 0;
  auto require = [&](bool present, StringRef op, const Twine &what) {
    if (!present)
      llvm::errs() << "`" << op << "` has " << what << "\n";
    missing += !present;
  };

  std::set<StringRef> operations;
  SmallVector<StringRef> lowered = lower::loweredOperations();
  std::string drawn = drawnFunctions();
  for (RegisteredOperationName name : context.getRegisteredOperationsByDialect("nn"))
    operations.insert(name.stripDialect());
  operations.erase("yield"), operations.erase("guard"); // parts of `loop`
  for (StringRef op : operations) {
    bool isOfTheLanguage = op == "constant" || op == "loop"; // and declared nowhere
    require(isOfTheLanguage || nn::hasSignature(op), op, "no signature in stdlib/ops.nn");
    require(interp::canEvaluate(op), op, "no evaluation in compiler/interp/operations.cpp");
    require(llvm::is_contained(lowered, op), op, "no lowering in compiler/linalg");
    require(hasTest(folder, op), op, "no test in " + folder + "/" + op + ".mlir");
    // Its key is no tensor of the functions' numbers.
    require(op == "random_uniform" || StringRef(drawn).contains(("nn." + op + " ").str()), op,
            "no place in compiler/tools/random_writer.cpp");
  }
  for (const std::string &op : nn::signatureNames())
    require(operations.count(op) > 0, op, "a signature, but no definition in compiler/nn/ops.td");
  if (missing == 0)
    llvm::outs() << "all " << operations.size() << " operations are covered\n";
  return success(missing == 0);
}

} // namespace dlc::tools
