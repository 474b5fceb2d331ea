// Numbers of the system calls that the probe knows, for each table a process can call through.
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

}  // namespace saker::capture
