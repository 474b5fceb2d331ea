// Details: what a record tells of its task beyond Task, because some rule asks for it (enum saker_detail).
//
// Decoding leaves them as bytes; who asks pays. All are missing when the probe was not told to bring them.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "event/event.h"
#include "event/parts.h"

namespace saker::event {

std::optional<saker_usage> usage_of(const Event& event);

// The task's path in the hierarchy of a subsystem (its number in the kernel); empty when not told.
std::string_view cgroup_of(const Event& event, std::uint32_t subsystem);

// Standard input, output or error (0 to 2); nothing when it is closed or not told.
std::optional<Descriptor> standard_descriptor(const Event& event, std::uint32_t fd);

// The descriptors that a call waits for, at most SAKER_POLLED_MAX.
std::vector<Descriptor> polled_descriptors(const Event& event);

// Every open descriptor, at most SAKER_FILES_MAX, as far as its kind needs it; nothing when not told.
std::optional<std::vector<Descriptor>> open_descriptors(const Event& event);

}  // namespace saker::event
