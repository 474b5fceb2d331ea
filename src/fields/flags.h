// Numbers to the names that rules and outputs know them by.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "event/symbols.h"

namespace saker::fields {

// The names of `flags` joined by '|'; empty when none fits.
std::string_view flag_text(std::uint32_t flags, std::span<const event::Symbol> names, Arena& arena);

// The names of exactly that number joined by '|' (a number may have two); empty when it has none.
std::string_view symbol_text(std::uint32_t number, std::span<const event::Symbol> names, Arena& arena);

// ENOENT for 2; empty for a number that is no errno.
std::string_view errno_name(std::int64_t number);

// SIGKILL for 9; empty for a number that is no signal.
std::string_view signal_name(std::int64_t number, Arena& arena);

// CAP_CHOWN CAP_KILL ...; empty for the empty set.
std::string_view capability_names(std::uint64_t set, Arena& arena);

}  // namespace saker::fields
