#include "capture/call_hooks.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "base/log.h"
#include "capture/call_tracepoints.h"
#include "capture/function_hooks.h"
#include "capture/one_hook.h"
#include "wire/call_hooks.h"
#include "wire/records.h"  // before the skeleton, which has its types

#include "probe/probe.skel.h"

namespace saker::capture {
namespace {

bool try_compat_calls() {
#if defined(__x86_64__)
  // getpid() of the 32-bit table, in a child that ends by the signal that comes where there is none.
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);
    long result = 20;
    asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
    _exit(result > 0 ? 0 : 1);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return true;
  return !WIFSIGNALED(status) && WEXITSTATUS(status) == 0;
#elif defined(__aarch64__)
  // Refused where no processor can run 32-bit programs.
  const int before = personality(0xffffffff);
  if (before < 0 || personality(PER_LINUX32) < 0) return before < 0;
  personality(static_cast<unsigned long>(before));
  return true;
#else
  return true;
#endif
}

}  // namespace

bool has_compat_calls() {
  static const bool has = try_compat_calls();
  return has;
}

std::string_view call_hooks_name(CallHooksKind kind) {
  constexpr std::string_view kNames[] = {"auto", "one", "each", "functions"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string call_hooks_text(const CallHooksChoice& choice) {
  std::string_view what = "all calls have one hook";
  if (choice.kind == CallHooksKind::kEach) what = "each wanted call has its hook";
  if (choice.kind == CallHooksKind::kFunctions) what = "the functions of wanted calls are hooked";
  return fmt::format("{}, {}", what, choice.reason);
}

CallHooksChoice choose_call_hooks(CallHooksKind asked, const event::CallCosts& costs,
                                  const CallHooksSupport& support) {
  using enum CallHooksKind;
  if (asked != kAuto) return {asked, "as configured"};
  if (costs.functions_are_cheapest() && support.no_functions.empty())
    return {kFunctions, "which is cheapest"};
  if (!costs.each_is_cheaper()) return {kOne, "which is cheaper"};
  if (support.compat_calls)
    return {kOne,
            "for programs can make 32-bit calls on this machine, which hooks for single calls do not see"};
  if (!support.each)
    return {kOne, "for hooks for single calls need Linux 5.15, and tracefs mounted at /sys/kernel/tracing"};
  return {kEach, "which is cheaper"};
}

CallHooks::CallHooks(saker_probe& skeleton, CallHooksKind kind, int call_returns, std::string no_functions)
    : skeleton_(skeleton),
      asked_(kind),
      no_functions_(std::move(no_functions)),
      one_(std::make_unique<OneHook>(skeleton.progs.syscall_exit)),
      each_(std::make_unique<CallTracepoints>(skeleton.progs.syscall_exit_one)),
      functions_(std::make_unique<FunctionHooks>(call_returns)) {}
CallHooks::~CallHooks() = default;

CallBackEnd& CallHooks::back_end(CallHooksKind kind) const {
  if (kind == CallHooksKind::kFunctions) return *functions_;
  if (kind == CallHooksKind::kEach) return *each_;
  return *one_;
}

std::size_t CallHooks::hooked() const { return back_end(now_).hooked(); }

FunctionHooks* CallHooks::functions() {
  return now_ == CallHooksKind::kFunctions ? functions_.get() : nullptr;
}

Result<> CallHooks::want(const WantedCalls& wanted, const event::CallCosts& costs) {
  using enum CallHooksKind;
  if (wanted.empty()) {
    for (const CallHooksKind kind : {kOne, kEach, kFunctions}) TRY(back_end(kind).want({}));
    return {};
  }
  const bool has_each = bpf_program__autoload(skeleton_.progs.syscall_exit_one);
  if (asked_ == kEach && !has_each)
    return fail(ErrorCode::kUnsupported, "this kernel has no hook for a single call (5.15 has)");
  if (asked_ == kFunctions && !no_functions_.empty())
    return fail(ErrorCode::kUnsupported, fmt::format("cannot hook functions: {}", no_functions_));
  const CallHooksChoice choice = choose_call_hooks(asked_, costs,
                                                   {.compat_calls = asked_ == kAuto && has_compat_calls(),
                                                    .each = has_each,
                                                    .no_functions = no_functions_});
  if (std::string said = call_hooks_text(choice); said != said_) {
    log(LogLevel::kInfo, "{}", said);
    said_ = std::move(said);
  }
  const auto done = use(choice.kind, wanted);
  if (done || choice.kind == kOne || asked_ != kAuto) return done;
  log(LogLevel::kInfo, "{}; all calls are hooked at once", done.error().message);
  return use(kOne, wanted);
}

// While two kinds are there, `calls_told_by` says which one tells of calls; so a change of the kind needs no
// moment without hooks.
Result<> CallHooks::use(CallHooksKind kind, const WantedCalls& wanted) {
  using enum CallHooksKind;
  TRY(back_end(kind).want(wanted));
  constexpr __u32 kTelling[] = {SAKER_CALLS_BY_ONE, SAKER_CALLS_BY_ONE, SAKER_CALLS_BY_EACH,
                                SAKER_CALLS_BY_FUNCTIONS};
  __atomic_store_n(&skeleton_.bss->calls_told_by, kTelling[static_cast<std::size_t>(kind)], __ATOMIC_SEQ_CST);
  now_ = kind;
  for (const CallHooksKind other : {kOne, kEach, kFunctions}) {
    if (other != kind) TRY(back_end(other).want({}));
  }
  return {};
}

}  // namespace saker::capture
