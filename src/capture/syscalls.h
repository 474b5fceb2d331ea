// Numbers of the system calls, for each table a process can call through.
#pragma once

#include <cstdint>
#include <span>

#include "event/types.h"

namespace saker::capture {

struct SyscallNumber {
  event::TypeId type = 0;
  std::uint16_t number = 0;
};

// The running architecture's own table, and the 32-bit one it also serves.
std::span<const SyscallNumber> native_syscalls();
std::span<const SyscallNumber> compat_syscalls();

// What can be asked for through an io_uring: the event that each operation is, by its opcode.
std::span<const SyscallNumber> ring_operations();

// True when this architecture has such an event: one of its calls, or the end of a process. A rule on another
// type can never fire here.
bool is_collected(event::TypeId type);

// Whether a new process comes back from the call that made it through the hook on the end of calls. On arm64
// it does not, and the record of its making has to stand for that.
#if defined(__x86_64__)
inline constexpr bool kChildrenReturn = true;
#else
inline constexpr bool kChildrenReturn = false;
#endif

}  // namespace saker::capture
