#include "base/token_bucket.h"

#include <gtest/gtest.h>

namespace saker {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

TEST(TokenBucket, ABurstThenTheRate) {
  TokenBucket bucket(2, 3);
  std::uint64_t now = 100 * kSecond;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(now));
  EXPECT_FALSE(bucket.take(now));
  EXPECT_FALSE(bucket.take(now + kSecond / 4));
  EXPECT_TRUE(bucket.take(now + kSecond / 2));
  EXPECT_FALSE(bucket.take(now + kSecond / 2));
  now += 1000 * kSecond;  // no more than the burst is saved up
  int taken = 0;
  while (bucket.take(now)) ++taken;
  EXPECT_EQ(taken, 3);
}

TEST(TokenBucket, TimeThatGoesBackGivesNothing) {
  TokenBucket bucket(1, 1);
  EXPECT_TRUE(bucket.take(10 * kSecond));
  EXPECT_FALSE(bucket.take(5 * kSecond));
  EXPECT_FALSE(bucket.take(10 * kSecond));
  EXPECT_TRUE(bucket.take(11 * kSecond));
}

}  // namespace
}  // namespace saker
