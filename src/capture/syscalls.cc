#include "capture/syscalls.h"

#include <vector>

#include "capture/syscall_numbers.h"

namespace saker::capture {
namespace {

// From uapi/linux/io_uring.h, enum io_uring_op.
constexpr NamedSyscall kRingOperations[] = {
    {"sendmsg", 9},    {"recvmsg", 10},  {"accept4", 13},  {"connect", 16},
    {"openat", 18},    {"sendto", 26},   {"recvfrom", 27}, {"openat2", 28},
    {"renameat2", 35}, {"unlinkat", 36}, {"mkdirat", 37},  {"symlinkat", 38},
    {"linkat", 39},    {"socket", 45},   {"bind", 56},     {"listen", 57},
};

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

std::span<const SyscallNumber> ring_operations() {
  static const std::vector<SyscallNumber> table = resolved(kRingOperations);
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
