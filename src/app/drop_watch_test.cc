#include "app/drop_watch.h"

#include <gtest/gtest.h>

namespace saker::app {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

capture::ProbeCounters counters(std::uint64_t sent, std::uint64_t dropped) {
  capture::ProbeCounters made;
  made.cause[SAKER_COUNT_SENT] = sent;
  made.cause[SAKER_COUNT_DROP_RING_FULL] = dropped;
  return made;
}

TEST(DropWatch, OnlyAShareOverTheThresholdActs) {
  DropWatch watch({.threshold = 0.1, .rate = 1000, .max_burst = 1000});
  EXPECT_FALSE(watch.look(counters(100, 0), 1 * kSecond));
  const auto few = watch.look(counters(200, 5), 2 * kSecond);
  ASSERT_TRUE(few);
  EXPECT_EQ(few->drops, 5U);
  EXPECT_EQ(few->events, 105U);
  EXPECT_FALSE(few->act);
  EXPECT_EQ(few->causes, "drop_ring_full=5");
  const auto many = watch.look(counters(210, 25), 3 * kSecond);
  ASSERT_TRUE(many);
  EXPECT_EQ(many->drops, 20U);
  EXPECT_TRUE(many->act);
  EXPECT_FALSE(watch.look(counters(310, 25), 4 * kSecond));
}

TEST(DropWatch, TheBucketHoldsActionsBack) {
  DropWatch watch({.threshold = 0, .rate = 0.5, .max_burst = 1});
  std::uint64_t dropped = 0;
  std::string acted;
  for (std::uint64_t second = 1; second <= 6; ++second)
    acted += watch.look(counters(0, ++dropped), second * kSecond)->act ? 'x' : '.';
  EXPECT_EQ(acted, "x.x.x.");
}

TEST(DropWatch, SimulatedDropsAreOnePerEventAndOneMore) {
  DropWatch watch({.simulate = true});
  const auto report = watch.look(counters(10, 0), kSecond);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->drops, 11U);
  EXPECT_TRUE(report->act);
  EXPECT_EQ(drop_fields(*report).at("n_drops"), "11");
  EXPECT_EQ(drop_fields(*report).at("n_evts"), "21");
}

}  // namespace
}  // namespace saker::app
