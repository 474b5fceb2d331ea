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

// Whatever the answer is, asking must not harm the one who asks.
TEST(CallHooks, CompatCallsCanBeAskedForTwice) { EXPECT_EQ(has_compat_calls(), has_compat_calls()); }

}  // namespace
}  // namespace saker::capture
