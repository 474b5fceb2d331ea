// Numbers to the names that rules and outputs know them by.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.h"

namespace saker::fields {

struct FlagName {
  std::uint32_t bits;
  std::string_view name;
};

// In the order in which they are looked for: a name whose bits are all there takes them away, so O_RDWR
// comes before its two halves. A row without bits stands for the number 0.
std::span<const FlagName> open_flag_names();
std::span<const FlagName> resolve_flag_names();  // openat2's
std::span<const FlagName> exe_flag_names();
std::span<const FlagName> creat_flag_names();

// The names of `flags` joined by '|'; empty when none fits.
std::string_view flag_text(std::uint32_t flags, std::span<const FlagName> names, Arena& arena);

// ENOENT for 2; empty for a number that is no errno.
std::string_view errno_name(std::int64_t number);

// SIGKILL for 9; empty for a number that is no signal.
std::string_view signal_name(std::int64_t number, Arena& arena);

// CAP_CHOWN CAP_KILL ...; empty for the empty set.
std::string_view capability_names(std::uint64_t set, Arena& arena);

}  // namespace saker::fields
