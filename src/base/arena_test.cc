#include "base/arena.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace saker {
namespace {

TEST(Arena, ViewsHoldUntilReset) {
  Arena arena;
  std::vector<std::string_view> views;
  for (int i = 0; i < 10'000; ++i) views.push_back(arena.copy("text " + std::to_string(i)));
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_EQ(views[static_cast<std::size_t>(i)], "text " + std::to_string(i));
  }
}

TEST(Arena, ResetGivesTheSameMemoryAgain) {
  Arena arena;
  const char* first = arena.allocate(100);
  arena.reset();
  EXPECT_EQ(arena.allocate(100), first);
}

TEST(Arena, LargeRequestsGetABlockOfTheirOwn) {
  Arena arena;
  const std::string large(3 * Arena::kBlockBytes, 'x');
  EXPECT_EQ(arena.copy("small"), "small");
  EXPECT_EQ(arena.copy(large), large);
  EXPECT_EQ(arena.copy("small again"), "small again");
}

}  // namespace
}  // namespace saker
