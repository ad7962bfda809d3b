// Targets as LLVM knows them, and what this machine tells of itself.
#include "compiler/target/target.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"

using namespace llvm;

namespace dlc {

/// Asked once: each answer of the processor takes a while on a virtual machine.
static const StringMap<bool> &hostFeatures() {
  static const StringMap<bool> features = sys::getHostCPUFeatures();
  return features;
}

std::string Target::triple() const { return sys::getDefaultTargetTriple(); }

std::string Target::processor() const {
  return name == kNative ? sys::getHostCPUName().str() : name == kMulti ? "x86-64" : name;
}

std::string Target::features() const {
  SubtargetFeatures features;
  if (name == kNative)
    for (const auto &feature : hostFeatures())
      features.AddFeature(feature.first(), feature.second);
  return features.getString();
}

const Level &Target::level() const {
  if (name == kNative) {
    const StringMap<bool> &host = hostFeatures();
    return kLevels[host.lookup("avx512f") ? 2 : host.lookup("avx2") ? 1 : 0];
  }
  const Level *level = find_if(kLevels, [&](const Level &each) { return name == each.name; });
  return level == std::end(kLevels) ? kLevels[0] : *level;
}

Processor Target::shape() const {
  return name == kNative ? Processor::ofHost(vectorBits()) : level().usual;
}

bool Target::runsHere() const { return vectorBits() <= Target().vectorBits(); }

} // namespace dlc
