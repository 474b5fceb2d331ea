#include "capture/syscalls.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <set>

#include "wire/records.h"

namespace saker::capture {
namespace {

TEST(Syscalls, NativeNumbersAreThisSystems) {
  const std::pair<event::TypeId, long> want[] = {
#ifdef SYS_open
      {event::kOpen, SYS_open},
      {event::kCreat, SYS_creat},
#endif
      {event::kOpenat, SYS_openat},
      {event::kOpenat2, SYS_openat2},
      {event::kOpenByHandleAt, SYS_open_by_handle_at},
      {event::kExecve, SYS_execve},
      {event::kExecveat, SYS_execveat},
  };
  for (const auto& [type, number] : want) {
    bool found = false;
    for (const SyscallNumber& row : native_syscalls()) found |= row.type == type && row.number == number;
    EXPECT_TRUE(found) << event::type_name(type);
  }
}

TEST(Syscalls, NumbersFitTheProbesTableAndAreUnique) {
  for (const auto table : {native_syscalls(), compat_syscalls()}) {
    std::set<std::uint16_t> seen;
    for (const SyscallNumber& row : table) {
      EXPECT_LT(row.number, SAKER_SYSCALL_NUMBERS);
      EXPECT_TRUE(seen.insert(row.number).second) << row.number;
    }
  }
}

TEST(Syscalls, WhatThisArchitectureHasIsCollected) {
  for (const char* name : {"openat", "execve", "procexit", "connect", "renameat2", "bpf", "getrandom"}) {
    EXPECT_TRUE(is_collected(*event::find_type(name))) << name;
  }
  for (const char* name : {"switch", "container", "pread64", "spu_run"}) {
    EXPECT_FALSE(is_collected(*event::find_type(name))) << name;
  }
}

}  // namespace
}  // namespace saker::capture
