#include "capture/call_functions.h"

#include <gmock/gmock.h>

#include "capture/syscalls.h"

namespace saker::capture {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

CallFunctions made_of(std::initializer_list<std::string_view> symbols) {
  CallFunctions functions;
  for (const std::string_view symbol : symbols) functions.add(symbol);
  return functions;
}

const std::set<std::string>& of(const CallFunctions& functions, std::string_view call) {
  return functions.of(event::find_type(call).value());
}

TEST(CallFunctions, AreKnownByTheirNames) {
  struct Row {
    std::string_view call, symbol;
  };
  const Row rows[] = {
#if defined(__x86_64__)
      {"openat", "__x64_sys_openat"},
      {"openat", "__ia32_compat_sys_openat"},
      {"execve", "__x64_compat_sys_execve"},  // of x32
      {"getppid", "__x64_sys_getppid"},
      {"stat", "__x64_sys_newstat"},
      {"stat", "__ia32_compat_sys_ia32_stat64"},
      {"uname", "__ia32_sys_olduname"},
      {"umount", "__x64_sys_oldumount"},
      {"umount2", "__ia32_sys_umount"},
      {"mmap", "__ia32_compat_sys_ia32_mmap"},
      {"mmap2", "__ia32_sys_mmap_pgoff"},
      {"clone", "__ia32_compat_sys_ia32_clone"},
      {"setuid", "__ia32_sys_setuid16"},
      {"select", "__ia32_compat_sys_old_select"},
      {"pread", "__ia32_sys_ia32_pread64"},
      {"fcntl", "__ia32_compat_sys_fcntl64"},
      {"llseek", "__ia32_sys_llseek"},
      {"fadvise64", "__ia32_sys_ia32_fadvise64_64"},
      {"clock_nanosleep", "__ia32_sys_clock_nanosleep_time32"},
      {"ppoll", "__ia32_compat_sys_ppoll_time64"},
      {"recvmmsg", "__ia32_compat_sys_recvmmsg_time32"},
      {"prlimit", "__x64_sys_prlimit64"},
      {"connect", "__ia32_compat_sys_socketcall"},  // the 32-bit call that may be any of them
      {"accept", "__ia32_compat_sys_socketcall"},
#else
      {"openat", "__arm64_sys_openat"},
      {"openat", "__arm64_compat_sys_openat"},
      {"open", "__arm64_compat_sys_open"},
      {"stat", "__arm64_sys_stat64"},
      {"mmap2", "__arm64_compat_sys_aarch32_mmap2"},
      {"pread", "__arm64_compat_sys_aarch32_pread64"},
      {"fadvise64", "__arm64_compat_sys_aarch32_fadvise64_64"},
      {"sync_file_range", "__arm64_compat_sys_aarch32_sync_file_range2"},
      {"umount2", "__arm64_sys_umount"},
      {"setuid", "__arm64_sys_setuid16"},
      {"semctl", "__arm64_compat_sys_old_semctl"},
      {"futex", "__arm64_sys_futex_time32"},
#endif
  };
  for (const Row& row : rows)
    EXPECT_THAT(of(made_of({row.symbol}), row.call), ElementsAre(row.symbol)) << row.call;
}

TEST(CallFunctions, OthersAreNone) {
  const CallFunctions functions = made_of(
      {"openat", "do_sys_openat2", "__x64_sys_openat.cold", "__pfx___x64_sys_openat", "__x64_sys_ni_syscall",
       "__arm64_sys_openat.isra.0", "__do_sys_openat", "__x64_sys_", "__arm64_sys_", ""});
  for (const auto table : {native_syscalls(), compat_syscalls()}) {
    for (const SyscallNumber& call : table) EXPECT_THAT(functions.of(call.type), IsEmpty());
  }
  EXPECT_EQ(functions.filter(), "");
}

#if defined(__x86_64__)
// Two names of one function, which hooked twice would tell twice.
TEST(CallFunctions, OfCallsWithoutArgumentsHaveOneName) {
  EXPECT_THAT(of(made_of({"__x64_sys_fork", "__ia32_sys_fork"}), "fork"), ElementsAre("__x64_sys_fork"));
  EXPECT_THAT(of(made_of({"__x64_sys_getuid16", "__ia32_sys_getuid16"}), "getuid"),
              ElementsAre("__x64_sys_getuid16"));
}
#endif

TEST(CallFunctions, TheFilterIsFoundUnderEitherName) {
  EXPECT_EQ(made_of({"__secure_computing"}).filter(), kSecureComputing);
  EXPECT_EQ(made_of({"__seccomp_permit_syscall"}).filter(), kPermitSyscall);
}

// This kernel's own names, where they can be read: a call that every kernel has must have its function.
TEST(CallFunctions, AreFoundInThisKernel) {
  const auto functions = CallFunctions::read();
  if (!functions) GTEST_SKIP() << functions.error().message;
  for (const std::string_view call :
       {"openat", "execve", "connect", "close", "clone", "unlinkat", "setuid", "getppid"})
    EXPECT_FALSE(of(*functions, call).empty()) << call;
  EXPECT_FALSE(functions->filter().empty());
}

}  // namespace
}  // namespace saker::capture
