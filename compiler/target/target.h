// What code is made for: a level of x86-64, this processor, or all levels at once.
#pragma once

#include "compiler/target/processor.h"

#include <string>

namespace dlc {

/// The levels of x86-64 that code can be made for, lowest first.
inline constexpr const char *kLevels[] = {"x86-64-v2", "x86-64-v3", "x86-64-v4"};
/// This processor, whatever it has.
inline constexpr const char *kNative = "native";
/// All levels in one program (object/levels.h).
inline constexpr const char *kMulti = "multi";

struct Target {
  std::string name = kNative; // or one of kLevels, or kMulti

  /// The processor's name and features as LLVM knows them; of kMulti what all its processors have.
  std::string processor() const;
  std::string features() const;
  /// Bits of the vectors that kernels should use: 512 with AVX-512, 256 with AVX2, else 128.
  int vectorBits() const;
  /// What kernels are shaped for: of kNative with the caches of this machine, else a usual one.
  Processor shape() const;
  /// Whether the processor we run on has such vectors.
  bool runsHere() const;
};

} // namespace dlc
