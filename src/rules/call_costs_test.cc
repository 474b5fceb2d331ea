#include "rules/call_costs.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace saker::rules {
namespace {

event::CallCosts costs_of(const std::vector<std::string_view>& calls) {
  event::FilterPlan plan;
  for (const std::string_view call : calls)
    plan.scope[event::find_type(call).value()] = SAKER_SCOPE_HOST | SAKER_SCOPE_CONTAINER;
  return estimate_call_costs(plan);
}

TEST(CallCosts, FewAndRareCallsHaveHooksOfTheirOwn) {
  const event::CallCosts opens = costs_of({"open", "openat", "openat2", "creat", "execve", "execveat"});
  EXPECT_EQ(opens.calls, 6U);
  EXPECT_TRUE(opens.each_is_cheaper());
  EXPECT_GT(opens.each_ns, 48);
  EXPECT_LT(opens.each_ns, 60);
}

TEST(CallCosts, WhatIsMadeAllTheTimeHasNot) {
  EXPECT_FALSE(costs_of({"read", "write", "futex", "close"}).each_is_cheaper());
  // However few they are.
  EXPECT_LT(costs_of({"ptrace"}).each_ns, costs_of({"read"}).each_ns);
}

TEST(CallCosts, EveryCallIsAllCalls) {
  event::FilterPlan plan;
  for (event::TypeId type = 1; std::size_t{type} < plan.scope.size(); ++type)
    plan.scope[type] = SAKER_SCOPE_HOST;
  const event::CallCosts all = estimate_call_costs(plan);
  EXPECT_GT(all.share, 0.99);
  EXPECT_LE(all.share, 1.0);
  EXPECT_FALSE(all.each_is_cheaper());
}

TEST(CallCosts, NothingCostsNothing) {
  event::FilterPlan plan;
  plan.scope[event::kProcexit] = SAKER_SCOPE_HOST;  // is no call
  const event::CallCosts none = estimate_call_costs(plan);
  EXPECT_EQ(none.calls, 0U);
  EXPECT_EQ(none.one_ns, 0);
  EXPECT_EQ(none.each_ns, 0);
}

TEST(CallCosts, AreSaid) {
  EXPECT_EQ(
      call_costs_text(costs_of({"openat", "ptrace"})),
      "2 calls are wanted, about 4.0 % of those that a usual node makes; estimated for an average call: "
      "90 ns with one hook for all, 54 ns with a hook for each");
  EXPECT_EQ(call_costs_text({}), "no call is wanted, and none is hooked");
}

}  // namespace
}  // namespace saker::rules
