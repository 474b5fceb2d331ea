// CallHooks: where the probe is called at the end of system calls.
//
// One hook for all calls costs every call of the machine the same, wanted or not. A hook for each wanted call
// costs all others about half of that and the wanted ones more: what is cheaper the plan has estimated
// (event::CallCosts). The kernel has such hooks for calls of its own width only, so they are chosen by
// themselves only where no program can make 32-bit calls: a program that made them would not be seen. (A
// 64-bit program can make them as well, where the kernel knows them.)
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "capture/syscalls.h"
#include "event/filter_plan.h"

struct bpf_link;
struct saker_probe;

namespace saker::capture {

enum class CallHooksKind : std::uint8_t { kAuto, kOne, kEach };

// What the machine leaves of the choice, and why.
struct CallHooksChoice {
  CallHooksKind kind = CallHooksKind::kOne;  // kOne or kEach
  std::string_view reason;
};
CallHooksChoice choose_call_hooks(CallHooksKind asked, const event::CallCosts& costs, bool compat_calls,
                                  bool kernel_has_each);

class CallHooks {
 public:
  // `skeleton` outlives this.
  CallHooks(saker_probe& skeleton, CallHooksKind kind);
  ~CallHooks();
  CallHooks(const CallHooks&) = delete;

  // Hooks the calls of `wanted` (native numbers), and lets go of all others. Calls that were and are wanted
  // stay hooked throughout. `compat`: calls of 32-bit programs are wanted too. What is let go of may take a
  // moment longer, on other threads: the kernel waits for all that might still run.
  Result<> want(std::span<const SyscallNumber> wanted, bool compat, const event::CallCosts& costs);

  // kOne or kEach: what is in use.
  CallHooksKind kind() const { return now_; }
  std::size_t hooked() const;

 private:
  struct Link;
  Result<> use_one();
  Result<> use_each(std::span<const SyscallNumber> wanted);
  void let_go(std::vector<std::unique_ptr<Link>> links);
  void wait_until_gone();

  saker_probe& skeleton_;
  CallHooksKind asked_;
  CallHooksKind now_ = CallHooksKind::kOne;
  std::unique_ptr<Link> one_;
  std::vector<std::unique_ptr<Link>> each_;
  std::set<event::TypeId> missing_;   // calls that this kernel has no tracepoint for
  std::vector<event::TypeId> going_;  // let go of, perhaps not yet gone
  std::atomic<std::size_t> threads_busy_ = 0;
  std::vector<std::jthread> threads_;
  std::string said_;  // of the choice, last
};

// Whether this kernel lets programs make 32-bit calls; true when in doubt. Tried once.
bool has_compat_calls();

// The kernel's tracepoint for the end of a call, without its group: sys_exit_openat.
std::string exit_tracepoint(std::string_view call);

}  // namespace saker::capture
