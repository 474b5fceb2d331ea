#include "capture/syscalls.h"

#include <vector>

#include "capture/syscall_numbers.h"

namespace saker::capture {
namespace {

std::vector<SyscallNumber> resolved(std::span<const NamedSyscall> table) {
  std::vector<SyscallNumber> rows;
  rows.reserve(table.size());
  for (const NamedSyscall& row : table) rows.push_back({event::find_type(row.event).value(), row.number});
  return rows;
}

}  // namespace

std::span<const SyscallNumber> native_syscalls() {
  static const std::vector<SyscallNumber> table = resolved(native_numbers());
  return table;
}

std::span<const SyscallNumber> compat_syscalls() {
  static const std::vector<SyscallNumber> table = resolved(compat_numbers());
  return table;
}

bool is_collected(event::TypeId type) {
  static const std::vector<bool> collected = [] {
    std::vector<bool> made(event::type_count());
    for (const auto table : {native_syscalls(), compat_syscalls()}) {
      for (const SyscallNumber& row : table) made[row.type] = true;
    }
    made[event::kProcexit] = true;
    return made;
  }();
  return type < collected.size() && collected[type];
}

}  // namespace saker::capture
