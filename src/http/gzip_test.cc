#include "http/gzip.h"

#include <gtest/gtest.h>

#include <string>

namespace saker::http {
namespace {

TEST(Gzip, ThereAndBack) {
  for (const std::string& text : {std::string(), std::string("a"), std::string(300'000, 'x')}) {
    const auto back = gunzip(gzip(text), 1'000'000);
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, text);
  }
}

TEST(Gzip, TheSameBytesMakeTheSameResult) { EXPECT_EQ(gzip("one line"), gzip("one line")); }

TEST(Gzip, WhatIsNoneIsRefused) {
  const std::string good = gzip("some text that is longer than a word");
  EXPECT_FALSE(gunzip("", 100));
  EXPECT_FALSE(gunzip("plain", 100));
  for (std::size_t kept = 0; kept < good.size(); ++kept)
    EXPECT_FALSE(gunzip(good.substr(0, kept), 100)) << kept;
}

TEST(Gzip, ABombIsStoppedAtTheLimit) {
  const std::string bomb = gzip(std::string(50'000'000, '\0'));
  const auto unpacked = gunzip(bomb, 1'000'000);
  ASSERT_FALSE(unpacked);
  EXPECT_EQ(unpacked.error().code, ErrorCode::kExhausted);
}

}  // namespace
}  // namespace saker::http
