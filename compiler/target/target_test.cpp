// What targets say, against what the C compiler of this machine does.
#include "compiler/target/call.h"
#include "compiler/target/target.h"
#include "runtime/include/dlc/model.h"

#include "gtest/gtest.h"

#include <cstddef>

namespace dlc {

TEST(Target, PlacesTheFieldsOfACall) {
  const std::pair<const char *, size_t> fields[] = {
      {"weights", offsetof(dlc_call, weights)},
      {"gradients", offsetof(dlc_call, gradients)},
      {"state", offsetof(dlc_call, state)},
      {"arena", offsetof(dlc_call, arena)},
      {"input", offsetof(dlc_call, inputs)},
      {"output", offsetof(dlc_call, outputs)},
      {"sample_weight", offsetof(dlc_call, sample_weights)},
      {"results", offsetof(dlc_call, results)},
      {"random_key", offsetof(dlc_call, seed)},
      {"parallel", offsetof(dlc_call, parallel)},
      {"pool", offsetof(dlc_call, pool)},
  };
  EXPECT_EQ(std::size(fields), std::size(kCallFields));
  for (auto [name, offset] : fields)
    EXPECT_EQ(fieldOf(kCallFields, name)->offset, int64_t(offset)) << name;
  EXPECT_EQ(offsetof(dlc_call, step), offsetof(dlc_call, seed) + 8) << "the key is seed and step";
}

TEST(Target, PlacesTheFieldsOfAnUpdate) {
  const std::pair<const char *, size_t> fields[] = {
      {"weights", offsetof(dlc_update, weights)},
      {"gradients", offsetof(dlc_update, gradients)},
      {"slot", offsetof(dlc_update, slots)},
      {"settings", offsetof(dlc_update, settings)},
      {"step", offsetof(dlc_update, step)},
      {"total_steps", offsetof(dlc_update, total_steps)},
      {"arena", offsetof(dlc_update, arena)},
      {"rate", offsetof(dlc_update, rate)},
      {"parallel", offsetof(dlc_update, parallel)},
      {"pool", offsetof(dlc_update, pool)},
  };
  EXPECT_EQ(std::size(fields), std::size(kUpdateFields));
  for (auto [name, offset] : fields)
    EXPECT_EQ(fieldOf(kUpdateFields, name)->offset, int64_t(offset)) << name;
}

TEST(Target, KnowsPointers) {
  EXPECT_EQ(kPointerBytes, int64_t(sizeof(void *)));
  EXPECT_FALSE(fieldOf(kCallFields, "rate"));
}

TEST(Target, HasALevelForEachName) {
  for (const Level &level : kLevels) {
    EXPECT_STREQ(Target{level.name}.level().name, level.name);
    EXPECT_EQ(Target{level.name}.shape().vectorBytes * 8,
              unsigned(Target{level.name}.vectorBits()));
  }
  EXPECT_STREQ(Target{kMulti}.level().name, kLevels[0].name);
  EXPECT_TRUE(Target{kNative}.runsHere());
}

} // namespace dlc
