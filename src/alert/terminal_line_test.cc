#include "alert/terminal_line.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace saker::alert {
namespace {

constexpr std::uint64_t kTime = 1'795'463'505'331'612'318;

TEST(TerminalLine, AlignedAndInColour) {
  setenv("TZ", "UTC", 1);
  tzset();
  const TerminalAlert alert{kTime, rules::Priority::kCritical, "Shell", "user=root"};
  EXPECT_EQ(terminal_line(alert, false), "19:51:45.331 Critical      Shell  user=root");
  EXPECT_EQ(terminal_line(alert, true),
            "19:51:45.331 \x1b[1;31mCritical     \x1b[0m \x1b[1mShell\x1b[0m  user=root");
}

TEST(TerminalLine, AnAlertDoesNotSteerTheTerminal) {
  const TerminalAlert alert{kTime, rules::Priority::kDebug, "R\x1b[2J", "a\nb\x1b]0;x\x07\x7f\xc2\x9b\xff"};
  for (const char c : terminal_line(alert, false)) EXPECT_TRUE(c >= ' ' && c < '\x7f') << int{c};
}

}  // namespace
}  // namespace saker::alert
