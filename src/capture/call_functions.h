// CallFunctions: the kernel's functions behind system calls, as its table of symbols names them.
//
// A call may have several: one for each width that programs have, and more where its arguments have changed
// with time (__x64_sys_newstat, __ia32_compat_sys_ia32_stat64). Names follow a pattern that is undone here
// rather than listed; a name too many does no harm, for a call is told by its number, not by its function.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "event/types.h"

namespace saker::capture {

inline constexpr std::string_view kSecureComputing = "__secure_computing";
inline constexpr std::string_view kPermitSyscall = "__seccomp_permit_syscall";

class CallFunctions {
 public:
  CallFunctions() = default;

  // From /proc/kallsyms, which has names also for those who may not see addresses. Takes some 50 ms.
  static Result<CallFunctions> read();

  // Takes a symbol in if it is a function of a call that has events, or filters calls.
  void add(std::string_view symbol);

  // Empty where the kernel was built without the call.
  const std::set<std::string>& of(event::TypeId type) const;

  // Which of the functions that refuse a call there is: int __secure_computing(), which returns -1 then, or
  // bool __seccomp_permit_syscall() since Linux 7.3. Empty for neither.
  const std::string& filter() const { return filter_; }

 private:
  std::map<event::TypeId, std::set<std::string>> by_type_;
  std::string filter_;
};

}  // namespace saker::capture
