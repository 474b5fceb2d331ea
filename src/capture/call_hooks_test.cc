#include "capture/call_hooks.h"

#include <gtest/gtest.h>

#include "capture/call_tracepoints.h"

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
  constexpr event::CallCosts kFew{
      .calls = 6, .share = 0.05, .failed = false, .one_ns = 90, .each_ns = 56, .functions_ns = 18};
  constexpr event::CallCosts kFewFailed{
      .calls = 6, .share = 0.05, .failed = true, .one_ns = 90, .each_ns = 56, .functions_ns = 198};
  constexpr event::CallCosts kMany{
      .calls = 30, .share = 0.5, .failed = false, .one_ns = 90, .each_ns = 126, .functions_ns = 180};
  const CallHooksSupport all{.compat_calls = false, .each = true, .no_functions = ""};
  const CallHooksSupport narrow{.compat_calls = true, .each = true, .no_functions = ""};
  const CallHooksSupport no_functions{.compat_calls = false, .each = true, .no_functions = "for a reason"};
  const CallHooksSupport narrow_no_functions{
      .compat_calls = true, .each = true, .no_functions = "for a reason"};
  const CallHooksSupport none{.compat_calls = false, .each = false, .no_functions = "for a reason"};
  struct Row {
    CallHooksKind asked;
    event::CallCosts costs;
    CallHooksSupport support;
    CallHooksKind chosen;
    std::string_view reason;
  };
  const Row rows[] = {
      {kAuto, kFew, all, kFunctions, "cheapest"},
      {kAuto, kFew, narrow, kFunctions, "cheapest"},
      {kAuto, kFewFailed, all, kEach, "cheaper"},
      {kAuto, kFewFailed, narrow, kOne, "32-bit"},
      {kAuto, kMany, all, kOne, "cheaper"},
      {kAuto, kFew, no_functions, kEach, "cheaper"},
      {kAuto, kMany, no_functions, kOne, "cheaper"},
      {kAuto, kFew, narrow_no_functions, kOne, "32-bit"},
      {kAuto, kFew, none, kOne, "5.15"},
      {kAuto, kMany, none, kOne, "cheaper"},
      {kOne, kFew, all, kOne, "configured"},
      {kEach, kMany, narrow, kEach, "configured"},
      {kFunctions, kMany, none, kFunctions, "configured"},
  };
  for (const Row& row : rows) {
    const CallHooksChoice choice = choose_call_hooks(row.asked, row.costs, row.support);
    EXPECT_EQ(choice.kind, row.chosen) << row.reason;
    EXPECT_NE(choice.reason.find(row.reason), std::string_view::npos) << choice.reason;
    EXPECT_NE(call_hooks_text(choice).find(row.reason), std::string_view::npos);
  }
}

// Whatever the answer is, asking must not harm the one who asks.
TEST(CallHooks, CompatCallsCanBeAskedFor) { EXPECT_EQ(has_compat_calls(), has_compat_calls()); }

}  // namespace
}  // namespace saker::capture
