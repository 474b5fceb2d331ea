// CallHooks: where the probe is called at the end of system calls.
//
// One hook for all calls costs every call of the machine the same, wanted or not (one_hook.h). A hook for
// each wanted call costs all others about half of that and the wanted ones more (call_tracepoints.h). Hooks
// at the functions of the wanted calls cost the others nothing (function_hooks.h). What is cheaper the plan
// has estimated (event::CallCosts).
//
// The kernel has tracepoints for calls of its own width only, so they are chosen by themselves only where no
// program can make 32-bit calls: a program that made them would not be seen. (A 64-bit program can make them
// as well, where the kernel knows them.)
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "capture/call_back_end.h"
#include "event/filter_plan.h"

struct saker_probe;

namespace saker::capture {

class FunctionHooks;

enum class CallHooksKind : std::uint8_t { kAuto, kOne, kEach, kFunctions };

// As the configuration calls it.
std::string_view call_hooks_name(CallHooksKind kind);

// What the machine can do.
struct CallHooksSupport {
  bool compat_calls = true;       // its programs can make 32-bit calls
  bool each = false;              // tracepoints of single calls
  std::string_view no_functions;  // why its functions cannot be hooked; empty where they can
};

// What is taken, never kAuto, and why.
struct CallHooksChoice {
  CallHooksKind kind = CallHooksKind::kOne;
  std::string_view reason;
};
// In a sentence, for people.
std::string call_hooks_text(const CallHooksChoice& choice);
CallHooksChoice choose_call_hooks(CallHooksKind asked, const event::CallCosts& costs,
                                  const CallHooksSupport& support);

class CallHooks {
 public:
  // `skeleton` is loaded and outlives this. `call_returns`: the program for functions, which is loaded unless
  // `no_functions` says why not.
  CallHooks(saker_probe& skeleton, CallHooksKind kind, int call_returns, std::string no_functions);
  ~CallHooks();
  CallHooks(const CallHooks&) = delete;

  // Hooks the calls that are wanted, and lets go of all others; see CallBackEnd. A call that ends while the
  // kind of hooks changes may be told by neither or by both.
  Result<> want(const WantedCalls& wanted, const event::CallCosts& costs);

  // What is in use, never kAuto.
  CallHooksKind kind() const { return now_; }
  std::size_t hooked() const;

  // Null unless functions are in use.
  FunctionHooks* functions();

 private:
  CallBackEnd& back_end(CallHooksKind kind) const;
  Result<> use(CallHooksKind kind, const WantedCalls& wanted);

  saker_probe& skeleton_;
  CallHooksKind asked_;
  std::string no_functions_;
  CallHooksKind now_ = CallHooksKind::kOne;
  std::unique_ptr<CallBackEnd> one_, each_;
  std::unique_ptr<FunctionHooks> functions_;
  std::string said_;  // of the choice, last
};

// Whether this kernel lets programs make 32-bit calls; true when in doubt. Tried once.
bool has_compat_calls();

}  // namespace saker::capture
