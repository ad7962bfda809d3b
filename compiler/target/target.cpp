// Targets as LLVM knows them.
#include "compiler/target/target.h"

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

int Target::vectorBits() const {
  if (name == kNative) {
    const StringMap<bool> &host = hostFeatures();
    return host.lookup("avx512f") ? 512 : host.lookup("avx2") ? 256 : 128;
  }
  return name == "x86-64-v4" ? 512 : name == "x86-64-v3" ? 256 : 128;
}

Processor Target::shape() const {
  return name == kNative ? Processor::ofHost(vectorBits())
                         : Processor::withVectorBits(vectorBits());
}

bool Target::runsHere() const { return vectorBits() <= Target().vectorBits(); }

} // namespace dlc
