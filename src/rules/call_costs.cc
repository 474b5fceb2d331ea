#include "rules/call_costs.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace saker::rules {
namespace {

// Measured with empty programs (bench/run.py, its floors): what a call takes longer.
constexpr double kOneNs = 90;      // any call, at the hook for all
constexpr double kOtherNs = 48;    // a call without a hook, where another has one
constexpr double kHookedNs = 205;  // a call with a hook of its own

// A call whose function is hooked. Seen in emulation alone, where it takes four times the instructions that
// the hook for all does (docs/kernels.md).
constexpr double kFunctionNs = 4 * kOneNs;
// Of calls, made by programs under a filter of seccomp's, whose decisions are hooked too: a guess.
constexpr double kFilteredShare = 0.5;

// Of ten thousand calls of a usual node, how many are of a kind.
struct Frequency {
  std::string_view call;
  double share;
};
constexpr Frequency kFrequencies[] = {{"read", 1300},
                                      {"futex", 1300},
                                      {"write", 800},
                                      {"epoll_pwait", 450},
                                      {"close", 500},
                                      {"openat", 400},
                                      {"recvfrom", 350},
                                      {"recvmsg", 300},
                                      {"epoll_wait", 300},
                                      {"newfstatat", 300},
                                      {"sendto", 250},
                                      {"fstat", 250},
                                      {"mmap", 250},
                                      {"rt_sigprocmask", 200},
                                      {"fcntl", 200},
                                      {"munmap", 150},
                                      {"rt_sigaction", 150},
                                      {"poll", 150},
                                      {"ioctl", 150},
                                      {"lseek", 150},
                                      {"nanosleep", 150},
                                      {"writev", 150},
                                      {"sendmsg", 150},
                                      {"epoll_ctl", 150},
                                      {"pread", 150},
                                      {"sched_yield", 150},
                                      {"madvise", 120},
                                      {"stat", 100},
                                      {"clock_nanosleep", 100},
                                      {"getdents64", 100},
                                      {"ppoll", 80},
                                      {"mprotect", 80},
                                      {"getpid", 80},
                                      {"setsockopt", 80},
                                      {"readlink", 60},
                                      {"lstat", 50},
                                      {"open", 50},
                                      {"access", 50},
                                      {"rt_sigreturn", 50},
                                      {"getsockopt", 50},
                                      {"pwrite", 50},
                                      {"statx", 50},
                                      {"getrandom", 50},
                                      {"brk", 40},
                                      {"socket", 40},
                                      {"connect", 40},
                                      {"getsockname", 40},
                                      {"tgkill", 40},
                                      {"accept4", 30},
                                      {"wait4", 30},
                                      {"readlinkat", 30},
                                      {"prctl", 20},
                                      {"clock_gettime", 20},
                                      {"pipe2", 10},
                                      {"dup2", 10},
                                      {"clone", 10},
                                      {"shutdown", 10},
                                      {"unlink", 7},
                                      {"rename", 7},
                                      {"execve", 6}};
constexpr double kTotal = 10000;
constexpr double kRareShare = 1;  // of any other

bool wants_failed(const event::FilterPlan& plan, event::TypeId type) {
  const std::uint8_t number = plan.program_of[type];
  if (number >= plan.programs.size()) return true;
  const saker_plan_program& tables = plan.programs[number].tables;
  for (unsigned mode = 0; mode < SAKER_PLAN_MODES; ++mode) {
    if ((mode & SAKER_PLAN_FAILED) != 0 && (tables.mode[mode] & tables.all) != 0) return true;
  }
  return false;
}

double share_of(std::string_view call) {
  const auto found = std::ranges::find(kFrequencies, call, &Frequency::call);
  return (found == std::end(kFrequencies) ? kRareShare : found->share) / kTotal;
}

}  // namespace

event::CallCosts estimate_call_costs(const event::FilterPlan& plan, std::optional<bool> failed) {
  event::CallCosts costs;
  costs.failed = failed.value_or(false);
  for (event::TypeId type = 1; std::size_t{type} < plan.scope.size(); ++type) {
    if (plan.scope[type] == 0 || type == event::kProcexit) continue;
    ++costs.calls;
    costs.share += share_of(event::type_name(type));
    if (!failed && wants_failed(plan, type)) costs.failed = true;
  }
  costs.share = std::min(costs.share, 1.0);
  if (costs.calls == 0) return costs;
  costs.one_ns = kOneNs;
  costs.each_ns = costs.share * kHookedNs + (1 - costs.share) * kOtherNs;
  costs.functions_ns = (costs.share + (costs.failed ? kFilteredShare : 0)) * kFunctionNs;
  return costs;
}

std::string call_costs_text(const event::CallCosts& costs) {
  if (costs.calls == 0) return "no call is wanted, and none is hooked";
  return fmt::format(
      "{} calls are wanted, about {:.1f} % of those that a usual node makes; estimated for an average "
      "call: {:.0f} ns with one hook for all, {:.0f} ns with a hook for each, {:.0f} ns with hooks at "
      "functions{}",
      costs.calls, costs.share * 100, costs.one_ns, costs.each_ns, costs.functions_ns,
      costs.failed ? " (and at seccomp's decisions, for failed calls are wanted)" : "");
}

}  // namespace saker::rules
