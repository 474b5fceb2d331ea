#include "capture/call_hooks.h"

#include <gtest/gtest.h>

namespace saker::capture {
namespace {

TEST(CallHooks, TracepointsAreNamedForTheKernelsFunctions) {
  EXPECT_EQ(exit_tracepoint("openat"), "sys_exit_openat");
  EXPECT_EQ(exit_tracepoint("stat"), "sys_exit_newstat");
  EXPECT_EQ(exit_tracepoint("umount2"), "sys_exit_umount");
  EXPECT_EQ(exit_tracepoint("pread"), "sys_exit_pread64");
}

TEST(CallHooks, AreChosenByCostWhereTheMachineAllowsIt) {
  using enum CallHooksKind;
  constexpr event::CallCosts kFew{.calls = 6, .share = 0.05, .one_ns = 90, .each_ns = 56};
  constexpr event::CallCosts kMany{.calls = 30, .share = 0.5, .one_ns = 90, .each_ns = 126};
  struct Row {
    CallHooksKind asked;
    event::CallCosts costs;
    bool compat, kernel_has_each;
    CallHooksKind chosen;
    std::string_view reason;
  };
  const Row rows[] = {
      {kAuto, kFew, false, true, kEach, "cheaper"},    {kAuto, kMany, false, true, kOne, "cheaper"},
      {kAuto, kFew, true, true, kOne, "32-bit"},       {kAuto, kFew, false, false, kOne, "5.15"},
      {kAuto, kMany, true, false, kOne, "cheaper"},    {kOne, kFew, false, true, kOne, "configured"},
      {kEach, kMany, true, true, kEach, "configured"},
  };
  for (const Row& row : rows) {
    const CallHooksChoice choice = choose_call_hooks(row.asked, row.costs, row.compat, row.kernel_has_each);
    EXPECT_EQ(choice.kind, row.chosen) << row.reason;
    EXPECT_NE(choice.reason.find(row.reason), std::string_view::npos) << choice.reason;
  }
}

// Whatever the answer is, asking must not harm the one who asks.
TEST(CallHooks, CompatCallsCanBeAskedFor) { EXPECT_EQ(has_compat_calls(), has_compat_calls()); }

}  // namespace
}  // namespace saker::capture
