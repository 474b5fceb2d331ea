#include "observe/self_test.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace saker::observe {
namespace {

std::uint32_t own_pid_space() {
  struct stat space{};
  stat("/proc/self/ns/pid", &space);
  return static_cast<std::uint32_t>(space.st_ino);
}

event::Event call_of(std::uint32_t pid, std::uint32_t key) {
  event::Event event;
  event.type = SelfTest::event_type();
  event.task.vpid = pid;
  event.task.pid_ns = own_pid_space();
  event::Call call;
  call.arguments[0] = key;
  event.body = call;
  return event;
}

TEST(SelfTest, OnlyTheAgentsOwnCallCounts) {
  SelfTest test;
  test.use_call(true);
  test.act();
  const auto me = static_cast<std::uint32_t>(getpid());
  EXPECT_FALSE(test.is_own(call_of(me + 1, 0)));
  event::Event elsewhere = call_of(me, 0);
  ++elsewhere.task.pid_ns;  // the same number in another container
  EXPECT_FALSE(test.is_own(elsewhere));
  EXPECT_EQ(test.stats().passed, 0U);
  EXPECT_EQ(test.stats().acted, 1U);
}

TEST(SelfTest, ACallWithAnotherKeyIsOursButProvesNothing) {
  SelfTest test;
  test.use_call(true);
  test.act();
  const auto me = static_cast<std::uint32_t>(getpid());
  std::uint32_t wrong = 12345;
  EXPECT_TRUE(test.is_own(call_of(me, wrong)));
  EXPECT_LE(test.stats().passed, 1U);  // one in four thousand million
}

TEST(SelfTest, TheEndOfItsChildCounts) {
  SelfTest test;
  test.act();
  event::Event event;
  event.type = event::kProcexit;
  event.task.pid_ns = own_pid_space();
  event.task.parent_vpid = static_cast<std::uint32_t>(getpid());
  event.body = event::Exit{.status = 0, .reaper = {}};
  EXPECT_FALSE(test.is_own(event));  // of a program that an output runs
  event.body = event::Exit{.status = 113 << 8, .reaper = {}};
  EXPECT_TRUE(test.is_own(event));
  EXPECT_EQ(test.stats().passed, 1U);
  EXPECT_GT(test.stats().last_passed_ns, 0U);
}

}  // namespace
}  // namespace saker::observe
