// What code is made for: a level of x86-64, this processor, or all levels at once.
#pragma once

#include "compiler/target/processor.h"

#include <iterator>
#include <string>

namespace dlc {

/// A level of an architecture that code can be made for.
struct Level {
  const char *name;
  Processor usual; // what kernels are shaped for
};

/// The levels of x86-64, lowest first; on a processor below the lowest nothing runs. Without AVX2
/// there is no fused multiply-add: each product needs a register.
inline constexpr Level kLevels[] = {
    {"x86-64-v2", {.vectorBytes = 16, .registers = 15, .l1 = {32 << 10, 8}, .l2 = {512 << 10, 8}}},
    {"x86-64-v3", {.vectorBytes = 32, .registers = 16, .l1 = {32 << 10, 8}, .l2 = {512 << 10, 8}}},
    {"x86-64-v4", {.vectorBytes = 64, .registers = 32}},
};
/// This processor, whatever it has.
inline constexpr const char *kNative = "native";
/// All levels in one program (object/levels.h).
inline constexpr const char *kMulti = "multi";

/// Of an address, on all levels.
inline constexpr int64_t kPointerBytes = 8;
/// Elements of f32 in the widest vector of all levels.
inline constexpr int64_t kMostLanes = std::end(kLevels)[-1].usual.vectorBytes / 4;

struct Target {
  std::string name = kNative; // or that of one of kLevels, or kMulti

  /// The kind of machine, as LLVM knows it.
  std::string triple() const;
  /// The processor's name and features as LLVM knows them; of kMulti what all its processors have.
  std::string processor() const;
  std::string features() const;
  /// The level by its name, of kNative the highest that this processor has, of kMulti the lowest.
  const Level &level() const;
  /// Bits of the vectors that kernels should use.
  int vectorBits() const { return 8 * int(level().usual.vectorBytes); }
  /// What kernels are shaped for: of kNative with the caches of this machine, else a usual one.
  Processor shape() const;
  /// Whether the processor we run on has this level.
  bool runsHere() const;
};

} // namespace dlc
