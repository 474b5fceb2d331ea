// The names evt.type can have, and a small number for each.
//
// The first rows are what the probe sends, numbered as in wire/records.h; the others are the further
// event and system call names of Falco's schema, so that a rule which names one loads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "wire/records.h"

namespace saker::event {

using TypeId = std::uint16_t;

inline constexpr TypeId kOpen = SAKER_EVENT_OPEN;
inline constexpr TypeId kOpenat = SAKER_EVENT_OPENAT;
inline constexpr TypeId kOpenat2 = SAKER_EVENT_OPENAT2;
inline constexpr TypeId kCreat = SAKER_EVENT_CREAT;
inline constexpr TypeId kOpenByHandleAt = SAKER_EVENT_OPEN_BY_HANDLE_AT;
inline constexpr TypeId kExecve = SAKER_EVENT_EXECVE;
inline constexpr TypeId kExecveat = SAKER_EVENT_EXECVEAT;
inline constexpr TypeId kClone = SAKER_EVENT_CLONE;
inline constexpr TypeId kProcexit = SAKER_EVENT_PROCEXIT;

// All names; the index is the TypeId. Row 0 is empty and matches nothing.
std::span<const std::string_view> type_names();

inline std::size_t type_count() { return type_names().size(); }
inline std::string_view type_name(TypeId id) { return type_names()[id]; }

// Exact and case sensitive; nothing for an unknown name.
std::optional<TypeId> find_type(std::string_view name);

}  // namespace saker::event
