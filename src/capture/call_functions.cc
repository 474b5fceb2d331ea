#include "capture/call_functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "capture/syscalls.h"

namespace saker::capture {
namespace {

// For 64-bit programs, and for 32-bit ones.
#if defined(__x86_64__)
constexpr std::string_view kPrefixes[] = {"__x64_sys_", "__x64_compat_sys_", "__ia32_sys_",
                                          "__ia32_compat_sys_"};
#else
constexpr std::string_view kPrefixes[] = {"__arm64_sys_", "__arm64_compat_sys_"};
#endif

constexpr std::string_view kBefore[] = {"ia32_", "aarch32_", "old", "new", "_"};
constexpr std::string_view kBehind[] = {"_time32", "_time64", "16", "32", "64", "_"};

// What the names of a call and of all its functions have in common: openat, stat, pread, getuid.
std::string_view stem(std::string_view name) {
  const auto strip = [&] {
    for (const std::string_view part : kBefore) {
      if (name.size() > part.size() && name.starts_with(part)) return name.remove_prefix(part.size()), true;
    }
    for (const std::string_view part : kBehind) {
      if (name.size() > part.size() && name.ends_with(part)) return name.remove_suffix(part.size()), true;
    }
    return false;
  };
  while (strip()) {
  }
  return name;
}

// Calls without arguments. On x86 one function then serves programs of both widths, under two names, and must
// not be hooked by both.
constexpr std::string_view kWithoutArguments[] = {
    "fork",        "vfork",        "getpid",          "getppid",    "gettid",   "getuid",      "geteuid",
    "getgid",      "getegid",      "setsid",          "getpgrp",    "pause",    "sync",        "vhangup",
    "sched_yield", "rt_sigreturn", "restart_syscall", "munlockall", "sgetmask", "inotify_init"};

struct Alias {
  std::string_view call, function;
};
// Calls whose functions have other names.
constexpr Alias kAliases[] = {{"umount2", "umount"},
                              {"mmap2", "mmap_pgoff"},
                              {"preadv2", "preadv64v2"},
                              {"pwritev2", "pwritev64v2"},
                              {"sync_file_range", "sync_file_range2"}};

std::multimap<std::string_view, event::TypeId> types_by_stem() {
  std::multimap<std::string_view, event::TypeId> made;
  const auto add = [&](std::string_view name, event::TypeId type) {
    const auto [begin, end] = made.equal_range(stem(name));
    if (std::none_of(begin, end, [&](const auto& row) { return row.second == type; }))
      made.emplace(stem(name), type);
  };
  for (const auto table : {native_syscalls(), compat_syscalls()}) {
    for (const SyscallNumber& call : table) {
      const std::string_view name = event::type_name(call.type);
      add(name, call.type);
      for (const Alias& alias : kAliases) {
        if (alias.call == name) add(alias.function, call.type);
      }
      // The call that these are to 32-bit programs, or were.
      if (call.number >= SAKER_SOCKETCALL_BASE) add("socketcall", call.type);
    }
  }
  return made;
}

}  // namespace

void CallFunctions::add(std::string_view symbol) {
  static const auto kTypes = types_by_stem();
  if (symbol == kSecureComputing || symbol == kPermitSyscall) filter_ = symbol;
  const auto prefix =
      std::ranges::find_if(kPrefixes, [&](std::string_view tried) { return symbol.starts_with(tried); });
  // Parts of functions, moved away by the compiler, have a dot in their names.
  if (prefix == std::end(kPrefixes) || symbol.contains('.')) return;
  const std::string_view call = stem(symbol.substr(prefix->size()));
  if (*prefix == "__ia32_sys_" && std::ranges::find(kWithoutArguments, call) != std::end(kWithoutArguments))
    return;
  const auto [begin, end] = kTypes.equal_range(call);
  std::for_each(begin, end, [&](const auto& row) { by_type_[row.second].emplace(symbol); });
}

const std::set<std::string>& CallFunctions::of(event::TypeId type) const {
  static const std::set<std::string> kNone;
  const auto found = by_type_.find(type);
  return found == by_type_.end() ? kNone : found->second;
}

Result<CallFunctions> CallFunctions::read() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/kallsyms", "re"), std::fclose);
  if (!file)
    return fail(ErrorCode::kUnsupported, fmt::format("cannot read /proc/kallsyms: {}", std::strerror(errno)));
  CallFunctions made;
  char* buffer = nullptr;
  std::size_t capacity = 0;
  for (ssize_t size = 0; (size = getline(&buffer, &capacity, file.get())) > 0;) {
    // "address kind name", and for those of modules "\t[module]".
    std::string_view line(buffer, static_cast<std::size_t>(size));
    for (int field = 0; field < 2; ++field) line.remove_prefix(std::min(line.size(), line.find(' ') + 1));
    made.add(line.substr(0, line.find_first_of("\t\n")));
  }
  std::free(buffer);
  if (made.by_type_.empty())
    return fail(ErrorCode::kUnsupported, "/proc/kallsyms names no functions of system calls");
  return made;
}

}  // namespace saker::capture
