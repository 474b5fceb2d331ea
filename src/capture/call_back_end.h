// CallBackEnd: one way to be called at the end of the calls that rules want. CallHooks chooses among them.
#pragma once

#include <cstddef>
#include <span>

#include "base/result.h"
#include "capture/syscalls.h"

namespace saker::capture {

// `native` are calls of programs of the kernel's own width, `compat` of 32-bit ones.
struct WantedCalls {
  std::span<const SyscallNumber> native, compat;
  bool failed = true;  // also those that have failed

  bool empty() const { return native.empty() && compat.empty(); }
};

class CallBackEnd {
 public:
  virtual ~CallBackEnd() = default;

  // Hooks these calls, and lets go of all others. Calls that were and are wanted stay hooked throughout.
  virtual Result<> want(const WantedCalls& wanted) = 0;

  // How many hooks there are.
  virtual std::size_t hooked() const = 0;
};

}  // namespace saker::capture
