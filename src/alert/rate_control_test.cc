#include "alert/rate_control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "event/event.h"

namespace saker::alert {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
using Kind = RateControl::Verdict::Kind;

// Two rules, and events whose file name is given.
class RateControlTest : public testing::Test {
 protected:
  RateControlTest() {
    for (const char* name : {"Noisy file", "Shell"}) {
      rules::EnabledRule rule;
      rule.rule.name = name;
      rules_.push_back(std::move(rule));
    }
    rules_[1].rule.tags = {"shell"};
  }
  RateControl::Verdict judge(RateControl& control, std::uint32_t rule, std::string_view file,
                             std::uint64_t now_s) {
    event::Event event;
    event.type = event::kOpenat;
    event::File opened;
    opened.result = 3;
    opened.name = opened.resolved = {file, true, false};
    event.body = opened;
    fields::Subject subject;
    subject.event = &event;
    arena_.reset();
    return control.judge(rule, subject, arena_, now_s * kSecond);
  }

  std::vector<rules::EnabledRule> rules_;
  Arena arena_;
};

TEST_F(RateControlTest, NothingConfiguredHoldsNothingBack) {
  RateControl control({}, rules_);
  EXPECT_FALSE(control.active());
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(judge(control, 0, "/a", 1).kind, Kind::kAdmitted);
  EXPECT_TRUE(control.close().empty());
}

TEST_F(RateControlTest, ARuleHasItsRate) {
  const RateLimit limits[] = {{.rule = "Noisy*", .rate = 1, .burst = 2}};
  RateControl control(limits, rules_);
  EXPECT_EQ(judge(control, 0, "/a", 10).kind, Kind::kAdmitted);
  EXPECT_EQ(judge(control, 0, "/b", 10).kind, Kind::kAdmitted);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(judge(control, 0, "/c", 10).kind, Kind::kOverRate);
  EXPECT_EQ(judge(control, 1, "/c", 10).kind, Kind::kAdmitted);  // another rule
  const auto next = judge(control, 0, "/d", 11);
  EXPECT_EQ(next.kind, Kind::kAdmitted);
  EXPECT_EQ(next.suppressed, 5U);
  EXPECT_EQ(judge(control, 0, "/d", 12).suppressed, 0U);
}

TEST_F(RateControlTest, AlikeInAWindowIsOneAlertAndACount) {
  const RateLimit limits[] = {{.tag = "shell", .key = {"fd.name"}, .window_ns = 60 * kSecond}};
  RateControl control(limits, rules_);
  EXPECT_EQ(judge(control, 1, "/a", 0).kind, Kind::kAdmitted);
  EXPECT_EQ(judge(control, 1, "/a", 59).kind, Kind::kDuplicate);
  EXPECT_EQ(judge(control, 1, "/b", 59).kind, Kind::kAdmitted);
  EXPECT_EQ(judge(control, 1, "/a", 59).kind, Kind::kDuplicate);
  EXPECT_EQ(judge(control, 0, "/a", 59).kind, Kind::kAdmitted);  // without the tag
  const auto next = judge(control, 1, "/a", 60);
  EXPECT_EQ(next.kind, Kind::kAdmitted);
  EXPECT_EQ(next.suppressed, 2U);
  EXPECT_EQ(judge(control, 1, "/a", 61).kind, Kind::kDuplicate);  // a new window has begun
}

TEST_F(RateControlTest, WhatNoAlertTellsASummaryDoes) {
  const RateLimit limits[] = {{.rule = "Shell", .key = {"fd.name", "evt.type"}, .window_ns = 60 * kSecond},
                              {.rate = 0.001}};
  RateControl control(limits, rules_);
  judge(control, 1, "/a", 0);
  judge(control, 1, "/b", 0);
  judge(control, 1, "/a", 1);
  judge(control, 0, "/x", 1);
  judge(control, 0, "/x", 2);
  EXPECT_TRUE(control.due(59 * kSecond).empty());
  const auto window = control.due(60 * kSecond);
  ASSERT_EQ(window.size(), 1U);
  EXPECT_EQ(window[0].rule, 1U);
  EXPECT_EQ(window[0].key, "/a; openat");
  EXPECT_EQ(window[0].suppressed, 1U);
  const auto quiet = control.due(63 * kSecond);
  ASSERT_EQ(quiet.size(), 1U);
  EXPECT_EQ(quiet[0].rule, 0U);
  EXPECT_EQ(quiet[0].key, "");
  EXPECT_TRUE(control.close().empty());
}

TEST_F(RateControlTest, KeysAreBoundedAndNothingGetsLost) {
  const RateLimit limits[] = {{.key = {"fd.name"}, .window_ns = 60 * kSecond}};
  RateControl control(limits, rules_, 10);
  std::uint64_t admitted = 0, held = 0, told = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 100; ++i) {
      for (int twice = 0; twice < 2; ++twice) {
        const auto verdict = judge(control, 0, "/" + std::to_string(i), 1);
        ++(verdict.kind == Kind::kAdmitted ? admitted : held);
        told += verdict.suppressed;
      }
    }
  }
  EXPECT_EQ(admitted + held, 600U);
  for (const auto& summary : control.due(2 * kSecond)) told += summary.suppressed;
  for (const auto& summary : control.close()) told += summary.suppressed;
  EXPECT_EQ(told, held);
  EXPECT_GT(held, 0U);
}

}  // namespace
}  // namespace saker::alert
