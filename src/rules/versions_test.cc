#include "rules/versions.h"

#include <gtest/gtest.h>

namespace saker::rules {
namespace {

TEST(Versions, Parse) {
  EXPECT_EQ(parse_version("0.63.0"), (Version{0, 63, 0}));
  EXPECT_EQ(parse_version("1.2.3-rc1"), (Version{1, 2, 3}));
  EXPECT_EQ(parse_version("1.2.3+build"), (Version{1, 2, 3}));
  for (const char* text :
       {"", "abc", "0.26", "1", "1.2.", "1.2.3.4", "1.2.3-", "-1.2.3", "1.2.99999999999"}) {
    EXPECT_FALSE(parse_version(text)) << text;
  }
}

TEST(Versions, EngineNumberStandsForTheMinorVersion) {
  EXPECT_EQ(parse_engine_version("15"), (Version{0, 15, 0}));
  EXPECT_EQ(parse_engine_version("0.57.0"), (Version{0, 57, 0}));
  EXPECT_FALSE(parse_engine_version("0.26"));
  EXPECT_FALSE(parse_engine_version("15x"));
}

TEST(Versions, Compatible) {
  EXPECT_TRUE(is_compatible(kEngineVersion, {0, 63, 0}));
  EXPECT_TRUE(is_compatible(kEngineVersion, {0, 1, 9}));
  EXPECT_FALSE(is_compatible(kEngineVersion, {0, 63, 1}));
  EXPECT_FALSE(is_compatible(kEngineVersion, {0, 64, 0}));
  EXPECT_FALSE(is_compatible(kEngineVersion, {1, 0, 0}));
}

}  // namespace
}  // namespace saker::rules
