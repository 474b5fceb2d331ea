#include "rules/rule.h"

#include <gtest/gtest.h>

namespace saker::rules {
namespace {

TEST(Priority, NamesReadBackInAnyLetterCase) {
  for (int i = 0; i < 8; ++i) {
    const auto priority = static_cast<Priority>(i);
    EXPECT_EQ(parse_priority(priority_name(priority)), priority);
  }
  EXPECT_EQ(parse_priority("INFO"), Priority::kInformational);
  EXPECT_EQ(parse_priority("cRiTiCaL"), Priority::kCritical);
}

TEST(Priority, OtherWordsAreRefused) {
  for (const char* text : {"", "warn", "err", "4", "debug ", "deb"})
    EXPECT_FALSE(parse_priority(text)) << text;
}

}  // namespace
}  // namespace saker::rules
