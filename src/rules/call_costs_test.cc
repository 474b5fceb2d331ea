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

TEST(CallCosts, FunctionsCostWhatIsWantedAlone) {
  event::FilterPlan plan;
  const event::TypeId openat = event::find_type("openat").value();
  plan.programs.push_back(event::open_program(SAKER_SCOPE_HOST));
  plan.scope[openat] = SAKER_SCOPE_HOST;
  const event::CallCosts any = estimate_call_costs(plan);
  EXPECT_TRUE(any.failed);
  EXPECT_FALSE(estimate_call_costs(plan, false).failed);  // as who knows better says
  EXPECT_FALSE(any.functions_are_cheapest());             // seccomp's filters are hooked for what they refuse

  for (unsigned mode = 0; mode < SAKER_PLAN_MODES; ++mode) {
    if ((mode & SAKER_PLAN_FAILED) != 0) plan.programs[0].tables.mode[mode] = 0;
  }
  const event::CallCosts successes = estimate_call_costs(plan);
  EXPECT_FALSE(successes.failed);
  EXPECT_TRUE(successes.functions_are_cheapest());
  EXPECT_LT(successes.functions_ns, 20);
  EXPECT_GT(successes.functions_ns, 0);
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
      "90 ns with one hook for all, 54 ns with a hook for each, 194 ns with hooks at functions (and at "
      "seccomp's decisions, for failed calls are wanted)");
  EXPECT_EQ(call_costs_text({}), "no call is wanted, and none is hooked");
}

}  // namespace
}  // namespace saker::rules
