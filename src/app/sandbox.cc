#include "app/sandbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace saker::app {
namespace {

// BPF, PERFMON: reading counters, and hooks that a reload adds. SYS_PTRACE, DAC_READ_SEARCH: /proc of other
// users' processes and runtimes' bundles. SYS_RESOURCE: locked memory of maps on kernels before 5.11.
// NET_BIND_SERVICE: a port below 1024.
constexpr cap_value_t kKept[] = {CAP_BPF,          CAP_PERFMON,         CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH,
                                 CAP_SYS_RESOURCE, CAP_NET_BIND_SERVICE};
// Where the agent was given only this, it stands for the first two.
constexpr cap_value_t kOldWord = CAP_SYS_ADMIN;

struct CapFree {
  void operator()(cap_t caps) const { cap_free(caps); }
};
using Caps = std::unique_ptr<std::remove_pointer_t<cap_t>, CapFree>;

bool has(cap_t caps, cap_value_t value) {
  cap_flag_value_t set = CAP_CLEAR;
  return cap_get_flag(caps, value, CAP_PERMITTED, &set) == 0 && set == CAP_SET;
}

std::unexpected<Error> sandbox_error(const char* what, int error) {
  return fail(ErrorCode::kPermission, fmt::format("cannot {}: {}", what, std::strerror(error)));
}

// Of this thread and those it makes later.
Result<std::string> drop_capabilities() {
  const Caps now(cap_get_proc());
  const Caps kept(cap_init());
  if (!now || !kept) return sandbox_error("read the capabilities", errno);
  std::string names;
  const auto keep = [&](cap_value_t value) {
    for (const cap_flag_t flag : {CAP_PERMITTED, CAP_EFFECTIVE})
      cap_set_flag(kept.get(), flag, 1, &value, CAP_SET);
    char* name = cap_to_name(value);
    names += (names.empty() ? "" : ", ") + std::string(name == nullptr ? "?" : name);
    cap_free(name);
  };
  for (const cap_value_t value : kKept) {
    if (has(now.get(), value)) keep(value);
  }
  if ((!has(now.get(), CAP_BPF) || !has(now.get(), CAP_PERFMON)) && has(now.get(), kOldWord)) keep(kOldWord);
  for (int value = 0; cap_get_bound(value) >= 0; ++value)
    prctl(PR_CAPBSET_DROP, value, 0, 0, 0);  // needs SETPCAP
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (cap_set_proc(kept.get()) != 0) return sandbox_error("drop capabilities", errno);
  return names.empty() ? "none" : names;
}

// Grouped by what they are for.
const std::vector<const char*> kAllowed = {
    // Memory, threads, time.
    "brk",
    "mmap",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "membarrier",
    "clone",
    "clone3",
    "vfork",
    "fork",
    "set_robust_list",
    "rseq",
    "futex",
    "futex_waitv",
    "sched_yield",
    "sched_getaffinity",
    "exit",
    "exit_group",
    "wait4",
    "waitid",
    "gettid",
    "getpid",
    "getppid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "set_tid_address",
    "arch_prctl",
    "prctl",
    "clock_gettime",
    "clock_nanosleep",
    "clock_getres",
    "nanosleep",
    "gettimeofday",
    "time",
    "getrandom",
    "getrusage",
    "times",
    "sysinfo",
    "uname",
    "prlimit64",
    "getrlimit",
    "restart_syscall",
    "capget",
    "sched_setaffinity",
    "getcpu",
    "timer_create",
    "timer_settime",
    "timer_delete",
    // Signals.
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigtimedwait",
    "sigaltstack",
    "signalfd4",
    "tgkill",
    "kill",
    // Waiting.
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "eventfd2",
    "timerfd_create",
    "timerfd_settime",
    "timerfd_gettime",
    "pidfd_open",
    // Files.
    "read",
    "pread64",
    "readv",
    "preadv",
    "write",
    "pwrite64",
    "writev",
    "pwritev",
    "close",
    "close_range",
    "lseek",
    "stat",
    "fstat",
    "lstat",
    "newfstatat",
    "statx",
    "statfs",
    "fstatfs",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getdents64",
    "getcwd",
    "fcntl",
    "ioctl",
    "dup",
    "dup2",
    "dup3",
    "pipe2",
    "fadvise64",
    "umask",
    "memfd_create",
    "name_to_handle_at",
    // Network.
    "socket",
    "socketpair",
    "connect",
    "bind",
    "listen",
    "accept",
    "accept4",
    "getsockname",
    "getpeername",
    "setsockopt",
    "getsockopt",
    "sendto",
    "sendmsg",
    "sendmmsg",
    "recvfrom",
    "recvmsg",
    "recvmmsg",
    "shutdown",
    // Watching.
    "bpf",
    "perf_event_open",
    "semget",
};

// Only where outputs write files.
const std::vector<const char*> kAllowedToWrite = {
    "open",   "openat",   "openat2",   "flock",  "fsync",    "fdatasync", "ftruncate", "fallocate",
    "rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir",     "mkdirat",   "fchmod",
};

// Otherwise these, with flags that change nothing. openat2 has its flags where a filter cannot look.
struct Opening {
  const char* call;
  unsigned flags;  // argument
};
constexpr Opening kOpenings[] = {{"open", 1}, {"openat", 2}};
constexpr unsigned kChanging[] = {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC};

struct FilterFree {
  void operator()(void* filter) const { seccomp_release(filter); }
};

Result<> allow(scmp_filter_ctx filter, const std::vector<const char*>& calls) {
  for (const char* name : calls) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number < 0) continue;  // this architecture has another one for it
    if (const int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0); error != 0)
      return sandbox_error("make a filter for system calls", -error);
  }
  return {};
}

// To write is answered as on a file system that is mounted to be read.
Result<> allow_reading(scmp_filter_ctx filter) {
  scmp_datum_t all = 0;
  for (const unsigned flag : kChanging) all |= flag;
  for (const Opening& opening : kOpenings) {
    const int number = seccomp_syscall_resolve_name(opening.call);
    if (number < 0) continue;
    const scmp_arg_cmp reads{opening.flags, SCMP_CMP_MASKED_EQ, all, 0};
    int error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 1, &reads);
    for (const unsigned flag : kChanging) {
      const scmp_arg_cmp changes{opening.flags, SCMP_CMP_MASKED_EQ, flag, flag};
      if (error == 0) error = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EROFS), number, 1, &changes);
    }
    if (error != 0) return sandbox_error("make a filter for system calls", -error);
  }
  return {};
}

// What is not on the list is answered as if the kernel did not have it, so that the C library falls back.
Result<> filter_calls(bool writes_files) {
  const std::unique_ptr<void, FilterFree> filter(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)));
  if (!filter) return sandbox_error("make a filter for system calls", ENOMEM);
  TRY(allow(filter.get(), kAllowed));
  if (writes_files) {
    TRY(allow(filter.get(), kAllowedToWrite));
  } else {
    TRY(allow_reading(filter.get()));
  }
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);  // all threads
  if (const int error = seccomp_load(filter.get()); error != 0)
    return sandbox_error("load a filter for system calls", -error);
  return {};
}

}  // namespace

Result<std::string> enter_sandbox(const SandboxOptions& options) {
  TRY_ASSIGN(std::string kept, drop_capabilities());
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return sandbox_error("give up new privileges", errno);
  kept = "capabilities: " + kept + "; no new privileges";
  if (!options.filter_calls) return kept + "; no filter for system calls";
  if (options.runs_programs)
    return kept + "; no filter for system calls, because program_output runs programs";
  TRY(filter_calls(options.writes_files));
  const std::size_t calls =
      kAllowed.size() + (options.writes_files ? kAllowedToWrite.size() : std::size(kOpenings));
  return kept + fmt::format("; {} system calls; {}", calls,
                            options.writes_files ? "files may be written" : "files can only be read");
}
}  // namespace saker::app
