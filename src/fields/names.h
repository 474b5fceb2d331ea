// A file has more names than the one the caller used: a symbolic link, `..`, /proc/self/root or a bind
// mount hides the one a rule knows. Saker judges an open on each of its different names, and a rule matches
// when it matches under any of them; the alert shows the name that matched.
//
//   0  as requested: working directory + path as given, cleaned as text (Falco's fd.name)
//   1  resolved:     where the kernel found it, as the task sees it
//   2  inner:        its path inside its file system, mounts ignored (undoes a bind mount)
//   3  identity:     the path of a rule that leads to this very inode (undoes a hard link)
//
// Names equal to an earlier one are not judged again. Covered by names_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "event/event.h"

namespace saker::fields {

inline constexpr std::uint8_t kNameKinds = 4;

// What the kinds are called in alerts.
inline constexpr std::string_view kNameKindTexts[kNameKinds] = {"requested", "resolved", "inner", "identity"};

// The file's name of that kind, absolute and clean; empty when the event has none of it.
std::string_view file_name(const event::File& file, std::uint8_t kind, Arena& arena);

// Bit i set: name i is there and differs from every lower one. Bit 0 is always set.
std::uint8_t distinct_names(const event::File& file, Arena& arena);

// Stands for a directory that is not known, as Falco has it.
inline constexpr std::string_view kUnknownDirectory = "<UNKNOWN>";

// D + P as Falco joins them: P wins when absolute, otherwise D and P, and only P is cleaned.
std::string_view join_path(std::string_view directory, std::string_view path, Arena& arena);

}  // namespace saker::fields
