// Ends of calls in the running kernel: each is told once, however it comes back, and whichever hooks there
// are.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <thread>

#include "capture/driver_live.h"

namespace saker::capture {
namespace {

class CallEndsLive : public DriverLive {
 protected:
  // The results of a process's calls of that name, in the order of time.
  static std::vector<std::int64_t> results(const std::vector<Kept>& events, pid_t pid,
                                           std::string_view name) {
    const event::TypeId type = event::find_type(name).value();
    std::vector<std::int64_t> found;
    for (const Kept& kept : events) {
      if (kept.event.type == type && kept.event.task.process.tgid == static_cast<std::uint32_t>(pid) &&
          std::holds_alternative<event::Call>(kept.event.body))
        found.push_back(kept.event.result());
    }
    return found;
  }

  bool want_only(std::initializer_list<std::string_view> names) {
    ScopePlan plan{};
    for (const std::string_view name : names)
      plan[event::find_type(name).value()] = SAKER_SCOPE_HOST | SAKER_SCOPE_CONTAINER;
    return driver_->set_plan(plan).has_value();
  }
};

using Results = std::vector<std::int64_t>;

// Calls without arguments, which some kernels have under two names.
TEST_P(CallEndsLive, ACallIsToldOnce) {
  const auto events = record([] {
    syscall(SYS_getppid);
    syscall(SYS_getuid);
    syscall(SYS_getuid);
    syscall(SYS_sched_yield);
    syscall(SYS_getpgid, 0);
  });
  EXPECT_EQ(results(events, getpid(), "getppid"), Results{getppid()});
  EXPECT_EQ(results(events, getpid(), "getuid"), (Results{getuid(), getuid()}));
  EXPECT_EQ(results(events, getpid(), "sched_yield"), Results{0});
  EXPECT_EQ(results(events, getpid(), "getpgid"), Results{getpgrp()});
}

#if defined(__x86_64__)
TEST_P(CallEndsLive, AChildComesBackFromTheCallThatMadeIt) {
  struct Row {
    std::string_view name;
    long number;
    unsigned long flags;
  };
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  const Row rows[] = {{"fork", SYS_fork, 0}, {"clone", SYS_clone, SIGCHLD}, {"clone3", SYS_clone3, 0}};
  for (const Row& row : rows) {
    pid_t child = 0;
    const auto events = record([&] {
      const bool three = row.number == SYS_clone3;
      child = static_cast<pid_t>(three ? syscall(row.number, &arguments, sizeof(arguments))
                                       : syscall(row.number, row.flags, 0, 0, 0, 0));
      if (child == 0) _exit(0);
      waitpid(child, nullptr, 0);
    });
    ASSERT_GT(child, 0) << row.name;
    EXPECT_EQ(results(events, getpid(), row.name), Results{child}) << row.name;
    EXPECT_EQ(results(events, child, row.name), Results{0}) << row.name;
  }
}

// With the number of the 32-bit table.
long narrow(long number, long first) {
  long result = number;
  __asm__ volatile("int $0x80" : "+a"(result) : "b"(first) : "memory", "r8", "r9", "r10", "r11");
  return result;
}

TEST_P(CallEndsLive, A32BitCallIsToldOnce) {
  if (driver_->call_hooks().kind() == CallHooksKind::kEach)
    GTEST_SKIP() << "hooks of single calls do not see 32-bit calls";
  constexpr long kGetppid = 64, kGetpgid = 132;
  long made = 0;
  const auto events = record([&] {
    made = narrow(kGetppid, 0);
    narrow(kGetpgid, -1);
  });
  if (made == -ENOSYS) GTEST_SKIP() << "this kernel takes no 32-bit calls";
  EXPECT_EQ(results(events, getpid(), "getppid"), Results{getppid()});
  EXPECT_EQ(results(events, getpid(), "getpgid"), Results{-ESRCH});
}
#endif

// Of which none of the call's own code runs.
TEST_P(CallEndsLive, ACallThatAFilterRefusesIsToldAsFailed) {
  std::array<sock_filter, 4> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdirat, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter = {.len = program.size(), .filter = program.data()};
  pid_t child = 0;
  const auto events = record([&] {
    child = in_child([&] {
      if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
          prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        _exit(kExecFailed + 1);
      syscall(SYS_mkdirat, AT_FDCWD, "/tmp/never-made", 0700);
      syscall(SYS_getppid);
    });
  });
  EXPECT_EQ(results(events, child, "mkdirat"), Results{-EXDEV});
  EXPECT_EQ(results(events, child, "getppid"), Results{getpid()});
}

// Plans come and go, and with them hooks; a call that stays wanted is told neither twice nor not at all.
TEST_P(CallEndsLive, WhatStaysWantedIsToldOnceWhilePlansChange) {
  constexpr int kTurns = 6;
  ASSERT_TRUE(want_only({"getpgid"}));
  std::atomic<bool> ends = false;
  std::int64_t made = 0, told = 0;
  drain_all([](auto) {});
  const event::TypeId getpgid = event::find_type("getpgid").value();
  // From Linux 7 on a program may be left out while another task runs it. And a change may take so long that
  // a ring fills.
  const auto missed = [&] {
    const ProbeCounters counters = driver_->counters();
    return static_cast<std::int64_t>(counters.missed_runs + counters.dropped[getpgid]);
  };
  const std::int64_t missed_before = missed();
  std::thread caller([&] {
    for (; !ends; ++made) {
      syscall(SYS_getpgid, 0);
      if (made % 64 == 0) usleep(1000);
    }
  });
  const auto count = [&](std::span<const std::byte> bytes) {
    saker_header header;
    std::memcpy(&header, bytes.data(), sizeof(header));
    if (header.type != SAKER_RECORD_CALL) return;
    const auto event = event::decode(bytes);
    ASSERT_TRUE(event);
    told += event->type == getpgid && event->task.process.tgid == static_cast<std::uint32_t>(getpid());
  };
  for (int turn = 0; turn < kTurns; ++turn) {
    EXPECT_TRUE(turn % 2 == 0 ? want_only({"getpgid", "mkdirat", "close"}) : want_only({"uname", "getpgid"}));
    drain_all(count);
  }
  ends = true;
  caller.join();
  drain_all(count);
  EXPECT_GT(made, 0);
  EXPECT_LE(told, made);
  EXPECT_GE(told + missed() - missed_before, made);
}

INSTANTIATE_TEST_SUITE_P(Reads, CallEndsLive, testing::Bool(),
                         [](const auto& parameter) { return parameter.param ? "Untyped" : "Typed"; });

}  // namespace
}  // namespace saker::capture
