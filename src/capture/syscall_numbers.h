// The kernel's system call tables, as names: one file for each architecture, chosen when the program is
// built.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "wire/records.h"

namespace saker::capture {

struct NamedSyscall {
  std::string_view event;  // evt.type of the call
  std::uint16_t number = 0;
};

std::span<const NamedSyscall> native_numbers();
std::span<const NamedSyscall> compat_numbers();

}  // namespace saker::capture
